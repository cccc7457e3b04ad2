"""What anybody may see. Only final grants and approved reports are read; nobody's name but an organisation's leaves.

A case that a secrecy mark hides is on no page. It stays in sums and counts, which the municipality answers for and
which tell neither its title nor its party: that there is such a case, and what was decided, the diary tells too.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp import clock
from fundapp.accounts.models import OrganisationKind
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.data_texts import chosen, marked
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.funds.models import Fund, FundState, Round
from fundapp.goals.models import GoalArea, Objective
from fundapp.languages import listed
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.nested import nested
from fundapp.paging import Beyond, Page, page_of
from fundapp.projects.models import Project, ProjectObjective
from fundapp.public.masking import People, masked
from fundapp.public.people import all_of, people_of, without_names
from fundapp.public.rules import sentence
from fundapp.registry.diary import is_hidden
from fundapp.reports.models import ObjectiveResult, Report
from fundapp.workflow import MeetingStatus, ProjectStatus, ReportStatus


@dataclass(frozen=True)
class Offer:
    """A fund or stipend as the start page shows it; `last_day` is the last local day an application may come in."""

    fund: Fund
    round: Round
    purpose: Markup  # in the language asked for, or in Swedish and marked so
    handling: Markup
    applicants: str
    last_day: date
    is_sum_assumed: bool

    @property
    def left(self) -> int:
        """What is left after final decisions: a pending outcome must not show, not even as a sum that is held."""
        return self.round.left + self.round.reserved

    @property
    def is_coming(self) -> bool:
        return clock.now() < self.round.opens_at

    @property
    def takes_nominations(self) -> bool:
        return bool(self.fund.terms["takes_nominations"]["value"])


def offers(language: str) -> list[Offer]:
    """What can be applied for in this municipality, each with the round that is open now, comes next or was last."""
    funds = db.session.scalars(
        select(Fund)
        .where(Fund.municipality == settings().municipality, Fund.state == FundState.OPEN)
        .options(selectinload(Fund.rounds), joinedload(Fund.board))
        .order_by(Fund.kind, Fund.id)
    ).all()
    return [_offer(fund, round_, language) for fund in funds if (round_ := _round_to_show(fund.rounds)) is not None]


def offer(code: str, language: str) -> Offer | None:
    """One of what can be applied for here, by its fund's code."""
    fund = db.session.scalar(
        select(Fund)
        .where(Fund.municipality == settings().municipality, Fund.code == code, Fund.state == FundState.OPEN)
        .options(selectinload(Fund.rounds), joinedload(Fund.board))
    )
    round_ = _round_to_show(fund.rounds) if fund is not None else None
    return _offer(fund, round_, language) if fund is not None and round_ is not None else None


def _round_to_show(rounds: list[Round]) -> Round | None:
    now = clock.now()
    not_closed = [round_ for round_ in rounds if now < round_.closes_at]
    return not_closed[0] if not_closed else rounds[-1] if rounds else None


def _offer(fund: Fund, round_: Round, language: str) -> Offer:
    terms = fund.terms
    sums = {round_terms["label"]: round_terms["sum"] for round_terms in terms["rounds"]}
    return Offer(
        fund=fund,
        round=round_,
        purpose=_shown(terms["purpose"], language),
        handling=_shown(terms["handling"], language),
        applicants=sentence(kinds_of(terms["applicant_types"]["value"])),
        last_day=clock.local_day(round_.closes_at - timedelta(seconds=1)),
        is_sum_assumed=bool(sums.get(round_.label, {}).get("is_assumption")),
    )


def kinds_of(codes: list[str]) -> str:
    """Kinds of organisation in words, in the language spoken now."""
    return listed(OrganisationKind[code.upper()].label for code in codes).lower()


def _shown(sourced: dict[str, Any], language: str) -> Markup:
    code, text = chosen(sourced["value"], language)
    return escape(sentence(text)) if code == language else marked(sentence(text), code)


# One whose decision a court annulled is funded no more.
_STANDS = Project.status != ProjectStatus.ANNULLED


@dataclass(frozen=True)
class Funded:
    """A project whose `title` and `applicant` name no private person."""

    project: Project
    title: str
    applicant: str


@dataclass(frozen=True)
class Grant:
    """A final grant under a §, with its project where there is one, told as `Funded`."""

    decision: Decision
    project: Project | None
    title: str
    applicant: str


@dataclass(frozen=True)
class Texts:
    """What a project's own page says in somebody's words, without private persons. `reached`: text by the objective's
    code.
    """

    title: str
    applicant: str
    summary: str
    place: str
    what_was_done: str = ""
    lives_on: str = ""
    reached: dict[str, str] = field(default_factory=dict)


def _projects() -> Select[Project]:
    """Projects with what a public page says about them, in as many statements for two as for two hundred."""
    return (
        select(Project)
        .join(Project.decision)
        .join(Decision.item)
        .join(MinuteItem.meeting)
        .join(Project.application)
        .where(Decision.final_at.is_not(None), ~is_hidden(Application.case_id))
        .options(
            contains_eager(Project.application).joinedload(Application.organisation),
            contains_eager(Project.application).joinedload(Application.round).joinedload(Round.fund),
            contains_eager(Project.decision).contains_eager(Decision.item).contains_eager(MinuteItem.meeting),
            selectinload(Project.objectives).joinedload(Objective.area),
        )
        .order_by(Meeting.held_on.desc(), Project.id.desc())
    )


def latest_projects(count: int) -> list[Funded]:
    """The latest decided of the funded projects."""
    found = list(db.session.scalars(_projects().where(_STANDS).limit(count)))
    people = people_of({project.application_id for project in found})
    return [_funded(project, people.get(project.application.public_id)) for project in found]


