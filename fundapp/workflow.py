"""Every status and every step: for each thing that has a status, one table of who may take it from where to where.

A step sets the status and its facts together (a CHECK in the database ties them) and writes the history. The engine
is `take_step`; everything else on this page is the tables.
"""

from dataclasses import dataclass
from typing import Any

from fundapp import permissions
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import LabelledEnum, Lazy, _dl, _l
from fundapp.permissions import Permission


class StepNotPossible(Exception):
    """The step does not lead from where the thing stands; `reason` is a sentence for the person."""

    def __init__(self, reason: Lazy | str) -> None:
        super().__init__(str(reason))
        self.reason = reason


class NotAllowed(Exception):
    """The person may not take the step; `reason` is a sentence for the person."""

    def __init__(self, reason: Lazy | str) -> None:
        super().__init__(str(reason))
        self.reason = reason


class ApplicationStatus(LabelledEnum):
    DRAFT = "draft", _l("Draft")
    SUBMITTED = "submitted", _l("Sent in")
    REGISTERED = "registered", _l("Registered")
    UNDER_ASSESSMENT = "under_assessment", _l("Being assessed")
    COMPLETION_REQUESTED = "completion_requested", _l("Waiting for your additions")
    ASSESSED = "assessed", _l("Ready for the board")
    ON_AGENDA = "on_agenda", _l("On the board's agenda")
    GRANTED = "granted", _l("Granted")
    GRANTED_IN_PART = "granted_in_part", _l("Granted in part")
    REJECTED = "rejected", _l("Not granted")
    DISMISSED = "dismissed", _l("Dismissed")
    WRITTEN_OFF = "written_off", _l("Closed without a decision")
    WITHDRAWN = "withdrawn", _l("Withdrawn")
    MERGED = "merged", _l("Handled together with another application")


class Outcome(LabelledEnum):
    """What a board may decide in a case; the code is the step that the application takes when it becomes final."""

    GRANT = "grant", _l("Granted")
    GRANT_IN_PART = "grant_in_part", _l("Granted in part")
    REJECT = "reject", _l("Not granted")
    REFER_BACK = "refer_back", _l("Referred back")
    TABLE = "table", _l("Tabled to the next sitting")
    DISMISS = "dismiss", _l("Dismissed without examination")
    WRITE_OFF = "write_off", _l("Closed without a decision in the matter")

    @property
    def gives_money(self) -> bool:
        return self in (Outcome.GRANT, Outcome.GRANT_IN_PART)

    @property
    def ends_case(self) -> bool:
        return self not in (Outcome.REFER_BACK, Outcome.TABLE)


class MeetingStatus(LabelledEnum):
    PLANNED = "planned", _dl("Planned")
    OPENED = "opened", _dl("Opened")
    ENDED = "ended", _dl("Ended, minutes to be approved")
    APPROVED = "approved", _dl("Minutes approved")


class ProjectStatus(LabelledEnum):
    RUNNING = "running", _l("Running")
    CLOSED = "closed", _l("Closed")
    ANNULLED = "annulled", _l("The decision was annulled")


class InstalmentStatus(LabelledEnum):
    PLANNED = "planned", _l("Planned")
    PROPOSED = "proposed", _dl("Proposed for payment")  # the project reads "planned": it is not paid yet
    PAID = "paid", _l("Paid")
    CANCELLED = "cancelled", _l("Will not be paid")


class ReportStatus(LabelledEnum):
    DRAFT = "draft", _l("Report not sent")
    SUBMITTED = "submitted", _l("Report sent in")
    COMPLETION_REQUESTED = "completion_requested", _l("Report needs additions")
    APPROVED = "approved", _l("Report approved")


@dataclass(frozen=True)
class Step:
    """From any status in `start` to `to`, for who has `permission`; `to` None keeps the status."""

    name: str
    label: Lazy
    start: frozenset[Any]
    to: Any
    permission: Permission


def _table(*steps: Step) -> dict[str, Step]:
    return {step.name: step for step in steps}


def _from(*statuses: Any) -> frozenset[Any]:
    return frozenset(statuses)


_A = ApplicationStatus

