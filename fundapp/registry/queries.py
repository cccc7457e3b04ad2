"""Cases as an official may see them: one case, one document, the list. Never a draft, never one with a conflict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application, ApplicationKind, Attachment
from fundapp.assessments.models import CompletionRequest
from fundapp.db import db
from fundapp.funds.models import Fund, Round
from fundapp.languages import _d
from fundapp.permissions import Person
from fundapp.registry import rules
from fundapp.registry.models import Case, Document
from fundapp.workflow import OPEN_TO_OFFICIALS, ApplicationStatus

PAGE = 50
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
class Filters:
    """What the list is narrowed to; each is in the address under its own name."""

    state: ApplicationStatus | None = None
    fund: str = ""
    mine: bool = False
    late: bool = False
    q: str = ""
    before: str = ""
    after: str = ""

    def words(self) -> dict[str, str]:
        """The filters that are on, as the address writes them."""
        return {
            name: value
            for name, value in (
                ("state", self.state.value if self.state else ""),
                ("fund", self.fund),
                ("mine", "1" if self.mine else ""),
                ("late", "1" if self.late else ""),
                ("q", self.q),
            )
            if value
        }


def removable(filters: Filters) -> list[tuple[str, dict[str, str]]]:
    """Each filter that is on, as a word, and the address's arguments without it."""
    words = filters.words()
    labels = {
        "state": str(rules.desk_words(filters.state)) if filters.state else "",
        "fund": dict(fund_names()).get(filters.fund, filters.fund) if filters.fund else "",
        "mine": _d("Mine only"),
        "late": _d("Late completions"),
        "q": f"“{filters.q}”",
    }
    return [(labels[name], {other: words[other] for other in words if other != name}) for name in words]


def filters_of(args: Mapping[str, str]) -> Filters:
    """Filters from an address. What is not known is left out: an old link still shows a list."""
    states = {status.value: status for status in OPEN_TO_OFFICIALS}
    return Filters(
        state=states.get(args.get("state", "")),
        fund=args.get("fund", "")[:60],
        mine=args.get("mine") == "1",
        late=args.get("late") == "1",
        q=" ".join(args.get("q", "").split())[:100],
        before=args.get("before", "")[:12],
        after=args.get("after", "")[:12],
    )


def is_late(today: date) -> ColumnElement[bool]:
    """Whether a completion was due before today and has not come."""
    return and_(
        Application.status == ApplicationStatus.COMPLETION_REQUESTED,
        exists().where(
            CompletionRequest.application_id == Application.id,
            CompletionRequest.ended_at.is_(None),
            CompletionRequest.due_on < today,
        ),
    )


@dataclass(frozen=True)
class CaseRow:
    """One row of the list; `age` in days since it was sent."""

    public_id: str
    diary_number: str | None
    title: str
    applicant: str
    kind: ApplicationKind
    sought: int | None
    status: ApplicationStatus
    age: int
    officer: str | None
    language: str


@dataclass(frozen=True)
class CasePage:
    """A page of the list, newest first; `older` and `newer` are the public ids that the next pages begin beyond."""

    rows: list[CaseRow]
    older: str | None
    newer: str | None


def cases(person: Person, filters: Filters) -> CasePage:
    """What the person may see of what was asked for, in one statement."""
    query = _columns().where(visible_to(person), *_conditions(person, filters))
    if filters.after:
        found = _beyond(query, filters.after, is_newer=True)
        page = found[:PAGE][::-1]
        has_older, has_newer = bool(page), len(found) > PAGE
    else:
        found = _beyond(query, filters.before, is_newer=False) if filters.before else _newest(query)
        page = found[:PAGE]
        has_older, has_newer = len(found) > PAGE, bool(filters.before)
    rows = [_row(row, clock.now()) for row in page]
    return CasePage(
        rows,
        older=rows[-1].public_id if rows and has_older else None,
        newer=rows[0].public_id if rows and has_newer else None,
    )


def _columns() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Application.public_id,
            Case.diary_number,
            Application.title,
            Application.applicant_name,
            Application.kind,
            Application.amount_requested,
            Application.status,
            Application.submitted_at,
            _Officer.name.label("officer"),
            Application.language,
        )
        .outerjoin(Case, Case.id == Application.case_id)
        .outerjoin(_Officer, _Officer.id == Application.officer_id)
        .join(Round, Round.id == Application.round_id)
        .join(Fund, Fund.id == Round.fund_id)
    )


def _conditions(person: Person, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state:
        conditions.append(Application.status == filters.state)
    if filters.fund:
        conditions.append(Fund.code == filters.fund)
    if filters.mine:
        conditions.append(Application.officer_id == person.id)
    if filters.late:
        conditions.append(is_late(clock.today()))
    if filters.q:
        conditions.append(_holds(filters.q))
    return conditions


def _holds(words: str) -> ColumnElement[bool]:
    """Whether subject, applicant or diary number holds the words. SQLite folds only A–Z, hence the spellings."""
    spellings = {words, words.lower(), words.upper(), words.capitalize(), words.title()}
    columns = (Application.title, Application.applicant_name, Case.diary_number, Case.subject)
    return or_(*(column.icontains(spelling, autoescape=True) for column in columns for spelling in spellings))


def _newest(query: Select[*tuple[Any, ...]]) -> list[Row[Any]]:
    return list(db.session.execute(query.order_by(Application.id.desc()).limit(PAGE + 1)))


def _beyond(query: Select[*tuple[Any, ...]], public_id: str, *, is_newer: bool) -> list[Row[Any]]:
    edge = aliased(Application)
    key = select(edge.id).where(edge.public_id == public_id).scalar_subquery()
    if is_newer:
        query = query.where(Application.id > key).order_by(Application.id)
    else:
        query = query.where(Application.id < key).order_by(Application.id.desc())
    return list(db.session.execute(query.limit(PAGE + 1)))


def _row(row: Row[Any], now: datetime) -> CaseRow:
    return CaseRow(
        public_id=row.public_id,
        diary_number=row.diary_number,
        title=row.title or "",
        applicant=row.applicant_name or "",
        kind=row.kind,
        sought=row.amount_requested,
        status=row.status,
        age=(clock.local_day(now) - clock.local_day(row.submitted_at)).days,
        officer=row.officer,
        language=row.language,
    )


def states() -> list[ApplicationStatus]:
    """The states the list can be narrowed to, in the order of the journey."""
    return [status for status in ApplicationStatus if status in OPEN_TO_OFFICIALS]


def fund_names() -> list[tuple[str, str]]:
    """Code and name of everything that can be applied for."""
    return [(code, name) for code, name in db.session.execute(select(Fund.code, Fund.name).order_by(Fund.id))]


def other_applications(application: Application, person: Person) -> list[CaseRow]:
    """The applicant's other applications that the person may see, by organisation or by org.nr, newest first."""
    same: list[ColumnElement[bool]] = []
    if application.organisation_id is not None:
        same.append(Application.organisation_id == application.organisation_id)
    if application.org_number:
        same.append(Application.org_number == application.org_number)
    if not same:
        return []
    query = _columns().where(visible_to(person), or_(*same), Application.id != application.id)
    return [_row(row, clock.now()) for row in db.session.execute(query.order_by(Application.id.desc()).limit(20))]


def count_of(person: Person, *conditions: ColumnElement[bool]) -> int:
    """How many applications the person may see that meet the conditions."""
    counted = select(func.count()).select_from(Application).where(visible_to(person), *conditions)
    return db.session.scalar(counted) or 0