def _funded(project: Project, people: People | None) -> Funded:
    title, applicant = masked([project.title, project.application.applicant_name or ""], (), people, is_own=True)
    return Funded(project, title, applicant)


PAGE = 25


def funded_projects(beyond: Beyond) -> Page:
    """A page of the funded projects, the latest decided first: rows of public_id, title, granted, status, language,
    applicant_name, held_on (the day of the decision), areas (names of the plan's areas) and is_reported.
    """
    areas = (
        select(GoalArea.name)
        .join(Objective, Objective.area_id == GoalArea.id)
        .join(ProjectObjective, ProjectObjective.objective_id == Objective.id)
        .where(ProjectObjective.project_id == Project.id)
        .correlate(Project)
        .order_by(Objective.code)
    )
    query = (
        select(
            Project.public_id,
            Project.title,
            Project.granted,
            Project.status,
            Project.application_id,
            Application.public_id.label("application"),
            Application.text_language.label("language"),
            Application.applicant_name,
            Meeting.held_on,
            nested(areas).label("areas"),
            _has_approved_report().label("is_reported"),
        )
        .join_from(Project, Application, Application.id == Project.application_id)
        .join(Decision, Decision.id == Project.decision_id)
        .join(MinuteItem, MinuteItem.id == Decision.minute_item_id)
        .join(Meeting, Meeting.id == MinuteItem.meeting_id)
        .where(Decision.final_at.is_not(None), _STANDS, ~is_hidden(Application.case_id))
    )
    order = (Meeting.held_on, Project.id)
    return without_names(page_of(query, order, beyond, Project.public_id, size=PAGE, is_falling=True))


def _has_approved_report() -> ColumnElement[bool]:
    return exists().where(Report.project_id == Project.id, Report.status == ReportStatus.APPROVED).correlate(Project)


def funded_in_all() -> tuple[int, int]:
    """How many projects there are, each started by a final grant, and the kronor granted to them."""
    stand = select(func.count(), func.sum(Project.granted)).select_from(Project).where(_STANDS)
    count, granted = db.session.execute(stand).one()
    return count, int(granted or 0)


def funded_project(public_id: str) -> Project | None:
    return db.session.scalar(_projects().where(Project.public_id == public_id))


def approved_reports(projects: list[Project]) -> dict[int, Report]:
    """The approved reports by project id; a report that is not approved is nobody else's business yet."""
    reports = db.session.scalars(
        select(Report)
        .where(Report.project_id.in_([project.id for project in projects]), Report.status == ReportStatus.APPROVED)
        .options(selectinload(Report.results).joinedload(ObjectiveResult.objective))
    )
    return {report.project_id: report for report in reports}


def _is_paragraph(board: str, year: int, number: int) -> list[ColumnElement[bool]]:
    return [
        Board.municipality == settings().municipality,
        Board.abbreviation == board,
        MinuteItem.year == year,
        MinuteItem.number == number,
        Meeting.status == MeetingStatus.APPROVED,
    ]


def granted_under(board: str, year: int, number: int) -> list[Grant]:
    """The final grants under one § of approved minutes. None where nothing was granted: then there is nothing to
    publish, not even that somebody was refused.
    """
    decisions = list(
        db.session.scalars(
            select(Decision)
            .join(Decision.item)
            .join(Decision.application)
            .join(MinuteItem.meeting)
            .join(Board, MinuteItem.board_id == Board.id)
            .where(*_is_paragraph(board, year, number), Decision.final_at.is_not(None), Decision.amount.is_not(None))
            .where(~is_hidden(Application.case_id))
            .options(
                contains_eager(Decision.item).contains_eager(MinuteItem.meeting),
                contains_eager(Decision.application).joinedload(Application.round).joinedload(Round.fund),
            )
            .order_by(Decision.id)
        )
    )
    people = people_of({decision.application_id for decision in decisions})
    projects = _projects_of(decisions)
    return [_grant(one, projects.get(one.id), people.get(one.application.public_id)) for one in decisions]


def _grant(decision: Decision, project: Project | None, people: People | None) -> Grant:
    title, applicant = project.title if project is not None else "", decision.application.applicant_name or ""
    return Grant(decision, project, *masked([title, applicant], (), people, is_own=True))


def heading_of(grants: list[Grant]) -> str:
    """The heading of the § under which these were granted, where there are no minutes to read it from."""
    people = people_of({grant.decision.application_id for grant in grants})
    return str(masked(grants[0].decision.item.heading, (), all_of(people.values())))


def texts_of(project: Project, report: Report | None) -> Texts:
    """What the page of this project says, and of its approved report."""
    people = people_of({project.application_id}).get(project.application.public_id)
    told: dict[str, Any] = {
        "title": project.title,
        "applicant": project.application.applicant_name or "",
        "summary": project.summary,
        "place": place_of(project),
    }
    if report is not None:
        told |= {"what_was_done": report.what_was_done, "lives_on": report.lives_on}
        told["reached"] = {result.objective.code: result.text for result in report.results}
    return Texts(**masked(told, (), people, is_own=True))


def place_of(project: Project) -> str:
    """Where the project takes place, as the applicant wrote it; the empty string where the form did not ask."""
    submission = project.application.last_submission
    sections = submission.content["sections"] if submission is not None else []
    found = [answer["answer"] for section in sections for answer in section["answers"] if answer["code"] == "place"]
    return found[0] if found and isinstance(found[0], str) else ""


def _projects_of(decisions: list[Decision]) -> dict[int, Project]:
    """The projects by decision id."""
    keys = [decision.id for decision in decisions]
    return {p.decision_id: p for p in db.session.scalars(select(Project).where(Project.decision_id.in_(keys)))}
