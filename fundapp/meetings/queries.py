"""Sittings, their agendas as one reader may see them, and what is ready to be put on one. Sums in whole kronor.

A case in which the reader has a conflict is left out everywhere, counts too; its paragraph stays, with its neutral
heading.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from fundapp import clock
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.assessments.models import Assessment, ObjectiveLink
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.funds.models import Fund, FundState, Round
from fundapp.goals.models import Objective
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.meetings.models import AgendaCase, ItemKind, Meeting, MinuteItem
from fundapp.permissions import Permission, Person, Role, bodies_of, is_allowed
from fundapp.seats.models import Seat
from fundapp.workflow import ApplicationStatus, MeetingStatus, Outcome

_PREPARING = frozenset({Role.SECRETARY, Role.OFFICER, Role.REGISTRAR, Role.AUDITOR})


@dataclass(frozen=True)
class CaseRow:
    """A case as the board meets it. `left_after`: what is left of the frame once this case and those above it have
    what was recorded or else is proposed; None in an approved sitting, whose sums are in the ledger.
    """

    application: Application
    proposed_outcome: Outcome | None
    proposed_amount: int | None
    decision: Decision | None
    objectives: tuple[str, ...]
    left_after: int | None

    @property
    def is_withdrawn(self) -> bool:
        """Whether the applicant took it back while it stood on the agenda."""
        return self.application.status is ApplicationStatus.WITHDRAWN

    @property
    def is_over(self) -> bool:
        return self.left_after is not None and self.left_after < 0


@dataclass
class ItemRow:
    """A paragraph with the cases the reader may see."""

    item: MinuteItem
    cases: list[CaseRow] = field(default_factory=list)


@dataclass(frozen=True)
class Sitting:
    """All of a sitting's page."""

    meeting: Meeting
    items: list[ItemRow]
    ready: list[CaseRow]
    rounds: list[Round]

    @property
    def cases(self) -> list[CaseRow]:
        return [row for item in self.items for row in item.cases]

    @property
    def open_count(self) -> int:
        return sum(1 for row in self.cases if row.decision is None and not row.is_withdrawn)

    @property
    def first_open(self) -> ItemRow | None:
        """The first § that waits for an outcome, or for the agenda to be approved."""
        for row in self.items:
            is_agenda = row.item.kind is ItemKind.AGENDA and not row.item.resolution
            if is_agenda or any(case.decision is None and not case.is_withdrawn for case in row.cases):
                return row
        return None


@dataclass(frozen=True)
class MeetingRow:
    """A line of the list of sittings; `cases` counts what the reader may see."""

    meeting: Meeting
    items: int
    cases: int


def deciding_boards() -> list[Board]:
    """The municipality's deciding bodies, those that decide on a fund first."""
    decides = select(Fund.id).where(Fund.board_id == Board.id, Fund.state == FundState.OPEN).exists()
    return list(
        db.session.scalars(
            select(Board)
            .where(Board.municipality == settings().municipality, Board.is_deciding)
            .order_by(decides.desc(), Board.position)
        )
    )


def meeting(public_id: str) -> Meeting | None:
    """A sitting of this municipality, for who may read sittings at all."""
    if not is_allowed(current_user, Permission.READ_MEETING):
        return None
    return db.session.scalar(_meetings().where(Meeting.public_id == public_id))


def _meetings() -> Select[Meeting]:
    ours = Board.municipality == settings().municipality
    return select(Meeting).join(Meeting.board).where(ours, known_to(current_user))


def known_to(person: Person) -> ColumnElement[bool]:
    """Sittings the person may know of: an official those of the bodies that the role is for, none where it is for a
    fund alone; a member those of the bodies where the member has a seat, today or on the sitting's day, and not before
    the notice of a planned one is published.
    """
    prepared = bodies_of(person, _PREPARING)
    if prepared is None:
        return true()
    today = clock.today()
    has_seat = (
        exists()
        .where(
            Seat.board_id == Meeting.board_id,
            Seat.account_id == person.id,
            or_(
                and_(Seat.begins_on <= today, Seat.ends_on >= today),
                and_(Seat.begins_on <= Meeting.held_on, Seat.ends_on >= Meeting.held_on),
            ),
        )
        .correlate(Meeting)
    )
    is_published = exists().where(NoticeOfMeeting.meeting_id == Meeting.id).correlate(Meeting)
    as_member = and_(has_seat, or_(Meeting.status != MeetingStatus.PLANNED, is_published))
    return or_(Meeting.board_id.in_(prepared), as_member) if prepared else as_member


def meetings() -> tuple[list[MeetingRow], list[MeetingRow]]:
    """Sittings still to be approved (the nearest first), and approved ones (the latest first)."""
    items = _counted(select(MinuteItem.meeting_id, func.count()).group_by(MinuteItem.meeting_id))
    cases = _counted(
        select(MinuteItem.meeting_id, func.count())
        .join(AgendaCase)
        .join(Application)
        .where(visible_to(current_user))
        .group_by(MinuteItem.meeting_id)
    )
    rows = [
        MeetingRow(one, items.get(one.id, 0), cases.get(one.id, 0))
        for one in db.session.scalars(_meetings().order_by(Meeting.held_on, Meeting.id))
    ]
    coming = [row for row in rows if row.meeting.status is not MeetingStatus.APPROVED]
    return coming, [row for row in reversed(rows) if row.meeting.status is MeetingStatus.APPROVED]


