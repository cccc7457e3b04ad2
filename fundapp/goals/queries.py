"""The plan as the database holds it: the file's texts with the boards' answers of today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, String, Subquery, and_, case, cast, extract, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from fundapp import clock
from fundapp.applications.models import Application, ApplicationArea, ApplicationKind
from fundapp.assessments.models import ObjectiveLink
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.goals.models import AreaBoard, GoalArea, Objective, ObjectiveBoard, Plan, PlanAction
from fundapp.goals.rules import (
    ActionText,
    ApplicationFacts,
    AreaText,
    Facts,
    Marks,
    Numbers,
    ObjectiveText,
    PlanText,
    ProjectFacts,
    UnknownPlan,
    as_json,
)
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.paging import Beyond, Page, page_of
from fundapp.projects.models import Project, ProjectObjective
from fundapp.public.people import without_names
from fundapp.registry.diary import is_hidden
from fundapp.reports.models import Report
from fundapp.workflow import ApplicationStatus, ProjectStatus, ReportStatus


def plan_with_code(session: Session, code: str) -> Plan:
    """The plan with everything that hangs on it, in seven statements. Errors: UnknownPlan when it is not loaded."""
    plan = session.scalars(
        select(Plan)
        .where(Plan.code == code)
        .options(
            selectinload(Plan.goals),
            selectinload(Plan.actions).joinedload(PlanAction.board),
            selectinload(Plan.areas).options(
                selectinload(GoalArea.board_answers).joinedload(AreaBoard.board),
                selectinload(GoalArea.objectives)
                .selectinload(Objective.board_answers)
                .options(joinedload(ObjectiveBoard.board)),
            ),
        )
    ).one_or_none()
    if plan is None:
        raise UnknownPlan(f"the plan {code!r} is not loaded")
    return plan


def plan_text(session: Session, code: str) -> PlanText:
    """The loaded plan in the shape of its file. Errors: UnknownPlan."""
    plan = plan_with_code(session, code)
    return PlanText(
        code=plan.code,
        municipality=plan.municipality,
        title=plan.title,
        adopted=plan.adopted,
        valid=plan.valid,
        notes=plan.notes,
        goals=tuple(goal.text for goal in plan.goals),
        areas=tuple(_area_text(area) for area in plan.areas),
        actions=tuple(_action_text(action) for action in plan.actions),
    )


def plan_as_json(session: Session, code: str) -> dict[str, Any]:
    """The loaded plan in the shape that others read. Errors: UnknownPlan."""
    return as_json(plan_text(session, code))


def _area_text(area: GoalArea) -> AreaText:
    return AreaText(
        number=area.number,
        name=area.name,
        text=area.text,
        notes=area.notes,
        boards=_marks(area.board_answers),
        objectives=tuple(
            ObjectiveText(objective.code, objective.text, objective.note, _marks(objective.board_answers))
            for objective in area.objectives
        ),
    )


def _action_text(action: PlanAction) -> ActionText:
    board = action.board.code if action.board else None
    return ActionText(action.text, action.due_text, action.due_before, action.is_interpreted, board)


def _marks(answers: Sequence[AreaBoard | ObjectiveBoard]) -> Marks:
    """In the order of the plan's columns."""
    return {row.board.code: row.answer for row in sorted(answers, key=lambda row: row.board.position)}


# --- follow-up --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ObjectiveRow:
    """An objective with its numbers; `marks` by the board's code, None for not decided."""

    objective: Objective
    numbers: Numbers
    marks: Marks
    is_worked_on: bool


@dataclass(frozen=True)
class AreaRow:
    area: GoalArea
    numbers: Numbers
    objectives: list[ObjectiveRow]
    marks: Marks


@dataclass(frozen=True)
class BoardRow:
    """What a board answers for: counts of its answers, and the numbers of the objectives it said yes to."""

    board: Board
    yes: int
    no: int
    undecided: int
    numbers: Numbers


@dataclass(frozen=True)
class FollowUp:
    """The goal page. `unknown` names the filters that the address asked for and that do not exist."""

    plan: Plan
    areas: list[AreaRow]
    boards: list[BoardRow]
    years: list[tuple[int, Numbers]]
    in_all: Numbers
    without_objective: Numbers
    year: int | None
    board: Board | None
    unknown: list[str]

    @property
    def all_years(self) -> list[int]:
        return [year for year, _numbers in self.years]

    @property
    def undecided(self) -> int:
        return sum(row.undecided for row in self.boards)


def sent_facts() -> Facts:
    """Every sent application for a grant and every project of a final decision, summed by the database in three
    statements: what is alike in year, areas and objectives comes as one row, however many there are.
    """
    return Facts(_application_facts(), _project_facts())


