"""Which projects a person may see, and what a list of them needs."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp import clock
from fundapp.accounts.queries import own_applications, visible_to
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.languages import Lazy, _dl
from fundapp.projects.models import Instalment, Project
from fundapp.reports.models import Repayment, Report
from fundapp.workflow import InstalmentStatus, ProjectStatus, ReportStatus


def _visible() -> ColumnElement[bool]:
    return or_(own_applications(current_user), visible_to(current_user))


def _with_decision() -> Select[Project]:
    return (
        select(Project)
        .join(Project.application)
        .options(
            contains_eager(Project.application),
            joinedload(Project.decision).joinedload(Decision.item),
            selectinload(Project.instalments),
        )
    )


def project(public_id: str) -> Project | None:
    """The project, if the person signed in may know of it."""
    return db.session.scalar(_with_decision().where(Project.public_id == public_id, _visible()))


def instalment(public_id: str) -> Instalment | None:
    return db.session.scalar(
        select(Instalment)
        .join(Instalment.project)
        .join(Project.application)
        .where(Instalment.public_id == public_id, _visible())
    )


def report_on(project: Project) -> Report | None:
    return db.session.scalar(select(Report).where(Report.project_id == project.id))


def repayment_of(project: Project) -> Repayment | None:
    return db.session.scalar(select(Repayment).join(Repayment.report).where(Report.project_id == project.id))


@dataclass(frozen=True)
class Row:
    """A project in the officials' list; `report` is None until it has been sent."""

    project: Project
    report: Report | None
    today: date

    @property
    def is_overdue(self) -> bool:
        """The report's day has passed and none has been sent."""
        return self.report is None and self.project.report_due_on < self.today

    @property
    def is_to_review(self) -> bool:
        return self.report is not None and self.report.status is ReportStatus.SUBMITTED

    @property
    def next_payment(self) -> Instalment | None:
        return next((i for i in self.project.instalments if i.status is InstalmentStatus.PLANNED), None)

    @property
    def is_to_pay(self) -> bool:
        """An instalment's planned day is here or has passed."""
        return self.next_payment is not None and self.next_payment.planned_on <= self.today


CHOICES: dict[str, tuple[Lazy, Any]] = {
    "overdue": (_dl("Report overdue"), lambda row: row.is_overdue),
    "review": (_dl("Report to review"), lambda row: row.is_to_review),
    "pay": (_dl("Instalment to pay"), lambda row: row.is_to_pay),
    "running": (_dl("Running"), lambda row: row.project.status is ProjectStatus.RUNNING),
    "closed": (_dl("Closed"), lambda row: row.project.status is ProjectStatus.CLOSED),
}


def visible_projects() -> list[Row]:
    """Every project the official may know of, the one whose report is due first on top."""
    found = db.session.scalars(
        _with_decision().where(visible_to(current_user)).order_by(Project.report_due_on, Project.id)
    ).all()
    sent = select(Report).where(
        Report.project_id.in_([project.id for project in found]), Report.submitted_at.is_not(None)
    )
    reports = {report.project_id: report for report in db.session.scalars(sent)}
    return [Row(project, reports.get(project.id), clock.today()) for project in found]