def _counted(query: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in db.session.execute(query)}


def sitting(meeting_: Meeting) -> Sitting:
    """The agenda with its cases, the cases that are ready for it, and the rounds that they draw from."""
    items = {
        item.id: ItemRow(item)
        for item in db.session.scalars(
            select(MinuteItem).where(MinuteItem.meeting_id == meeting_.id).order_by(MinuteItem.position)
        )
    }
    on_agenda = db.session.execute(
        _cases(MinuteItem.id, Decision)
        .join(AgendaCase, AgendaCase.application_id == Application.id)
        .join(MinuteItem)
        .outerjoin(Decision, and_(Decision.minute_item_id == MinuteItem.id, Decision.application_id == Application.id))
        .options(selectinload(Decision.disqualified))
        .where(MinuteItem.meeting_id == meeting_.id)
        .order_by(MinuteItem.position, AgendaCase.id)
    ).all()
    ready = [] if meeting_.status is MeetingStatus.APPROVED else _ready(meeting_)
    objectives = _objectives_of([row[0].id for row in (*on_agenda, *ready)])
    rounds = {row[0].round_id: row[0].round for row in (*on_agenda, *ready)}
    left = None
    if meeting_.status is not MeetingStatus.APPROVED:
        left = _left_before(rounds.values(), (row[4] for row in on_agenda if row[4] is not None))
    for application, outcome, amount, item_id, decision in on_agenda:
        items[item_id].cases.append(_row(application, outcome, amount, decision, objectives, left))
    waiting = [_row(application, outcome, amount, None, objectives, left) for application, outcome, amount in ready]
    return Sitting(meeting_, list(items.values()), waiting, sorted(rounds.values(), key=lambda one: one.id))


def _cases(*more: Any) -> Select[*tuple[Any, ...]]:
    """Cases the reader may see, each with the officer's proposal."""
    return (
        select(Application, Assessment.proposed_outcome, Assessment.proposed_amount, *more)
        .outerjoin(Assessment, Assessment.application_id == Application.id)
        .options(
            joinedload(Application.case),
            # Without the fund's terms, which are long and would come once with each case.
            joinedload(Application.round).joinedload(Round.fund).load_only(Fund.name, Fund.kind),
        )
        .where(visible_to(current_user))
    )


def _ready(meeting_: Meeting) -> list[tuple[Application, Outcome | None, int | None]]:
    """Assessed cases that the sitting's body decides, the oldest first."""
    found = db.session.execute(
        _cases()
        .join(Round, Round.id == Application.round_id)
        .join(Fund, Fund.id == Round.fund_id)
        .where(Application.status == ApplicationStatus.ASSESSED, Fund.board_id == meeting_.board_id)
        .order_by(Application.submitted_at, Application.id)
    )
    return [tuple(row) for row in found]


def _objectives_of(keys: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The codes of the plan's objectives that each application is linked to."""
    found: dict[int, tuple[str, ...]] = {}
    links = db.session.execute(
        select(ObjectiveLink.application_id, Objective.code)
        .join(Objective)
        .where(ObjectiveLink.application_id.in_(list(keys)))
        .order_by(Objective.code)
    )
    for key, code in links:
        found[key] = (*found.get(key, ()), code)
    return found


def _left_before(rounds: Iterable[Round], decisions: Iterable[Decision]) -> dict[int, int]:
    """What each round has left if nothing of this sitting were reserved."""
    left = {one.id: one.left for one in rounds}
    for decision in decisions:
        left[decision.application.round_id] += decision.amount or 0
    return left


def _row(
    application: Application,
    outcome: Outcome | None,
    amount: int | None,
    decision: Decision | None,
    objectives: dict[int, tuple[str, ...]],
    left: dict[int, int] | None,
) -> CaseRow:
    is_withdrawn = application.status is ApplicationStatus.WITHDRAWN
    proposed = amount if outcome is not None and outcome.gives_money and not is_withdrawn else None
    if left is not None:
        left[application.round_id] -= (decision.amount if decision is not None else proposed) or 0
    return CaseRow(
        application,
        outcome,
        proposed,
        decision,
        objectives.get(application.id, ()),
        left[application.round_id] if left is not None else None,
    )


def item_of(meeting_: Meeting, public_id: str) -> MinuteItem | None:
    return db.session.scalar(
        select(MinuteItem).where(MinuteItem.meeting_id == meeting_.id, MinuteItem.public_id == public_id)
    )


def cases_named(public_ids: Iterable[str]) -> list[Application]:
    """The cases with these public ids that the reader may see, the oldest first."""
    return list(
        db.session.scalars(
            select(Application)
            .where(Application.public_id.in_(list(public_ids)), visible_to(current_user))
            .order_by(Application.submitted_at, Application.id)
        )
    )
