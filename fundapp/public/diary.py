"""The public list of cases, and the search in it: number, day, subject, parties, and where the case stands.

What a page hides cannot be found either: a case that holds the words is shown only where they are left when names and
what is secret are masked. Drafts and what is not registered have no case; a pending outcome is no state.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_login import current_user
from sqlalchemy import Select, select

from fundapp import clock
from fundapp.accounts.queries import without_conflict
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import PLANNED_ANEW, db
from fundapp.languages import Lazy
from fundapp.public.masking import MASK, People, masked
from fundapp.public.people import people_of
from fundapp.registry.diary import is_hidden
from fundapp.registry.models import Case
from fundapp.search import folded, holds, searchable
from fundapp.workflow import ENDED, OPEN_TO_OFFICIALS, ApplicationStatus

PAGE = 25
MOST_LOOKED_THROUGH = 8  # pages of cases that hold the words, before the list says that there may be more
_WORD = re.compile(r"\w(?:\S*\w)?")


@dataclass(frozen=True)
class Asked:
    """What the list is narrowed to; `after` is the public id of the case that the page follows."""

    q: str = ""
    year: int | None = None
    board: str = ""
    after: str = ""

    def words(self) -> dict[str, str]:
        """As an address writes it."""
        told = {"q": self.q, "year": str(self.year or ""), "board": self.board}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class Entry:
    """A case as everybody may read of it. `parties` is empty where a private person alone is party."""

    diary_number: str
    opened_on: date
    subject: str
    parties: str
    state: Lazy
    board: Board


@dataclass(frozen=True)
class Entries:
    """A page, the newest first; `next` is what the following one comes after."""

    rows: list[Entry]
    next: str | None


def boards() -> list[Board]:
    """The bodies that have cases here."""
    has_case = select(Case.id).where(Case.board_id == Board.id).exists()
    ours = Board.municipality == settings().municipality
    return list(db.session.scalars(select(Board).where(ours, has_case).order_by(Board.position)))


def years() -> list[int]:
    """The years of the diary, the newest first."""
    found = select(Case.year).join(Board).where(Board.municipality == settings().municipality).distinct()
    return list(db.session.scalars(found.order_by(Case.year.desc())))


def asked_of(args: Mapping[str, str], boards: list[Board], years: list[int]) -> tuple[Asked, list[str]]:
    """What an address asks for, and its words that nothing here answers to."""
    typed = {name: args.get(name, "").strip()[:100] for name in ("q", "year", "board")}
    year = next((year for year in years if str(year) == typed["year"]), None)
    board = typed["board"] if typed["board"] in {one.code for one in boards} else ""
    unknown = [typed["year"]] if typed["year"] and year is None else []
    unknown += [typed["board"]] if typed["board"] and not board else []
    return Asked(" ".join(typed["q"].split()), year, board, args.get("after", "")[:12]), unknown


def page(asked: Asked) -> Entries:
    """The cases that are asked for, as many as a page holds."""
    rows: list[Entry] = []
    after = asked.after
    for _round in range(MOST_LOOKED_THROUGH if asked.q else 1):
        found = list(db.session.execute(_query(asked, after), execution_options={PLANNED_ANEW: bool(asked.q)}))
        looked_at, has_more = found[:PAGE], len(found) > PAGE
        people = people_of({row.application_id for row in looked_at})
        for row in looked_at:
            after = row.public_id
            entry = _entry(row, people.get(row.application))
            if _tells_of(entry, asked.q):
                rows.append(entry)
            if len(rows) == PAGE:
                is_last = not has_more and row is looked_at[-1]
                return Entries(rows, None if is_last else after)
        if not has_more:
            return Entries(rows, None)
    return Entries(rows, after)


def _query(asked: Asked, after: str) -> Select[*tuple[Any, ...]]:
    conditions = [Board.municipality == settings().municipality, Application.status.in_(OPEN_TO_OFFICIALS)]
    if current_user.is_authenticated:
        conditions.append(without_conflict(current_user))
    if asked.year is not None:
        conditions.append(Case.year == asked.year)
    if asked.board:
        conditions.append(Board.code == asked.board)
    if asked.q:
        conditions.append(holds(Application.search_text, asked.q))
    if after:
        conditions.append(Case.id < select(Case.id).where(Case.public_id == after).scalar_subquery())
    return (
        select(
            Case.public_id,
            Case.diary_number,
            Case.opened_at,
            Case.subject,
            Board,
            Application.id.label("application_id"),
            Application.public_id.label("application"),
            Application.status,
            Application.applicant_name,
            is_hidden().label("is_hidden"),
        )
        .join(Board, Board.id == Case.board_id)
        .join(Application, Application.case_id == Case.id)
        .where(*conditions)
        .order_by(Case.id.desc())
        .limit(PAGE + 1)
    )


def _entry(row: Any, people: People | None) -> Entry:
    """Masked by the people of this case alone."""
    parties = row.applicant_name or ""
    return Entry(
        row.diary_number,
        clock.local_day(row.opened_at),
        MASK if row.is_hidden else masked(row.subject, (), people, is_own=True),
        MASK if row.is_hidden else masked(parties, (), people, is_own=True),
        _state(row.status),
        row.Board,
    )


def _state(status: ApplicationStatus) -> Lazy:
    """Only what is final is told; before that the case is being assessed, wherever it lies."""
    return (status if status in ENDED else ApplicationStatus.UNDER_ASSESSMENT).label


def _tells_of(entry: Entry, typed: str) -> bool:
    if not typed:
        return True
    shown = searchable(entry.diary_number, entry.subject, entry.parties)
    return all(word in shown for word in _WORD.findall(folded(typed))[:8])
