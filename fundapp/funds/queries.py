"""What can be applied for now, how the rounds stand, and whether totals and ledger agree. Sums in whole kronor."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.config import settings
from fundapp.db import db
from fundapp.funds.models import Fund, LedgerEntry, LedgerKind, Round


@dataclass(frozen=True)
class RoundSums:
    """A round's totals; `bound` is what the frame can never go below: granted and reserved, less released."""

    frame: int
    reserved: int
    granted: int
    released: int
    paid: int
    left: int

    @property
    def bound(self) -> int:
        return self.frame - self.left


@dataclass(frozen=True)
class LedgerRow:
    """One movement as it is read: `who` is empty for the installation itself."""

    at: datetime
    kind: LedgerKind
    amount: int
    decided_on: date | None
    reference: str
    who: str


@dataclass(frozen=True)
class LedgerFault:
    """A round's total that its ledger rows do not add up to."""

    fund: str
    round: str
    total: str
    kept: int
    in_ledger: int


def funds_here() -> list[Fund]:
    """Everything the municipality offers: funds first, then stipends, each with its rounds."""
    found = db.session.scalars(
        select(Fund).where(Fund.municipality == settings().municipality).options(selectinload(Fund.rounds))
    )
    return sorted(found, key=lambda fund: (fund.kind.value, fund.name))


def fund_by_code(code: str) -> Fund | None:
    return db.session.scalar(select(Fund).where(Fund.code == code, Fund.municipality == settings().municipality))


def round_by_id(key: int | str) -> Round | None:
    """One round of this municipality's funds."""
    return db.session.scalar(
        select(Round).join(Fund).where(Round.id == int(key), Fund.municipality == settings().municipality)
    )


def open_rounds() -> list[Round]:
    """The rounds that take applications at this moment, the one that closes first before the others."""
    now = clock.now()
    return list(
        db.session.scalars(
            select(Round)
            .join(Fund)
            .where(Fund.municipality == settings().municipality, Round.opens_at <= now, Round.closes_at > now)
            .order_by(Round.closes_at, Round.id)
        )
    )


def round_sums(round_: Round) -> RoundSums:
    return RoundSums(
        frame=round_.frame,
        reserved=round_.reserved,
        granted=round_.granted,
        released=round_.released,
        paid=round_.paid,
        left=round_.left,
    )


def ledger_of(round_: Round) -> list[LedgerRow]:
    """The round's movements, newest first."""
    rows = db.session.execute(
        select(LedgerEntry, Account.name, Account.email)
        .outerjoin(Account, Account.id == LedgerEntry.by_id)
        .where(LedgerEntry.round_id == round_.id)
        .order_by(LedgerEntry.id.desc())
    )
    return [
        LedgerRow(entry.at, entry.kind, entry.amount, entry.decided_on, entry.reference, name or email or "")
        for entry, name, email in rows
    ]


def ledger_faults(session: Session) -> list[LedgerFault]:
    """Every total of every round that its ledger rows do not make; empty when the books are right."""
    moved: dict[tuple[int, LedgerKind], int] = {
        (round_id, kind): int(amount)
        for round_id, kind, amount in session.execute(
            select(LedgerEntry.round_id, LedgerEntry.kind, func.sum(LedgerEntry.amount)).group_by(
                LedgerEntry.round_id, LedgerEntry.kind
            )
        )
    }
    found = []
    for round_ in session.scalars(select(Round).order_by(Round.id).execution_options(populate_existing=True)):
        for total, in_ledger in _totals(moved, round_.id).items():
            kept: Any = getattr(round_, total)
            if kept != in_ledger:
                found.append(LedgerFault(round_.fund.code, round_.label, total, kept, in_ledger))
    return found


def _totals(moved: dict[tuple[int, LedgerKind], int], round_id: int) -> dict[str, int]:
    """What a round's totals must be by its rows."""
    of = {kind: moved.get((round_id, kind), 0) for kind in LedgerKind}
    return {
        "frame": of[LedgerKind.FRAME],
        "reserved": of[LedgerKind.RESERVE] - of[LedgerKind.UNRESERVE] - of[LedgerKind.GRANT],
        "granted": of[LedgerKind.GRANT],
        "paid": of[LedgerKind.PAY],
        "released": of[LedgerKind.RELEASE],
    }
