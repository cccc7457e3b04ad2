"""Publish the notice of meeting (kallelse), a new version each time, and write to who is called."""

from typing import Any

from sqlalchemy import func, select

from fundapp import clock, mail
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.mail import Message
from fundapp.meetings import notice_emails, notices, rules
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission, why_not
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible


def publish(meeting: Meeting, *, after: int, by: Any) -> NoticeOfMeeting:
    """The next version of the notice, mailed to each seat of the body that holds on the sitting's day.

    `after`: the version that was the newest when `by` chose to publish, 0 where there was none: what somebody else
    published meanwhile is not published over. Errors: NotAllowed, StepNotPossible.
    """
    _demand(by)
    reread(meeting, with_for_update={"of": Meeting})
    if meeting.status is not MeetingStatus.PLANNED:
        raise StepNotPossible(_dl("The sitting is opened. A notice of meeting is published before that."))
    newest = db.session.scalar(select(func.max(NoticeOfMeeting.version)).where(_is_of(meeting))) or 0
    if newest != after:
        raise StepNotPossible(
            _dl("Version %(version)s of the notice is published already. Look at it first.", version=newest)
        )
    content = notices.content_of(meeting)
    if not content["items"]:
        raise StepNotPossible(_dl("The agenda is empty. Put something on it before you publish the notice."))
    notice = NoticeOfMeeting(
        meeting=meeting, version=newest + 1, content=content, published_at=clock.now(), published_by_id=by.id
    )
    db.session.add(notice)
    is_short = rules.is_short_notice(meeting.board.sittings, meeting.held_on, clock.today())
    record(meeting, "publish_notice", by=by, version=notice.version, short_notice=is_short)
    db.session.flush()
    for seat in notices.seats_called(meeting):
        notice_emails.send_notice(notice, seat)
    return notice


def send_again(notice: NoticeOfMeeting, message: Message, *, by: Any) -> None:
    """Let a notice that did not arrive be tried now. Errors: NotAllowed, StepNotPossible."""
    _demand(by)
    if not mail.send_again(message):
        raise StepNotPossible(_dl("The mail has left already, or is leaving now."))
    record(notice.meeting, "send_again", by=by)


def _is_of(meeting: Meeting) -> Any:
    return NoticeOfMeeting.meeting_id == meeting.id


def _demand(by: Any) -> None:
    reason = why_not(by, Permission.PREPARE_MEETING)
    if reason is not None:
        raise NotAllowed(reason)
