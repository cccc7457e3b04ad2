"""Reminders that minutes wait: after a week, on the twelfth day, and then every other day until they are approved.

Source: KL 2017:725 5:69 by 6:35, 14 days. The days of the reminders are an assumption.
"""

from datetime import timedelta

from sqlalchemy import select

from fundapp import clock, mail
from fundapp.accounts.models import Account
from fundapp.accounts.queries import holding_role
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.meetings import minutes_emails, presences, signing
from fundapp.meetings.minutes import Minutes
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import MeetingStatus, StepNotPossible

FIRST, SECOND = 7, 12  # days after the sitting
REMINDED_FOR = timedelta(days=120)  # after that nobody is helped by another mail


def remind_of_minutes() -> int:
    """Write what is due today; gives how many sittings were reminded of. A second call writes nothing."""
    today = clock.today()
    waiting = db.session.scalars(
        select(Meeting)
        .where(
            Meeting.status == MeetingStatus.ENDED,
            Meeting.held_on <= today - timedelta(days=FIRST),
            Meeting.held_on >= today - REMINDED_FOR,
        )
        .order_by(Meeting.id)
    ).all()
    return sum(_remind(meeting) for meeting in waiting)


def step_of(days: int) -> int:
    """The day of the last reminder that is due so many days after the sitting; 0 before the first."""
    if days < SECOND:
        return FIRST if days >= FIRST else 0
    return SECOND + (days - SECOND) // 2 * 2


def _remind(meeting: Meeting) -> bool:
    step = step_of((clock.today() - meeting.held_on).days)
    last_day = signing.last_day(meeting)
    minutes = signing.newest(meeting)
    unsigned = _unsigned(minutes) if minutes is not None else []
    written = False
    for account in unsigned or _secretaries():
        occasion = f"minutes {meeting.public_id} {step} {account.public_id}"
        if mail.has_written(occasion):
            continue
        if minutes is not None and unsigned:
            minutes_emails.remind_to_sign(minutes, account, last_day=last_day, occasion=occasion)
        else:
            minutes_emails.remind_secretary(meeting, account, last_day=last_day, occasion=occasion)
        written = True
    if written:
        record(meeting, "remind_of_minutes", by=None, days=step)
    return written


def _unsigned(minutes: Minutes) -> list[Account]:
    """Who must sign the version and has not."""
    items = db.session.scalars(
        select(MinuteItem).where(MinuteItem.meeting_id == minutes.meeting_id, MinuteItem.number.is_not(None))
    ).all()
    try:
        wanted = signing.to_sign(presences.room_of(minutes.meeting), list(items))
    except StepNotPossible:
        return []
    return [each.seat.account for each in signing.missing(minutes, wanted)]


def _secretaries() -> list[Account]:
    """Asked where nothing is drawn up, or all have signed and nobody has approved."""
    found = select(Account).where(holding_role(Role.SECRETARY), Account.is_active).order_by(Account.id)
    return list(db.session.scalars(found))
