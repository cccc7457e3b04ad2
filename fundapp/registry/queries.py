"""Cases as an official may see them: one case, one document, the list. Never a draft, never one with a conflict."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application, ApplicationKind, Attachment
from fundapp.assessments.models import CompletionRequest
from fundapp.db import PLANNED_ANEW, db
from fundapp.decisions.models import Decision, DecisionTranslation
from fundapp.funds.models import Fund, Round
from fundapp.languages import _d
from fundapp.messages.queries import has_unread
from fundapp.permissions import Person
from fundapp.registry import rules
from fundapp.registry.models import Case, Document
from fundapp.search import holds
from fundapp.workflow import OPEN_TO_OFFICIALS, ApplicationStatus

PAGE = 25
NEAR = 5_000  # how many of the newest a search looks through before it asks the index of words
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
    unread: bool = False
    translate: bool = False
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
                ("unread", "1" if self.unread else ""),
                ("translate", "1" if self.translate else ""),
                ("q", self.q),
            )
            if value
        }


@dataclass(frozen=True)
class FundChoice:
    """What can be applied for, with the keys of its rounds: an application knows its round."""

    code: str
    name: str
    rounds: list[int]


def funds() -> list[FundChoice]:
    """Everything that can be applied for."""
    found: dict[str, FundChoice] = {}
    rows = db.session.execute(
        select(Fund.code, Fund.name, Round.id).outerjoin(Round, Round.fund_id == Fund.id).order_by(Fund.id)
    )
    for code, name, round_id in rows:
        fund = found.setdefault(code, FundChoice(code, name, []))
        if round_id is not None:
            fund.rounds.append(round_id)
    return list(found.values())


def removable(filters: Filters, funds: list[FundChoice]) -> list[tuple[str, dict[str, str]]]:
    """Each filter that is on, as a word, and the address's arguments without it."""
    words = filters.words()
    labels = {
        "state": str(rules.desk_words(filters.state)) if filters.state else "",
        "fund": next((fund.name for fund in funds if fund.code == filters.fund), filters.fund),
        "mine": _d("Mine only"),
        "late": _d("Late completions"),
        "unread": _d("Messages to read"),
        "translate": _d("Decisions to translate"),
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
        unread=args.get("unread") == "1",
        translate=args.get("translate") == "1",
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


def waits_for_translation() -> ColumnElement[bool]:
    """Whether the applicant has asked for the decision in another language and nobody has translated it yet."""
    asked = DecisionTranslation.decision_id == Decision.id
    return exists().where(asked, Decision.application_id == Application.id, DecisionTranslation.made_at.is_(None))


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


def cases(person: Person, filters: Filters, funds: list[FundChoice]) -> CasePage:
    """What the person may see of what was asked for, in one statement."""
    found = list(
        db.session.execute(_asked_for(person, filters, funds), execution_options={PLANNED_ANEW: bool(filters.q)})
    )
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
            Application.text_language.label("language"),
        )
        .outerjoin(Case, Case.id == Application.case_id)
        .outerjoin(_Officer, _Officer.id == Application.officer_id)
    )


def _asked_for(person: Person, filters: Filters, funds: list[FundChoice]) -> Select[*tuple[Any, ...]]:
    """The page's rows and one more, in the order they are walked: towards the older, or the newer."""
    conditions = [visible_to(person), *_conditions(person, filters, funds)]
    order: ColumnElement[int] = Application.id.desc()
    if filters.after:
        conditions.append(Application.id > _key_of(filters.after))
        order = Application.id.asc()
    elif filters.before:
        conditions.append(Application.id < _key_of(filters.before))
    query = _columns().order_by(order).limit(_exactly(PAGE + 1))
    if not filters.q:
        return query.where(*conditions)
    return query.where(Application.id.in_(_holding(filters.q, conditions, order, is_newer=bool(filters.after))))


