"""The history: one row for each thing somebody did. Only `history.actions.record` adds, nothing changes or removes."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.db import Base, Sealed


class HistoryEntry(Sealed, Base):
    """`thread` is the public id of the application (or meeting, or round) whose story this belongs to."""

    __tablename__ = "history_entry"
    __table_args__ = (Index("ix_history_entry_thread_id", "thread", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    who: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    thread: Mapped[str] = mapped_column(String(40))
    event: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]]
