"""The applicant's pages: my applications, the task list, a section, check and send, the receipt, where it is."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import clock, documents, files, languages
from fundapp.applications import actions, queries, rules, saving, signing, trying
from fundapp.applications import answers as reading
from fundapp.applications.changed import since_begun
from fundapp.applications.forms import AskForTranslationForm, AttachForm, LanguageForm, StartForm, offers
from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.progress import progress
from fundapp.applications.questions import SectionForm, codes_of, section_form
from fundapp.applications.questions.base import RowsField
from fundapp.applications.tasks import tasks
from fundapp.decisions.force import forces
from fundapp.funds.models import Round
from fundapp.languages import _, _d
from fundapp.messages import queries as conversation
from fundapp.permissions import Permission, is_allowed, why_not
from fundapp.web.access import keep_anyway, needs
from fundapp.web.limits import START, SUBMISSION, UPLOAD, limited
from fundapp.web.once import once

blueprint = Blueprint("applications", __name__)
Page = str | Response | tuple[str, int]


@blueprint.get("/applications")
@needs(Permission.START_APPLICATION)
def list() -> Page:
    return render_template("applications/list.html", cards=queries.cards(current_user))


@blueprint.route("/applications/new", methods=["GET", "POST"])
@needs(Permission.START_APPLICATION)
@limited(START)
@once
def new() -> Page:
    """Choose what to apply for, and as whom. Somebody without an organisation can add one first, or nominate."""
    rounds = queries.open_rounds(request.args.get("fund"))
    form = StartForm(rounds, current_user)
    if not form.validate_on_submit() or form.chosen is None:
        return _new_page(form, rounds), form.status
    round_, kind = form.chosen
    application = actions.start(
        round_=round_,
        kind=kind,
        organisation=form.chosen_organisation,
        by=current_user,
        language=languages.current().code,
        text_language=form.chosen_language,
    )
    return redirect(url_for("applications.show", public_id=application.public_id))


def _new_page(form: StartForm, rounds: Sequence[Round]) -> str:
    return render_template(
        "applications/new.html",
        form=form,
        hints={value: until for value, _text, until in offers(rounds)},
        takes_nominations=any(round_.fund.terms["takes_nominations"]["value"] for round_ in rounds),
    )


@blueprint.route("/applications/<public_id>/language", methods=["GET", "POST"])
@needs(Permission.EDIT_APPLICATION, of=queries.own)
def text_language(application: Application) -> Page:
    """Which language the answers are written in."""
    form = LanguageForm(application.text_language)
    if not form.validate_on_submit():
        return render_template("applications/text_language.html", application=application, form=form), form.status
    actions.name_language(application, form.chosen_language, by=current_user)
    flash(_("Saved."), "good")
    return redirect(url_for("applications.show", public_id=application.public_id))


@blueprint.get("/applications/<public_id>")
@needs(Permission.READ_APPLICATION, of=queries.own)
def show(application: Application) -> Page:
    """The task list while something can be written, else where the application is."""
    why_not_write = why_not(current_user, Permission.EDIT_APPLICATION, application)
    if rules.is_editable(application):
        return render_template(
            "applications/tasks.html",
            application=application,
            card=queries.card(application),
            tasks=tasks(application, may_write=why_not_write is None),
            why_not_write=why_not_write,
            changed=since_begun(application),
            asked_for=queries.open_request(application),
            messages=conversation.thread(application),
        )
    decisions = queries.final_decisions(application)
    known = {row.language for row in decisions[0].translations} if decisions else set()
    return render_template(
        "applications/show.html",
        application=application,
        card=queries.card(application),
        decisions=decisions,
        forces=forces(decisions),
        ask_form=AskForTranslationForm(known, formdata=None),
        project=queries.project_of(application),
        may_withdraw=rules.may_withdraw(application)
        and is_allowed(current_user, Permission.WITHDRAW_APPLICATION, application),
        may_copy=why_not_write is None,
        promised=actions.promised(application) if why_not_write is None else [],
        progress=progress(application),
        messages=conversation.thread(application),
    )


@blueprint.route("/applications/<public_id>/sections/<code>", methods=["GET", "POST"])
@needs(Permission.EDIT_APPLICATION, of=queries.own)
def section(application: Application, code: str) -> Page:
    """One section. What was typed is kept whatever it says: "Save" leads back to the task list, "Add a row" to the
    section again, and "Save and go on" to the next section. Only the last looks at the answers: where something is
    missing or cannot be read, it answers 422 with the messages beside the fields, everything typed is there and kept,
    and a link goes on anyway.
    """
    if code not in codes_of(application.kind):
        abort(404)
    if request.method == "GET":
        return _shown(application, code)
    written = _saved(application, code)
    # Where only some questions are open, the others are not posted.
    form = section_form(application, code, written.answers)
    if set(written.asked) - set(request.form.getlist("shown")):
        keep_anyway()
        return _section_page(application, form, written=written), 422
    if "add" in request.form:
        return redirect(_with_new_row(application, form, request.form["add"]))
    if "leave" in request.form:
        flash(_("Saved."), "good")
        return redirect(url_for("applications.show", public_id=application.public_id))
    if form.validate() and not written.asked:
        return redirect(_after(application, code))
    keep_anyway()
    return _section_page(application, form, written=written), 422


def _saved(application: Application, code: str) -> saving.Written:
    """Keep what was posted; a text PostgreSQL cannot hold is left out."""
    form = section_form(application, code, {})
    basis = saving.basis_of(request.form)
    return saving.save(application, code, form.own_texts(request.form), form, basis, by=current_user)


@blueprint.post("/applications/<public_id>/sections/<code>/keep")
@needs(Permission.EDIT_APPLICATION, of=queries.own)
def keep(application: Application, code: str) -> Response:
    """Keep a section while it is written, for the page's own script: what it was sent as is answered with the version
    that is kept, the words to show, and the fields in which somebody else's words stand now.
    """
    if code not in codes_of(application.kind):
        abort(404)
    written = _saved(application, code)
    typed = section_form(application, code, {}).own_texts(request.form)
    now = {name: written.answers.get(name, []) for name in {**written.answers, **typed}}
    others = {name: texts for name, texts in now.items() if not saving.is_same(texts, typed.get(name, []))}
    at = written.saved_at or clock.now()
    return jsonify(
        version=written.version,
        said=_("Saved %(when)s", when=languages.time_of_day(at)),
        asked=written.asked,
        others=others,
    )


def _shown(application: Application, code: str) -> Page:
    if code not in actions.open_sections(application):
        return redirect(url_for("applications.show", public_id=application.public_id))
    written = saving.as_written(application, code, by=current_user)
    form = section_form(application, code, written.answers)
    rows = form._fields.get(request.args.get("add", ""))
    if isinstance(rows, RowsField):
        rows.add_row()
    return _section_page(application, form, written=written)


def _section_page(
    application: Application,
    form: SectionForm,
    attach_form: AttachForm | None = None,
    written: saving.Written | None = None,
) -> str:
    written = written or saving.as_written(application, form.section_code, by=current_user)
    codes = codes_of(application.kind)
    only = actions.opened(application).get(form.section_code)
    form.lock_all_but(only)
    return render_template(
        f"applications/sections/{form.section_code}.html",
        application=application,
        form=form,
        attach_form=attach_form
        or (AttachForm(application, formdata=None) if form.section_code == "attachments" else None),
        has_locked=only is not None,
        written=written,
        questions=saving.questions(application, form, written),
        number=codes.index(form.section_code) + 1,
        count=len(codes),
        next_url=_after(application, form.section_code),
        terms=application.terms,
    )


def _with_new_row(application: Application, form: SectionForm, name: str) -> str:
    """The section's address with one more empty row of the kind named, at that row; "sums" only counts again."""
    place: dict[str, Any] = {"public_id": application.public_id, "code": form.section_code}
    rows = form._fields.get(name)
    if not isinstance(rows, RowsField):
        return url_for("applications.section", _anchor="sums", **place)
    return url_for("applications.section", add=name, _anchor=f"{name}-{rows.last_index + 1}", **place)


