"""What is known of the applicant beside this case: earlier grants, reports, money to come back, the same project; and
others' projects with a name like this one's. Only what the reader may see is looked at.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, not_, or_, select
from sqlalchemy.orm import aliased

from fundapp import clock
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import PLANNED_ANEW, db
from fundapp.decisions.models import Appeal, AppealEnd, Decision
from fundapp.funds.models import Fund, Round
from fundapp.languages import Lazy, _dl
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.nested import nested
from fundapp.permissions import Person
from fundapp.projects.models import Project
from fundapp.registry import alike
from fundapp.registry.models import Case
from fundapp.reports.models import Repayment, Report
from fundapp.workflow import ENDED, ApplicationStatus, Outcome, ProjectStatus, ReportStatus

MOST = 100  # of the applicant's other cases; more than any association has
NEAR = 2_000  # how many of the newest cases are looked through for names like this one's
MOST_ALIKE = 5
# A project in one of these is not paid for, and will not be.
_GIVEN_UP = frozenset(
    {
        ApplicationStatus.REJECTED,
        ApplicationStatus.DISMISSED,
        ApplicationStatus.WRITTEN_OFF,
        ApplicationStatus.WITHDRAWN,
        ApplicationStatus.MERGED,
    }
)

_ENDING = [outcome for outcome in Outcome if outcome.ends_case]


@dataclass(frozen=True)
class Other:
    """Another case of the applicant's. Kronor; days local. `granted`: by a final decision that no court has annulled,
    on `decided_on`. `report` says where the project's account stands, None where there is no project.
    """

    public_id: str
    diary_number: str | None
    title: str
    language: str
    fund: str
    status: ApplicationStatus
    sought: int | None
    sent_on: date
    granted: int | None
    decided_on: date | None
    report: Lazy | None
    is_report_late: bool
    repaid: int
    to_repay: int
    repay_by: date | None
    is_same_project: bool
    is_same_time: bool

    @property
    def is_under_way(self) -> bool:
        return self.status not in ENDED


@dataclass(frozen=True)
class Past:
    """The applicant's other cases, the newest first, and others' projects with a name like this one's."""

    others: list[Other] = field(default_factory=list)
    alike: list[Any] = field(default_factory=list)

    @property
    def grants(self) -> list[Other]:
        return [other for other in self.others if other.granted is not None]

    @property
    def granted(self) -> int:
        """Kronor granted in all."""
        return sum(other.granted or 0 for other in self.others)

    @property
    def late_reports(self) -> list[Other]:
        return [other for other in self.others if other.is_report_late]

    @property
    def under_way(self) -> list[Other]:
        return [other for other in self.others if other.is_under_way]

    @property
    def repaid(self) -> int:
        return sum(other.repaid for other in self.others)

    @property
    def to_repay(self) -> int:
        return sum(other.to_repay for other in self.others)

    @property
    def same_projects(self) -> list[Other]:
        """Cases about the same project that are paid for, or may be."""
        return [other for other in self.others if other.is_same_project and other.status not in _GIVEN_UP]


def past(application: Application, person: Person) -> Past:
    """In one statement."""
    lists = {}
    ours = _same_applicant(application)
    if ours is not None:
        lists["others"] = _others(application, ours, person)
    if stems := alike.stems(application.title or ""):
        lists["alike"] = _alike(application, ours, person, stems)
    if not lists:
        return Past()
    found = db.session.execute(
        select(*(nested(query).label(name) for name, query in lists.items())), execution_options={PLANNED_ANEW: True}
    ).one()
    today, title = clock.today(), application.title or ""
    near = [row for row in getattr(found, "alike", ()) if alike.is_alike(title, row.title or "")]
    return Past(
        [_other(row, application, today) for row in getattr(found, "others", ())],
        near[:MOST_ALIKE],
    )


def _same_applicant(application: Application) -> ColumnElement[bool] | None:
    """By organisation or by org.nr; None for who has neither."""
    same: list[ColumnElement[bool]] = []
    if application.organisation_id is not None:
        same.append(Application.organisation_id == application.organisation_id)
    if application.org_number:
        same.append(Application.org_number == application.org_number)
    return or_(*same) if same else None


def _exactly(number: int) -> ColumnElement[int]:
    return literal(number, literal_execute=True)


def _others(application: Application, ours: ColumnElement[bool], person: Person) -> Select[*tuple[Any, ...]]:
    return _other_cases().where(visible_to(person), ours, Application.id != application.id)


