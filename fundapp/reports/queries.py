"""Which reports a person may see: officials only what has been sent."""

from flask_login import current_user
from sqlalchemy import select

from fundapp.accounts.queries import visible_to
from fundapp.db import db
from fundapp.projects.models import Project
from fundapp.reports.models import Repayment, Report


def sent_report(public_id: str) -> Report | None:
    """The report of the project with this id, if it has been sent and the official may know of the case."""
    return db.session.scalar(
        select(Report)
        .join(Report.project)
        .join(Project.application)
        .where(Project.public_id == public_id, Report.submitted_at.is_not(None), visible_to(current_user))
    )


def repayment(public_id: str) -> Repayment | None:
    return db.session.scalar(
        select(Repayment)
        .join(Repayment.report)
        .join(Report.project)
        .join(Project.application)
        .where(Repayment.public_id == public_id, visible_to(current_user))
    )
