"""The notice of meeting: its pages, the reader's own board pack, and the order of the agenda."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.db import db
from fundapp.languages import _d, _dn
from fundapp.mail import Message, MessageStatus
from fundapp.meetings import actions, notices, noticing, packs, queries, rules
from fundapp.meetings.forms import ChangeMeetingForm, OrderForm
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission, is_allowed
from fundapp.web.access import needs

blueprint = Blueprint("notices", __name__)
Page = str | tuple[str, int] | Response


@dataclass(frozen=True)
class Called:
    """A sitting for one whom its notice is for, with its versions."""

    meeting: Meeting
    versions: list[Any]

    @property
    def permission_subject(self) -> Meeting:
        return self.meeting

    def reading(self, version: int | None = None) -> notices.Reading | None:
        """The version as the reader may see it, the newest where none is named; None where there is none."""
        wanted = version if version is not None else (self.versions[0].version if self.versions else 0)
        found = {each.version: each for each in self.versions}
        if wanted not in found:
            return None
        return notices.read(found[wanted], found.get(wanted - 1), current_user)


def called(public_id: str) -> Called | None:
    """The sitting, for who may read its notice."""
    meeting = queries.meeting(public_id)
    if meeting is None or not notices.is_called(meeting, current_user):
        return None
    found = notices.versions(meeting)
    is_known = bool(found) or is_allowed(current_user, Permission.PREPARE_MEETING, meeting)
    return Called(meeting, found) if is_known else None


@blueprint.get("/meetings/<public_id>/notice")
@needs(Permission.READ_MEETING, of=called)
def show(found: Called) -> Page:
    """A version of the notice, the newest unless the address names another; and, for the secretary, what is to do."""
    reading = found.reading(request.args.get("version", type=int))
    if reading is None and "version" in request.args:
        abort(404)
    return render_template("meetings/notice.html", **_facts(found, reading))


@blueprint.post("/meetings/<public_id>/notice")
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def publish(meeting: Meeting) -> Response:
    """The next version is published and mailed."""
    notice = noticing.publish(meeting, after=request.form.get("after", -1, type=int), by=current_user)
    called = len(notice.content["called"])
    flash(
        _dn(
            "Version %(version)s is published, and mailed to %(n)s person.",
            "Version %(version)s is published, and mailed to %(n)s persons.",
            called,
            version=notice.version,
        ),
        "good",
    )
    return redirect(url_for("notices.show", public_id=meeting.public_id))


@blueprint.get("/meetings/<public_id>/notice/<int:version>.pdf")
@needs(Permission.READ_MEETING, of=called)
def pack(found: Called, version: int) -> Response:
    """The board pack, made for who asks."""
    reading = found.reading(version) or abort(404)
    size, pieces = packs.pack(reading)
    response = Response(pieces, mimetype="application/pdf")
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", filename=packs.file_name(reading))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/meetings/<public_id>/notice/send-again")
@needs(Permission.PREPARE_MEETING, of=called)
def send_again(found: Called) -> Response:
    """A mail that did not arrive is tried again."""
    wanted = request.form.get("message", "")[:40]
    message = db.session.scalar(select(Message).where(Message.public_id == wanted))
    told = message.occasion if message is not None and message.occasion else ""
    notice = next((each for each in found.versions if told.startswith(notices.occasion(each, ""))), None)
    if message is None or notice is None:
        abort(404)
    noticing.send_again(notice, message, by=current_user)
    flash(_d("The mail will be sent again."), "good")
    return redirect(url_for("notices.show", public_id=found.meeting.public_id))


@blueprint.route("/meetings/<public_id>/order", methods=["GET", "POST"])
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def order(meeting: Meeting) -> Page:
    """All paragraphs in the order of the numbers typed at them."""
    sitting = queries.sitting(meeting)
    form = OrderForm([row.item.public_id for row in sitting.items])
    if not form.validate_on_submit():
        return render_template("meetings/order.html", meeting=meeting, sitting=sitting, form=form), form.status
    actions.order_items(meeting, form.places, by=current_user)
    flash(_d("The agenda stands in the order that you wrote."), "good")
    return redirect(url_for("notices.order", public_id=meeting.public_id))


@blueprint.route("/meetings/<public_id>/change", methods=["GET", "POST"])
@needs(Permission.PREPARE_MEETING, of=queries.meeting)
def change(meeting: Meeting) -> Page:
    """Another day, time or place for a sitting that is not opened."""
    form = ChangeMeetingForm(obj=meeting)
    if not form.validate_on_submit():
        return render_template("meetings/change.html", meeting=meeting, form=form), form.status
    actions.change_meeting(
        meeting,
        held_on=form.held_on.data,
        begins_at=form.begins_at.data,
        place=form.place.data or "",
        is_public=form.is_public.data,
        by=current_user,
    )
    flash(_d("The sitting is changed."), "good")
    return redirect(url_for("meetings.show", public_id=meeting.public_id))


def _facts(found: Called, reading: notices.Reading | None) -> dict[str, Any]:
    """What the page of a notice shows; the secretary's part where there is one."""
    meeting, newest = found.meeting, found.versions[0] if found.versions else None
    may_prepare = is_allowed(current_user, Permission.PREPARE_MEETING, meeting)
    may_publish = may_prepare and meeting.status.value == "planned"
    return {
        "meeting": meeting,
        "versions": found.versions,
        "reading": reading,
        "fact_words": packs.fact_words,
        "proposal": packs.proposal,
        "door_words": packs.door_words,
        "receivers": notices.receivers(reading.notice) if reading is not None and may_prepare else [],
        "failed": MessageStatus.FAILED,
        "may_publish": may_publish,
        "changes": notices.changes_since(meeting, newest, current_user) if newest and may_publish else None,
        "to_call": len(notices.seats_called(meeting)) if may_publish else 0,
        "is_short": may_publish and rules.is_short_notice(meeting.board.sittings, meeting.held_on, clock.today()),
        "wanted_days": rules.notice_days(meeting.board.sittings),
    }
