"""The letters of a sitting's decisions, to be read before they leave, and released one by one or all at once."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from fundapp import documents
from fundapp.decisions import letters, releasing
from fundapp.decisions.letters import LetterRow
from fundapp.languages import _d, _dn
from fundapp.meetings import queries as meetings
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission
from fundapp.web.access import needs

blueprint = Blueprint("letters", __name__)


@blueprint.get("/meetings/<public_id>/letters")
@needs(Permission.RELEASE_LETTERS, of=meetings.meeting)
def list(meeting: Meeting) -> str:
    """Which wait, which have left, and which did not arrive."""
    return render_template("decisions/letters.html", meeting=meeting, rows=letters.of_sitting(meeting, current_user))


@blueprint.get("/letters/<public_id>")
@needs(Permission.RELEASE_LETTERS, of=letters.letter)
def show(row: LetterRow) -> str:
    """The mails of a letter as their receivers get them."""
    return render_template("decisions/letter.html", row=row, meeting=row.letter.decision.item.meeting)


@blueprint.get("/letters/<public_id>/letter.pdf")
@needs(Permission.RELEASE_LETTERS, of=letters.letter)
def pdf(row: LetterRow) -> Response:
    """What is enclosed."""
    response = Response(documents.pdf(row.letter.paper), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=row.letter.paper.file_name)
    return response


@blueprint.post("/letters/<public_id>/try-again")
@needs(Permission.RELEASE_LETTERS, of=letters.letter)
def send_again(row: LetterRow) -> AnyResponse:
    """What did not arrive is tried at once."""
    if releasing.send_again(row.letter, by=current_user):
        flash(_d("The letter is tried again now."), "good")
    else:
        flash(_d("The letter has left, or is leaving now."), "attention")
    return redirect(url_for("letters.list", public_id=row.letter.decision.item.meeting.public_id))


@blueprint.post("/meetings/<public_id>/letters")
@needs(Permission.RELEASE_LETTERS, of=meetings.meeting)
def release(meeting: Meeting) -> AnyResponse:
    """One letter, or all that the reader may see."""
    rows = letters.of_sitting(meeting, current_user)
    named = request.form.get("letter", "")
    if named:
        rows = [row for row in rows if row.letter.public_id == named] or abort(404)
    count = releasing.release([row.letter for row in rows], by=current_user)
    if count:
        flash(_dn("%(n)s letter is released.", "%(n)s letters are released.", count), "good")
    else:
        flash(_d("No letter waited to be released."), "attention")
    return redirect(url_for("letters.list", public_id=meeting.public_id))
