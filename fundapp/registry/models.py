"""The diary (diarium): cases with their numbers, and the documents in each.

Source of what a document's entry holds: OSL 2009:400 5:2 (date, number, from or to whom, briefly what it concerns).
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.boards.models import Board
from fundapp.db import Base, Sealed, enum_type, public_id_column
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
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
        Index("ix_document_dated_id", "dated", "id"),  # an extract of the diary goes by day
    )

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


_OPEN = text("lifted_at IS NULL")


class SecrecyMark(Sealed, Base):
    """A document that must be examined for secrecy before anybody outside reads it: OSL 2009:400 5:5.

    The mark is a warning, no decision: whoever asks for the document has a right to have the question tried. At most
    one stands on a document; a lifted one is kept. `hides_case`: the case's subject and parties too.
    """

    __tablename__ = "secrecy_mark"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by_id IS NULL)", name="lifted_by_somebody"),
        Index("ix_secrecy_mark_stands", "document_id", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
    )
    sealed_when = "lifted_at"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), index=True)
    paragraph: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str]
    hides_case: Mapped[bool] = mapped_column(default=False, server_default=false())
    marked_at: Mapped[datetime]
    marked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    lifted_reason: Mapped[str] = mapped_column(default="", server_default=text("''"))

    document: Mapped[Document] = relationship()
    marked_by: Mapped[Account] = relationship(foreign_keys=marked_by_id)
    lifted_by: Mapped[Account | None] = relationship(foreign_keys=lifted_by_id)


class MaskedCopy(Sealed, Base):
    """A copy of a document without what is secret, filed as a document of its own. Which words are gone is not kept."""

    __tablename__ = "masked_copy"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), index=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    paragraph: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    document: Mapped[Document] = relationship(foreign_keys=document_id)
    copy: Mapped[Document] = relationship(foreign_keys=copy_id)


class GivenOut(Sealed, Base):
    """A document, whole or masked, that somebody outside asked for and got. `paragraph` is empty for a whole one."""

    __tablename__ = "given_out"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(200))
    given_on: Mapped[date] = mapped_column(index=True)
    paragraph: Mapped[str] = mapped_column(String(100), default="", server_default=text("''"))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    document: Mapped[Document] = relationship()
    recorded_by: Mapped[Account] = relationship()
