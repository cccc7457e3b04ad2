"""Add to the history."""

import enum
from datetime import date, datetime
from typing import Any

from fundapp import clock
from fundapp.db import db
from fundapp.history.models import HistoryEntry


def record(subject: Any, event: str, *, by: Any, **facts: Any) -> HistoryEntry:
    """Write that `by` (an account, or None for the system itself) did `event` to `subject`, in the running transaction.

    `facts` must be short and hold no free text that somebody typed: the history is read by the auditor.
    """
    if subject.id is None:
        db.session.flush()
    entry = HistoryEntry(
        at=clock.now(),
        account_id=by.id if by is not None else None,
        who=(by.name or by.email) if by is not None else "fundapp",
        subject=subject.__tablename__,
        subject_id=subject.id,
        thread=subject.thread,
        event=event,
        facts={name: _plain(value) for name, value in facts.items()},
    )
    db.session.add(entry)
    return entry


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, date | datetime):
        return value.isoformat()
    if value is None or isinstance(value, str | int | bool):
        return value
    if hasattr(value, "__tablename__"):
        return getattr(value, "public_id", None) or value.id
    return str(value)
