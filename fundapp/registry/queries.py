"""Cases as an official may see them: one case, one document, the list. Never a draft, never one with a conflict."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, Row, Select, func, literal, select, union_all
from sqlalchemy.orm import aliased

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application, ApplicationKind, Attachment
from fundapp.applications.searched import WrittenText
from fundapp.db import PLANNED_ANEW, db
from fundapp.permissions import Person
from fundapp.registry.choices import Choices
from fundapp.registry.filters import Filters, conditions
from fundapp.registry.models import Case, Document
from fundapp.registry.near import nearest
from fundapp.registry.sorting import Walk, walk_of
from fundapp.search import holds
from fundapp.workflow import ApplicationStatus

PAGE = 25
NEAR, NEAR_WRITTEN = 5_000, 500  # how many of the first a search looks through before it asks the index of words
_Officer = aliased(Account)


def case(public_id: str) -> Application | None:
    """The application behind a case page, where the signed-in official may see it."""
    return db.session.scalar(select(Application).where(Application.public_id == public_id, visible_to(current_user)))


@dataclass(frozen=True)
class FiledDocument:
    """A document with the application whose case it lies in: the right to read is asked of that."""

    document: Document
    application: Application

    @property
    def permission_subject(self) -> Application:
        return self.application


def document(public_id: str) -> FiledDocument | None:
    """A document of a case that the signed-in official may see."""
    row = db.session.execute(
        select(Document, Application)
        .join(Application, Application.case_id == Document.case_id)
        .where(Document.public_id == public_id, visible_to(current_user))
    ).one_or_none()
    return FiledDocument(row[0], row[1]) if row is not None else None


def attachment(application: Application, public_id: str) -> Attachment | None:
    """A file that was sent along and not taken back."""
    return next((a for a in application.attachments if a.public_id == public_id), None)


@dataclass(frozen=True)
class CaseRow:
    """One row of the list; `age` in days since it was sent."""

    public_id: str
    diary_number: str | None
    title: str
    applicant: str
    org_number: str | None
    kind: ApplicationKind
    round_id: int
    sought: int | None
    status: ApplicationStatus
    sent_on: date
    age: int
    officer: str | None
    language: str


@dataclass(frozen=True)
class CasePage:
    """A page of the list; `older` and `newer` are the public ids that the next and the previous page begin beyond.

    `filters` are those that were gone by. `is_in_text`: no name or number held what was typed, so that `text` is on;
    `is_near`: nothing did, and these hold words that are spelled almost so, the nearest first.
    """

    rows: list[CaseRow]
    older: str | None
    newer: str | None
    filters: Filters
    is_in_text: bool = False
    is_near: bool = False


def cases(person: Person, filters: Filters, choices: Choices) -> CasePage:
    """What the person may see of what was asked for, in one statement; a search that finds nothing takes up to three
    more, in what was written and among words that are spelled almost so.
    """
    page = _page(person, filters, choices)
    if page.rows or not (filters.before or filters.after or filters.q):
        return page
    if filters.before or filters.after:
        return cases(person, replace(filters, before="", after=""), choices)
    if not filters.text:
        page = _page(person, replace(filters, text=True), choices)
    if page.rows:
        return replace(page, is_in_text=True)
    keys = nearest(filters.q, _conditions(person, filters, choices), most=PAGE)
    found = {row.id: row for row in db.session.execute(_columns().where(Application.id.in_(keys)))} if keys else {}
    rows = _rows([found[key] for key in keys])
    return CasePage(rows, None, None, filters, is_near=bool(rows))


def _page(person: Person, filters: Filters, choices: Choices) -> CasePage:
    # Each list that is narrowed or sorted has a plan of its own: what is few for one state is many for another.
    asked = _asked_for(person, filters, choices)
    found = list(db.session.execute(asked, execution_options={PLANNED_ANEW: bool(filters.words())}))
    page = found[:PAGE]
    if filters.after:
        page.reverse()
        has_older, has_newer = bool(page), len(found) > PAGE
    else:
        has_older, has_newer = len(found) > PAGE, bool(filters.before)
    rows = _rows(page)
    return CasePage(
        rows,
        older=rows[-1].public_id if rows and has_older else None,
        newer=rows[0].public_id if rows and has_newer else None,
        filters=filters,
    )


def _columns() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Application.id,
            Application.public_id,
            Case.diary_number,
            Application.title,
            Application.applicant_name,
            Application.org_number,
            Application.kind,
            Application.round_id,
            Application.amount_requested,
            Application.status,
            Application.submitted_at,
            _Officer.name.label("officer"),
            Application.text_language.label("language"),
        )
        .outerjoin(Case, Case.id == Application.case_id)
        .outerjoin(_Officer, _Officer.id == Application.officer_id)
    )


def _conditions(person: Person, filters: Filters, choices: Choices) -> list[ColumnElement[bool]]:
    return [visible_to(person), *conditions(person, filters, choices)]


def _asked_for(person: Person, filters: Filters, choices: Choices) -> Select[*tuple[Any, ...]]:
    """The page's rows and one more, in the order they are walked: onwards, or back."""
    asked = _conditions(person, filters, choices)
    walk = walk_of(filters.sort)
    if filters.after:
        asked.append(walk.turned().lies_beyond(walk.edge_at(filters.after, person)))
        walk = walk.turned()
    elif filters.before:
        asked.append(walk.lies_beyond(walk.edge_at(filters.before, person)))
    query = _columns().order_by(*walk.ordered()).limit(_exactly(PAGE + 1))
    if not filters.q:
        return query.where(*asked)
    return query.where(Application.id.in_(_holding(filters, asked, walk)))


