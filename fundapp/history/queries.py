"""The history as an auditor reads it: newest first, a page at a time."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, not_, or_, select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import without_conflict
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Person
from fundapp.registry.models import Case
from fundapp.workflow import ApplicationStatus

PAGE = 50
_FURTHEST = 2**62


@dataclass(frozen=True)
class HistoryRow:
    """One event; `diary_number` is that of the case it belongs to, where there is one."""

    id: int
    at: datetime
    who: str
    event: str
    subject: str
    thread: str
    diary_number: str | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class HistoryPage:
    """`older` and `newer` are the ids from which the next page in that direction begins, None at the end."""

    rows: list[HistoryRow]
    older: int | None
    newer: int | None


def history_page(
    reader: Person,
    *,
    person: str = "",
    day: date | None = None,
    thread: str = "",
    before: int | None = None,
    after: int | None = None,
) -> HistoryPage:
    """The newest events, those before the id `before`, or those after the id `after`; never a draft's, nor those of a
    case in which the reader has a conflict of interest.
    """
    wanted = _asked(person, day, thread).where(HistoryEntry.thread.not_in(_hidden_from(reader)))
    if after is not None:
        found = db.session.execute(
            wanted.where(HistoryEntry.id > _within(after)).order_by(HistoryEntry.id).limit(PAGE + 1)
        ).all()
        rows = [_row(each) for each in reversed(found[:PAGE])]
        has_newer, has_older = len(found) > PAGE, True
    else:
        if before is not None:
            wanted = wanted.where(HistoryEntry.id < _within(before))
        found = db.session.execute(wanted.order_by(HistoryEntry.id.desc()).limit(PAGE + 1)).all()
        rows = [_row(each) for each in found[:PAGE]]
        has_newer, has_older = before is not None, len(found) > PAGE
    return HistoryPage(
        rows,
        older=rows[-1].id if rows and has_older else None,
        newer=rows[0].id if rows and has_newer else None,
    )


def _hidden_from(reader: Person) -> Select[str]:
    is_draft = Application.status == ApplicationStatus.DRAFT
    return select(Application.public_id).where(or_(is_draft, not_(without_conflict(reader))))


def _within(key: int) -> int:
    """An id from an address, as a number that the database can hold."""
    return min(max(key, 0), _FURTHEST)


def _asked(person: str, day: date | None, thread: str) -> Select[HistoryEntry, str]:
    asked = (
        select(HistoryEntry, Case.diary_number)
        .outerjoin(Application, Application.public_id == HistoryEntry.thread)
        .outerjoin(Case, Case.id == Application.case_id)
    )
    if person:
        addressed = select(Account.id).where(Account.email.contains(person.lower(), autoescape=True))
        named = [HistoryEntry.who.contains(case, autoescape=True) for case in sorted({person, person.title()})]
        asked = asked.where(or_(*named, HistoryEntry.account_id.in_(addressed)))
    if day is not None:
        asked = asked.where(
            HistoryEntry.at >= clock.start_of(day), HistoryEntry.at < clock.start_of(day + timedelta(days=1))
        )
    if thread:
        bare = thread.replace("-", "").lower()
        asked = asked.where(
            or_(HistoryEntry.thread == thread, HistoryEntry.thread == bare, Case.diary_number == thread)
        )
    return asked


def _row(found: Row[HistoryEntry, str]) -> HistoryRow:
    entry, diary_number = found[0], found[1]
    return HistoryRow(
        entry.id, entry.at, entry.who, entry.event, entry.subject, entry.thread, diary_number, entry.facts
    )
