"""Two applications that are the same one: the later is closed and handled in the other's case.

Documents stay where they are filed, and each case names the other.
"""

from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.assessments.actions import end_completion
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.intake import emails
from fundapp.intake.models import MergedCase
from fundapp.languages import Lazy, _d, _dl, speaking
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import file_document, sender_of
from fundapp.registry.models import Direction
from fundapp.registry.rules import attachment_subject, submission_subject
from fundapp.workflow import ENDED, ApplicationStatus, NotAllowed, StepNotPossible, demand_step, take_step


def is_same_applicant(application: Application, other: Application) -> bool:
    """By the organisation, or by its number: doubles share it, and a nomination may name it."""
    if application.organisation_id is not None and application.organisation_id == other.organisation_id:
        return True
    return bool(application.org_number) and application.org_number == other.org_number


def why_not_into(application: Application, other: Application) -> Lazy | None:
    """Why the application cannot be merged into the other's case; None where it can."""
    if other.id == application.id or not is_same_applicant(application, other):
        return _dl("Only applications of the same applicant can be merged.")
    if other.kind is not application.kind:
        return _dl("They are of different kinds: one is an application and the other a nomination.")
    if other.status is ApplicationStatus.DRAFT or other.status in ENDED:
        return _dl("The other case is closed. Choose one that is under way.")
    if other.case is None:
        return _dl("The other application has no number yet. Register it first.")
    return None


def merge(application: Application, other: Application, *, reason: str, by: Any) -> MergedCase:
    """Close the application as handled in the other's case, and tell the applicant. What has no case of its own yet is
    filed in the other's. Errors: NotAllowed, StepNotPossible.
    """
    _lock(application, other)
    demand_step(application, "merge", by=by)
    refusal = why_not(by, Permission.MERGE_CASES, other)
    if refusal is not None:
        raise NotAllowed(refusal)
    fault = why_not_into(application, other)
    if fault is not None:
        raise StepNotPossible(fault)
    take_step(application, "merge", by=by)
    end_completion(application, None, by=by)
    row = MergedCase(
        application_id=application.id, into_id=other.id, reason=reason, merged_by_id=by.id, merged_at=clock.now()
    )
    db.session.add(row)
    record(other, "take_in", by=by, other=application)
    if application.case is None:
        _file_in(other, application, by=by)
    else:
        _refer(application, other, by=by)
    _refer(other, application, by=by)
    emails.send_merged(application, other)
    db.session.flush()
    return row


def _lock(*applications: Application) -> None:
    """Wait for whoever changes one of them, always in the same order."""
    db.session.flush()
    ids = [each.id for each in applications]
    rows = select(Application).where(Application.id.in_(ids)).order_by(Application.id)
    rows = rows.with_for_update(of=Application).execution_options(populate_existing=True)
    db.session.scalars(rows).all()


def _name(application: Application) -> str:
    return application.case.diary_number if application.case is not None else application.reference


def _refer(application: Application, other: Application, *, by: Any) -> None:
    """A note in the application's case that names the other."""
    is_closed = application.status is ApplicationStatus.MERGED
    with speaking("sv"):
        subject = (
            _d("Merged with %(number)s, where the matter is handled", number=_name(other))
            if is_closed
            else _d("Merged with %(number)s, which is closed", number=_name(other))
        )
    case = application.case
    assert case is not None  # noqa: S101  both callers have seen it
    file_document(case, direction=Direction.DRAWN_UP, subject=subject, by=by)


def _file_in(other: Application, application: Application, *, by: Any) -> None:
    """What was sent without getting a case, as received in the other's."""
    case = other.case
    assert case is not None  # noqa: S101  why_not_into has seen it
    sender = sender_of(application)
    for submission in application.submissions:
        file_document(
            case,
            direction=Direction.RECEIVED,
            subject=submission_subject(application.kind.name, submission.number),
            counterpart=sender,
            dated=clock.local_day(submission.submitted_at),
            paper=submission.paper,
            by=by,
        )
    for attachment in application.attachments:
        file_document(
            case,
            direction=Direction.RECEIVED,
            subject=attachment_subject(attachment.kind, application.terms),
            counterpart=sender,
            dated=clock.local_day(attachment.added_at),
            file=attachment.file,
            by=by,
        )
