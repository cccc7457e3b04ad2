"""Seats: a person's place in a body for a term of office. Days are local days; `ends_on` is the last day."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.boards.models import Board
from fundapp.db import Base, enum_type, public_id_column
from fundapp.languages import LabelledEnum, _dl


class Position(LabelledEnum):
    CHAIR = "chair", _dl("Chair")
    FIRST_VICE_CHAIR = "first_vice_chair", _dl("First vice chair")
    SECOND_VICE_CHAIR = "second_vice_chair", _dl("Second vice chair")
    MEMBER = "member", _dl("Member")
    SUBSTITUTE = "substitute", _dl("Substitute")


class Seat(Base):
    """A place in a body (KS: 13 members and as many substitutes). Whoever changes position ends one seat and takes
    another, so that old minutes stay true. `rank`: the order of the list, and in which substitutes are called.
    """

    __tablename__ = "seat"
    __table_args__ = (
        CheckConstraint("ends_on >= begins_on", name="ends_after_begin"),
        Index("ix_seat_account_id_board_id", "account_id", "board_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    position: Mapped[Position] = mapped_column(enum_type(Position))
    party: Mapped[str] = mapped_column(String(60), default="")
    rank: Mapped[int] = mapped_column(default=0)
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    recorded_at: Mapped[datetime]

    board: Mapped[Board] = relationship()
    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)

    @property
    def is_member(self) -> bool:
        return self.position is not Position.SUBSTITUTE

    @property
    def name(self) -> str:
        return self.account.name or self.account.email

    @property
    def thread(self) -> str:
        return self.public_id

    def holds_on(self, day: date) -> bool:
        return self.begins_on <= day <= self.ends_on
