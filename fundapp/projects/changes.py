"""What a running project asks to have changed: the request, and the official's answer.

Assumption: the municipality has published no rule. An official may let a project do something else within the grant and
the time that the fund is for; more money, or more time than that, is a new application.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock, permissions
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.documents import draw_up
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl, _l, speaking
from fundapp.permissions import Permission
from fundapp.projects import emails, papers, rules
from fundapp.projects.actions import hold
from fundapp.projects.models import ChangeRequest, Project
from fundapp.registry.actions import demand_case, file_document
from fundapp.registry.models import Direction
from fundapp.reports.models import Report
from fundapp.workflow import NotAllowed, ProjectStatus, ReportStatus, StepNotPossible


def waiting(project: Project) -> ChangeRequest | None:
    """The request that has no answer yet."""
    return db.session.scalar(
        select(ChangeRequest).where(ChangeRequest.project_id == project.id, ChangeRequest.decided_at.is_(None))
    )


def why_not_ask(project: Project) -> Lazy | None:
    """Why the project cannot ask for a change now, or None."""
    if project.status is not ProjectStatus.RUNNING or _is_reported(project):
        return _l("The project is reported, so it cannot be changed any more.")
    if waiting(project) is not None:
        return _l("You have asked for a change already. Wait for the answer.")
    return None


def _is_reported(project: Project) -> bool:
    status = db.session.scalar(select(Report.status).where(Report.project_id == project.id))
    return status not in (None, ReportStatus.DRAFT)


def fault_in_new_end(project: Project, day: date) -> Lazy | None:
    """What cannot be right about the last day that is asked for, as a sentence."""
    return rules.fault_in_new_end(
        day, first=max(clock.today(), project.starts_on), last=project.application.round.period_end
    )


def _demand(by: Any, permission: Permission, project: Project) -> None:
    reason = permissions.why_not(by, permission, project)
    if reason is not None:
        raise NotAllowed(reason)


def ask_for_change(project: Project, *, what: str, why: str, new_ends_on: date | None, by: Any) -> ChangeRequest:
    """Ask, file the request and tell the case officer. The same once more (a double click, a retry) changes nothing.

    Errors: NotAllowed; StepNotPossible where another request waits, or the project is over.
    """
    _demand(by, Permission.ASK_FOR_CHANGE, project)
    hold(project)
    asked = (what, why, new_ends_on)
    before = waiting(project)
    if before is not None and (before.what, before.why, before.new_ends_on) == asked:
        return before
    fault = why_not_ask(project) or (fault_in_new_end(project, new_ends_on) if new_ends_on else None)
    if fault is not None:
        raise StepNotPossible(fault)
    request = ChangeRequest(
        project=project,
        what=what,
        why=why,
        new_ends_on=new_ends_on,
        language=project.application.text_language,
        asked_at=clock.now(),
        asked_by=by,
    )
    db.session.add(request)
    db.session.flush()
    _file(request, papers.request_content(request), _dl("Request to change the project"), Direction.RECEIVED, by=by)
    emails.send_request(request)
    record(request, "ask_for_change", by=by, new_ends_on=new_ends_on)
    return request


def answer_change(request: ChangeRequest, *, is_approved: bool, answer: str, by: Any) -> None:
    """Say yes or no. A yes to another last day moves the project's end and the report's day.

    Errors: NotAllowed; StepNotPossible where it is answered already, or the project is over.
    """
    project = request.project
    _demand(by, Permission.ANSWER_CHANGE, project)
    hold(project)
    reread(request)
    if request.decided_at is not None:
        raise StepNotPossible(_dl("It is answered already."))
    if is_approved and request.new_ends_on is not None:
        if _is_reported(project):
            raise StepNotPossible(_dl("The project is reported, so its last day stays as it is."))
        months = project.application.terms["report_months"]["value"]
        project.ends_on = request.new_ends_on
        project.report_due_on = rules.add_months(request.new_ends_on, months)
    request.is_approved, request.answer = is_approved, answer
    request.decided_at, request.decided_by_id = clock.now(), by.id
    db.session.flush()
    subject = _dl("Answer to the request to change the project")
    _file(request, papers.answer_content(request, by.name or by.email), subject, Direction.DISPATCHED, by=by)
    emails.send_answer(request)
    record(request, "answer_change", by=by, is_approved=is_approved)


def _file(request: ChangeRequest, content: dict[str, Any], subject: Lazy, direction: Direction, *, by: Any) -> None:
    """Into the application's case; the diary is kept in Swedish."""
    application: Application = request.project.application
    is_answer = direction is Direction.DISPATCHED
    name = f"{'svar-' if is_answer else ''}andring-{request.public_id}.pdf"
    with speaking("sv"):
        file_document(
            demand_case(application),
            direction=direction,
            subject=str(subject),
            counterpart=application.applicant_name or "",
            paper=draw_up("projects/documents/change.typ", content, file_name=name),
            by=by,
        )
