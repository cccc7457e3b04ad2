"""Flags and internal notes. Neither is a document of the case: working notes are no official documents (TF 2:12)."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import Base, Sealed, enum_type, public_id_column
from fundapp.languages import LabelledEnum, _dl

_UNRESOLVED = text("resolved_at IS NULL")


class FlagKind(LabelledEnum):
    """What a flag does: it asks to be looked at, or it keeps the case on the desk until it is resolved."""

    LOOK = "look", _dl("Look at this")
    STOP = "stop", _dl("Stops the case")


class Flag(Sealed, Base):
    """A flag on a case: why it was raised, and with what word it was resolved. It is never taken away."""

    __tablename__ = "flag"
    __table_args__ = (
        CheckConstraint("(resolved_at IS NULL) = (resolved_by_id IS NULL)", name="resolved_by_somebody"),
        Index("ix_flag_application_id_id", "application_id", "id"),
        Index("ix_flag_unresolved", "application_id", postgresql_where=_UNRESOLVED, sqlite_where=_UNRESOLVED),
    )
    sealed_columns: ClassVar[frozenset[str]] = frozenset(
        {"application_id", "kind", "reason", "raised_at", "raised_by_id"}
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    kind: Mapped[FlagKind] = mapped_column(enum_type(FlagKind))
    reason: Mapped[str]
    raised_at: Mapped[datetime]
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    resolution: Mapped[str] = mapped_column(default="")
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    application: Mapped[Application] = relationship()
    raised_by: Mapped[Account] = relationship(foreign_keys=raised_by_id)

    @property
    def thread(self) -> str:
        return self.application.thread

    @property
    def permission_subject(self) -> Application:
        return self.application


class Note(Sealed, Base):
    """What one official leaves for the others. A correction is a row of its own that names the one it corrects."""

    __tablename__ = "note"
    __table_args__ = (Index("ix_note_application_id_id", "application_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    text: Mapped[str]
    written_at: Mapped[datetime]
    written_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"), unique=True)

    application: Mapped[Application] = relationship()
    written_by: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.application.thread

    @property
    def permission_subject(self) -> Application:
        return self.application
