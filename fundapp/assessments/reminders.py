"""Reminders of additions that were asked for: once when the day is near, once when it has passed."""

from datetime import timedelta

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.assessments import emails
from fundapp.assessments.models import CompletionRequest
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.workflow import ApplicationStatus

SOON = timedelta(days=3)  # assumption: the municipality has published no rule


def remind_of_completions() -> int:
    """Write what is due today; gives how many requests were reminded of. A second call writes nothing."""
    today = clock.today()
    waiting = db.session.scalars(
        select(CompletionRequest)
        .join(Application, Application.id == CompletionRequest.application_id)
        .where(
            CompletionRequest.ended_at.is_(None),
            CompletionRequest.due_on <= today + SOON,
            Application.status == ApplicationStatus.COMPLETION_REQUESTED,
        )
        .order_by(CompletionRequest.id)
    ).all()
    return sum(_remind(request) for request in waiting)


def _remind(request: CompletionRequest) -> bool:
    today = clock.today()
    is_late = request.due_on < today
    if not is_late and clock.local_day(request.requested_at) >= request.due_on - SOON:
        return False  # it was asked for with so short a time that the request itself is the reminder
    if not emails.send_completion_reminder(request, is_late=is_late):
        return False
    record(request.application, "remind_of_completion", by=None, due_on=request.due_on)
    return True
