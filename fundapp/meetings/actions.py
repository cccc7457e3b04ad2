"""Plan a sitting, make its agenda, and open it, which gives every paragraph its number."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.boards.actions import next_number
from fundapp.boards.models import Board, Series
from fundapp.candidates.following import with_followers
from fundapp.db import db, reread
from fundapp.decisions.models import Decision
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.meetings import disqualifying, rules
from fundapp.meetings.models import AgendaCase, ItemKind, Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.remarks.actions import demand_no_stop
from fundapp.workflow import ApplicationStatus, MeetingStatus, NotAllowed, StepNotPossible, take_step


def plan_meeting(
    *,
    board: Board,
    held_on: date,
    begins_at: time | None = None,
    place: str = "",
    is_public: bool = False,
    has_standing_items: bool = True,
    by: Any,
) -> Meeting:
    """A new sitting of a deciding body on a local day, at the body's usual time and place where none is given, with
    the paragraphs that come with each of its sittings. Errors: NotAllowed, StepNotPossible.
    """
    _demand(by, Permission.PREPARE_MEETING, board)
    if not board.is_deciding:
        raise StepNotPossible(_dl("This body does not decide on grants."))
    _demand_day(held_on)
    meeting = Meeting(
        board=board,
        held_on=held_on,
        begins_at=begins_at or rules.usual_begin(board.sittings),
        place=place or board.sittings.get("place") or "",
        is_public=is_public,
        status=MeetingStatus.PLANNED,
        created_at=clock.now(),
        items=[],
    )
    db.session.add(meeting)
    record(meeting, "plan_meeting", by=by, board=board.abbreviation, held_on=held_on)
    db.session.flush()
    for standing in rules.standing_items(board.sittings) if has_standing_items else ():
        _new_item(meeting, standing.heading, standing.text, standing.kind)
    return meeting


def change_meeting(
    meeting: Meeting, *, held_on: date, begins_at: time | None, place: str, is_public: bool, by: Any
) -> None:
    """Move a sitting that is not opened yet to another day, time or place. Errors: NotAllowed, StepNotPossible."""
    _hold(meeting, by)
    if meeting.status is not MeetingStatus.PLANNED:
        raise StepNotPossible(_dl("The sitting is opened, so its day, time and place stay as they are."))
    _demand_day(held_on)
    meeting.held_on, meeting.begins_at, meeting.place, meeting.is_public = held_on, begins_at, place, is_public
    for item in meeting.items:
        item.year = held_on.year
    record(meeting, "change_meeting", by=by, held_on=held_on)
    db.session.flush()


def _demand_day(held_on: date) -> None:
    reason = rules.why_not_on(held_on, clock.today())
    if reason is not None:
        raise StepNotPossible(reason)


def add_item(meeting: Meeting, heading: str, *, text: str = "", by: Any) -> MinuteItem:
    """A new paragraph at the end of the agenda, before reported delegated decisions, which come last; in an opened
    sitting it gets the next number at once.

    Errors: NotAllowed, StepNotPossible.
    """
    _hold(meeting, by)
    item = _new_item(meeting, heading, text)
    record(item, "add_item", by=by, number=item.number)
    db.session.flush()
    return item


def put_on_agenda(
    meeting: Meeting,
    applications: Sequence[Application],
    *,
    item: MinuteItem | None = None,
    is_together: bool = False,
    by: Any,
) -> list[MinuteItem]:
    """Put cases on a paragraph that exists, on one new paragraph together, or else each on a new one of its own.

    Errors: NotAllowed, StepNotPossible (not ready, another body's, the minutes are approved).
    """
    _hold(meeting, by)
    if item is not None and item.meeting_id != meeting.id:
        raise StepNotPossible(_dl("The paragraph belongs to another sitting."))
    groups = with_followers(
        [list(applications)] if item is not None or is_together else [[one] for one in applications]
    )
    items = []
    for group in groups:
        place = item or _new_item(meeting, rules.heading_for(group), "", ItemKind.CASES)
        for application in group:
            _put(place, application, by=by)
        items.append(place)
    db.session.flush()
    return items


def _put(item: MinuteItem, application: Application, *, by: Any) -> None:
    _demand(by, Permission.RECORD_DECISION, application)
    reread(application, with_for_update={"of": Application})
    if application.round.fund.board_id != item.board_id:
        raise StepNotPossible(_dl("Another body decides in this case."))
    demand_no_stop(application)
    take_step(application, "put_on_agenda", by=by)
    was_neutral = not item.cases or item.heading == rules.heading_for([row.application for row in item.cases])
    item.cases.append(AgendaCase(application=application))
    disqualifying.cover(item, application)
    if was_neutral and len(item.cases) > 1:
        item.heading = rules.heading_for([row.application for row in item.cases])


def take_off_agenda(meeting: Meeting, application: Application, *, by: Any) -> None:
    """Take a case off; a paragraph left empty before the sitting opens goes too. Errors: NotAllowed, StepNotPossible
    where the case is not on this agenda or has an outcome.
    """
    _hold(meeting, by)
    _demand(by, Permission.RECORD_DECISION, application)
    row = db.session.scalar(
        select(AgendaCase)
        .join(MinuteItem)
        .where(MinuteItem.meeting_id == meeting.id, AgendaCase.application_id == application.id)
    )
    if row is None:
        raise StepNotPossible(_dl("The case is not on this agenda."))
    item = row.item
    if _has_outcome(item, application):
        raise StepNotPossible(_dl("An outcome is recorded in this case. Correct it to tabled instead."))
    reread(application, with_for_update={"of": Application})
    disqualifying.forget(item, application, by=by)
    if application.status is ApplicationStatus.WITHDRAWN:
        record(application, "take_off_agenda", by=by)
    else:
        take_step(application, "take_off_agenda", by=by)
    item.cases.remove(row)
    if item.number is None and not item.cases and not item.text:
        _drop(item, by=by)
    db.session.flush()


def remove_item(item: MinuteItem, *, by: Any) -> None:
    """Take away a paragraph without cases and without a number. Errors: NotAllowed, StepNotPossible."""
    _hold(item.meeting, by)
    if item.cases:
        raise StepNotPossible(_dl("Take the cases off this paragraph first."))
    if item.number is not None:
        raise StepNotPossible(_dl("A paragraph that has its number stays in the minutes."))
    record(item, "remove_item", by=by)
    _drop(item, by=by)
    db.session.flush()


def move_item(item: MinuteItem, *, up: bool, by: Any) -> None:
    """Change places with the neighbour; at either end nothing happens. Errors: NotAllowed, StepNotPossible."""
    _hold(item.meeting, by)
    if item.number is not None:
        raise StepNotPossible(_dl("The order is fixed once the paragraphs have their numbers."))
    row = item.meeting.items
    place = row.index(item)
    other = place - 1 if up else place + 1
    if 0 <= other < len(row):
        item.position, row[other].position = row[other].position, item.position
        db.session.flush()
        db.session.expire(item.meeting, ["items"])


def order_items(meeting: Meeting, places: Mapping[str, int], *, by: Any) -> None:
    """Put all paragraphs in the order of the numbers written at them, by public id; who has none keeps its place.

    Errors: NotAllowed, StepNotPossible.
    """
    _hold(meeting, by)
    if meeting.status is not MeetingStatus.PLANNED:
        raise StepNotPossible(_dl("The order is fixed once the paragraphs have their numbers."))
    items = list(meeting.items)
    typed = [places.get(item.public_id, place) for place, item in enumerate(items, 1)]
    for position, old in enumerate(rules.ordered(typed), 1):
        items[old].position = position
    db.session.flush()
    db.session.expire(meeting, ["items"])


def open_meeting(meeting: Meeting, *, by: Any) -> None:
    """Open the sitting: its paragraphs get the body's next numbers of the year, in the order of the agenda.

    Errors: NotAllowed, StepNotPossible (opened already, the day has not come).
    """
    reread(meeting, with_for_update={"of": Meeting})
    take_step(meeting, "open", by=by, opened_at=clock.now())
    reason = rules.why_not_opened(meeting.held_on, clock.today())
    if reason is not None:
        raise StepNotPossible(reason)
    db.session.expire(meeting, ["items"])
    for item in meeting.items:
        item.number = _number(item)
    db.session.flush()


def _hold(meeting: Meeting, by: Any) -> None:
    """Lock the sitting, so that nobody opens or approves it in between; its agenda must still be open to changes."""
    _demand(by, Permission.PREPARE_MEETING, meeting)
    reread(meeting, with_for_update={"of": Meeting})
    db.session.expire(meeting, ["items"])
    if meeting.status is MeetingStatus.APPROVED:
        raise StepNotPossible(_dl("The minutes are approved, so the agenda stays as it is."))
    if meeting.status is MeetingStatus.ENDED:
        raise StepNotPossible(_dl("The sitting is ended. Go back to it to change its agenda."))


def _new_item(meeting: Meeting, heading: str, text: str, kind: ItemKind = ItemKind.OTHER) -> MinuteItem:
    place = len(meeting.items)
    if meeting.status is MeetingStatus.PLANNED:
        while place and meeting.items[place - 1].kind is ItemKind.DELEGATIONS:
            place -= 1
    item = MinuteItem(
        position=0,
        kind=kind,
        heading=heading[:300],
        text=text,
        board_id=meeting.board_id,
        year=meeting.held_on.year,
        cases=[],
    )
    if meeting.status is MeetingStatus.OPENED:
        item.number = _number(item)
    meeting.items.insert(place, item)
    for position, each in enumerate(meeting.items, 1):
        each.position = position
    db.session.flush()
    return item


def _number(item: MinuteItem) -> int:
    board = db.session.get_one(Board, item.board_id)
    return next_number(db.session, board=board, series=Series.PARAGRAPH, year=item.year)


def _drop(item: MinuteItem, *, by: Any) -> None:
    disqualifying.forget(item, None, by=by)
    item.meeting.items.remove(item)
    db.session.delete(item)


def _has_outcome(item: MinuteItem, application: Application) -> bool:
    found = select(Decision.id).where(Decision.minute_item_id == item.id, Decision.application_id == application.id)
    return db.session.scalar(found) is not None


def _demand(by: Any, permission: Permission, subject: Any = None) -> None:
    reason = why_not(by, permission, subject)
    if reason is not None:
        raise NotAllowed(reason)