# What a board may decide turns into one of these; referral back and tabling send the case on, the others end it.
APPLICATION_STEPS = _table(
    Step("submit", _l("Send"), _from(_A.DRAFT), _A.SUBMITTED, Permission.SUBMIT_APPLICATION),
    Step("receive", _dl("Receive for the sender"), _from(_A.DRAFT), _A.SUBMITTED, Permission.RECEIVE_ON_PAPER),
    Step(
        "receive_additions",
        _dl("Receive additions for the sender"),
        _from(_A.COMPLETION_REQUESTED),
        _A.UNDER_ASSESSMENT,
        Permission.RECEIVE_ON_PAPER,
    ),
    Step("register", _dl("Register"), _from(_A.SUBMITTED), _A.REGISTERED, Permission.REGISTER_APPLICATION),
    Step("take_up", _dl("Start assessing"), _from(_A.REGISTERED), _A.UNDER_ASSESSMENT, Permission.ASSESS_APPLICATION),
    Step(
        "request_completion",
        _dl("Ask for completion"),
        _from(_A.REGISTERED, _A.UNDER_ASSESSMENT),
        _A.COMPLETION_REQUESTED,
        Permission.ASSESS_APPLICATION,
    ),
    Step(
        "complete",
        _l("Send additions"),
        _from(_A.COMPLETION_REQUESTED),
        _A.UNDER_ASSESSMENT,
        Permission.SUBMIT_APPLICATION,
    ),
    Step(
        "go_on_without",
        _dl("Go on without the completion"),
        _from(_A.COMPLETION_REQUESTED),
        _A.UNDER_ASSESSMENT,
        Permission.ASSESS_APPLICATION,
    ),
    Step(
        "finish_assessment",
        _dl("Finish the officer's report"),
        _from(_A.UNDER_ASSESSMENT),
        _A.ASSESSED,
        Permission.ASSESS_APPLICATION,
    ),
    Step(
        "reopen_assessment",
        _dl("Reopen the assessment"),
        _from(_A.ASSESSED),
        _A.UNDER_ASSESSMENT,
        Permission.ASSESS_APPLICATION,
    ),
    Step("put_on_agenda", _dl("Put on the agenda"), _from(_A.ASSESSED), _A.ON_AGENDA, Permission.PREPARE_MEETING),
    Step("take_off_agenda", _dl("Take off the agenda"), _from(_A.ON_AGENDA), _A.ASSESSED, Permission.PREPARE_MEETING),
    Step("grant", _dl("Grant"), _from(_A.ON_AGENDA), _A.GRANTED, Permission.APPROVE_MINUTES),
    Step("grant_in_part", _dl("Grant in part"), _from(_A.ON_AGENDA), _A.GRANTED_IN_PART, Permission.APPROVE_MINUTES),
    Step("reject", _dl("Reject"), _from(_A.ON_AGENDA), _A.REJECTED, Permission.APPROVE_MINUTES),
    Step("dismiss", _dl("Dismiss"), _from(_A.ON_AGENDA), _A.DISMISSED, Permission.APPROVE_MINUTES),
    Step("write_off", _dl("Write off"), _from(_A.ON_AGENDA), _A.WRITTEN_OFF, Permission.APPROVE_MINUTES),
    Step("refer_back", _dl("Refer back"), _from(_A.ON_AGENDA), _A.UNDER_ASSESSMENT, Permission.APPROVE_MINUTES),
    Step("table", _dl("Table"), _from(_A.ON_AGENDA), _A.ASSESSED, Permission.APPROVE_MINUTES),
    Step(
        "reconsider",
        _dl("Take up again for a new decision"),
        _from(_A.REJECTED, _A.DISMISSED, _A.WRITTEN_OFF),
        _A.UNDER_ASSESSMENT,
        Permission.ASSESS_APPLICATION,
    ),
    Step(
        "annul",
        _dl("Take up again: a court annulled the decision"),
        _from(_A.GRANTED, _A.GRANTED_IN_PART, _A.REJECTED, _A.DISMISSED, _A.WRITTEN_OFF),
        _A.UNDER_ASSESSMENT,
        Permission.RECORD_APPEAL,
    ),
    Step(
        "withdraw",
        _l("Withdraw the application"),
        # On an agenda too, until an outcome is recorded there: `applications.actions.withdraw` asks.
        _from(_A.SUBMITTED, _A.REGISTERED, _A.UNDER_ASSESSMENT, _A.COMPLETION_REQUESTED, _A.ASSESSED, _A.ON_AGENDA),
        _A.WITHDRAWN,
        Permission.WITHDRAW_APPLICATION,
    ),
    Step(
        "merge",
        _dl("Merge with another case"),
        _from(_A.SUBMITTED, _A.REGISTERED, _A.UNDER_ASSESSMENT, _A.COMPLETION_REQUESTED, _A.ASSESSED),
        _A.MERGED,
        Permission.MERGE_CASES,
    ),
)

MEETING_STEPS = _table(
    Step(
        "open", _dl("Open the sitting"), _from(MeetingStatus.PLANNED), MeetingStatus.OPENED, Permission.PREPARE_MEETING
    ),
    Step("end", _dl("End the sitting"), _from(MeetingStatus.OPENED), MeetingStatus.ENDED, Permission.PREPARE_MEETING),
    Step(
        "resume",
        _dl("Go back to the sitting"),
        _from(MeetingStatus.ENDED),
        MeetingStatus.OPENED,
        Permission.PREPARE_MEETING,
    ),
    Step(
        "approve_minutes",
        _dl("Mark the minutes as approved"),
        _from(MeetingStatus.ENDED),
        MeetingStatus.APPROVED,
        Permission.APPROVE_MINUTES,
    ),
)

