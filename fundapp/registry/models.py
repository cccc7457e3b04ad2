"""The diary (diarium): cases with their numbers, and the documents in each.

Source of what a document's entry holds: OSL 2009:400 5:2 (date, number, from or to whom, briefly what it concerns).
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.boards.models import Board
from fundapp.db import Base, enum_type, public_id_column
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.languages import LabelledEnum, _dl


class Direction(LabelledEnum):
    """How a document came to be a record: TF 2:9–10."""

    RECEIVED = "received", _dl("Received")
    DRAWN_UP = "drawn_up", _dl("Drawn up")
    DISPATCHED = "dispatched", _dl("Dispatched")


class Case(Base):
    """A folder with a diary number, unique and gap-free per body and year, never reused."""

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("board_id", "year", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    year: Mapped[int]
    number: Mapped[int]
    diary_number: Mapped[str] = mapped_column(String(60), unique=True)
    subject: Mapped[str] = mapped_column(String(400))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    board: Mapped[Board] = relationship()
    opened_by: Mapped[Account] = relationship()
    documents: Mapped[list["Document"]] = relationship(back_populates="case", order_by="Document.number")

    @property
    def thread(self) -> str:
        return self.public_id


class Document(Base):
    """One document of a case: a paper of ours, a stored file, or kept elsewhere (a letter on paper)."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("case_id", "number"), CheckConstraint("number >= 1", name="number_from_one"))

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    number: Mapped[int]
    direction: Mapped[Direction] = mapped_column(enum_type(Direction))
    dated: Mapped[date]
    counterpart: Mapped[str] = mapped_column(String(200), default="")
    subject: Mapped[str] = mapped_column(String(400))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("paper.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    filed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    filed_at: Mapped[datetime]

    case: Mapped[Case] = relationship(back_populates="documents")
    paper: Mapped[Paper | None] = relationship()
    file: Mapped[StoredFile | None] = relationship()

    @property
    def thread(self) -> str:
        return self.case.thread
