"""Who sits in a body: a fictitious full house, made once in each database, and single seats."""

from datetime import date

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Account, RoleGiven
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.seats.models import Position, Seat
from tests.factories.people import applicant

TERM = (date(2015, 1, 1), date(2034, 12, 31))
PRESIDIUM = {0: Position.CHAIR, 1: Position.FIRST_VICE_CHAIR, 2: Position.SECOND_VICE_CHAIR}
SUBSTITUTES = 3


def board(code: str = "KS") -> Board:
    return db.session.scalars(select(Board).where(Board.municipality == "kalix", Board.code == code)).one()


def full_house(body: Board | None = None) -> list[Seat]:
    """The body's seats: all its members, the presidium first, and three substitutes; the same ones each time."""
    body = body or board()
    members = body.sittings.get("members", 7)
    addresses = [f"{body.abbreviation.lower()}{n}@namnd.example" for n in range(members + SUBSTITUTES)]
    ours = select(Seat).join(Seat.account).where(Seat.board_id == body.id, Account.email.in_(addresses))
    found = list(db.session.scalars(ours.order_by(Seat.id)))
    return found or [_new(address, n, members, body) for n, address in enumerate(addresses)]


def _new(address: str, n: int, members: int, body: Board) -> Seat:
    is_member = n < members
    rank = n if is_member else n - members
    name = f"{'Ledamot' if is_member else 'Ersättare'} {rank} {body.abbreviation}"
    account = Account(
        email=address, name=name, phone="", language="sv", created_at=clock.now(),
        role_rows=[RoleGiven(role=Role.MEMBER, board=body)],
    )  # fmt: skip
    position = PRESIDIUM.get(n, Position.MEMBER) if is_member else Position.SUBSTITUTE
    return _seat(account, body, position, rank, party="")


def seated(
    account: Account | None = None,
    *,
    body: Board | None = None,
    position: Position = Position.MEMBER,
    rank: int = 50,
    party: str = "",
    term: tuple[date, date] = TERM,
) -> Seat:
    """A seat of one's own, beside the full house; the account is a member then, and reads the body's agendas."""
    account = account or applicant("Maj-Britt Rönnbäck")
    if Role.MEMBER not in account.roles:
        account.role_rows.append(RoleGiven(role=Role.MEMBER, board=body or board()))
    seat = _seat(account, body or board(), position, rank, party, term)
    db.session.flush()
    return seat


def _seat(
    account: Account, body: Board, position: Position, rank: int, party: str, term: tuple[date, date] = TERM
) -> Seat:
    seat = Seat(
        board=body, account=account, position=position, party=party, rank=rank, begins_on=term[0], ends_on=term[1],
        recorded_at=clock.now(),
    )  # fmt: skip
    db.session.add(seat)
    return seat
