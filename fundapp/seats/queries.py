"""Who sits in a body on a day, and all its terms of office. Days are local days."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, select
from sqlalchemy.orm import joinedload

from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.seats.models import Position, Seat

# The person's name alone: roles, organisations and conflicts would be three statements more.
NAMED = joinedload(Seat.account, innerjoin=True).lazyload("*")
_ORDER = (case((Seat.position == Position.SUBSTITUTE, 1), else_=0), Seat.rank, Seat.id)


def seats_on(board: Board, day: date) -> list[Seat]:
    """The seats that hold on a day: members by rank, then substitutes in the order in which they are called."""
    holds = select(Seat).where(Seat.board_id == board.id, Seat.begins_on <= day, Seat.ends_on >= day)
    return list(db.session.scalars(holds.order_by(*_ORDER).options(NAMED)))


def seats_of(board: Board) -> list[Seat]:
    """Every term of office of the body, ended ones too: the latest terms first, each in the order of the list."""
    of_board = select(Seat).where(Seat.board_id == board.id)
    return list(db.session.scalars(of_board.order_by(Seat.begins_on.desc(), *_ORDER).options(NAMED)))


def seat_of(board: Board, public_id: str) -> Seat | None:
    return db.session.scalar(select(Seat).where(Seat.board_id == board.id, Seat.public_id == public_id))


def sitting_boards() -> list[Board]:
    """The municipality's bodies that decide, and so sit here."""
    ours = select(Board).where(Board.municipality == settings().municipality, Board.is_deciding)
    return list(db.session.scalars(ours.order_by(Board.position)))


@dataclass(frozen=True)
class House:
    """A body with its seats around a day, each in the order of the list."""

    board: Board
    members: list[Seat]
    substitutes: list[Seat]
    coming: list[Seat]
    ended: list[Seat]

    @property
    def presidium(self) -> list[Seat]:
        return [seat for seat in self.members if seat.position is not Position.MEMBER]

    @property
    def seats(self) -> list[Seat]:
        """Those that hold, and those to come."""
        return [*self.members, *self.substitutes, *self.coming]


def house_on(board: Board, day: date) -> House:
    seats = seats_of(board)
    now = [seat for seat in seats if seat.holds_on(day)]
    return House(
        board,
        sorted((seat for seat in now if seat.is_member), key=_in_list),
        sorted((seat for seat in now if not seat.is_member), key=_in_list),
        [seat for seat in seats if seat.begins_on > day],
        [seat for seat in seats if seat.ends_on < day],
    )


def _in_list(seat: Seat) -> tuple[int, int]:
    return seat.rank, seat.id
