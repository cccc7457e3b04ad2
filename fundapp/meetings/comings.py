"""Who comes and goes during a sitting, who takes whose place, and who is in the chair, each from one § to another."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.meetings import attended
from fundapp.meetings.attendance import changing, demand_range
from fundapp.meetings.models import Meeting
from fundapp.meetings.proceedings import Capacity, Chairing, Presence
from fundapp.seats.models import Seat
from fundapp.seats.queries import NAMED, seats_on
from fundapp.workflow import StepNotPossible


def presences_of(meeting: Meeting) -> list[Presence]:
    """Every row of the sitting's attendance: who serves, substitutes, others, each in the order of the list."""
    rows = db.session.scalars(
        select(Presence)
        .where(Presence.meeting_id == meeting.id)
        .options(joinedload(Presence.seat).options(NAMED), joinedload(Presence.in_place_of).options(NAMED))
    ).all()
    return sorted(rows, key=_in_list)


def _in_list(row: Presence) -> tuple[Any, ...]:
    seat = row.seat
    place = (not seat.is_member, seat.rank) if seat is not None else (True, 0)
    return (row.capacity is Capacity.OTHER, row.capacity is Capacity.SUBSTITUTE, *place, row.first or 0, row.id)


def chairings_of(meeting: Meeting) -> list[Chairing]:
    rows = db.session.scalars(
        select(Chairing).where(Chairing.meeting_id == meeting.id).options(joinedload(Chairing.seat).options(NAMED))
    ).all()
    return sorted(rows, key=lambda row: row.first or 0)


def arrives(
    meeting: Meeting, seat: Seat, first: int, *, in_place_of: Seat | None = None, serves: bool = True, by: Any
) -> None:
    """Somebody of the body comes before § `first`. A member's place is the member's from then on. A substitute takes
    `in_place_of`'s, else the first empty one, else none; none at all where `serves` is False.

    Errors: NotAllowed, StepNotPossible (there already).
    """
    with changing(meeting, by):
        demand_range(meeting, first, None)
        seats, rows = seats_on(meeting.board, meeting.held_on), presences_of(meeting)
        if seat not in seats:
            raise StepNotPossible(_dl("%(name)s has no seat in the body that day.", name=seat.name))
        if any(row.seat_id == seat.id and _reaches(row, first) for row in rows):
            raise StepNotPossible(_dl("%(name)s is there already.", name=seat.name))
        place = None
        if seat.is_member:
            _give_back(meeting, rows, seat, first)
        elif serves:
            place = in_place_of or next(iter(_empty(seats, rows, first)), None)
            if place is not None and place not in _empty(seats, rows, first):
                raise StepNotPossible(_dl("%(name)s's place is taken.", name=place.name))
        _add(meeting, seat, first, None, serves=seat.is_member or place is not None, in_place_of=place)
        record(meeting, "arrive", by=by, seat=seat, first=first)


def leaves(
    meeting: Meeting, seat: Seat, last: int, *, replaced_by: Seat | None = None, is_replaced: bool = True, by: Any
) -> None:
    """Somebody of the body goes after § `last`. The place is `replaced_by`'s from then on, else that of the first
    substitute in the room; nobody's where `is_replaced` is False. Errors: NotAllowed, StepNotPossible (not there).
    """
    with changing(meeting, by):
        demand_range(meeting, None, last)
        rows = presences_of(meeting)
        going = [row for row in rows if row.seat_id == seat.id and _reaches(row, last + 1)]
        if not going:
            raise StepNotPossible(_dl("%(name)s is not there after § %(number)s.", name=seat.name, number=last))
        for row in going:
            _cut(meeting, row, last)
            if row.capacity is Capacity.SERVING and is_replaced:
                _replace(meeting, rows, row, last + 1, replaced_by)
        record(meeting, "leave", by=by, seat=seat, last=last)


