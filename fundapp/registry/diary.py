"""Extracts of the diary: documents by day and body, as an official reads them or as they may be handed out.

Source of what an entry tells: OSL 2009:400 5:2. Cases in which the reader has a conflict are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_login import current_user
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.paging import Beyond, page_of
from fundapp.public.masking import MASK, People, masked
from fundapp.public.people import people_of
from fundapp.registry.models import Case, Direction, Document, SecrecyMark

PAGE = 50
_Opening = aliased(Document)


@dataclass(frozen=True)
class Asked:
    """What an extract is of: local days, both included; a body's code or "" for all; as handed out, or as read here."""

    begins: date
    ends: date
    board: str = ""
    is_masked: bool = False

    def words(self) -> dict[str, str]:
        """As an address writes it."""
        told = {"from": self.begins.isoformat(), "to": self.ends.isoformat(), "board": self.board}
        return {name: value for name, value in told.items() if value} | ({"masked": "1"} if self.is_masked else {})


@dataclass(frozen=True)
class Entry:
    """One document. `paragraph` is that of a secrecy mark that stands, "" where none does."""

    public_id: str
    application: str
    diary_number: str
    number: int
    dated: date
    direction: Direction
    counterpart: str
    subject: str
    case_subject: str
    paragraph: str
    is_here: bool


@dataclass(frozen=True)
class Entries:
    """A page of an extract, as `paging.Page`."""

    rows: list[Entry]
    next: str | None
    previous: str | None


def boards() -> list[Board]:
    """The bodies that have a diary here."""
    has_case = select(Case.id).where(Case.board_id == Board.id).exists()
    ours = Board.municipality == settings().municipality
    return list(db.session.scalars(select(Board).where(ours, has_case | Board.is_deciding).order_by(Board.position)))


def page(asked: Asked, beyond: Beyond) -> Entries:
    """A page of the extract, by day."""
    found = page_of(_query(asked), (Document.dated, Document.id), beyond, Document.public_id, size=PAGE)
    return Entries(_entries(asked, found.rows), found.next, found.previous)


def whole(asked: Asked, most: int) -> list[Entry] | None:
    """All of the extract, by day; None where it has more than `most` documents."""
    ordered = _query(asked).order_by(Document.dated, Document.id)
    rows = list(db.session.execute(ordered.limit(most + 1)))
    return _entries(asked, rows) if len(rows) <= most else None


def _query(asked: Asked) -> Select[*tuple[Any, ...]]:
    marks = (SecrecyMark.document_id == Document.id, SecrecyMark.lifted_at.is_(None))
    conditions = [Document.dated >= asked.begins, Document.dated <= asked.ends, visible_to(current_user)]
    if asked.board:
        conditions.append(Board.code == asked.board)
    return (
        select(
            Document.public_id,
            Document.number,
            Document.dated,
            Document.direction,
            Document.counterpart,
            Document.subject,
            (Document.paper_id.is_not(None) | Document.file_id.is_not(None)).label("is_here"),
            Case.diary_number,
            Case.subject.label("case_subject"),
            Application.public_id.label("application"),
            Application.id.label("application_id"),
            select(SecrecyMark.paragraph).where(*marks).scalar_subquery().label("paragraph"),
            is_hidden().label("is_hidden"),
        )
        .join(Case, Case.id == Document.case_id)
        .join(Board, Board.id == Case.board_id)
        .join(Application, Application.case_id == Case.id)
        .where(Board.municipality == settings().municipality, *conditions)
    )


def is_hidden(case_id: Any = Case.id) -> Any:
    """Whether a case's subject and parties are hidden from outside, by a mark on one of its documents. `case_id`: the
    column of the query that names the case.
    """
    return (
        select(SecrecyMark.id)
        .join(_Opening, _Opening.id == SecrecyMark.document_id)
        .where(_Opening.case_id == case_id, SecrecyMark.hides_case, SecrecyMark.lifted_at.is_(None))
        .correlate(case_id.class_)
        .exists()
    )


def _entries(asked: Asked, rows: Sequence[Any]) -> list[Entry]:
    entries = [
        Entry(
            row.public_id,
            row.application,
            row.diary_number,
            row.number,
            row.dated,
            row.direction,
            row.counterpart,
            row.subject,
            row.case_subject,
            row.paragraph or "",
            row.is_here,
        )
        for row in rows
    ]
    if not asked.is_masked:
        return entries
    people = people_of({row.application_id for row in rows})
    return [
        _as_handed_out(entry, people.get(entry.application, People()), is_hidden=row.is_hidden)
        for entry, row in zip(entries, rows, strict=True)
    ]


def _as_handed_out(entry: Entry, people: People, *, is_hidden: bool) -> Entry:
    is_secret = is_hidden or bool(entry.paragraph)
    return replace(
        entry,
        counterpart=MASK if is_secret and entry.counterpart else masked(entry.counterpart, (), people, is_own=True),
        subject=MASK if entry.paragraph else masked(entry.subject, (), people),
        case_subject=MASK if is_hidden else masked(entry.case_subject, (), people, is_own=True),
        paragraph="",
    )
