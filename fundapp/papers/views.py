"""Papers written in a case: begin from a template, edit, look at the PDF, let it leave."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_login import current_user

from fundapp import clock, documents
from fundapp.languages import _d
from fundapp.papers import actions, filling, forms, inserting, letters, queries
from fundapp.papers.models import PaperKind, Way, WrittenPaper
from fundapp.permissions import Permission
from fundapp.registry import words
from fundapp.registry.actions import demand_case
from fundapp.registry.queries import case
from fundapp.web.access import needs
from fundapp.web.once import once

blueprint = Blueprint("papers", __name__)
blueprint.context_processor(words.for_templates)
_BOTH = ["GET", "POST"]


def _to_paper(paper: WrittenPaper, endpoint: str = "papers.show") -> Any:
    return redirect(url_for(endpoint, public_id=paper.public_id))


@blueprint.route("/cases/<public_id>/papers/new", methods=_BOTH)
@needs(Permission.FILE_DOCUMENT, of=case)
@once
def new(application: Any) -> Any:
    """Which paper, and what has its own page."""
    demand_case(application)
    form = forms.start_form(actions.WRITTEN_HERE)
    if not form.validate_on_submit():
        return render_template("papers/new.html", application=application, form=form), form.status
    paper = actions.begin(application, PaperKind[form.kind.data], by=current_user)
    return _to_paper(paper, "papers.edit")


@blueprint.get("/papers/<public_id>")
@needs(Permission.FILE_DOCUMENT, of=queries.paper)
def show(paper: WrittenPaper) -> str:
    """The paper as it will read, and what is left to write before it can leave."""
    return render_template(
        "papers/show.html",
        paper=paper,
        application=paper.application,
        content=letters.content(paper, by=current_user),
        left=actions.left_to_write(paper),
    )


@blueprint.route("/papers/<public_id>/edit", methods=_BOTH)
@needs(Permission.FILE_DOCUMENT, of=queries.paper)
def edit(paper: WrittenPaper) -> Any:
    """Heading, text and receiver. What somebody else saved meanwhile is shown beside."""
    if paper.finished_at is not None:
        return _to_paper(paper)
    form = forms.paper_form(paper)
    fields = ("text", "other_text") if paper.other_language else ("text",)
    panel = inserting.panel(form, paper.application, paper.kind, fields, by=current_user)
    other, status = None, inserting.status_of(form, panel)
    if not panel.is_asked and form.validate_on_submit():
        try:
            actions.save(paper, version=form.read_version, by=current_user, **form.values())
            flash(_d("The paper is saved. It has not left yet."), "good")
            return _to_paper(paper)
        except actions.ChangedMeanwhile as fault:
            other, status = fault.paper, 409
            form.version.data = str(other.version)
    place = {"paper": paper, "application": paper.application, "form": form, "panel": panel, "other": other}
    facts = filling.facts_of(paper.application, by=current_user)
    return render_template("papers/edit.html", facts_here=facts, **place), status


@blueprint.get("/papers/<public_id>/preview.pdf")
@needs(Permission.FILE_DOCUMENT, of=queries.paper)
def preview(paper: WrittenPaper) -> Response:
    """The PDF as it would be filed now."""
    content = letters.content(paper, by=current_user)
    return shown_pdf(documents.compile_pdf(letters.TEMPLATE, content, clock.now()), letters.file_name(paper))


def shown_pdf(content: bytes, name: str) -> Response:
    """A PDF to look at in the browser; nobody keeps it."""
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/papers/<public_id>/finish")
@needs(Permission.FILE_DOCUMENT, of=queries.paper)
def finish(paper: WrittenPaper) -> Any:
    document = actions.finish(paper, version=forms.paper_form(paper).read_version, by=current_user)
    said = {
        Way.MAIL: _d("The letter is on its way and filed as number %(number)s.", number=document.number),
        Way.POST: _d("Filed as number %(number)s. Print it and post it.", number=document.number),
        Way.KEPT: _d("Filed as number %(number)s. It has gone to nobody.", number=document.number),
    }
    flash(said[paper.way], "good")
    return redirect(url_for("registry.show", public_id=paper.application.public_id, _anchor="documents"))


@blueprint.post("/papers/<public_id>/throw-away")
@needs(Permission.FILE_DOCUMENT, of=queries.paper)
def throw_away(paper: WrittenPaper) -> Any:
    application = paper.application
    actions.throw_away(paper, version=forms.paper_form(paper).read_version, by=current_user)
    flash(_d("The paper is thrown away. Nothing was sent."), "good")
    return redirect(url_for("registry.show", public_id=application.public_id))
