"""The desk: what waits, the list of cases, one case, its documents."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from fundapp import documents, files
from fundapp.documents import Paper
from fundapp.languages import _d
from fundapp.messages import actions as conversation
from fundapp.messages import queries as threads
from fundapp.messages.forms import MessageForm
from fundapp.permissions import Permission
from fundapp.registry import actions, casefile, desk, exports, letters, queries, words
from fundapp.registry.forms import DocumentForm
from fundapp.registry.models import Direction
from fundapp.web.access import needs
from fundapp.web.limits import MESSAGE, limited

blueprint = Blueprint("registry", __name__)
blueprint.context_processor(words.for_templates)


@blueprint.get("/desk")
@needs(Permission.LIST_CASES)
def start() -> str:
    """What to do today."""
    return render_template(
        "registry/start.html",
        tasks=desk.tasks(current_user),
        rounds=desk.open_rounds(),
        meeting=desk.next_meeting(current_user),
    )


@blueprint.get("/cases", endpoint="list")
@needs(Permission.LIST_CASES)
def list_cases() -> str:
    """Every case the person may see, newest first, narrowed by what the address says."""
    filters, funds = queries.filters_of(request.args), queries.funds()
    return render_template(
        "registry/list.html",
        filters=filters,
        removable=queries.removable(filters, funds),
        page=queries.cases(current_user, filters, funds),
        funds=funds,
        states=queries.states(),
        kinds=words.kinds(),
        state_tags=words.state_tags(),
    )


@blueprint.get("/cases.csv")
@needs(Permission.LIST_CASES)
def export() -> Response:
    """The whole list as CSV, narrowed as the list is."""
    return exports.cases(current_user, queries.filters_of(request.args))


@blueprint.get("/cases/<public_id>")
@needs(Permission.READ_CASE, of=casefile.case)
def show(application: Any) -> str:
    """One case: the application as sent, and everything that has been done with it."""
    version = request.args.get("version", type=int)
    file = casefile.case_file(application, current_user, version)
    facts = casefile.facts(application)
    return render_template("registry/show.html", application=application, file=file, shown=file.shown, **facts)


@blueprint.post("/applications/<public_id>/register")
@needs(Permission.REGISTER_APPLICATION, of=queries.case)
def register(application: Any) -> Any:
    case = actions.register(application, by=current_user)
    flash(_d("Registered as %(number)s.", number=case.diary_number), "good")
    return redirect(url_for("registry.show", public_id=application.public_id))


@blueprint.route("/cases/<public_id>/documents/new", methods=["GET", "POST"])
@needs(Permission.FILE_DOCUMENT, of=queries.case)
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
