"""Who is there: the roll, who comes and goes under which §, who is in the chair, who checks the minutes.

Each change is tried against all that was recorded at the table already (`attended.fault`): nobody who voted, moved or
reserved can be made absent there. Source: KL 2017:725 5:66–67 by 6:35, 6:27.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import delete

from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import _d, _dl, long_day, speaking
from fundapp.meetings import attended
from fundapp.meetings.models import ItemKind, Meeting
from fundapp.meetings.presences import room_of
from fundapp.meetings.proceedings import Capacity, Chairing, Presence
from fundapp.meetings.seating import Seated, seated
from fundapp.permissions import Permission, why_not
from fundapp.seats.models import Position, Seat
from fundapp.seats.queries import seats_on
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible

PRESIDIUM = (Position.CHAIR, Position.FIRST_VICE_CHAIR, Position.SECOND_VICE_CHAIR)


def hold(meeting: Meeting, by: Any) -> None:
    """Lock the sitting; it must be going on. Errors: NotAllowed, StepNotPossible."""
    reason = why_not(by, Permission.PREPARE_MEETING, meeting)
    if reason is not None:
        raise NotAllowed(reason)
    reread(meeting, with_for_update={"of": Meeting})
    if meeting.status is MeetingStatus.PLANNED:
        raise StepNotPossible(_dl("Open the sitting first."))
    if meeting.status is not MeetingStatus.OPENED:
        raise StepNotPossible(_dl("The sitting is ended. Go back to it to change what happened there."))


@contextmanager
def changing(meeting: Meeting, by: Any) -> Iterator[None]:
    """Hold the sitting and change its attendance within; what does not fit is undone. Errors: as `hold`."""
    hold(meeting, by)
    before = room_of(meeting)
    with db.session.begin_nested():
        yield
        db.session.flush()
        reason = attended.fault(meeting, before, room_of(meeting))
        if reason is not None:
            raise StepNotPossible(reason)


def call_roll(
    meeting: Meeting,
    present: Collection[Seat],
    *,
    places: Mapping[Seat, Seat] | None = None,
    idle: Collection[Seat] = (),
    others: Sequence[tuple[str, str]] = (),
    chair: Seat | None = None,
    by: Any,
) -> None:
    """Record who of the body is there from the beginning; a new roll takes the place of all attendance so far.

    `places`: substitutes who serve for a certain absent member; `idle`: substitutes who are there without serving; the
    rest serve in the order of the list. `others`: name and title of who else is there. `chair`: the first of the
    presidium who serves where None. Errors: NotAllowed, StepNotPossible; nothing is changed then.
    """
    with changing(meeting, by):
        seats = seats_on(meeting.board, meeting.held_on)
        if not set(present) <= set(seats):
            raise StepNotPossible(_dl("Somebody on the roll has no seat in the body on the day of the sitting."))
        rows = seated(seats, present, places=places, idle=idle)
        serving = [row.seat for row in rows if row.capacity is Capacity.SERVING]
        chair = chair or _presiding(serving)
        if chair is None or chair not in serving:
            raise StepNotPossible(_dl("Choose who is in the chair: somebody who serves."))
        for table in (Presence, Chairing):
            db.session.execute(delete(table).where(table.meeting_id == meeting.id))
        db.session.add_all(_presence(meeting, row) for row in rows)
        db.session.add_all(_other(meeting, name, title) for name, title in others)
        db.session.add(Chairing(meeting=meeting, seat=chair))
        record(meeting, "call_roll", by=by, serving=len(serving), present=len(rows), others=len(others))


def _presiding(serving: Sequence[Seat]) -> Seat | None:
    by_position = {seat.position: seat for seat in reversed(serving)}
    return next((by_position[position] for position in PRESIDIUM if position in by_position), None)


def _presence(meeting: Meeting, row: Seated, first: int | None = None, last: int | None = None) -> Presence:
    return Presence(
        meeting=meeting,
        seat=row.seat,
        name=row.seat.name,
        capacity=row.capacity,
        in_place_of=row.in_place_of,
        first=first,
        last=last,
    )


def _other(meeting: Meeting, name: str, title: str, first: int | None = None, last: int | None = None) -> Presence:
    return Presence(meeting=meeting, name=name, title=title, capacity=Capacity.OTHER, first=first, last=last)


def add_other(
    meeting: Meeting, name: str, title: str = "", *, first: int | None = None, last: int | None = None, by: Any
) -> None:
    """Somebody else who is there, with what they are there as. Errors: NotAllowed, StepNotPossible."""
    with changing(meeting, by):
        demand_range(meeting, first, last)
        row = _other(meeting, name, title, first, last)
        db.session.add(row)
        record(row, "add_present", by=by)


def demand_range(meeting: Meeting, first: int | None, last: int | None) -> None:
    """Both ends are paragraphs of the sitting, in order. Errors: StepNotPossible."""
    numbers = [item.number for item in attended.numbered(meeting)]
    for end in (first, last):
        if end is not None and end not in numbers:
            raise StepNotPossible(_dl("§ %(number)s is not a paragraph of this sitting.", number=end))
    if first is not None and last is not None and first > last:
        raise StepNotPossible(_dl("The last § comes before the first. Change places."))


def choose_checker(meeting: Meeting, seat: Seat, *, signing_on: date | None = None, place: str = "", by: Any) -> None:
    """Who approves the minutes beside the chair, and where and when; written under the § for it, where there is one
    and nothing else stands there. Errors: NotAllowed, StepNotPossible.
    """
    hold(meeting, by)
    reason = attended.fault_in_checker(seat, room_of(meeting))
    if reason is None and signing_on is not None and signing_on < meeting.held_on:
        reason = _dl("The minutes cannot be approved before the sitting on %(day)s.", day=long_day(meeting.held_on))
    if reason is not None:
        raise StepNotPossible(reason)
    written = _choice_in_words(meeting)
    meeting.checker, meeting.signing_on, meeting.signing_place = seat, signing_on, place
    for item in meeting.items:
        if item.kind is ItemKind.CHECKER and item.approved_on is None and item.resolution in ("", written):
            item.resolution = _choice_in_words(meeting)
    record(meeting, "choose_checker", by=by, seat=seat, signing_on=signing_on)
    db.session.flush()


def _choice_in_words(meeting: Meeting) -> str:
    """What the minutes say of it, in Swedish; empty where nobody is chosen."""
    if meeting.checker is None:
        return ""
    with speaking("sv"):
        said = [_d("%(name)s is chosen to approve the minutes beside the chair.", name=meeting.checker.name)]
        if meeting.signing_on is not None and meeting.signing_place:
            day = long_day(meeting.signing_on)
            said.append(_d("They are approved on %(day)s, %(place)s.", day=day, place=meeting.signing_place))
        elif meeting.signing_on is not None:
            said.append(_d("They are approved on %(day)s.", day=long_day(meeting.signing_on)))
        return " ".join(said)