def _application_facts() -> list[ApplicationFacts]:
    is_sent = and_(
        Application.kind == ApplicationKind.GRANT,
        Application.status != ApplicationStatus.DRAFT,
        Application.submitted_at.is_not(None),
    )
    first, last = db.session.execute(
        select(func.min(Application.submitted_at), func.max(Application.submitted_at)).where(is_sent)
    ).one()
    if first is None or last is None:
        return []
    chosen = _sets(ApplicationArea.application_id, ApplicationArea.goal_area_id)
    linked = _sets(ObjectiveLink.application_id, ObjectiveLink.objective_id)
    each = (
        select(_local_year(first, last).label("year"), chosen.c.members.label("areas"), linked.c.members)
        .outerjoin_from(Application, chosen, chosen.c.owner == Application.id)
        .outerjoin(linked, linked.c.owner == Application.id)
        .where(is_sent)
        .subquery()
    )
    rows = db.session.execute(
        select(each.c.year, func.count(), each.c.areas, each.c.members).group_by(
            each.c.year, each.c.areas, each.c.members
        )
    )
    return [ApplicationFacts(year, count, _keys(areas), _keys(keys)) for year, count, areas, keys in rows]


def _local_year(first: datetime, last: datetime) -> ColumnElement[int]:
    """The local year an application came in. SQLite knows no time zones, so each year's first instant is given."""
    years = range(clock.local_day(first).year, clock.local_day(last).year + 1)
    begins = [(year, clock.start_of(date(year, 1, 1))) for year in years]
    return case(*((Application.submitted_at >= at, year) for year, at in reversed(begins)), else_=years[0])


def _project_facts() -> list[ProjectFacts]:
    served = _sets(ProjectObjective.project_id, ProjectObjective.objective_id)
    people = Report.women + Report.men + Report.girls + Report.boys
    planned = Application.women + Application.men + Application.girls + Application.boys
    year = extract("year", Meeting.held_on)
    rows = db.session.execute(
        select(
            year,
            func.count(),
            func.sum(Project.granted),
            func.coalesce(func.sum(planned), 0),
            func.coalesce(func.sum(people), 0),
            func.count(people),
            served.c.members,
        )
        .join_from(Project, Application, Application.id == Project.application_id)
        .join(Decision, Decision.id == Project.decision_id)
        .join(MinuteItem, MinuteItem.id == Decision.minute_item_id)
        .join(Meeting, Meeting.id == MinuteItem.meeting_id)
        .outerjoin(Report, and_(Report.project_id == Project.id, Report.status == ReportStatus.APPROVED))
        .outerjoin(served, served.c.owner == Project.id)
        .where(Decision.final_at.is_not(None), Project.status != ProjectStatus.ANNULLED)
        .group_by(year, served.c.members)
    )
    return [
        ProjectFacts(int(year), projects, int(granted), int(planned), int(actual), reported, _keys(keys))
        for year, projects, granted, planned, actual, reported, keys in rows
    ]


def _sets(owner: Any, member: Any) -> Subquery:
    """What hangs on each owner, as one text of keys in their order: the same set is the same text."""
    pairs = select(owner.label("owner"), member.label("member")).order_by(owner, member).subquery()
    members = func.aggregate_strings(cast(pairs.c.member, String), ",").label("members")
    return select(pairs.c.owner, members).group_by(pairs.c.owner).subquery()


def _keys(members: str | None) -> frozenset[int]:
    return frozenset(int(key) for key in members.split(",")) if members else frozenset()


def follow_up(year_asked: str = "", board_asked: str = "") -> FollowUp:
    """The plan of this municipality with what is done for it. A year or board that does not exist is left out and
    named in `unknown`. Errors: UnknownPlan when the plan is not loaded.
    """
    plan, every = _plan_with_answers(settings().municipality), sent_facts()
    boards = boards_in(plan)
    year = next((one for one in every.years if str(one) == year_asked), None)
    board = next((board for board in boards if board.code == board_asked), None)
    facts = every if year is None else every.in_year(year)
    areas = [_area_row(area, facts, every, board) for area in plan.areas]
    return FollowUp(
        plan=plan,
        areas=[row for row in areas if board is None or row.objectives],
        boards=[_board_row(board, plan, facts) for board in boards],
        years=[(one, every.in_year(one).in_all) for one in every.years],
        in_all=facts.in_all,
        without_objective=facts.without_objective,
        year=year,
        board=board,
        unknown=[asked for asked, found in ((year_asked, year), (board_asked, board)) if asked and found is None],
    )