PROJECT_STEPS = _table(
    Step(
        "close", _dl("Close the project"), _from(ProjectStatus.RUNNING), ProjectStatus.CLOSED, Permission.REVIEW_REPORT
    ),
    Step(
        "annul",
        _dl("End the project: a court annulled the decision"),
        _from(ProjectStatus.RUNNING, ProjectStatus.CLOSED),
        ProjectStatus.ANNULLED,
        Permission.RECORD_APPEAL,
    ),
)

INSTALMENT_STEPS = _table(
    Step(
        "propose",
        _dl("Propose the payment"),
        _from(InstalmentStatus.PLANNED),
        InstalmentStatus.PROPOSED,
        Permission.PAY_INSTALMENT,
    ),
    Step(
        "approve",
        _dl("Approve the payment"),
        _from(InstalmentStatus.PROPOSED),
        InstalmentStatus.PAID,
        Permission.APPROVE_PAYMENT,
    ),
    Step(
        "send_back",
        _dl("Send the payment back"),
        _from(InstalmentStatus.PROPOSED),
        InstalmentStatus.PLANNED,
        Permission.APPROVE_PAYMENT,
    ),
    Step(
        "take_back",
        _dl("Take the proposal back"),
        _from(InstalmentStatus.PROPOSED),
        InstalmentStatus.PLANNED,
        Permission.PAY_INSTALMENT,
    ),
    Step(
        "cancel",
        _dl("Do not pay"),
        _from(InstalmentStatus.PLANNED),
        InstalmentStatus.CANCELLED,
        Permission.REVIEW_REPORT,
    ),
    Step(
        "annul",
        _dl("Do not pay: a court annulled the decision"),
        _from(InstalmentStatus.PLANNED, InstalmentStatus.PROPOSED),
        InstalmentStatus.CANCELLED,
        Permission.RECORD_APPEAL,
    ),
)

_R = ReportStatus

REPORT_STEPS = _table(
    Step(
        "submit", _l("Send the report"), _from(_R.DRAFT, _R.COMPLETION_REQUESTED), _R.SUBMITTED, Permission.SEND_REPORT
    ),
    Step(
        "request_completion",
        _dl("Ask for additions"),
        _from(_R.SUBMITTED),
        _R.COMPLETION_REQUESTED,
        Permission.REVIEW_REPORT,
    ),
    Step("approve", _dl("Approve the report"), _from(_R.SUBMITTED), _R.APPROVED, Permission.REVIEW_REPORT),
)

ENDED = _from(_A.GRANTED, _A.GRANTED_IN_PART, _A.REJECTED, _A.DISMISSED, _A.WRITTEN_OFF, _A.WITHDRAWN, _A.MERGED)
OPEN_TO_OFFICIALS = frozenset(_A) - {_A.DRAFT}


def demand_step(subject: Any, name: str, *, by: Any) -> Step:
    """The step, where it leads from here and `by` may take it; for an action that must do something before the step.

    Errors: StepNotPossible, NotAllowed.
    """
    step: Step = subject.STEPS[name]
    reason = permissions.why_not(by, step.permission, subject.permission_subject)
    if reason is not None:
        raise NotAllowed(reason)
    if subject.status not in step.start:
        raise StepNotPossible(why_not_from(subject, step))
    return step


def take_step(subject: Any, name: str, *, by: Any, **facts: Any) -> None:
    """Take a step: check that it leads from here and that `by` may, then set status and facts and write the history.

    `subject` has `status`, `STEPS`, `thread` and `permission_subject` (what the permission is asked of).
    Errors: StepNotPossible, NotAllowed.
    """
    step = demand_step(subject, name, by=by)
    old = subject.status
    with db.session.no_autoflush:
        for fact, value in facts.items():
            setattr(subject, fact, value)
        subject.status = step.to
    record(subject, name, by=by, old=old, new=step.to, **_short(facts))


def _short(facts: dict[str, Any]) -> dict[str, Any]:
    """What the history keeps of a step's facts: no long text, and no row of another table."""
    return {
        name: value
        for name, value in facts.items()
        if not hasattr(value, "__table__") and (not isinstance(value, str) or len(value) <= 60)
    }


def why_not_from(subject: Any, step: Step) -> Lazy:
    """The sentence for a step that does not lead from where the subject stands."""
    return _l(
        "“%(step)s” is not possible now: the status is “%(status)s”.", step=step.label, status=subject.status.label
    )


@dataclass(frozen=True)
class PossibleStep:
    """A step as a page offers it: `reason` says why not, None where it may be taken."""

    step: Step
    reason: Lazy | None


def steps_for(person: Any, subject: Any) -> list[PossibleStep]:
    """The steps that lead from here, for the page's buttons; a step the person has no right to is left out."""
    found = []
    for step in subject.STEPS.values():
        if permissions.why_not(person, step.permission, subject.permission_subject) is not None:
            continue
        found.append(PossibleStep(step, None if subject.status in step.start else why_not_from(subject, step)))
    return found
