"""What the list of cases can be narrowed to, put on and saved as, brought in one journey to the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from fundapp import clock, languages
from fundapp.accounts.models import Account, RoleGiven
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.funds.models import Fund, FundState, Round
from fundapp.goals.models import GoalArea, Plan
from fundapp.meetings.models import Meeting
from fundapp.nested import nested
from fundapp.permissions import Permission, Person, Role, is_allowed
from fundapp.registry.listed import SavedView
from fundapp.search import sort_key
from fundapp.workflow import OPEN_TO_OFFICIALS, ApplicationStatus, MeetingStatus

MOST_VIEWS, MOST_MEETINGS = 100, 20


@dataclass(frozen=True)
class FundChoice:
    """What can be applied for, with the keys of its rounds: an application knows its round."""

    code: str
    name: str
    board: str
    board_name: str
    rounds: list[int]


@dataclass(frozen=True)
class Choices:
    """Named tuples: `officers` (public_id, name) of who may have cases now, `areas` (number, name), `views`
    (public_id, name, query, is_shared, is_own, owner), `meetings` (public_id, held_on, board) that take cases.
    """

    funds: list[FundChoice]
    officers: list[Any]
    areas: list[Any]
    years: list[int]
    views: list[Any]
    meetings: list[Any]
    has_flags: bool

    @property
    def boards(self) -> dict[str, str]:
        """The bodies that decide on a fund: code and name."""
        return {fund.board: fund.board_name for fund in self.funds}

    @property
    def fund_of(self) -> dict[int, FundChoice]:
        """Each fund by the keys of its rounds."""
        return {round_id: fund for fund in self.funds for round_id in fund.rounds}


def find(person: Person) -> Choices:
    """Everything the list offers this person."""
    is_preparing = is_allowed(person, Permission.PREPARE_MEETING)
    row = db.session.execute(
        select(
            nested(_funds()).label("funds"),
            nested(_officers()).label("officers"),
            nested(_areas()).label("areas"),
            nested(_views(person)).label("views"),
            select(func.min(Round.opens_at)).scalar_subquery().label("since"),
            *((nested(_meetings()).label("meetings"),) if is_preparing else ()),
        )
    ).one()
    return Choices(
        funds=_together(row.funds),
        officers=sorted(row.officers, key=lambda officer: sort_key(officer.name)),
        areas=row.areas,
        years=_years(row.since),
        views=row.views,
        meetings=row.meetings if is_preparing else [],
        has_flags=is_allowed(person, Permission.RAISE_FLAG),
    )


def _funds() -> Select[*tuple[Any, ...]]:
    columns = (Fund.code, Fund.name, Board.code.label("board"), Board.name.label("board_name"))
    joined = select(*columns, Round.id.label("round_id")).join(Board, Board.id == Fund.board_id)
    joined = joined.where(Fund.state == FundState.OPEN)
    return joined.outerjoin(Round, Round.fund_id == Fund.id).order_by(Fund.id, Round.id)


def _together(rows: list[Any]) -> list[FundChoice]:
    found: dict[str, FundChoice] = {}
    for row in rows:
        fund = found.setdefault(row.code, FundChoice(row.code, row.name, row.board, row.board_name, []))
        if row.round_id is not None:
            fund.rounds.append(row.round_id)
    return list(found.values())


def _officers() -> Select[*tuple[Any, ...]]:
    name = func.coalesce(func.nullif(Account.name, ""), Account.email).label("name")
    return select(Account.public_id, name).where(works_as_officer()).order_by(Account.id)


def works_as_officer() -> ColumnElement[bool]:
    """Whether the Account of the query may have cases today."""
    today = clock.today()
    role = exists().where(
        RoleGiven.account_id == Account.id,
        RoleGiven.role == Role.OFFICER,
        or_(RoleGiven.begins_on.is_(None), RoleGiven.begins_on <= today),
        or_(RoleGiven.ends_on.is_(None), RoleGiven.ends_on >= today),
    )
    return and_(Account.is_active, role.correlate(Account))


def _areas() -> Select[*tuple[Any, ...]]:
    ours = Plan.code == settings().municipality
    return select(GoalArea.number, GoalArea.name).join(Plan).where(ours).order_by(GoalArea.number)


def _views(person: Person) -> Select[*tuple[Any, ...]]:
    """The person's own, and what colleagues who are still here share with all officials."""
    is_own = SavedView.account_id == person.id
    columns = (SavedView.public_id, SavedView.name, SavedView.query, SavedView.is_shared, is_own.label("is_own"))
    shown = or_(is_own, SavedView.is_shared) if _is_official(person) else is_own
    return (
        select(*columns, Account.name.label("owner"))
        .join(Account, Account.id == SavedView.account_id)
        .where(Account.is_active, shown)
        .order_by(is_own.desc(), SavedView.name_key, SavedView.id)
        .limit(MOST_VIEWS)
    )


def _is_official(person: Person) -> bool:
    return bool(person.roles - {Role.MEMBER, Role.APPLICANT})


def _meetings() -> Select[*tuple[Any, ...]]:
    takes = Meeting.status.in_((MeetingStatus.PLANNED, MeetingStatus.OPENED))
    found = select(Meeting.public_id, Meeting.held_on, Board.name.label("board")).join(Board)
    return found.where(takes).order_by(Meeting.held_on, Meeting.id).limit(MOST_MEETINGS)


def _years(since: datetime | None) -> list[int]:
    this_year = clock.today().year
    first = clock.local_day(since).year if since is not None else this_year
    return list(range(this_year, min(first, this_year) - 1, -1))


def officer(public_id: str) -> str | None:
    """The name of somebody who has, or had, a case, though the list does not offer the person (any more)."""
    has_case = exists().where(Application.officer_id == Account.id)
    return db.session.scalar(select(Account.name).where(Account.public_id == public_id, has_case))


def states() -> list[ApplicationStatus]:
    """The states the list can be narrowed to, in the order of the journey."""
    return [status for status in ApplicationStatus if status in OPEN_TO_OFFICIALS]


def text_languages() -> dict[str, str]:
    """Languages that answers may be written in, each in its own name."""
    return {code: language.own_name for code, language in languages.LANGUAGES.items()}
