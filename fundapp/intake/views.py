"""The registrar's pages for what came on paper or by telephone, and for cases that are the same."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import files
from fundapp.applications import answers as reading
from fundapp.applications.actions import open_sections, opened
from fundapp.applications.models import Application
from fundapp.applications.questions import SectionForm, codes_of, section_form
from fundapp.applications.questions.base import RowsField
from fundapp.intake import entering, merging, queries
from fundapp.intake.forms import AdditionsForm, EnterForm, MergeForm, PieceForm
from fundapp.intake.models import Intake, Way
from fundapp.languages import _d
from fundapp.permissions import Permission
from fundapp.registry import queries as cases
from fundapp.registry import words
from fundapp.web.access import needs
from fundapp.web.limits import UPLOAD, limited
from fundapp.web.once import once
from fundapp.workflow import ApplicationStatus

blueprint = Blueprint("intake", __name__)
blueprint.context_processor(words.for_templates)
Page = str | Response | tuple[str, int]


@blueprint.get("/on-paper")
@needs(Permission.RECEIVE_ON_PAPER)
def list() -> Page:
    """What was begun and is not received yet."""
    return render_template("intake/list.html", entries=queries.entries(current_user))


@blueprint.route("/on-paper/new", methods=["GET", "POST"])
@needs(Permission.RECEIVE_ON_PAPER)
@limited(UPLOAD)
@once
def new() -> Page:
    form = EnterForm(queries.rounds())
    if not form.validate_on_submit() or form.chosen is None:
        return render_template(
            "intake/new.html", form=form, entries=_not_theirs(form), new_entry=queries.NEW_ENTRY
        ), form.status
    round_, kind = form.chosen
    intake = entering.enter(
        round_=round_,
        kind=kind,
        way=Way[form.way.data],
        received_on=form.received_on.data,
        organisation=form.organisation(),
        sender=form.sender,
        answers=form.answers(kind),
        language=form.language.data,
        text_language=form.text_language.data,
        scan=form.checked,
        by=current_user,
    )
    if form.known is not None and intake.application.organisation is form.known:
        flash(_d("%(name)s is known. What is kept about it stays as it is.", name=form.known.name))
    elif form.entries:
        flash(str(queries.NEW_ENTRY), "attention")
    return _to(intake)


def _not_theirs(form: EnterForm) -> Any:
    """The entries of the number where none is the sender's; nothing of one in which the registrar has a conflict."""
    is_hidden = form.known is not None or form.org_number.data in current_user.conflicting_org_numbers
    return [] if is_hidden else form.entries


def _to(intake: Intake) -> Response:
    return redirect(url_for("intake.show", public_id=intake.application.public_id))


@blueprint.get("/on-paper/<public_id>")
@needs(Permission.RECEIVE_ON_PAPER, of=queries.entry)
def show(intake: Intake) -> Page:
    """What is typed of it, what lacks, and the button that receives it."""
    if not open_sections(intake.application):
        return redirect(url_for("registry.show", public_id=intake.application.public_id))
    return _show_page(intake)


def _show_page(
    intake: Intake, piece_form: PieceForm | None = None, additions_form: AdditionsForm | None = None, lacking: Any = ()
) -> str:
    application = intake.application
    is_begun = application.status is ApplicationStatus.DRAFT
    codes = open_sections(application)
    states = [state for state in reading.states(application) if state.code in codes]
    return render_template(
        "intake/show.html",
        intake=intake,
        application=application,
        states=[state for state in states if state.code != "attachments"],
        attached=application.attachments,
        is_begun=is_begun,
        lacking=lacking,
        piece_form=(piece_form or PieceForm(application, formdata=None)) if "attachments" in codes else None,
        additions_form=None if is_begun else additions_form or AdditionsForm(formdata=None),
        title=_title(application),
        entries=queries.entries_of(application.organisation.org_number) if application.organisation else (),
        attachment_words=words.attachment_words,
    )


def _title(application: Application) -> str:
    """What it is called so far."""
    typed = [each.answers.get("title", [""]) for each in application.sections if "title" in each.answers]
    return application.title or next((texts[0] for texts in typed if texts), "")


@blueprint.route("/on-paper/<public_id>/parts/<code>", methods=["GET", "POST"])
@needs(Permission.RECEIVE_ON_PAPER, of=queries.entry)
def part(intake: Intake, code: str) -> Page:
    """One part of the form, kept as typed whatever it says; what the paper lacks is left empty."""
    application = intake.application
    if code not in codes_of(application.kind) or code == "attachments":
        abort(404)
    if code not in open_sections(application):
        return redirect(url_for("registry.show", public_id=application.public_id))
    if request.method == "GET":
        return _part_page(intake, section_form(application, code), _version(application, code))
    form = section_form(application, code, {})
    texts = form.own_texts(request.form)
    seen = request.form.get("_version", "0")
    try:
        section = entering.save_part(intake, code, texts, version=int(seen) if seen.isdecimal() else 0, by=current_user)
    except entering.SavedMeanwhile as fault:
        kept = section_form(application, code, fault.section.answers)
        page = _part_page(intake, section_form(application, code, texts), fault.section.version, kept=kept)
        return page, 422
    if "add" in request.form:
        form = section_form(application, code, section.answers)
        rows = form._fields.get(request.form["add"])
        if isinstance(rows, RowsField):
            rows.add_row()
        return _part_page(intake, form, section.version)
    flash(_d("Saved."), "good")
    return _after(intake, code)