def _plan_with_answers(code: str) -> Plan:
    """The plan's areas, objectives and boards, in three statements. Errors: UnknownPlan."""
    plan = (
        db.session.scalars(
            select(Plan)
            .where(Plan.code == code)
            .options(
                joinedload(Plan.areas).options(
                    selectinload(GoalArea.board_answers).joinedload(AreaBoard.board),
                    joinedload(GoalArea.objectives)
                    .selectinload(Objective.board_answers)
                    .joinedload(ObjectiveBoard.board),
                )
            )
        )
        .unique()
        .one_or_none()
    )
    if plan is None:
        raise UnknownPlan(f"the plan {code!r} is not loaded")
    return plan


def _area_row(area: GoalArea, facts: Facts, every: Facts, board: Board | None) -> AreaRow:
    rows = [_objective_row(objective, facts, every) for objective in area.objectives]
    rows = [row for row in rows if board is None or row.marks.get(board.code)]
    return AreaRow(
        area=area,
        numbers=facts.for_objectives(
            frozenset(row.objective.id for row in rows), frozenset({area.id} if board is None else ())
        ),
        objectives=rows,
        marks=_marks(area.board_answers),
    )


def _objective_row(objective: Objective, facts: Facts, every: Facts) -> ObjectiveRow:
    """Worked on: a board answers for it, or a project of any year serves it."""
    mine, marks = frozenset({objective.id}), _marks(objective.board_answers)
    return ObjectiveRow(
        objective=objective,
        numbers=facts.for_objectives(mine),
        marks=marks,
        is_worked_on=any(marks.values()) or every.for_objectives(mine).projects > 0,
    )


def boards_in(plan: Plan) -> list[Board]:
    """The plan's columns in their order: boards that have a mark on any of its objectives or areas."""
    of_areas = [row.board for area in plan.areas for row in area.board_answers]
    of_objectives = [row.board for area in plan.areas for one in area.objectives for row in one.board_answers]
    found = {board.id: board for board in (*of_areas, *of_objectives)}
    return sorted(found.values(), key=lambda board: board.position)


def _board_row(board: Board, plan: Plan, facts: Facts) -> BoardRow:
    answers = [
        (objective.id, row.answer)
        for area in plan.areas
        for objective in area.objectives
        for row in objective.board_answers
        if row.board_id == board.id
    ]
    said_yes = frozenset(key for key, answer in answers if answer)
    return BoardRow(
        board=board,
        yes=len(said_yes),
        no=sum(answer is False for _key, answer in answers),
        undecided=sum(answer is None for _key, answer in answers),
        numbers=facts.for_objectives(said_yes),
    )


def objective_with_code(code: str) -> Objective | None:
    """An objective of this municipality's plan, with its boards."""
    return db.session.scalar(
        select(Objective)
        .join(Objective.area)
        .join(GoalArea.plan)
        .where(Plan.code == settings().municipality, Objective.code == code)
        .options(joinedload(Objective.area), selectinload(Objective.board_answers).joinedload(ObjectiveBoard.board))
    )


PAGE = 25


def projects_serving(objective: Objective, beyond: Beyond) -> Page:
    """A page of the funded projects that serve an objective, the latest decided first: rows of public_id, title,
    granted, language, applicant_name and held_on (the day of the decision). A hidden case is in the sums alone.
    """
    query = (
        select(
            Project.public_id,
            Project.title,
            Project.granted,
            Project.application_id,
            Application.public_id.label("application"),
            Application.text_language.label("language"),
            Application.applicant_name,
            Meeting.held_on,
        )
        .join_from(ProjectObjective, Project, Project.id == ProjectObjective.project_id)
        .join(Application, Application.id == Project.application_id)
        .join(Decision, Decision.id == Project.decision_id)
        .join(MinuteItem, MinuteItem.id == Decision.minute_item_id)
        .join(Meeting, Meeting.id == MinuteItem.meeting_id)
        .where(
            ProjectObjective.objective_id == objective.id,
            Decision.final_at.is_not(None),
            Project.status != ProjectStatus.ANNULLED,
            ~is_hidden(Application.case_id),
        )
    )
    order = (Meeting.held_on, Project.id)
    return without_names(page_of(query, order, beyond, Project.public_id, size=PAGE, is_falling=True))


def other_plans() -> list[Row[tuple[str, str, str]]]:
    """The plans of other municipalities that are loaded: code, municipality and title."""
    columns = select(Plan.code, Plan.municipality, Plan.title)
    return list(db.session.execute(columns.where(Plan.code != settings().municipality).order_by(Plan.municipality)))