def change_chair(meeting: Meeting, seat: Seat, first: int | None, last: int | None = None, *, by: Any) -> None:
    """Somebody who serves is in the chair from one § to another; who was there is so before and after.

    Errors: NotAllowed, StepNotPossible.
    """
    with changing(meeting, by):
        demand_range(meeting, first, last)
        for row in chairings_of(meeting):
            parts = _without(row.first, row.last, first, last)
            db.session.delete(row)
            db.session.add_all(Chairing(meeting=meeting, seat=row.seat, first=start, last=end) for start, end in parts)
        db.session.add(Chairing(meeting=meeting, seat=seat, first=first, last=last))
        record(meeting, "change_chair", by=by, seat=seat, first=first, last=last)


def correct_presence(presence: Presence, first: int | None, last: int | None, *, by: Any) -> None:
    """Put right from and to which § somebody was there. Errors: NotAllowed, StepNotPossible."""
    with changing(presence.meeting, by):
        demand_range(presence.meeting, first, last)
        presence.first, presence.last = first, last
        record(presence, "correct_presence", by=by, first=first, last=last)


def strike_presence(presence: Presence, *, by: Any) -> None:
    """Take away a row of attendance that was a mistake. Errors: NotAllowed, StepNotPossible."""
    with changing(presence.meeting, by):
        record(presence, "strike_presence", by=by)
        db.session.delete(presence)


def _reaches(row: Presence, first: int) -> bool:
    """Whether the row goes on to § `first`, or is from then on."""
    return row.last is None or row.last >= first


def _empty(seats: list[Seat], rows: list[Presence], first: int) -> list[Seat]:
    """Members whose place nobody has from § `first` on."""
    serving = [row for row in rows if row.capacity is Capacity.SERVING and _reaches(row, first)]
    taken = {row.in_place_of_id or row.seat_id for row in serving}
    return [seat for seat in seats if seat.is_member and seat.id not in taken]


def _give_back(meeting: Meeting, rows: list[Presence], member: Seat, first: int) -> None:
    """Who serves for the member stays in the room without the place."""
    for row in rows:
        if row.in_place_of_id == member.id and _reaches(row, first) and row.seat is not None:
            last = row.last
            _cut(meeting, row, first - 1)
            _add(meeting, row.seat, first, last, serves=False)


def _replace(meeting: Meeting, rows: list[Presence], gone: Presence, first: int, chosen: Seat | None) -> None:
    waiting = [row for row in rows if row.capacity is Capacity.SUBSTITUTE and _reaches(row, first)]
    waiting = [row for row in waiting if row.first is None or row.first <= first]
    row = next((row for row in waiting if chosen is None or row.seat_id == chosen.id), None)
    if row is None and chosen is not None:
        raise StepNotPossible(_dl("%(name)s is not in the room without a place.", name=chosen.name))
    if row is None or row.seat is None:
        return
    last = row.last
    _cut(meeting, row, first - 1)
    _add(meeting, row.seat, first, last, serves=True, in_place_of=gone.in_place_of or gone.seat)


def _cut(meeting: Meeting, row: Presence, last: int) -> None:
    """Let the row end with § `last`; one that then holds no § of the sitting goes."""
    numbers = [item.number or 0 for item in attended.numbered(meeting)]
    if last < (row.first or min(numbers, default=1)):
        db.session.delete(row)
    else:
        row.last = last


def _add(
    meeting: Meeting, seat: Seat, first: int, last: int | None, *, serves: bool, in_place_of: Seat | None = None
) -> None:
    capacity = Capacity.SERVING if serves else Capacity.SUBSTITUTE
    db.session.add(
        Presence(
            meeting=meeting,
            seat=seat,
            name=seat.name,
            capacity=capacity,
            in_place_of=in_place_of,
            first=first,
            last=last,
        )
    )


def _without(
    first: int | None, last: int | None, new_first: int | None, new_last: int | None
) -> list[tuple[int | None, int | None]]:
    """What is left of a range before and after another one."""
    parts: list[tuple[int | None, int | None]] = []
    if new_first is not None and (first is None or first < new_first):
        parts.append((first, new_first - 1 if last is None else min(last, new_first - 1)))
    if new_last is not None and (last is None or last > new_last):
        parts.append((new_last + 1 if first is None else max(first, new_last + 1), last))
    return parts