def _version(application: Application, code: str) -> int:
    return next((each.version for each in application.sections if each.code == code), 0)


def _after(intake: Intake, code: str) -> Response:
    """The next part, or the overview after the last one or where that is asked for."""
    codes = [each for each in open_sections(intake.application) if each != "attachments"]
    later = codes[codes.index(code) + 1 :]
    if "leave" in request.form or not later:
        return _to(intake)
    return redirect(url_for("intake.part", public_id=intake.application.public_id, code=later[0]))


def _part_page(intake: Intake, form: SectionForm, version: int, kept: SectionForm | None = None) -> str:
    form.lock_all_but(opened(intake.application).get(form.section_code))
    return render_template(
        "intake/part.html",
        intake=intake,
        application=intake.application,
        form=form,
        version=version,
        kept=kept,
        is_rows={field.short_name for field in form if isinstance(field, RowsField)},
    )


@blueprint.post("/on-paper/<public_id>/attach")
@needs(Permission.RECEIVE_ON_PAPER, of=queries.entry)
@limited(UPLOAD)
@once
def attach(intake: Intake) -> Page:
    form = PieceForm(intake.application)
    if not form.validate_on_submit() or form.checked is None:
        return _show_page(intake, piece_form=form), form.status
    entering.attach(intake, form.kind.data, form.checked, by=current_user)
    flash(_d("The file is attached."), "good")
    return _to(intake)


@blueprint.get("/on-paper/<public_id>/scan")
@needs(Permission.RECEIVE_ON_PAPER, of=queries.entry)
def scan(intake: Intake) -> Response:
    return files.served(intake.scan) if intake.scan is not None else abort(404)


@blueprint.post("/on-paper/<public_id>/receive")
@needs(Permission.RECEIVE_ON_PAPER, of=queries.entry)
def receive(intake: Intake) -> Page:
    """Received already (a double click): the case it has become."""
    if intake.application.status is not ApplicationStatus.DRAFT:
        return redirect(url_for("registry.show", public_id=intake.application.public_id))
    try:
        application = entering.receive(intake, by=current_user)
    except entering.Lacking as fault:
        return _show_page(intake, lacking=fault.sentences), 422
    number = application.case.diary_number if application.case is not None else ""
    flash(_d("It is received and registered as %(number)s.", number=number), "good")
    return redirect(url_for("registry.show", public_id=application.public_id))


@blueprint.post("/on-paper/<public_id>/additions")
@needs(Permission.RECEIVE_ON_PAPER, of=queries.entry)
@limited(UPLOAD)
@once
def additions(intake: Intake) -> Page:
    """Receive what was asked for and has been typed in."""
    form = AdditionsForm()
    if not form.validate_on_submit():
        return _show_page(intake, additions_form=form), form.status
    try:
        entering.receive_additions(intake, received_on=form.received_on.data, scan=form.checked, by=current_user)
    except entering.Lacking as fault:
        return _show_page(intake, additions_form=form, lacking=fault.sentences), 422
    flash(_d("The additions are received."), "good")
    return redirect(url_for("registry.show", public_id=intake.application.public_id))


@blueprint.route("/on-paper/<public_id>/remove", methods=["GET", "POST"])
@needs(Permission.RECEIVE_ON_PAPER, of=queries.entry)
def remove(intake: Intake) -> Page:
    """A page that asks once more, and the removal of what was begun by mistake."""
    if request.method == "GET":
        return render_template("intake/remove.html", intake=intake, title=_title(intake.application))
    entering.remove(intake, by=current_user)
    flash(_d("It is removed."), "good")
    return redirect(url_for("intake.list"))


@blueprint.route("/cases/<public_id>/merge", methods=["GET", "POST"])
@needs(Permission.MERGE_CASES, of=cases.case)
def merge(application: Application) -> Page:
    """Close the case as the same as another one of the applicant."""
    form = MergeForm(application, current_user)
    if not form.validate_on_submit():
        return render_template("intake/merge.html", application=application, form=form), form.status
    merging.merge(application, form.chosen, reason=form.reason.data, by=current_user)
    flash(_d("It is merged. The applicant gets word of it."), "good")
    return redirect(url_for("registry.show", public_id=form.chosen.public_id))
