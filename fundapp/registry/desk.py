"""The desk's start page: what waits for this person today, most urgent first. Nothing a conflict hides is counted."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select

from fundapp import clock
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.funds.models import Fund, FundKind, Round
from fundapp.languages import Lazy, _dl
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.projects.models import Instalment, Project
from fundapp.registry import letters
from fundapp.registry.queries import count_of, is_late
from fundapp.reports.models import Report
from fundapp.workflow import ApplicationStatus, InstalmentStatus, MeetingStatus, ReportStatus


@dataclass(frozen=True)
class Task:
    """Something that waits: how many, in words, and the page that shows them (endpoint and its filters)."""

    label: Lazy
    hint: Lazy
    count: int
    endpoint: str
    args: dict[str, str] = field(default_factory=dict)
    is_urgent: bool = False


def tasks(person: Person) -> list[Task]:
    """What the person's roles concern, most urgent first; a count of 0 says that nothing waits."""
    groups = (
        (Permission.ASSESS_APPLICATION, _late),
        (Permission.SEND_LETTER_AGAIN, _letters_failed),
        (Permission.REGISTER_APPLICATION, _to_register),
        (Permission.PAY_INSTALMENT, _instalments),
        (Permission.REVIEW_REPORT, _reports),
        (Permission.ASSESS_APPLICATION, _to_assess),
        (Permission.PREPARE_MEETING, _for_sittings),
    )
    return [task for permission, find in groups if is_allowed(person, permission) for task in find(person)]


def _cases(
    person: Person,
    label: Lazy,
    hint: Lazy,
    args: dict[str, str],
    *conditions: ColumnElement[bool],
    urgent: bool = False,
) -> Task:
    return Task(label, hint, count_of(person, *conditions), "registry.list", args, is_urgent=urgent)


def _with(status: ApplicationStatus) -> ColumnElement[bool]:
    return Application.status == status


def _late(person: Person) -> list[Task]:
    label, hint = _dl("Completions that are late"), _dl("The day has passed. Go on without, or write again.")
    return [_cases(person, label, hint, {"late": "1"}, is_late(clock.today()), urgent=True)]


def _letters_failed(person: Person) -> list[Task]:
    label, hint = _dl("Letters that failed"), _dl("The receiver's mail server refused them. Check the address.")
    return [Task(label, hint, letters.count_failed(person), "registry.letters_failed", is_urgent=True)]


def _to_register(person: Person) -> list[Task]:
    status = ApplicationStatus.SUBMITTED
    label, hint = _dl("To register"), _dl("Came in and has no diary number yet.")
    return [_cases(person, label, hint, {"state": status.value}, _with(status), urgent=True)]


def _to_assess(person: Person) -> list[Task]:
    new, mine = ApplicationStatus.REGISTERED, ApplicationStatus.UNDER_ASSESSMENT
    asked = ApplicationStatus.COMPLETION_REQUESTED
    return [
        _cases(person, _dl("To take up"), _dl("Registered, and nobody has begun."), {"state": new.value}, _with(new)),
        _cases(
            person,
            _dl("I am assessing"),
            _dl("Your own cases."),
            {"state": mine.value, "mine": "1"},
            _with(mine),
            Application.officer_id == person.id,
        ),
        _cases(
            person,
            _dl("Waiting for completion"),
            _dl("The applicant has the next move."),
            {"state": asked.value},
            _with(asked),
        ),
    ]


def _for_sittings(person: Person) -> list[Task]:
    ready = ApplicationStatus.ASSESSED
    opened = db.session.scalar(select(func.count()).where(Meeting.status == MeetingStatus.OPENED)) or 0
    return [
        _cases(
            person,
            _dl("Ready for a sitting"),
            _dl("The report is finished; put them on an agenda."),
            {"state": ready.value},
            _with(ready),
        ),
        Task(_dl("Minutes to approve"), _dl("Sittings that have been held."), opened, "meetings.list"),
    ]


def _reports(person: Person) -> list[Task]:
    sent = select(Report.id).where(Report.project_id == Project.id, Report.submitted_at.is_not(None)).exists()
    is_overdue = (Project.report_due_on < clock.today(), ~sent)
    to_review = select(Report.project_id).where(Report.status == ReportStatus.SUBMITTED)
    return [
        _projects(
            person,
            _dl("Project reports that are late"),
            _dl("The day has passed and nothing has come in."),
            "overdue",
            *is_overdue,
            urgent=True,
        ),
        _projects(
            person,
            _dl("Project reports to review"),
            _dl("Sent in by the projects."),
            "review",
            Project.id.in_(to_review),
        ),
    ]


def _instalments(person: Person) -> list[Task]:
    due = select(Instalment.project_id).where(
        Instalment.status == InstalmentStatus.PLANNED, Instalment.planned_on <= clock.today()
    )
    label, hint = _dl("Instalments to pay"), _dl("Planned for today or earlier.")
    return [_projects(person, label, hint, "pay", Project.id.in_(due), urgent=True)]


def _projects(
    person: Person, label: Lazy, hint: Lazy, show: str, *conditions: ColumnElement[bool], urgent: bool = False
) -> Task:
    """Projects, as the officials' list of them shows when it is asked for `show`."""
    found = (
        select(func.count())
        .select_from(Project)
        .join(Application, Application.id == Project.application_id)
        .where(*conditions, visible_to(person))
    )
    return Task(label, hint, db.session.scalar(found) or 0, "projects.list", {"show": show}, is_urgent=urgent)


def open_rounds() -> list[Round]:
    """The fund's rounds that can be applied for now; their frame stands on the desk."""
    now = clock.now()
    return list(
        db.session.scalars(
            select(Round)
            .join(Fund)
            .where(Fund.kind == FundKind.FUND, Round.opens_at <= now, Round.closes_at > now)
            .order_by(Round.id)
        )
    )


def next_meeting() -> Meeting | None:
    """The next sitting that is planned or opened, today's included."""
    return db.session.scalar(
        select(Meeting)
        .where(Meeting.held_on >= clock.today(), Meeting.status != MeetingStatus.APPROVED)
        .order_by(Meeting.held_on, Meeting.id)
        .limit(1)
    )
