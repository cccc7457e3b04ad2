"""The desk: what waits, the list of cases, one case, its documents."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from fundapp import documents, files
from fundapp.accounts.queries import signed_in
from fundapp.config import settings
from fundapp.documents import Paper
from fundapp.languages import _d
from fundapp.messages import actions as conversation
from fundapp.messages import queries as threads
from fundapp.messages.forms import MessageForm
from fundapp.permissions import Permission, is_allowed
from fundapp.registry import actions, casefile, desk, exports, filters, heads, letters, making, queries, words
from fundapp.registry import choices as offered
from fundapp.registry import versions as comparing
from fundapp.registry.forms import DocumentForm
from fundapp.registry.models import Direction
from fundapp.web.access import needs
from fundapp.web.limits import MESSAGE, limited
from fundapp.web.once import once

blueprint = Blueprint("registry", __name__)
blueprint.context_processor(words.for_templates)


@blueprint.get("/desk")
@needs(Permission.LIST_CASES)
def start() -> str:
    """What to do today."""
    meeting = desk.next_meeting(current_user)
    tasks, rounds = desk.tasks(current_user, meeting), desk.open_rounds()
    return render_template("registry/start.html", tasks=tasks, rounds=rounds, meeting=meeting)


@blueprint.get("/cases", endpoint="list")
@needs(Permission.LIST_CASES)
def list_cases() -> str:
    """Every case the person may see, newest first, narrowed and sorted by what the address says."""
    choices = offered.find(current_user)
    page = queries.cases(current_user, filters.read(request.args, choices), choices)
    return render_template(
        "registry/list.html",
        filters=page.filters,
        page=page,
        choices=choices,
        removable=filters.removable(page.filters, choices),
        states=offered.states(),
        text_languages=offered.text_languages(),
        flags=filters.flag_words(),
        columns=filters.COLUMNS,
        heads=heads.of(page.filters),
        may_assign=is_allowed(current_user, Permission.ASSIGN_OFFICER),
        query=urlencode(page.filters.words(), doseq=True),
        kinds=words.kinds(),
        state_tags=words.state_tags(),
    )


@blueprint.get("/cases.<any(csv, xlsx):kind>")
@needs(Permission.LIST_CASES)
def export(kind: str) -> Response | str:
    """The whole list as a file, narrowed as the list is; a workbook that takes a while is asked for first."""
    choices = offered.find(current_user)
    narrowed = filters.read(request.args, choices)
    total = exports.size(current_user, narrowed, choices)
    if kind == "xlsx" and total > making.DIRECT and not settings().is_demo:
        query = urlencode(narrowed.words(), doseq=True)
        return render_template("registry/export_ask.html", total=total, kind=kind, query=query)
    return exports.cases(current_user, narrowed, choices, kind=kind)


@blueprint.get("/cases/<public_id>")
@needs(Permission.READ_CASE, of=casefile.case)
def show(application: Any) -> str:
    """One case: the application as sent, and everything that has been done with it."""
    version = request.args.get("version", type=int)
    reader = signed_in()
    file = casefile.case_file(application, reader, version)
    facts = casefile.facts(application, reader)
    return render_template("registry/show.html", application=application, file=file, shown=file.shown, **facts)


@blueprint.get("/cases/<public_id>/versions")
@needs(Permission.READ_CASE, of=queries.case)
def versions(application: Any) -> str:
    """What changed between two versions of the application, as the address says, else the last two."""
    earlier, later = (request.args.get(name, type=int) for name in ("from", "to"))
    found = comparing.difference(application, earlier, later)
    return render_template("registry/versions.html", application=application, found=found)


@blueprint.post("/applications/<public_id>/register")
@needs(Permission.REGISTER_APPLICATION, of=queries.case)
def register(application: Any) -> Any:
    case = actions.register(application, by=current_user)
    flash(_d("Registered as %(number)s.", number=case.diary_number), "good")
    return redirect(url_for("registry.show", public_id=application.public_id))


@blueprint.route("/cases/<public_id>/documents/new", methods=["GET", "POST"])
@needs(Permission.FILE_DOCUMENT, of=queries.case)
@once
def file_document(application: Any) -> Any:
    form = DocumentForm()
    actions.demand_case(application)
    if not form.validate_on_submit():
        return render_template("registry/file_document.html", application=application, form=form), form.status
    document = actions.file_by_hand(
        application,
        direction=Direction[form.direction.data],
        dated=form.dated.data,
        counterpart=form.counterpart.data,
        subject=form.subject.data,
        file=files.store(form.checked, by_id=current_user.id) if form.checked else None,
        by=current_user,
    )
    flash(_d("Filed as number %(number)s in the case.", number=document.number), "good")
    return redirect(url_for("registry.show", public_id=application.public_id))


@blueprint.route("/cases/<public_id>/messages", methods=["GET", "POST"])
@needs(Permission.ANSWER_MESSAGE, of=queries.case)
@limited(MESSAGE)
def messages(application: Any) -> Any:
    """The thread with the applicant, and the form to write in it."""
    form = MessageForm()
    if not form.validate_on_submit():
        return _messages_page(application, form), form.status
    conversation.write(application, form.text.data, by=current_user, as_applicant=False, key=form.key, seen=form.seen)
    flash(_d("The message is sent. The applicant gets word of it by mail."), "good")
    return redirect(url_for("registry.messages", public_id=application.public_id))


def _messages_page(application: Any, form: MessageForm) -> str:
    return render_template(
        "registry/messages.html",
        application=application,
        form=form,
        thread=threads.thread(application),
        closed=conversation.why_closed(application),
    )


@blueprint.post("/cases/<public_id>/messages/read")
@needs(Permission.ANSWER_MESSAGE, of=queries.case)
def messages_read(application: Any) -> Any:
    """An official has read what stood on the page; no answer is needed."""
    conversation.mark_read(application, request.form.get("_seen", "")[:12], by=current_user, as_applicant=False)
    return redirect(url_for("registry.show", public_id=application.public_id, _anchor="messages"))


@blueprint.get("/letters")
@needs(Permission.SEND_LETTER_AGAIN)
def letters_failed() -> str:
    """Mail of cases that did not arrive, and what is still being tried."""
    return render_template(
        "registry/letters_failed.html", failed=letters.failed(current_user), held_up=letters.held_up(current_user)
    )


@blueprint.post("/letters/<public_id>/send-again")
@needs(Permission.SEND_LETTER_AGAIN, of=letters.letter)
def send_again(found: letters.Letter) -> Any:
    actions.send_again(found.message, found.application, by=current_user)
    flash(_d("The letter will be sent again."), "good")
    return redirect(url_for("registry.letters_failed"))


@blueprint.get("/documents/<public_id>")
@needs(Permission.READ_CASE, of=queries.document)
def document(found: queries.FiledDocument) -> Response:
    """A document of a case: a paper drawn as PDF, or the file as it came."""
    if found.document.paper is not None:
        return _paper(found.document.paper)
    return files.served(found.document.file) if found.document.file is not None else abort(404)


@blueprint.get("/cases/<public_id>/application.pdf")
@needs(Permission.READ_CASE, of=queries.case)
def submission_pdf(application: Any) -> Response:
    """The latest frozen copy as PDF."""
    return _paper(application.last_submission.paper)


@blueprint.get("/cases/<public_id>/attachments/<attachment_id>")
@needs(Permission.READ_CASE, of=queries.case)
def attachment(application: Any, attachment_id: str) -> Response:
    """A file the applicant sent along."""
    found = queries.attachment(application, attachment_id)
    return files.served(found.file) if found is not None else abort(404)


def _paper(paper: Paper) -> Response:
    response = Response(documents.pdf(paper), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=paper.file_name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
