"""Which seats a body can have at once. Plain Python; days are local days, both ends included."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from fundapp.languages import Lazy, _dl, long_day
from fundapp.seats.models import Position, Seat

LONGEST = 10  # years: a term is four; more is a slip of the pen
ALONE = frozenset({Position.CHAIR, Position.FIRST_VICE_CHAIR, Position.SECOND_VICE_CHAIR})


def why_not_given(
    board: Any, seats: Sequence[Seat], *, account_id: int | None, position: Position, begins_on: date, ends_on: date
) -> Lazy | None:
    """Why a seat cannot be given for those days beside the body's other `seats`; None where it can."""
    if not board.is_deciding:
        return _dl("This body does not sit here.")
    if ends_on < begins_on:
        return _dl("The last day comes before the first, %(day)s.", day=long_day(begins_on))
    if ends_on.year - begins_on.year > LONGEST:
        return _dl("Write a last day within %(n)s years of the first.", n=LONGEST)
    meanwhile = [seat for seat in seats if seat.begins_on <= ends_on and seat.ends_on >= begins_on]
    return (
        _sits_twice(meanwhile, account_id)
        or _two_at_once(meanwhile, position)
        or _no_place(board, meanwhile, position, begins_on)
    )


def _sits_twice(meanwhile: Sequence[Seat], account_id: int | None) -> Lazy | None:
    for seat in meanwhile:
        if seat.account_id == account_id:
            return _dl(
                "%(name)s has a seat in this body from %(first)s to %(last)s. End that one first.",
                name=seat.name,
                first=long_day(seat.begins_on),
                last=long_day(seat.ends_on),
            )
    return None


def _two_at_once(meanwhile: Sequence[Seat], position: Position) -> Lazy | None:
    for seat in meanwhile:
        if position in ALONE and seat.position is position:
            return _dl(
                "%(name)s is %(position)s from %(first)s to %(last)s, and there is one at a time.",
                name=seat.name,
                position=position.label,
                first=long_day(seat.begins_on),
                last=long_day(seat.ends_on),
            )
    return None


def _no_place(board: Any, meanwhile: Sequence[Seat], position: Position, begins_on: date) -> Lazy | None:
    is_member = position is not Position.SUBSTITUTE
    most = board.sittings.get("members" if is_member else "substitutes")
    alike = [seat for seat in meanwhile if seat.is_member is is_member]
    # Places fill up only on a day when somebody begins.
    days = {begins_on, *(seat.begins_on for seat in alike if seat.begins_on > begins_on)}
    if most is None or all(sum(seat.holds_on(day) for seat in alike) < most for day in days):
        return None
    if is_member:
        return _dl("The body has %(n)s members, and every place is taken in those days.", n=most)
    return _dl("The body has %(n)s substitutes, and every place is taken in those days.", n=most)
