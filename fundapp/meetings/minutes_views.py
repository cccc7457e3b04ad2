"""The minutes' pages: drawing them up, signing them, recording a signed page, and approving them."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from fundapp import files
from fundapp.decisions import approving
from fundapp.languages import _d
from fundapp.meetings import copies, drawing_up, minutes_queries, queries, signing
from fundapp.meetings.minutes import Minutes, MinutesSignature
from fundapp.meetings.minutes_forms import SignedPageForm
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.web.once import once
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("minutes", __name__)
Page = str | tuple[str, int] | AnyResponse


@blueprint.get("/meetings/<public_id>/minutes")
@needs(Permission.READ_MEETING, of=queries.meeting)
def list(meeting: Meeting) -> Page:
    """All versions of the sitting's minutes, who has signed, and what is to do."""
    return _list(meeting)


@blueprint.post("/meetings/<public_id>/minutes")
@needs(Permission.APPROVE_MINUTES, of=queries.meeting)
@once
def draw_up(meeting: Meeting) -> Page:
    """A new version, of the minutes or of one § that is approved at once."""
    item = _item(meeting)
    return _tried(
        meeting,
        lambda: drawing_up.draw_up_minutes(meeting, item=item, by=current_user),
        _d("The minutes are drawn up, and who signs them has got a mail."),
    )


@blueprint.post("/meetings/<public_id>/minutes/approve")
@needs(Permission.APPROVE_MINUTES, of=queries.meeting)
def approve(meeting: Meeting) -> Page:
    """Every outcome becomes final; of one § where it is named."""
    item = _item(meeting)
    # How many is not said: who has a conflict in one of the cases would learn that it was decided.
    if item is not None:
        told = _d("§ %(number)s is approved. What was decided there is final.", number=item.number)
        return _tried(meeting, lambda: approving.approve_item(item, by=current_user), told)
    told = _d("The minutes are approved. The decisions are final. Read the letters and release them.")
    return _tried(meeting, lambda: approving.approve_minutes(meeting, by=current_user), told)


@blueprint.get("/minutes/<public_id>")
@needs(Permission.READ_MEETING, of=minutes_queries.minutes)
def show(minutes: Minutes) -> Page:
    """One version, to read and to sign."""
    return _show(minutes)


@blueprint.get("/minutes/<public_id>/minutes.pdf")
@needs(Permission.READ_MEETING, of=minutes_queries.minutes)
def pdf(minutes: Minutes) -> Response:
    """The reader's own copy."""
    response = Response(
        copies.pdf(minutes, copies.hidden_from(current_user, minutes.meeting)), mimetype="application/pdf"
    )
    response.headers.set("Content-Disposition", "inline", filename=minutes.paper.file_name)
    return response


@blueprint.post("/minutes/<public_id>/sign")
@needs(Permission.SIGN_MINUTES, of=minutes_queries.minutes)
def sign(minutes: Minutes) -> Page:
    """The chair or the checker approves the version."""
    try:
        signing.sign(minutes, by=current_user)
    except StepNotPossible as fault:
        return _show(minutes, fault.reason), 409
    flash(_d("You have signed the minutes."), "good")
    return redirect(url_for("minutes.show", public_id=minutes.public_id))


@blueprint.route("/minutes/<public_id>/signatures/<seat>", methods=["GET", "POST"])
@needs(Permission.APPROVE_MINUTES, of=minutes_queries.minutes)
def record_signature(minutes: Minutes, seat: str) -> Page:
    """The secretary sends up a page that was signed on paper."""
    who = minutes_queries.signer(minutes, seat) or abort(404)
    form = SignedPageForm(minutes)
    status = form.status
    if form.validate_on_submit() and form.checked is not None:
        try:
            file = files.store(form.checked, by_id=current_user.id)
            signing.record_signature(minutes, who, signed_on=form.signed_on.data, file=file, by=current_user)
        except StepNotPossible as fault:
            form.form_errors.append(fault.reason)
            status = 409
        else:
            flash(_d("The signature of %(name)s is recorded.", name=who.name), "good")
            return redirect(url_for("minutes.list", public_id=minutes.meeting.public_id))
    return render_template("meetings/signed_page.html", minutes=minutes, who=who, form=form), status


@blueprint.get("/minutes/<public_id>/signatures/<seat>/page")
@needs(Permission.APPROVE_MINUTES, of=minutes_queries.minutes)
def signed_page(minutes: Minutes, seat: str) -> Response:
    """The page that was sent up."""
    found: MinutesSignature | None = next((row for row in minutes.signatures if row.seat.public_id == seat), None)
    return files.served(found.file) if found is not None and found.file is not None else abort(404)


def _item(meeting: Meeting) -> MinuteItem | None:
    named = request.form.get("item", "")
    return (queries.item_of(meeting, named) or abort(404)) if named else None


def _tried(meeting: Meeting, act: Callable[[], Any], told: str) -> Page:
    try:
        act()
    except StepNotPossible as fault:
        return _list(meeting, fault.reason), 409
    flash(told, "good")
    return redirect(url_for("minutes.list", public_id=meeting.public_id))


def _list(meeting: Meeting, fault: Any = None) -> str:
    return render_template(
        "meetings/minutes.html", meeting=meeting, fault=fault, **minutes_queries.page(meeting, current_user)
    )


def _show(minutes: Minutes, fault: Any = None) -> str:
    return render_template(
        "meetings/sign.html", minutes=minutes, meeting=minutes.meeting, fault=fault,
        **minutes_queries.version(minutes, current_user),
    )  # fmt: skip
