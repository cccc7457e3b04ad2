"""A referral for comment (remiss): who is asked what about a case, by when, and what came back."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.db import Base, Sealed, public_id_column
from fundapp.registry.models import Document

_OPEN = text("ended_at IS NULL")

# The documents of the case that were sent along.
referral_document = Table(
    "referral_document",
    Base.metadata,
    Column("referral_id", ForeignKey("referral.id"), primary_key=True),
    Column("document_id", ForeignKey("document.id"), primary_key=True),
)


class Referral(Sealed, Base):
    """One question to one body: an administration or board of ours (`board`), or another, by name and address.

    `answer_by`: a local day. `document`: the referral as it was dispatched. It ends with an answer or is withdrawn.
    """

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint("email <> '' OR address <> ''", name="can_be_reached"),
        CheckConstraint("withdrawn_by_id IS NULL OR ended_at IS NOT NULL", name="withdrawn_has_ended"),
        Index("ix_referral_application_id_id", "application_id", "id"),
        Index("ix_referral_open", "answer_by", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )
    sealed_columns: ClassVar[frozenset[str]] = frozenset({
        "application_id", "board_id", "body", "email", "address", "question", "answer_by", "document_id", "asked_at",
        "asked_by_id",
    })  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"))
    body: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254), default="")
    address: Mapped[str] = mapped_column(default="")
    question: Mapped[str]
    answer_by: Mapped[date]
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    withdrawal: Mapped[str] = mapped_column(default="")

    application: Mapped[Application] = relationship()
    board: Mapped[Board | None] = relationship()
    document: Mapped[Document] = relationship()
    asked_by: Mapped[Account] = relationship(foreign_keys=asked_by_id)
    sent_along: Mapped[list[Document]] = relationship(secondary=referral_document, order_by=Document.number)

    @property
    def thread(self) -> str:
        return self.application.thread

    @property
    def permission_subject(self) -> Application:
        return self.application


class ReferralAnswer(Sealed, Base):
    """What a body answered, as it came in: in words, as a file, or both. `came_on`: the local day it came."""

    __tablename__ = "referral_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    referral_id: Mapped[int] = mapped_column(ForeignKey("referral.id"), unique=True)
    came_on: Mapped[date]
    answered_by: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(default="")
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    referral: Mapped[Referral] = relationship()
    document: Mapped[Document] = relationship()
