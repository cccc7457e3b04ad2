"""Reminders of a project's report: once when it is due soon, once when it is late."""

from datetime import timedelta

from sqlalchemy import select

from fundapp import clock
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.projects.models import Project
from fundapp.reports import emails
from fundapp.reports.models import Report
from fundapp.workflow import ProjectStatus

SOON = timedelta(days=14)  # assumption: the municipality has published no rule


def remind_of_reports() -> int:
    """Write what is due today; gives how many projects were reminded. A second call writes nothing."""
    today = clock.today()
    is_sent = select(Report.id).where(Report.project_id == Project.id, Report.submitted_at.is_not(None)).exists()
    waiting = db.session.scalars(
        select(Project)
        .where(Project.status == ProjectStatus.RUNNING, Project.report_due_on <= today + SOON, ~is_sent)
        .order_by(Project.id)
    ).all()
    return sum(_remind(project) for project in waiting)


def _remind(project: Project) -> bool:
    if not emails.send_reminder(project, is_late=project.report_due_on < clock.today()):
        return False
    record(project, "remind_of_report", by=None, due_on=project.report_due_on)
    return True
