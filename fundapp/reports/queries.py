"""Which reports a person may see: officials only what has been sent."""

from flask_login import current_user
from sqlalchemy import select

from fundapp.accounts.queries import visible_to
from fundapp.db import db
from fundapp.projects.models import Project
from fundapp.reports.actions import Answers
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
        .join(Repayment.project)
        .join(Project.application)
        .where(Repayment.public_id == public_id, visible_to(current_user))
    )


def planned_answers(project: Project) -> Answers:
    """What a report begins with: the activities as they were applied for, a line each, to be changed to what was done.

    Nothing else is filled in: numbers and sums must be those of what happened.
    """
    submission = project.application.last_submission
    sections = submission.content["sections"] if submission is not None else []
    rows = [
        row
        for section in sections
        if section["code"] == "activities"
        for answer in section["answers"]
        for row in answer["answer"] or []
    ]
    lines = [", ".join(part["answer"] for part in row if part["answer"] and part["is_typed"]) for row in rows]
    return {"what_was_done": ["\n".join(line for line in lines if line)]}