def _after(application: Application, code: str) -> str:
    """The next section that can be written in, or after the last one the page to check and send."""
    open_codes = actions.open_sections(application)
    codes = codes_of(application.kind)
    later = [other for other in codes[codes.index(code) + 1 :] if other in open_codes]
    if later:
        return url_for("applications.section", public_id=application.public_id, code=later[0])
    return url_for("applications.check", public_id=application.public_id)


@blueprint.post("/applications/<public_id>/attachments")
@needs(Permission.EDIT_APPLICATION, of=queries.own)
@limited(UPLOAD)
@once
def attach(application: Application) -> Page:
    if "attachments" not in codes_of(application.kind):
        abort(404)
    form = AttachForm(application)
    if not form.validate_on_submit() or form.checked is None:
        return _section_page(application, section_form(application, "attachments"), form), form.status
    actions.attach(application, form.kind.data, form.checked, by=current_user)
    flash(_("The file is attached."), "good")
    return redirect(url_for("applications.section", public_id=application.public_id, code="attachments"))


@blueprint.post("/applications/<public_id>/attachments/<attachment_id>/remove")
@needs(Permission.EDIT_APPLICATION, of=queries.own)
def detach(application: Application, attachment_id: str) -> Page:
    found = queries.attachment(application, attachment_id)
    if found is None:
        abort(404)
    actions.detach(found, by=current_user)
    flash(_("The file is removed."), "good")
    return redirect(url_for("applications.section", public_id=application.public_id, code="attachments"))


