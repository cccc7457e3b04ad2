"""Which projects a person may see, and what a list of them needs."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp import clock
from fundapp.accounts import giros
from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.queries import own_applications, visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.force import may_be_paid
from fundapp.decisions.models import Decision
from fundapp.languages import Lazy, _dl
from fundapp.paging import Beyond, Page, page_of
from fundapp.permissions import Person
from fundapp.projects.models import ChangeRequest, Instalment, Project
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
            selectinload(Project.instalments).options(
                joinedload(Instalment.proposed_by).lazyload("*"), joinedload(Instalment.approved_by).lazyload("*")
            ),
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


def change_request(public_id: str) -> ChangeRequest | None:
    """A request of a project that the official may know of."""
    return db.session.scalar(
        select(ChangeRequest)
        .join(ChangeRequest.project)
        .join(Project.application)
        .where(ChangeRequest.public_id == public_id, visible_to(current_user))
    )


def change_requests(project: Project) -> list[ChangeRequest]:
    """What the project has asked to have changed, the newest first."""
    return list(
        db.session.scalars(
            select(ChangeRequest).where(ChangeRequest.project_id == project.id).order_by(ChangeRequest.id.desc())
        )
    )


def account_change(project: Project) -> GiroChange | None:
    """Another account that the project's organisation has asked for, and that waits for an answer."""
    organisation = project.application.organisation
    return giros.waiting(organisation) if organisation is not None else None


def report_on(project: Project) -> Report | None:
    return db.session.scalar(select(Report).where(Report.project_id == project.id))


def repayments_of(project: Project) -> list[Repayment]:
    """What is asked back, the oldest first: what a report said was not used, what an annulled grant had paid."""
    rows = select(Repayment).where(Repayment.project_id == project.id)
    return list(db.session.scalars(rows.order_by(Repayment.id)))


@dataclass(frozen=True)
class Row:
    """A project in the officials' list; `report` is None until it has been sent, `next_payment` the first day that an
    instalment is planned for, None where none is left. Kronor.
    """

    public_id: str
    title: str
    applicant: str
    language: str
    status: ProjectStatus
    report: ReportStatus | None
    report_due_on: date
    next_payment: date | None
    paid: int
    granted: int
    may_be_paid: bool
    today: date

    @property
    def is_annulled(self) -> bool:
        return self.status is ProjectStatus.ANNULLED

    @property
    def is_overdue(self) -> bool:
        """The report's day has passed and none has been sent."""
        return self.report is None and self.report_due_on < self.today and not self.is_annulled

    @property
    def is_to_review(self) -> bool:
        return self.report is ReportStatus.SUBMITTED

    @property
    def is_to_pay(self) -> bool:
        """An instalment's planned day is here or has passed, and the decision is in force or need not be."""
        return self.is_due and self.may_be_paid

    @property
    def is_due(self) -> bool:
        return self.next_payment is not None and self.next_payment <= self.today


PAGE = 50
COUNTED = 1_000  # a longer list is not counted to its end
CHOICES: dict[str, Lazy] = {
    "overdue": _dl("Report overdue"),
    "review": _dl("Report to review"),
    "pay": _dl("Instalment to pay"),
    "approve": _dl("Payment to approve"),
    "change": _dl("Change to answer"),
    "running": _dl("Running"),
    "closed": _dl("Closed"),
}
ALL = ""


def conditions(person: Person, today: date) -> dict[str, ColumnElement[bool]]:
    """What each choice asks of a project, and `ALL` nothing. What the person proposed waits for somebody else."""
    sent = exists().where(Report.project_id == Project.id, Report.submitted_at.is_not(None)).correlate(Project)
    due = select(Instalment.project_id).where(
        Instalment.status == InstalmentStatus.PLANNED, Instalment.planned_on <= today
    )
    proposed = select(Instalment.project_id).where(
        Instalment.status == InstalmentStatus.PROPOSED, Instalment.proposed_by_id != person.id
    )
    to_review = select(Report.project_id).where(Report.status == ReportStatus.SUBMITTED)
    is_running = Project.status == ProjectStatus.RUNNING
    asked = select(ChangeRequest.project_id).where(ChangeRequest.decided_at.is_(None))
    return {
        ALL: true(),
        # A project whose report is not sent is running: said again for the index of running ones.
        "overdue": and_(is_running, Project.report_due_on < today, ~sent),
        "review": and_(Project.id.in_(to_review), Project.status != ProjectStatus.ANNULLED),
        "pay": and_(Project.id.in_(due), _payable(today)),
        "approve": Project.id.in_(proposed),
        "change": and_(Project.id.in_(asked), Project.status != ProjectStatus.ANNULLED),
        "running": is_running,
        "closed": Project.status == ProjectStatus.CLOSED,
    }


def _payable(today: date) -> ColumnElement[bool]:
    """The project's decision is in force, or payment is allowed before it is."""
    return select(Decision.id).where(Decision.id == Project.decision_id, may_be_paid(today)).correlate(Project).exists()


def counts(person: Person) -> dict[str, int]:
    """How many projects the official may know of there are in each choice and in all, up to one more than `COUNTED`."""
    codes = (ALL, *CHOICES)
    found = db.session.execute(select(*(count_of(person, code).label(code or "all") for code in codes))).one()
    return dict(zip(codes, found, strict=True))


def count_of(person: Person, code: str) -> ScalarSelect[int]:
    """The count of one choice, to be part of a statement; up to one more than `COUNTED`."""
    some = _listed(person, Project.id).where(conditions(person, clock.today())[code]).limit(COUNTED + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _listed(person: Person, *columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns)
        .join_from(Project, Application, Application.id == Project.application_id)
        .where(visible_to(person))
    )


def listed(person: Person, chosen: str, beyond: Beyond) -> Page:
    """A page of the projects the official may know of, as `Row`s, the one whose report is due first on top."""
    mine = Instalment.project_id == Project.id
    next_payment = select(func.min(Instalment.planned_on)).where(mine, Instalment.status == InstalmentStatus.PLANNED)
    paid = select(func.coalesce(func.sum(Instalment.amount), 0)).where(mine, Instalment.status == InstalmentStatus.PAID)
    query = (
        _listed(
            person,
            Project.public_id,
            Project.title,
            Application.applicant_name,
            Application.text_language.label("language"),
            Project.status,
            Report.status.label("report"),
            Project.report_due_on,
            next_payment.correlate(Project).scalar_subquery().label("next_payment"),
            paid.correlate(Project).scalar_subquery().label("paid"),
            Project.granted,
            _payable(clock.today()).label("may_be_paid"),
        )
        .outerjoin(Report, and_(Report.project_id == Project.id, Report.submitted_at.is_not(None)))
        .where(conditions(person, clock.today())[chosen])
    )
    page = page_of(query, (Project.report_due_on, Project.id), beyond, Project.public_id, size=PAGE)
    return replace(page, rows=[_row(row, clock.today()) for row in page.rows])


def _row(row: Any, today: date) -> Row:
    return Row(
        public_id=row.public_id,
        title=row.title,
        applicant=row.applicant_name or "",
        language=row.language,
        status=row.status,
        report=row.report,
        report_due_on=row.report_due_on,
        next_payment=row.next_payment,
        paid=int(row.paid),
        granted=row.granted,
        may_be_paid=bool(row.may_be_paid),
        today=today,
    )