def _exactly(number: int) -> ColumnElement[int]:
    """A number that stands in the statement itself: where it is sent apart, PostgreSQL, which plans a statement that
    comes often once for all values, takes a tenth of the table for a page.
    """
    return literal(number, literal_execute=True)


def whole_list(person: Person, filters: Filters, choices: Choices) -> list[ColumnElement[bool]]:
    """What holds of every case of the list, all its pages together."""
    found = _conditions(person, filters, choices)
    if filters.q and filters.text:
        holding = select(WrittenText.application_id).where(holds(WrittenText.words, filters.q))
        return [*found, Application.id.in_(holding)]
    return [*found, holds(Application.search_text, filters.q)] if filters.q else found


def _holding(filters: Filters, asked: list[ColumnElement[bool]], walk: Walk) -> Select[int]:
    """The keys of the first cases that hold the words, a page and one more.

    What many cases hold is met soon on a walk from the first; what few hold is found at once by the index of words.
    Neither way is fit for the other's work, and a database that has to guess guesses wrong. So it walks so far and no
    further. Only where that was not enough, and there is more beyond, the index gives all that hold the words.
    """
    text = WrittenText.words if filters.text else Application.search_text
    reach = NEAR_WRITTEN if filters.text else NEAR
    columns = [column.label(f"by{place}") for place, column in enumerate(walk.columns)]
    every = select(Application.id, *columns).where(*asked)
    if filters.text:
        every = every.join(WrittenText, WrittenText.application_id == Application.id)
    walked = every.add_columns(text.label("text")).order_by(*walk.ordered()).limit(_exactly(reach)).subquery()
    near = select(walked.c.id).where(holds(walked.c.text, filters.q)).limit(_exactly(PAGE + 1)).cte("near")
    edge = every.order_by(*walk.ordered()).offset(_exactly(reach - 1)).limit(_exactly(1)).cte("edge")
    holding = every.where(holds(text, filters.q)).cte("holding").prefix_with("MATERIALIZED", dialect="postgresql")
    names = [column.name for column in columns]
    held = tuple(holding.c[name] for name in names)
    beyond = [select(edge.c[name]).scalar_subquery() for name in names]
    far = (
        select(holding.c.id)
        .where(
            select(func.count()).select_from(near).scalar_subquery() <= PAGE,
            beyond[-1].is_not(None),
            walk.lies_beyond(beyond, held),
        )
        .order_by(*(column.desc() if walk.is_falling else column.asc() for column in held))
        .limit(_exactly(PAGE + 1))
        .subquery()
    )
    found = union_all(select(near.c.id), select(far.c.id)).subquery()
    return select(found.c.id)


def _rows(found: list[Row[Any]]) -> list[CaseRow]:
    today = clock.today()
    return [_row(row, today) for row in found]


def _row(row: Row[Any], today: date) -> CaseRow:
    sent_on = clock.local_day(row.submitted_at)
    return CaseRow(
        public_id=row.public_id,
        diary_number=row.diary_number,
        title=row.title or "",
        applicant=row.applicant_name or "",
        org_number=row.org_number,
        kind=row.kind,
        round_id=row.round_id,
        sought=row.amount_requested,
        status=row.status,
        sent_on=sent_on,
        age=(today - sent_on).days,
        officer=row.officer,
        language=row.language,
    )


def count_of(person: Person, *conditions: ColumnElement[bool]) -> int:
    """How many applications the person may see that meet the conditions."""
    counted = select(func.count()).select_from(Application).where(visible_to(person), *conditions)
    return db.session.scalar(counted) or 0
