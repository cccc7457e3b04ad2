"""Flags and notes: the pages that the forms on the case page lead to."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user

from fundapp.languages import _d
from fundapp.permissions import Permission
from fundapp.registry import words
from fundapp.registry.queries import case
from fundapp.remarks import actions, on_case, queries
from fundapp.remarks.forms import FlagForm, NoteForm, ResolveForm
from fundapp.remarks.models import Flag, FlagKind, Note
from fundapp.web.access import needs

blueprint = Blueprint("remarks", __name__)
blueprint.context_processor(words.for_templates)
# The case page draws these from its own rows.
blueprint.record_once(lambda state: state.app.jinja_env.globals.update(remarks_of=on_case.remarks_of))
_BOTH = ["GET", "POST"]


def _to_case(application: Any, said: str) -> Any:
    flash(said, "good")
    return redirect(url_for("registry.show", public_id=application.public_id, _anchor="remarks"))


@blueprint.route("/cases/<public_id>/flags/new", methods=_BOTH)
@needs(Permission.RAISE_FLAG, of=case)
def raise_flag(application: Any) -> Any:
    form = FlagForm()
    if not form.validate_on_submit():
        return render_template("remarks/raise_flag.html", application=application, form=form), form.status
    kind = FlagKind[form.flag_kind.data]
    actions.raise_flag(application, kind=kind, reason=form.flag_reason.data, by=current_user)
    return _to_case(application, _d("The flag is raised."))


@blueprint.route("/flags/<public_id>/resolve", methods=_BOTH)
@needs(Permission.RAISE_FLAG, of=queries.flag)
def resolve_flag(flag: Flag) -> Any:
    form = ResolveForm()
    if not form.validate_on_submit():
        page = render_template("remarks/resolve_flag.html", application=flag.application, flag=flag, form=form)
        return page, form.status
    actions.resolve_flag(flag, form.resolution.data, by=current_user)
    return _to_case(flag.application, _d("The flag is resolved."))


@blueprint.route("/cases/<public_id>/notes/new", methods=_BOTH)
@needs(Permission.WRITE_NOTE, of=case)
def write_note(application: Any) -> Any:
    form = NoteForm()
    if not form.validate_on_submit():
        return render_template("remarks/note.html", application=application, note=None, form=form), form.status
    actions.write_note(application, form.note.data, by=current_user)
    return _to_case(application, _d("The note is saved."))


@blueprint.route("/notes/<public_id>/correct", methods=_BOTH)
@needs(Permission.WRITE_NOTE, of=queries.note)
def correct_note(note: Note) -> Any:
    actions.demand_own(note, by=current_user)
    form = NoteForm(data={"note": note.text})
    form.original = note.text
    if not form.validate_on_submit():
        page = render_template("remarks/note.html", application=note.application, note=note, form=form)
        return page, form.status
    actions.correct_note(note, form.note.data, by=current_user)
    return _to_case(note.application, _d("The note is corrected. The earlier text is kept below it."))
