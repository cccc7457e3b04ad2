"""What is recorded at the table begins alike: the right to record, the sitting locked, its § and case still open."""

from typing import Any

from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.languages import _dl
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import ACT_OF_2017, Room
from fundapp.permissions import Permission, Person, is_allowed, why_not
from fundapp.seats.models import Seat
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible

AT_THE_TABLE = frozenset({MeetingStatus.OPENED})
UNTIL_APPROVAL = frozenset({MeetingStatus.OPENED, MeetingStatus.ENDED})
BEFORE_OR_AT = frozenset({MeetingStatus.PLANNED, MeetingStatus.OPENED})


def hold(
    item: MinuteItem,
    application: Application | None,
    *,
    by: Any,
    during: frozenset[MeetingStatus] = AT_THE_TABLE,
) -> None:
    """Lock the sitting: whoever else records, ends or approves it waits. Errors: NotAllowed, StepNotPossible."""
    reason = why_not(by, Permission.RECORD_DECISION, application) or why_not(by, Permission.PREPARE_MEETING, item)
    if reason is not None:
        raise NotAllowed(reason)
    reread(item.meeting, with_for_update={"of": Meeting})
    reread(item)
    demand_open(item, during)
    if application is not None and not stands_under(item, application):
        raise StepNotPossible(_dl("The case is not under this paragraph."))


def may_record(person: Person, meeting: Meeting) -> bool:
    """Whether the person records at this body's table."""
    return is_allowed(person, Permission.RECORD_DECISION) and is_allowed(person, Permission.PREPARE_MEETING, meeting)


def demand_open(item: MinuteItem, during: frozenset[MeetingStatus] = AT_THE_TABLE) -> None:
    """Errors: StepNotPossible where the sitting is not where this may be recorded, or the § is approved."""
    status = item.meeting.status
    if item.approved_on is not None:
        raise StepNotPossible(_dl("§ %(number)s is approved, so what it says stays as it is.", number=item.number))
    if status not in during:
        if MeetingStatus.PLANNED in during or MeetingStatus.ENDED in during:
            raise StepNotPossible(_dl("This is not recorded now. The sitting is: “%(status)s”.", status=status.label))
        raise StepNotPossible(
            _dl("This is recorded while the sitting is opened. It is: “%(status)s”.", status=status.label)
        )


def stands_under(item: MinuteItem, application: Application) -> bool:
    found = select(AgendaCase.id).where(
        AgendaCase.minute_item_id == item.id, AgendaCase.application_id == application.id
    )
    return db.session.scalar(found) is not None


def taking_part(room: Room, item: MinuteItem, application: Application | None) -> list[Seat]:
    """Who decides in the case; of a § as a whole, those who are disqualified in none of its cases."""
    serving = room.serving_under(item, application)
    if application is not None:
        return serving
    out = {aside.seat.id for aside in room.asides if aside.is_out and aside.item_id == item.id}
    return [seat for seat in serving if seat.id not in out]


def cite(meeting: Meeting, paragraph: str) -> str:
    """The law's paragraph in brackets; a sitting before the Act of 2017 was in force has none that we know of."""
    return f" ({paragraph})" if meeting.held_on >= ACT_OF_2017 else ""
