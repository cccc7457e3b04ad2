"""The pages of text blocks: the list, one to write or change, and taking one away."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user

from fundapp.languages import _d
from fundapp.papers import forms, keeping, queries, rules
from fundapp.papers.models import TextBlock
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.web.once import once

blueprint = Blueprint("text_blocks", __name__)
_BOTH = ["GET", "POST"]


@blueprint.get("/text-blocks", endpoint="list")
@needs(Permission.KEEP_TEXT_BLOCKS)
def list_blocks() -> str:
    """Every text block, by topic."""
    topics: dict[str, list[TextBlock]] = {}
    for block in queries.blocks():
        topics.setdefault(block.topic, []).append(block)
    return render_template("text_blocks/list.html", topics=topics, place_words=forms.place_words)


@blueprint.route("/text-blocks/new", methods=_BOTH)
@needs(Permission.KEEP_TEXT_BLOCKS)
@once
def new() -> Any:
    form = forms.block_form(None, queries.funds())
    if not form.validate_on_submit():
        return _page(form, None, None), form.status
    block = keeping.add_block(by=current_user, **form.values())
    return _to_list(_d("The text block “%(title)s” is kept.", title=block.title))


@blueprint.route("/text-blocks/<public_id>", methods=_BOTH)
@needs(Permission.KEEP_TEXT_BLOCKS, of=queries.block)
def edit(block: TextBlock) -> Any:
    """Change one. What somebody else saved meanwhile is shown beside."""
    form = forms.block_form(block, queries.funds())
    other, status = None, form.status
    if form.validate_on_submit():
        try:
            keeping.change_block(block, version=form.read_version, by=current_user, **form.values())
            return _to_list(_d("The text block “%(title)s” is kept.", title=block.title))
        except keeping.BlockChanged as fault:
            other, status = fault.block, 409
            form.version.data = str(other.version)
    return _page(form, block, other), status


def _page(form: forms.BlockForm, block: TextBlock | None, other: TextBlock | None) -> str:
    facts = rules.facts_of_kind(None)
    return render_template("text_blocks/edit.html", form=form, block=block, other=other, facts=facts)


def _to_list(said: str) -> Any:
    flash(said, "good")
    return redirect(url_for("text_blocks.list"))


@blueprint.post("/text-blocks/<public_id>/remove")
@needs(Permission.KEEP_TEXT_BLOCKS, of=queries.block)
def remove(block: TextBlock) -> Any:
    """Offer it no more."""
    keeping.remove_block(block, version=forms.block_form(block, ()).read_version, by=current_user)
    return _to_list(_d("The text block “%(title)s” is taken away.", title=block.title))
