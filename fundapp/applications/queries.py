"""What an applicant sees: own applications alone, where each is, what is asked, and what was decided for good."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from flask_login import current_user
from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp import clock
from fundapp.accounts.models import Account, Organisation
from fundapp.accounts.queries import own_applications
from fundapp.applications import rules
from fundapp.applications.emails import typed_title
from fundapp.applications.models import Application, Attachment
from fundapp.assessments.models import CompletionRequest
from fundapp.config import settings
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.funds.models import Fund, FundState, Round
from fundapp.languages import _
from fundapp.messages.queries import has_unread
from fundapp.projects.models import Project
from fundapp.reports.models import Report
from fundapp.workflow import ApplicationStatus, ProjectStatus, ReportStatus


def own(public_id: str) -> Application | None:
    """An application of the signed-in person, or None: everybody else's is as if it were not there."""
    return db.session.scalar(
        select(Application).where(Application.public_id == public_id, own_applications(current_user))
    )


def own_list(person: Account) -> list[Application]:
    """All of the person's applications, newest first, with what the list says of them."""
    return list(
        db.session.scalars(
            select(Application)
            .where(own_applications(person))
            .options(
                selectinload(Application.sections), joinedload(Application.organisation).load_only(Organisation.name)
            )
            .order_by(Application.id.desc())
        )
    )


def attachment(application: Application, public_id: str) -> Attachment | None:
    """A file of the application that was not taken off."""
    return db.session.scalar(
        select(Attachment).where(
            Attachment.public_id == public_id,
            Attachment.application_id == application.id,
            Attachment.removed_at.is_(None),
        )
    )


def open_rounds(fund_code: str | None = None) -> list[Round]:
    """The municipality's rounds that take applications at this instant; of one fund where its code is given."""
    now = clock.now()
    found = select(Round).join(Fund).where(Round.opens_at <= now, Round.closes_at > now)
    found = found.where(Fund.municipality == settings().municipality, Fund.state == FundState.OPEN)
    if fund_code is not None:
        found = found.where(Fund.code == fund_code)
    return list(db.session.scalars(found.order_by(Fund.kind, Round.opens_at)))


def title_of(application: Application) -> str:
    """The title sent, else the one typed so far, else what kind of form it is."""
    if application.title:
        return application.title
    return typed_title(application) or str(application.kind.label)


def final_decisions(application: Application) -> list[Decision]:
    """Decisions whose minutes are approved, newest first. A pending outcome is not among them, whoever asks."""
    return list(
        db.session.scalars(
            select(Decision)
            .where(Decision.application_id == application.id, Decision.final_at.is_not(None))
            .order_by(Decision.final_at.desc(), Decision.id.desc())
        )
    )


def project_of(application: Application) -> Project | None:
    """The newest: one that a court annulled may have been followed by another."""
    newest = select(Project).where(Project.application_id == application.id).order_by(Project.id.desc()).limit(1)
    return db.session.scalar(newest)


def open_request(application: Application) -> CompletionRequest | None:
    """The request for completion that waits for the applicant."""
    if application.status is not ApplicationStatus.COMPLETION_REQUESTED:
        return None
    return db.session.scalar(
        select(CompletionRequest)
        .where(CompletionRequest.application_id == application.id, CompletionRequest.ended_at.is_(None))
        .order_by(CompletionRequest.id.desc())
        .limit(1)
    )


@dataclass(frozen=True)
class Asked:
    """Something the applicant is asked to do, by a local day where there is one."""

    what: str
    by: date | None
    endpoint: str
    public_id: str


def asked_of(application: Application, to_report: Mapping[int, Project]) -> Asked | None:
    """What is asked of the applicant now; None: nothing. `to_report`: as `projects_to_report` gives it."""
    if application.status is ApplicationStatus.DRAFT:
        round_ = application.round
        now = clock.now()
        if application.is_try_out or not rules.may_send_at(round_, now):
            return None
        is_late = rules.is_late_at(round_, now)
        last = None if round_.is_continuous and not is_late else rules.last_day(round_)
        return Asked(_("Write the rest and send it."), last, "applications.show", application.public_id)
    request = open_request(application)
    if request is not None:
        return Asked(
            _("Add what the case officer asks for."), request.due_on, "applications.show", application.public_id
        )
    project = to_report.get(application.id)
    if project is not None:
        return Asked(
            _("Report on the project when it is done."), project.report_due_on, "projects.show", project.public_id
        )
    return None


def projects_to_report(applications: Iterable[Application]) -> dict[int, Project]:
    """The running projects that wait for the applicant's report, by the application's key, in one statement."""
    is_reported = exists().where(
        Report.project_id == Project.id, Report.status.in_((ReportStatus.SUBMITTED, ReportStatus.APPROVED))
    )
    found = db.session.scalars(
        select(Project).where(
            Project.application_id.in_([application.id for application in applications]),
            Project.status == ProjectStatus.RUNNING,
            ~is_reported,
        )
    )
    return {project.application_id: project for project in found}


@dataclass(frozen=True)
class Card:
    """One application on the list."""

    application: Application
    title: str
    line: list[rules.Station]
    where: str
    asked: Asked | None
    is_closed: bool
    late_warning: str | None
    kept_until: date | None
    has_new_message: bool = False


def cards(person: Account) -> list[Card]:
    """The person's applications as the list shows them."""
    applications = own_list(person)
    to_report = projects_to_report(applications)
    unread = select(Application.id).where(own_applications(person), has_unread(for_applicant=True))
    new = set(db.session.scalars(unread))
    return [replace(_card(one, to_report), has_new_message=one.id in new) for one in applications]


def card(application: Application) -> Card:
    return _card(application, projects_to_report([application]))


def _card(application: Application, to_report: Mapping[int, Project]) -> Card:
    is_draft, now, round_ = application.status is ApplicationStatus.DRAFT, clock.now(), application.round
    is_closed = is_draft and not application.is_try_out and not rules.may_send_at(round_, now)
    is_late = is_draft and not is_closed and rules.is_late_at(round_, now)
    where = _("It was never sent, and the time to apply is over.") if is_closed else rules.where_it_is(application)
    return Card(
        application,
        title_of(application),
        rules.line_of(application.status),
        where,
        asked_of(application, to_report),
        is_closed,
        str(rules.late_warning(round_)) if is_late else None,
        rules.kept_until(round_, application.end_told_on) if is_draft else None,
    )
