"""Start a project from a grant, pay its instalments, change the plan of what is not paid yet."""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock, permissions
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.models import ObjectiveLink
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.goals.models import Objective
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.permissions import Permission
from fundapp.projects import rules
from fundapp.projects.models import Instalment, Project
from fundapp.workflow import NotAllowed, StepNotPossible


def start_project(decision: Decision, *, by: Any) -> Project:
    """The project of a grant from the fund, with its objectives, instalments and report day.

    Called in the transaction that makes the decision final. Errors: NotAllowed; StepNotPossible where the decision
    gives no money to a project (an award of the stipend starts none).
    """
    application = decision.application
    reason = permissions.why_not(by, Permission.APPROVE_MINUTES)
    if reason is not None:
        raise NotAllowed(reason)
    if decision.amount is None or application.kind is not ApplicationKind.GRANT:
        raise StepNotPossible(_dl("Only a grant from the fund starts a project."))
    project = _project_of(decision, application)
    db.session.add(project)
    _plan_instalments(project, decision.item.meeting.held_on, application.round.fund.terms["instalments"]["value"])
    db.session.flush()
    record(project, "start", by=by, granted=project.granted, report_due_on=project.report_due_on)
    return project


def _project_of(decision: Decision, application: Application) -> Project:
    if application.starts_on is None or application.ends_on is None or decision.amount is None:
        raise StepNotPossible(_dl("The application has no period, so no project can start from it."))
    return Project(
        application=application,
        decision=decision,
        title=application.title or application.applicant_name or "",
        summary=application.summary or "",
        granted=decision.amount,
        starts_on=application.starts_on,
        ends_on=application.ends_on,
        report_due_on=rules.add_months(
            application.ends_on, application.round.fund.terms["report_months"]["value"]
        ),
        started_at=clock.now(),
        objectives=_linked_objectives(application),
    )


def _linked_objectives(application: Application) -> list[Objective]:
    links = select(ObjectiveLink.objective_id).where(ObjectiveLink.application_id == application.id)
    return list(db.session.scalars(select(Objective).where(Objective.id.in_(links)).order_by(Objective.id)))


def _plan_instalments(project: Project, decided_on: date, per_cent: list[int]) -> None:
    amounts = rules.split(project.granted, per_cent)
    days = rules.planned_days(
        len(amounts), decided_on=decided_on, starts_on=project.starts_on, ends_on=project.ends_on
    )
    for number, (amount, day) in enumerate(zip(amounts, days, strict=True), 1):
        project.instalments.append(Instalment(number=number, amount=amount, planned_on=day))
