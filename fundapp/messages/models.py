"""A message of a case. It is a document of the case as well; here it is what the two sides read of each other."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import Base, Sealed, public_id_column
from fundapp.registry.models import Document

_UNREAD = text("read_at IS NULL")


class CaseMessage(Sealed, Base):
    """What one side wrote to the other; `language`: of the text, `und` where it is not known.

    Read by one of the other side, it is read by all of them.
    """

    __tablename__ = "case_message"
    __table_args__ = (
        CheckConstraint("(read_at IS NULL) = (read_by_id IS NULL)", name="read_has_reader"),
        Index("ix_case_message_application_id_id", "application_id", "id"),
        Index("ix_case_message_unread", "application_id", postgresql_where=_UNREAD, sqlite_where=_UNREAD),
    )
    sealed_columns: ClassVar[frozenset[str]] = frozenset(
        {"application_id", "document_id", "is_from_applicant", "written_by_id", "written_at", "language", "text"}
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    is_from_applicant: Mapped[bool]
    written_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    written_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(10))
    text: Mapped[str]
    read_at: Mapped[datetime | None]
    read_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    application: Mapped[Application] = relationship()
    document: Mapped[Document] = relationship()
    written_by: Mapped[Account] = relationship(foreign_keys=written_by_id)