def _exactly(number: int) -> ColumnElement[int]:
    """A number that stands in the statement itself: where it is sent apart, PostgreSQL, which plans a statement that
    comes often once for all values, takes a tenth of the table for a page.
    """
    return literal(number, literal_execute=True)


def _key_of(public_id: str) -> ColumnElement[int]:
    edge = aliased(Application)
    return select(edge.id).where(edge.public_id == public_id).scalar_subquery()


def _conditions(person: Person, filters: Filters, funds: list[FundChoice]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state:
        conditions.append(Application.status == filters.state)
    if filters.fund:
        rounds = next((fund.rounds for fund in funds if fund.code == filters.fund), [])
        conditions.append(Application.round_id.in_(rounds))
    if filters.mine:
        conditions.append(Application.officer_id == person.id)
    if filters.late:
        conditions.append(is_late(clock.today()))
    if filters.translate:
        conditions.append(waits_for_translation())
    if filters.unread:
        conditions.append(has_unread(for_applicant=False))
    return conditions


def whole_list(person: Person, filters: Filters) -> list[ColumnElement[bool]]:
    """What holds of every case of the list, all its pages together."""
    conditions = [visible_to(person), *_conditions(person, filters, funds())]
    return [*conditions, holds(Application.search_text, filters.q)] if filters.q else conditions


def _holding(
    words: str, conditions: list[ColumnElement[bool]], order: ColumnElement[int], *, is_newer: bool
) -> Select[int]:
    """The keys of the first cases that hold the words, a page and one more.

    What many cases hold is met soon on a walk from the newest; what few hold is found at once by the index of words.
    Neither way is fit for the other's work, and a database that has to guess guesses wrong. So it walks so far and no
    further. Only where that was not enough, and there is more beyond, the index gives all that hold the words.
    """
    walked = select(Application.id, Application.search_text).where(*conditions).order_by(order)
    walk = walked.limit(_exactly(NEAR)).subquery()
    near = select(walk.c.id).where(holds(walk.c.search_text, words)).limit(_exactly(PAGE + 1)).cte("near")
    edge = select(Application.id).where(*conditions).order_by(order).offset(_exactly(NEAR - 1)).limit(_exactly(1))
    beyond = select(edge.cte("edge").c.id).scalar_subquery()
    holding = (
        select(Application.id)
        .where(*conditions, holds(Application.search_text, words))
        .cte("holding")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    held = holding.c.id
    far = (
        select(held)
        .where(
            select(func.count()).select_from(near).scalar_subquery() <= PAGE,
            beyond.is_not(None),
            held > beyond if is_newer else held < beyond,
        )
        .order_by(held if is_newer else held.desc())
        .limit(_exactly(PAGE + 1))
        .subquery()
    )
    found = union_all(select(near.c.id), select(far.c.id)).subquery()
    return select(found.c.id)


def _rows(found: list[Row[Any]]) -> list[CaseRow]:
    today = clock.today()
    return [_row(row, today) for row in found]


def _row(row: Row[Any], today: date) -> CaseRow:
    return CaseRow(
        public_id=row.public_id,
        diary_number=row.diary_number,
        title=row.title or "",
        applicant=row.applicant_name or "",
        kind=row.kind,
        sought=row.amount_requested,
        status=row.status,
        age=(today - clock.local_day(row.submitted_at)).days,
        officer=row.officer,
        language=row.language,
    )


def states() -> list[ApplicationStatus]:
    """The states the list can be narrowed to, in the order of the journey."""
    return [status for status in ApplicationStatus if status in OPEN_TO_OFFICIALS]


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
    return _rows(list(db.session.execute(query.order_by(Application.id.desc()).limit(20))))


def count_of(person: Person, *conditions: ColumnElement[bool]) -> int:
    """How many applications the person may see that meet the conditions."""
    counted = select(func.count()).select_from(Application).where(visible_to(person), *conditions)
    return db.session.scalar(counted) or 0