@cache
def _other_cases() -> Select[*tuple[Any, ...]]:
    """Without whose and who asks. Made once: to put it together takes longer than to ask it."""
    granted, decided_on = _grant(Decision.amount), _grant(Meeting.held_on)
    return (
        select(
            Application.public_id,
            Case.diary_number,
            Application.title,
            Application.text_language.label("language"),
            Fund.name.label("fund"),
            Application.status,
            Application.amount_requested.label("sought"),
            Application.submitted_at,
            Application.starts_on,
            Application.ends_on,
            granted.label("granted"),
            decided_on.label("decided_on"),
            Project.status.label("project"),
            Project.report_due_on,
            Report.status.label("report"),
            _repayments(func.sum(Repayment.amount), is_received=True).label("repaid"),
            _repayments(func.sum(Repayment.amount), is_received=False).label("to_repay"),
            _repayments(func.min(Repayment.due_on), is_received=False).label("repay_by"),
        )
        .join(Round, Round.id == Application.round_id)
        .join(Fund, Fund.id == Round.fund_id)
        .outerjoin(Case, Case.id == Application.case_id)
        .outerjoin(Project, and_(Project.application_id == Application.id, Project.status != ProjectStatus.ANNULLED))
        .outerjoin(Report, Report.project_id == Project.id)
        .order_by(Application.id.desc())
        .limit(_exactly(MOST))
    )


def _grant(column: Any) -> Any:
    """Of the newest final decision that ended the case and stands: an annulled one gave no money."""
    annulled = exists().where(Appeal.decision_id == Decision.id, Appeal.end_kind == AppealEnd.ANNULLED)
    return (
        select(column)
        .select_from(Decision)
        .join(MinuteItem, MinuteItem.id == Decision.minute_item_id)
        .join(Meeting, Meeting.id == MinuteItem.meeting_id)
        .where(
            Decision.application_id == Application.id,
            Decision.final_at.is_not(None),
            Decision.outcome.in_(_ENDING),
            not_(annulled),
        )
        .order_by(Decision.id.desc())
        .limit(1)
        .correlate(Application)
        .scalar_subquery()
    )


def _repayments(column: Any, *, is_received: bool) -> Any:
    """Of the projects of a case, annulled ones too: what they were paid must come back."""
    project = aliased(Project)
    came = Repayment.received_on.is_not(None) if is_received else Repayment.received_on.is_(None)
    return (
        select(column)
        .select_from(Repayment)
        .join(project, project.id == Repayment.project_id)
        .where(project.application_id == Application.id, came)
        .correlate(Application)
        .scalar_subquery()
    )


def _alike(
    application: Application, ours: ColumnElement[bool] | None, person: Person, stems: list[str]
) -> Select[*tuple[Any, ...]]:
    """Cases of others among the newest whose texts hold the beginnings of at least half of the name's words."""
    theirs = [visible_to(person), Application.id != application.id]
    if ours is not None:
        theirs.append(not_(func.coalesce(ours, False)))
    walk = (
        select(Application.id, Application.search_text)
        .where(*theirs)
        .order_by(Application.id.desc())
        .limit(_exactly(NEAR))
        .subquery()
    )
    held = [case((walk.c.search_text.contains(f" {stem}", autoescape=True), 1), else_=0) for stem in stems]
    count: ColumnElement[int] = held[0]
    for each in held[1:]:
        count = count + each
    return (
        select(
            Application.public_id,
            Case.diary_number,
            Application.title,
            Application.text_language.label("language"),
            Application.applicant_name.label("applicant"),
            Application.status,
        )
        .select_from(walk)
        .join(Application, Application.id == walk.c.id)
        .outerjoin(Case, Case.id == Application.case_id)
        .where(count >= _exactly((len(stems) + 1) // 2))
        .order_by(Application.id.desc())
        .limit(_exactly(MOST))
    )


# --- what a row means -------------------------------------------------------------------------------------------

_REPORTS: dict[ReportStatus, Lazy] = {
    ReportStatus.SUBMITTED: _dl("report to review"),
    ReportStatus.COMPLETION_REQUESTED: _dl("report waits for additions"),
    ReportStatus.APPROVED: _dl("report approved"),
}
_LATE, _NOT_DUE = _dl("report is late"), _dl("report is not due yet")


def _other(row: Any, application: Application, today: date) -> Other:
    is_late = row.project is not None and row.report not in _REPORTS and row.report_due_on < today
    report = None if row.project is None else _REPORTS.get(row.report, _LATE if is_late else _NOT_DUE)
    return Other(
        public_id=row.public_id,
        diary_number=row.diary_number,
        title=row.title or "",
        language=row.language,
        fund=row.fund,
        status=row.status,
        sought=row.sought,
        sent_on=clock.local_day(row.submitted_at),
        granted=row.granted,
        decided_on=row.decided_on if row.granted is not None else None,
        report=report,
        is_report_late=is_late,
        repaid=row.repaid or 0,
        to_repay=row.to_repay or 0,
        repay_by=row.repay_by,
        is_same_project=alike.is_same(application.title or "", row.title or ""),
        is_same_time=_overlaps(application, row),
    )


def _overlaps(application: Application, row: Any) -> bool:
    """Whether both are carried out at the same time; a case that was given up is carried out at no time."""
    ours, theirs = (application.starts_on, application.ends_on), (row.starts_on, row.ends_on)
    if None in ours or None in theirs or row.status in _GIVEN_UP:
        return False
    return bool(ours[0] <= theirs[1] and theirs[0] <= ours[1])
