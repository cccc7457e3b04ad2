"""Who serves when the roll is called: members who are there, and substitutes in the order of the list in the places of
those who are not. Plain Python.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fundapp.languages import _dl
from fundapp.meetings.proceedings import Capacity
from fundapp.seats.models import Seat
from fundapp.workflow import StepNotPossible


@dataclass(frozen=True)
class Seated:
    """What somebody of the body is there as; `in_place_of`: the absent member whose place a substitute takes."""

    seat: Seat
    capacity: Capacity
    in_place_of: Seat | None = None


def seated(
    seats: Sequence[Seat],
    present: Collection[Seat],
    *,
    places: Mapping[Seat, Seat] | None = None,
    idle: Collection[Seat] = (),
) -> list[Seated]:
    """Give the absent members' places to the substitutes who are there.

    `places`: substitutes who take a certain member's place; `idle`: who are there without serving. The others come in
    the order of the list. Errors: StepNotPossible.
    """
    places = dict(places or {})
    empty = [seat for seat in seats if seat.is_member and seat not in present]
    for substitute, member in places.items():
        if member not in empty:
            raise StepNotPossible(
                _dl(
                    "%(name)s cannot serve for %(member)s, whose place is taken.",
                    name=substitute.name,
                    member=member.name,
                )
            )
        empty.remove(member)
    rows = [Seated(seat, Capacity.SERVING) for seat in seats if seat.is_member and seat in present]
    for seat in seats:
        if seat.is_member or seat not in present:
            continue
        place = places.get(seat) or (empty.pop(0) if empty and seat not in idle else None)
        rows.append(Seated(seat, Capacity.SERVING if place else Capacity.SUBSTITUTE, place))
    return rows
