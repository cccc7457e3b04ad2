"""The delegation register and the decisions taken under it. Sources: KL 2017:725 6:37–40 and 7:5–8."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.db import Base, Sealed, enum_type, public_id_column
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Role

NUMBER = "Del {board} {year}:{number}"


class DelegationPoint(Base):
    """A point of the register: what is delegated, to whom, from the first day to the last (None: until changed).

    `role`: whose holders decide under it here. A point is never changed: it is ended, and another begins.
    """

    __tablename__ = "delegation_point"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= begins_on", name="ends_after_begin"),
        Index("ix_delegation_point_board_id", "board_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    number: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(500))
    delegate: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    begins_on: Mapped[date]
    ends_on: Mapped[date | None]
    decided_by: Mapped[str] = mapped_column(String(100), default="")  # the body's own decision: body, date, §
    recorded_at: Mapped[datetime]

    board: Mapped[Board] = relationship()

    @property
    def thread(self) -> str:
        return self.public_id

    def holds_on(self, day: date) -> bool:
        return self.begins_on <= day and (self.ends_on is None or day <= self.ends_on)


class DelegatedDecision(Sealed, Base):
    """A decision on the body's behalf, under a point, or urgent and by the chair (KL 6:39). What it says never changes.

    `item`: the § at which it is reported; it may change until that § is approved.
    """

    __tablename__ = "delegated_decision"
    __table_args__ = (
        UniqueConstraint("board_id", "year", "number"),
        CheckConstraint("(point_id IS NULL) = is_urgent", name="point_or_urgent"),
        CheckConstraint("number >= 1", name="number_from_one"),
        Index(
            "ix_delegated_decision_unreported",
            "board_id",
            postgresql_where=text("minute_item_id IS NULL"),
            sqlite_where=text("minute_item_id IS NULL"),
        ),
    )
    sealed_columns = frozenset({
        "board_id", "year", "number", "point_id", "is_urgent", "application_id", "decided_on", "subject", "decision",
        "delegate_name", "delegate_title", "recorded_at", "recorded_by_id",
    })  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    year: Mapped[int]
    number: Mapped[int]
    point_id: Mapped[int | None] = mapped_column(ForeignKey("delegation_point.id"))
    is_urgent: Mapped[bool] = mapped_column(default=False)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    decided_on: Mapped[date]
    subject: Mapped[str] = mapped_column(String(300))
    decision: Mapped[str]
    delegate_name: Mapped[str] = mapped_column(String(200))
    delegate_title: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    minute_item_id: Mapped[int | None] = mapped_column(ForeignKey("minute_item.id"), index=True)

    board: Mapped[Board] = relationship()
    point: Mapped[DelegationPoint | None] = relationship()
    application: Mapped[Application | None] = relationship()
    recorded_by: Mapped[Account] = relationship()
    item: Mapped[MinuteItem | None] = relationship()

    @property
    def designation(self) -> str:
        """`Del KS 2017:3`."""
        return NUMBER.format(board=self.board.abbreviation, year=self.year, number=self.number)

    @property
    def thread(self) -> str:
        return self.application.thread if self.application is not None else self.public_id