@blueprint.get("/applications/<public_id>/attachments/<attachment_id>")
@needs(Permission.READ_APPLICATION, of=queries.own)
def attachment(application: Application, attachment_id: str) -> Response:
    found = queries.attachment(application, attachment_id)
    if found is None:
        abort(404)
    return files.served(found.file)


@blueprint.route("/applications/<public_id>/later", methods=["GET", "POST"])
@needs(Permission.EDIT_APPLICATION, of=queries.own)
@limited(UPLOAD)
def attach_later(application: Application) -> Page:
    """Send a file that was promised when the application was sent."""
    promised = actions.promised(application)
    if not promised:
        return redirect(url_for("applications.show", public_id=application.public_id))
    form = AttachForm(application, is_later=True)
    if not form.validate_on_submit() or form.checked is None:
        page = render_template("applications/later.html", application=application, form=form, promised=promised)
        return page, form.status
    actions.attach_later(application, form.kind.data, form.checked, by=current_user)
    flash(_("The file is attached."), "good")
    return redirect(url_for("applications.show", public_id=application.public_id))


@blueprint.get("/applications/<public_id>/check")
@needs(Permission.READ_APPLICATION, of=queries.own)
def check(application: Application) -> Page:
    if not rules.is_editable(application):
        return redirect(url_for("applications.show", public_id=application.public_id))
    return _check_page(application)


def _check_page(application: Application) -> str:
    may_write = is_allowed(current_user, Permission.EDIT_APPLICATION, application)
    return render_template(
        "applications/check.html",
        application=application,
        card=queries.card(application),
        changed=since_begun(application),
        sections=reading.all_sections(application),
        missing=rules.missing_parts(reading.states(application)),
        opened=actions.opened(application) if may_write else {},
        why_not_send=why_not(current_user, Permission.SUBMIT_APPLICATION, application),
        needs_signing=signing.is_needed(application),
        is_signed=signing.is_signed(application),
        signers=signing.signers(application) if signing.is_needed(application) else [],
        signed_page=signing.signed_page(application),
    )


@blueprint.post("/applications/<public_id>/submit")
@needs(Permission.SUBMIT_APPLICATION, of=queries.own)
@limited(SUBMISSION)
def submit(application: Application) -> Page:
    """Send. Sent already (a double click, a retry after a lost answer): the same receipt. Where the person has not
    chosen between two texts, the section that asks comes first.
    """
    try:
        if application.is_try_out:
            return _try_out_done(application)
        actions.submit(application, by=current_user)
    except rules.NotChosen as fault:
        return redirect(url_for("applications.section", public_id=application.public_id, code=fault.code))
    except (rules.NotComplete, signing.NotSigned):
        return _check_page(application), 422
    return redirect(url_for("applications.receipt", public_id=application.public_id))


def _try_out_done(application: Application) -> Response:
    """Errors: rules.NotComplete."""
    trying.finish(application, by=current_user)
    flash(_d("You have come to the end of the form. Nothing was sent."), "good")
    return redirect(url_for("fund_editing.try_out", public_id=application.round.fund.code))


@blueprint.get("/applications/<public_id>/receipt")
@needs(Permission.READ_APPLICATION, of=queries.own)
def receipt(application: Application) -> Page:
    if application.last_submission is None:
        abort(404)
    return render_template(
        "applications/receipt.html",
        application=application,
        submission=application.last_submission,
        is_nomination=application.kind is ApplicationKind.NOMINATION,
        late_note=rules.late_note(application.round),
        promised=actions.promised(application),
    )


@blueprint.get("/applications/<public_id>/receipt.pdf")
@needs(Permission.READ_APPLICATION, of=queries.own)
def receipt_pdf(application: Application) -> Response:
    if application.last_submission is None:
        abort(404)
    paper = application.last_submission.paper
    return Response(
        documents.pdf(paper),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{paper.file_name}"'},
    )


@blueprint.route("/applications/<public_id>/withdraw", methods=["GET", "POST"])
@needs(Permission.WITHDRAW_APPLICATION, of=queries.own)
def withdraw(application: Application) -> Page:
    """A page that asks once more, and the step itself."""
    if request.method == "GET":
        if not rules.may_withdraw(application):
            return redirect(url_for("applications.show", public_id=application.public_id))
        return render_template("applications/withdraw.html", application=application)
    actions.withdraw(application, by=current_user)
    flash(_("It is withdrawn."), "good")
    return redirect(url_for("applications.show", public_id=application.public_id))
