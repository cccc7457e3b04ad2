"""What anybody may see. Only final grants and approved reports are read; nobody's name but an organisation's leaves."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp import clock
from fundapp.accounts.models import OrganisationKind
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.funds.models import Fund, FundKind, Round
from fundapp.funds.terms import Text
from fundapp.goals.models import Objective
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.projects.models import Project
from fundapp.reports.models import ObjectiveResult, Report
from fundapp.workflow import MeetingStatus, ReportStatus


@dataclass(frozen=True)
class Offer:
    """A fund or stipend as the start page shows it; `last_day` is the last local day an application may come in."""

    fund: Fund
    round: Round
    purpose: tuple[str, str]  # the language the text is in, and the text
    handling: tuple[str, str]
    applicants: list[str]
    last_day: date

    @property
    def is_stipend(self) -> bool:
        return self.fund.kind is FundKind.STIPEND

    @property
    def takes_nominations(self) -> bool:
        return bool(self.fund.terms["takes_nominations"]["value"])


def offers(language: str) -> list[Offer]:
    """What can be applied for in this municipality, each with the round that is open now, comes next or was last."""
    funds = db.session.scalars(
        select(Fund)
        .where(Fund.municipality == settings().municipality)
        .options(selectinload(Fund.rounds), joinedload(Fund.board))
        .order_by(Fund.kind, Fund.id)
    ).all()
    return [_offer(fund, round_, language) for fund in funds if (round_ := _round_to_show(fund.rounds)) is not None]


def _round_to_show(rounds: list[Round]) -> Round | None:
    now = clock.now()
    not_closed = [round_ for round_ in rounds if now < round_.closes_at]
    return not_closed[0] if not_closed else rounds[-1] if rounds else None


def _offer(fund: Fund, round_: Round, language: str) -> Offer:
    terms = fund.terms
    return Offer(
        fund=fund,
        round=round_,
        purpose=Text(**_texts(terms["purpose"])).shown_in(language),
        handling=Text(**_texts(terms["handling"])).shown_in(language),
        applicants=[str(OrganisationKind[code.upper()].label) for code in terms["applicant_types"]["value"]],
        last_day=clock.local_day(round_.closes_at - timedelta(seconds=1)),
    )


def _texts(sourced: dict[str, Any]) -> dict[str, str]:
    return {code: sourced["value"][code] for code in ("sv", "en")}


def _projects() -> Select[tuple[Project]]:
    """Projects with what a public page says about them, in as many statements for two as for two hundred."""
    return (
        select(Project)
        .join(Project.decision)
        .join(Decision.item)
        .join(MinuteItem.meeting)
        .where(Decision.final_at.is_not(None))
        .options(
            contains_eager(Project.decision).contains_eager(Decision.item).contains_eager(MinuteItem.meeting),
            joinedload(Project.application).joinedload(Application.organisation),
            joinedload(Project.application).joinedload(Application.round).joinedload(Round.fund),
            selectinload(Project.objectives).joinedload(Objective.area),
        )
        .order_by(Meeting.held_on.desc(), Project.id.desc())
    )


def funded_projects(limit: int | None = None) -> list[Project]:
    """Every funded project, the latest decided first."""
    return list(db.session.scalars(_projects().limit(limit)))


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


def granted_in_all() -> int:
    """Kronor granted to projects by final decisions."""
    return db.session.scalar(select(func.coalesce(func.sum(Project.granted), 0))) or 0


def _is_paragraph(board: str, year: int, number: int) -> list[ColumnElement[bool]]:
    return [
        Board.municipality == settings().municipality,
        Board.abbreviation == board,
        MinuteItem.year == year,
        MinuteItem.number == number,
        Meeting.status == MeetingStatus.APPROVED,
    ]


def granted_under(board: str, year: int, number: int) -> list[Decision]:
    """The final grants under one § of approved minutes. None where nothing was granted: then there is nothing to
    publish, not even that somebody was refused.
    """
    return list(
        db.session.scalars(
            select(Decision)
            .join(Decision.item)
            .join(MinuteItem.meeting)
            .join(Board, MinuteItem.board_id == Board.id)
            .where(*_is_paragraph(board, year, number), Decision.final_at.is_not(None), Decision.amount.is_not(None))
            .options(
                contains_eager(Decision.item).contains_eager(MinuteItem.meeting),
                joinedload(Decision.application).joinedload(Application.round).joinedload(Round.fund),
            )
            .order_by(Decision.id)
        )
    )


def projects_of(decisions: list[Decision]) -> dict[int, Project]:
    """The projects by decision id."""
    keys = [decision.id for decision in decisions]
    return {p.decision_id: p for p in db.session.scalars(select(Project).where(Project.decision_id.in_(keys)))}
