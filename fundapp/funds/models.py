"""Funds, their rounds, and the ledger. Sums are whole kronor.

The round's totals stand beside the ledger rows that make them, so that one conditional UPDATE and one CHECK refuse
what is more than is left, on both engines and under concurrency.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from fundapp import clock
from fundapp.boards.models import Board
from fundapp.db import Base, Sealed, enum_type
from fundapp.languages import LabelledEnum, _dl, _l


class FundKind(LabelledEnum):
    FUND = "fund", _l("Grant for a project")
    STIPEND = "stipend", _l("Stipend for what has been achieved")


class FundState(LabelledEnum):
    """Only an open fund is seen by others than the administrator."""

    DRAFT = "draft", _dl("Draft")
    TRIED = "tried", _dl("Tried out")
    OPEN = "open", _dl("Open")


class Fund(Base):
    """Something that can be applied for. `terms` is the fund's TOML as data, each value with its source. `version`
    counts its changes, each kept as a FundVersion; `edited_at`: it was changed here, and its file is no longer read.
    """

    __tablename__ = "fund"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    municipality: Mapped[str] = mapped_column(String(40))
    kind: Mapped[FundKind] = mapped_column(enum_type(FundKind))
    name: Mapped[str] = mapped_column(String(200))
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    statutes_board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    terms: Mapped[dict[str, Any]]
    state: Mapped[FundState] = mapped_column(enum_type(FundState), default=FundState.OPEN)
    version: Mapped[int] = mapped_column(default=1)
    edited_at: Mapped[datetime | None]

    board: Mapped[Board] = relationship(foreign_keys=board_id)
    statutes_board: Mapped[Board] = relationship(foreign_keys=statutes_board_id)
    rounds: Mapped[list["Round"]] = relationship(back_populates="fund", order_by="Round.opens_at")

    @property
    def thread(self) -> str:
        return f"fund-{self.id}"


class FundVersion(Sealed, Base):
    """A fund's terms as they were from one change to the next. `part`: what was changed, a key of the terms; "file"
    for what was loaded. What was sent keeps the version it was sent under.
    """

    __tablename__ = "fund_version"

    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(40))
    terms: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


def terms_at(fund: Fund, number: int | None) -> dict[str, Any]:
    """The fund's terms in one of its versions; those that stand now where that one was never kept."""
    session = object_session(fund)
    kept = session.get(FundVersion, (fund.id, number)) if session is not None and number is not None else None
    return kept.terms if kept is not None else fund.terms


class Round(Base):
    """A period and its frame; left = frame − reserved − granted + released. `closes_at`: the first instant too late."""

    __tablename__ = "round"
    __table_args__ = (
        UniqueConstraint("fund_id", "label"),
        CheckConstraint("frame - reserved - granted + released >= 0", name="within_frame"),
        CheckConstraint(
            "frame >= 0 AND reserved >= 0 AND granted >= 0 AND released >= 0 AND paid >= 0", name="no_negative_sums"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    label: Mapped[str] = mapped_column(String(40))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    is_continuous: Mapped[bool]
    period_start: Mapped[date]
    period_end: Mapped[date]
    frame: Mapped[int]
    reserved: Mapped[int] = mapped_column(default=0)
    granted: Mapped[int] = mapped_column(default=0)
    released: Mapped[int] = mapped_column(default=0)
    paid: Mapped[int] = mapped_column(default=0)

    fund: Mapped[Fund] = relationship(back_populates="rounds")

    @property
    def board_id(self) -> int:
        """The body that decides what is granted of it."""
        return self.fund.board_id

    @hybrid_property
    def left(self) -> int:
        """Kronor that can still be granted."""
        return self.frame - self.reserved - self.granted + self.released

    @property
    def is_open(self) -> bool:
        return self.opens_at <= clock.now() < self.closes_at

    @property
    def thread(self) -> str:
        return f"round-{self.id}"


class LedgerKind(LabelledEnum):
    FRAME = "frame", _dl("Frame changed")
    RESERVE = "reserve", _dl("Reserved")
    UNRESERVE = "unreserve", _dl("Reservation lifted")
    GRANT = "grant", _dl("Granted")
    PAY = "pay", _dl("Paid")
    RELEASE = "release", _dl("Released")


class LedgerEntry(Sealed, Base):
    """One movement; never changed, never removed. `amount` in kronor is above zero, but for a lowered frame."""

    __tablename__ = "ledger_entry"
    __table_args__ = (CheckConstraint("amount > 0 OR kind = 'FRAME'", name="amount_above_zero"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    kind: Mapped[LedgerKind] = mapped_column(enum_type(LedgerKind))
    amount: Mapped[int]
    at: Mapped[datetime]
    decided_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(String(200), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    round: Mapped[Round] = relationship()
