"""Announce on the noticeboard that minutes are approved: from then the three weeks for appeals are counted.

Source: KL 2017:725 8:12; before 2018-01-01 KL 1991:900 10:6, on the board in the town hall.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.db import db, reread
from fundapp.decisions import dates, legal
from fundapp.decisions.rules import Fault
from fundapp.history.actions import record
from fundapp.holidays.queries import changes
from fundapp.languages import Lazy, _dl
from fundapp.meetings.minutes import BoardNotice, announced
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible


def approved_on(item: MinuteItem) -> date | None:
    """The local day a paragraph was approved, with the minutes or at once; None while it is not."""
    meeting = item.meeting
    return item.approved_on or (meeting.approved_on if meeting.status is MeetingStatus.APPROVED else None)


def waiting(meeting: Meeting) -> list[MinuteItem]:
    """The approved paragraphs that no notice names yet, in the order of their numbers."""
    rows = db.session.scalars(
        select(MinuteItem)
        .where(
            MinuteItem.meeting_id == meeting.id,
            MinuteItem.number.is_not(None),
            MinuteItem.id.not_in(select(announced.c.minute_item_id)),
        )
        .order_by(MinuteItem.number)
        .execution_options(populate_existing=True)
    )
    return [item for item in rows if approved_on(item) is not None]


def notices_of(meeting: Meeting) -> list[BoardNotice]:
    """The sitting's notices, the oldest first."""
    return list(
        db.session.scalars(
            select(BoardNotice)
            .where(BoardNotice.meeting_id == meeting.id)
            .order_by(BoardNotice.announced_on, BoardNotice.id)
        )
    )


@dataclass(frozen=True)
class Announced:
    """What the panel beside a sitting tells: its notices, and what waits for one until when. Local days."""

    notices: list[BoardNotice]
    waiting: str
    latest_on: date | None
    today: date

    @property
    def is_late(self) -> bool:
        return self.latest_on is not None and self.latest_on < self.today


def panel(meeting: Meeting) -> Announced:
    items = waiting(meeting)
    days = [day for item in items if (day := approved_on(item)) is not None]
    return Announced(
        notices_of(meeting),
        dates.ranges([item.number for item in items if item.number is not None]) if items else "",
        dates.last_day_to_announce(min(days), changes()) if days else None,
        clock.today(),
    )


def faults_in(
    items: Sequence[MinuteItem], *, announced_on: date, kept_at: str, taken_down_on: date | None, today: date
) -> list[Fault]:
    """What keeps a notice of these approved paragraphs from being recorded, each with the field that it belongs to."""
    faults = []
    approved = max((day for item in items if (day := approved_on(item)) is not None), default=announced_on)
    if announced_on < approved:
        text = _dl("The minutes were approved on %(day)s. Write that day or a later one.", day=approved.isoformat())
        faults.append(Fault("announced_on", text))
    if announced_on > today:
        faults.append(Fault("announced_on", _dl("Write today, %(day)s, or an earlier day.", day=today.isoformat())))
    if not kept_at.strip():
        faults.append(Fault("kept_at", _dl("Write where the minutes can be read.")))
    fault = _fault_in_take_down(announced_on, taken_down_on)
    return [*faults, Fault("taken_down_on", fault)] if fault is not None else faults


def _fault_in_take_down(announced_on: date, taken_down_on: date | None) -> Lazy | None:
    first = dates.take_down_from(announced_on, changes=changes())
    if taken_down_on is None or first <= taken_down_on <= announced_on + dates.LONGEST:
        return None
    if taken_down_on < first:
        return _dl(
            "The notice must stand until the time for appeals is over%(law)s. Write %(day)s or a later day.",
            day=first.isoformat(),
            law=legal.paragraph(announced_on, "8:12", "10:6"),
        )
    return _dl("Write a day within a year from the notice.")


def announce(
    meeting: Meeting,
    *,
    announced_on: date,
    kept_at: str,
    taken_down_on: date | None = None,
    items: Sequence[MinuteItem] | None = None,
    by: Any,
) -> BoardNotice:
    """Record the notice of what is approved and not announced yet: all of it, or `items`. Without `taken_down_on` it
    stands no longer than it must. One that is put up too late is recorded as late, never refused.

    Errors: NotAllowed; StepNotPossible where nothing waits, or a day cannot be right.
    """
    reason = why_not(by, Permission.APPROVE_MINUTES, meeting)
    if reason is not None:
        raise NotAllowed(reason)
    reread(meeting, with_for_update={"of": Meeting})
    found = [item for item in waiting(meeting) if items is None or item in items]
    if not found or (items is not None and len(found) < len(items)):
        raise StepNotPossible(_dl("Only what is approved and not announced yet can be announced."))
    today = clock.today()
    for fault in faults_in(found, announced_on=announced_on, kept_at=kept_at, taken_down_on=taken_down_on, today=today):
        raise StepNotPossible(fault.text)
    notice = _notice(meeting, found, announced_on, kept_at.strip(), taken_down_on, by)
    db.session.add(notice)
    record(notice, "announce", by=by, announced_on=announced_on, paragraphs=notice.paragraphs, is_late=is_late(notice))
    db.session.flush()
    return notice


def _notice(
    meeting: Meeting, items: list[MinuteItem], announced_on: date, kept_at: str, taken_down_on: date | None, by: Any
) -> BoardNotice:
    return BoardNotice(
        meeting=meeting,
        items=items,
        paragraphs=dates.ranges([item.number for item in items if item.number is not None])[:200],
        is_immediate=all(item.is_immediate for item in items),
        is_physical=dates.is_physical(announced_on),
        announced_on=announced_on,
        last_appeal_day=dates.last_appeal_day(announced_on, legal.legal_on(meeting.held_on).weeks, changes()),
        taken_down_on=taken_down_on or dates.take_down_from(announced_on, changes=changes()),
        kept_at=kept_at,
        recorded_at=clock.now(),
        recorded_by_id=by.id,
    )


def is_late(notice: BoardNotice) -> bool:
    """Whether it was put up later than the second day after the approval: KL 2017:725 8:12."""
    days = [day for item in notice.items if (day := approved_on(item)) is not None]
    return bool(days) and notice.announced_on > dates.last_day_to_announce(min(days), changes())
