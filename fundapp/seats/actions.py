"""Give somebody a seat in a body for a term of office, and end it. Whoever has a seat is a member here meanwhile."""

from datetime import date
from typing import Any

from sqlalchemy import exists, or_, select

from fundapp import clock
from fundapp.accounts.actions import end_sessions
from fundapp.accounts.models import Account, RoleGiven
from fundapp.boards.models import Board
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import _dl, long_day
from fundapp.meetings.models import Meeting
from fundapp.meetings.proceedings import Chairing, Disqualification, Presence
from fundapp.permissions import Permission, Role, why_not
from fundapp.seats import rules
from fundapp.seats.models import Position, Seat
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible


def give_seat(
    board: Board,
    account: Account,
    position: Position,
    *,
    begins_on: date,
    ends_on: date,
    party: str = "",
    rank: int | None = None,
    by: Any,
) -> Seat:
    """A place in the body from the first day to the last, both included; last of its list where `rank` is None. A seat
    opens the body's cases, so nobody gives one to themself.

    Errors: NotAllowed, StepNotPossible (the terms, the chair or the number of places do not allow it).
    """
    _hold(board, by)
    _demand_anothers(account.id, by)
    seats = _seats_of(board)
    reason = rules.why_not_given(
        board, seats, account_id=account.id, position=position, begins_on=begins_on, ends_on=ends_on
    )
    if reason is not None:
        raise StepNotPossible(reason)
    alike = [seat.rank for seat in seats if seat.is_member is (position is not Position.SUBSTITUTE)]
    seat = Seat(
        board=board,
        account=account,
        position=position,
        party=party,
        rank=rank if rank is not None else max(alike, default=0) + 1,
        begins_on=begins_on,
        ends_on=ends_on,
        recorded_at=clock.now(),
    )
    db.session.add(seat)
    record(seat, "give_seat", by=by, board=board.abbreviation, position=position, begins_on=begins_on, ends_on=ends_on)
    if Role.MEMBER not in account.roles:
        account.role_rows.append(RoleGiven(role=Role.MEMBER, board=board))
        record(account, "give_role", by=by, role=Role.MEMBER)
    db.session.flush()
    return seat


def _demand_anothers(account_id: int, by: Any) -> None:
    if by is not None and by.id == account_id:
        raise StepNotPossible(_dl("Somebody else must give you a seat, or change its days."))


def person(email: str, name: str, *, by: Any) -> Account:
    """The account with the address, or a new one; one without a name gets it. Errors: NotAllowed."""
    _demand(by)
    account = db.session.scalar(select(Account).where(Account.email == email))
    if account is None:
        account = Account(email=email, name=name, language="sv", created_at=clock.now(), role_rows=[])
        db.session.add(account)
        record(account, "create_account", by=by)
    elif not account.name:
        account.name = name
        record(account, "correct_account", by=by)
    return account


def change_seat(seat: Seat, *, party: str, rank: int, by: Any) -> None:
    """The party, and the place in the order of the list. Errors: NotAllowed."""
    _hold(seat.board, by)
    seat.party, seat.rank = party, rank
    record(seat, "change_seat", by=by, rank=rank)
    db.session.flush()


def end_seat(seat: Seat, ends_on: date, *, by: Any) -> None:
    """Another last day, earlier or later. Who then has no seat, and no minutes to approve, is a member no longer.

    Errors: NotAllowed, StepNotPossible.
    """
    _hold(seat.board, by)
    _demand_anothers(seat.account_id, by)
    others = [each for each in _seats_of(seat.board) if each.id != seat.id]
    reason = rules.why_not_given(
        seat.board,
        others,
        account_id=seat.account_id,
        position=seat.position,
        begins_on=seat.begins_on,
        ends_on=ends_on,
    )
    if reason is not None:
        raise StepNotPossible(reason)
    last = _last_sitting(seat)
    if last is not None and last > ends_on:
        raise StepNotPossible(
            _dl(
                "%(name)s was at the sitting on %(day)s. End the seat then or later.",
                name=seat.name,
                day=long_day(last),
            )
        )
    seat.ends_on = ends_on
    record(seat, "end_seat", by=by, ends_on=ends_on)
    db.session.flush()
    _take_role(seat.account, by=by)


def remove_seat(seat: Seat, *, by: Any) -> None:
    """Take away a seat that was given by mistake, and never used. Errors: NotAllowed, StepNotPossible."""
    _hold(seat.board, by)
    if _last_sitting(seat) is not None:
        raise StepNotPossible(_dl("%(name)s has been at a sitting. End the seat instead.", name=seat.name))
    account = seat.account
    record(seat, "remove_seat", by=by)
    db.session.delete(seat)
    db.session.flush()
    _take_role(account, by=by)


def take_ended_roles() -> int:
    """Nobody stays a member after the last seat ended; gives how many were. For the nightly job."""
    ended = (
        select(Account)
        .join(RoleGiven, RoleGiven.account_id == Account.id)
        .where(RoleGiven.role == Role.MEMBER, exists().where(Seat.account_id == Account.id))
        .where(~exists().where(Seat.account_id == Account.id, Seat.ends_on >= clock.today()))
    )
    return sum(_take_role(account, by=None) for account in db.session.scalars(ended).unique().all())


def _take_role(account: Account, *, by: Any) -> bool:
    """A member without a seat, today or later, loses the role; who has minutes to approve keeps it until then."""
    holds = select(Seat.id).where(Seat.account_id == account.id, Seat.ends_on >= clock.today())
    if db.session.scalar(holds.limit(1)) is not None or _has_minutes_to_approve(account):
        return False
    rows = [row for row in account.role_rows if row.role is Role.MEMBER]
    for row in rows:
        account.role_rows.remove(row)
        db.session.delete(row)
        record(account, "take_role", by=by, role=Role.MEMBER)
    db.session.flush()
    if rows:
        end_sessions(account)
    return bool(rows)


def _has_minutes_to_approve(account: Account) -> bool:
    own = select(Seat.id).where(Seat.account_id == account.id)
    chaired = exists().where(Chairing.meeting_id == Meeting.id, Chairing.seat_id.in_(own))
    waiting = select(Meeting.id).where(
        Meeting.status.in_((MeetingStatus.OPENED, MeetingStatus.ENDED)), or_(chaired, Meeting.checker_id.in_(own))
    )
    return db.session.scalar(waiting.limit(1)) is not None


def _seats_of(board: Board) -> list[Seat]:
    return list(db.session.scalars(select(Seat).where(Seat.board_id == board.id)))


def _last_sitting(seat: Seat) -> date | None:
    """The day of the last sitting at which something was recorded of the seat."""
    there = or_(
        exists().where(
            Presence.meeting_id == Meeting.id, or_(Presence.seat_id == seat.id, Presence.in_place_of_id == seat.id)
        ),
        exists().where(
            Disqualification.item.has(meeting_id=Meeting.id),
            or_(Disqualification.seat_id == seat.id, Disqualification.replaced_by_id == seat.id),
        ),
    )
    return db.session.scalar(select(Meeting.held_on).where(there).order_by(Meeting.held_on.desc()).limit(1))


def _hold(board: Board, by: Any) -> None:
    """Lock the body, so that two who give seats at once do not both take the last place."""
    _demand(by, board)
    reread(board, with_for_update={"of": Board})


def _demand(by: Any, board: Board | None = None) -> None:
    reason = why_not(by, Permission.KEEP_SEATS, board)
    if reason is not None:
        raise NotAllowed(reason)
