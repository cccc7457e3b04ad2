"""Move money in the ledger. Every movement is one conditional UPDATE of the round and one row, in one transaction."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import update

from fundapp import clock
from fundapp.db import db, reread
from fundapp.funds.models import LedgerEntry, LedgerKind, Round
from fundapp.history.actions import record
from fundapp.languages import _dl, money
from fundapp.workflow import StepNotPossible


class NotEnoughLeft(StepNotPossible):
    """More than is left of the round; `left` in kronor as it was when it was refused."""

    def __init__(self, asked: int, left: int) -> None:
        super().__init__(
            _dl("%(asked)s is more than is left of the frame: %(left)s.", asked=money(asked), left=money(left))
        )
        self.asked, self.left = asked, left


def _move(
    round_: Round,
    kind: LedgerKind,
    amount: int,
    *,
    by: Any,
    condition: Any = None,
    reference: str = "",
    decided_on: date | None = None,
    **sums: Any,
) -> LedgerEntry:
    """`sums` are the round's new totals as SQL; none of them is computed in Python, where it could be stale."""
    change = update(Round).where(Round.id == round_.id).values(**sums)
    if condition is not None:
        change = change.where(condition)
    found = db.session.execute(change.execution_options(synchronize_session=False))
    reread(round_)
    if found.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        raise NotEnoughLeft(amount, round_.left)
    entry = _entry(round_, kind, amount, by=by, reference=reference, decided_on=decided_on)
    db.session.flush()
    return entry


def _entry(
    round_: Round, kind: LedgerKind, amount: int, *, by: Any, reference: str, decided_on: date | None
) -> LedgerEntry:
    entry = LedgerEntry(
        round_id=round_.id,
        kind=kind,
        amount=amount,
        at=clock.now(),
        by_id=by.id if by is not None else None,
        reference=reference,
        decided_on=decided_on,
    )
    db.session.add(entry)
    return entry


def reserve(round_: Round, amount: int, *, by: Any) -> LedgerEntry:
    """Hold `amount` kronor for a pending grant. Errors: NotEnoughLeft."""
    return _move(
        round_,
        LedgerKind.RESERVE,
        amount,
        by=by,
        condition=Round.frame - Round.reserved - Round.granted + Round.released >= amount,
        reserved=Round.reserved + amount,
    )


def lift_reservation(round_: Round, amount: int, *, by: Any) -> LedgerEntry:
    """Give back what a corrected pending grant held."""
    return _move(round_, LedgerKind.UNRESERVE, amount, by=by, reserved=Round.reserved - amount)


def grant(round_: Round, amount: int, *, reference: str, decided_on: date, by: Any) -> LedgerEntry:
    """Turn a reservation into a grant. Never refused: what is left stays the same."""
    entry = grant_all(round_, [(amount, reference)], decided_on=decided_on, by=by)[0]
    db.session.flush()
    return entry


def grant_all(round_: Round, sums: Sequence[tuple[int, str]], *, decided_on: date, by: Any) -> list[LedgerEntry]:
    """`grant` for several reservations of one round at once, each its kronor and reference: one UPDATE, and a row for
    each, which the caller flushes.
    """
    total = sum(amount for amount, _reference in sums)
    change = update(Round).where(Round.id == round_.id)
    change = change.values(reserved=Round.reserved - total, granted=Round.granted + total)
    db.session.execute(change.execution_options(synchronize_session=False))
    db.session.expire(round_, ["reserved", "granted"])
    return [
        _entry(round_, LedgerKind.GRANT, amount, by=by, reference=reference, decided_on=decided_on)
        for amount, reference in sums
    ]


def pay(round_: Round, amount: int, *, reference: str, by: Any) -> LedgerEntry:
    """Write that money left the municipality; what is left to grant stays the same."""
    return _move(round_, LedgerKind.PAY, amount, by=by, reference=reference, paid=Round.paid + amount)


def release(round_: Round, amount: int, *, reference: str, by: Any) -> LedgerEntry:
    """Give granted money that will not be used back to the frame."""
    return _move(round_, LedgerKind.RELEASE, amount, by=by, reference=reference, released=Round.released + amount)


def change_frame(round_: Round, frame: int, *, reference: str, decided_on: date, by: Any) -> LedgerEntry:
    """Set the frame to `frame` kronor by a recorded decision (`reference`: body, date, §).

    Errors: NotEnoughLeft where more than that is granted or reserved already.
    """
    reread(round_, with_for_update={"of": Round})
    difference = frame - round_.frame
    try:
        entry = _move(
            round_,
            LedgerKind.FRAME,
            difference,
            by=by,
            condition=frame - Round.reserved - Round.granted + Round.released >= 0,
            reference=reference,
            decided_on=decided_on,
            frame=frame,
        )
    except NotEnoughLeft:
        raise NotEnoughLeft(-difference, round_.left) from None
    record(round_, "change_frame", by=by, frame=frame, reference=reference[:60], decided_on=decided_on)
    return entry
