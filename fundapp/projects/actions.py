"""Start a project from a grant, and change the plan of what is not paid yet; `paying` pays it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock, meanwhile, permissions
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.models import ObjectiveLink
from fundapp.db import db, reread
from fundapp.decisions import dates
from fundapp.decisions.models import Decision
from fundapp.goals.models import Objective
from fundapp.history.actions import record
from fundapp.languages import _dl, _l
from fundapp.permissions import Permission
from fundapp.projects import rules
from fundapp.projects.models import Instalment, Project
from fundapp.projects.rules import Part
from fundapp.workflow import InstalmentStatus, NotAllowed, ProjectStatus, StepNotPossible


class PlanChanged(StepNotPossible):
    """The plan is no longer the one that the person has changed."""

    def __init__(self) -> None:
        super().__init__(
            _l("Somebody else changed this while you had it open. Open it again to see what is there now.")
        )


def start_project(decision: Decision, *, by: Any) -> Project:
    """The project of a grant from the fund, with its objectives, instalments and report day.

    Called in the transaction that makes the decision final. Errors: NotAllowed; StepNotPossible where the decision
    gives no money to a project (an award of the stipend starts none).
    """
    project = start_projects([decision], by=by)[0]
    record_started([project], by=by)
    return project


def start_projects(decisions: Sequence[Decision], *, by: Any) -> list[Project]:
    """`start_project` for all the grants of a sitting. Nothing is written yet: call `record_started` at the end."""
    reason = permissions.why_not(by, Permission.APPROVE_MINUTES)
    if reason is not None:
        raise NotAllowed(reason)
    if not all(starts_project(decision) for decision in decisions):
        raise StepNotPossible(_dl("Only a grant from the fund starts a project."))
    objectives = _linked_objectives([decision.application_id for decision in decisions])
    projects = []
    for decision in decisions:
        project = _project_of(decision, decision.application, objectives.get(decision.application_id, []))
        terms = decision.application.terms
        # Nothing is paid before the decision is in force; the notice goes up today at the earliest.
        _plan_instalments(project, dates.in_force_on(clock.today()), terms["instalments"]["value"])
        projects.append(project)
    db.session.add_all(projects)
    return projects


def starts_project(decision: Decision) -> bool:
    """Whether it gives money to a project; an award of the stipend does not."""
    return decision.amount is not None and decision.application.kind is ApplicationKind.GRANT


def record_started(projects: Sequence[Project], *, by: Any) -> None:
    """Write the projects and what the history tells of their start."""
    db.session.flush()
    for project in projects:
        record(project, "start", by=by, granted=project.granted, report_due_on=project.report_due_on)


def _project_of(decision: Decision, application: Application, objectives: list[Objective]) -> Project:
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
        report_due_on=rules.add_months(application.ends_on, application.terms["report_months"]["value"]),
        started_at=clock.now(),
        objectives=objectives,
    )


def _linked_objectives(application_ids: Sequence[int]) -> dict[int, list[Objective]]:
    """The objectives that the officers linked the applications to, by application."""
    links = select(ObjectiveLink.application_id, Objective).join(ObjectiveLink.objective)
    found: dict[int, list[Objective]] = {}
    rows = links.where(ObjectiveLink.application_id.in_(application_ids)).order_by(Objective.id)
    for application_id, objective in db.session.execute(rows):
        found.setdefault(application_id, []).append(objective)
    return found


def _plan_instalments(project: Project, first: date, per_cent: list[int]) -> None:
    amounts = rules.split(project.granted, per_cent)
    days = rules.planned_days(len(amounts), payable_on=first, starts_on=project.starts_on, ends_on=project.ends_on)
    for number, (amount, day) in enumerate(zip(amounts, days, strict=True), 1):
        project.instalments.append(Instalment(number=number, amount=amount, planned_on=day))


def hold(project: Project) -> None:
    """Hold the project's row until the transaction ends, so that payments, plan and report change one at a time."""
    db.session.execute(select(Project.id).where(Project.id == project.id).with_for_update())
    reread(project, attribute_names=["status", "instalments"])
    rows = select(Instalment).where(Instalment.project_id == project.id)
    db.session.scalars(rows.execution_options(populate_existing=True)).all()


def planned_parts(project: Project) -> list[Part]:
    """The instalments that are neither paid nor proposed, as they are planned now."""
    rows = [row for row in project.instalments if row.status is InstalmentStatus.PLANNED]
    return [Part(row.amount, row.planned_on) for row in rows]


def seen_of(project: Project) -> str:
    """What a page that shows the plan says it has shown."""
    return meanwhile.sign(_told(planned_parts(project)))


def _told(parts: Sequence[Part]) -> str:
    return " ".join(str(part) for part in parts)


def change_plan(project: Project, parts: Sequence[Part], *, seen: str | None = None, by: Any) -> None:
    """Replace the instalments that are neither paid nor proposed; together they must be what is left of the grant.

    `seen`: as `seen_of` told it when the person read the plan. Errors: NotAllowed; PlanChanged; StepNotPossible in a
    closed project, or where the sums or days cannot be right.
    """
    reason = permissions.why_not(by, Permission.PAY_INSTALMENT, project)
    if reason is not None:
        raise NotAllowed(reason)
    hold(project)
    if project.status is not ProjectStatus.RUNNING:
        raise StepNotPossible(_dl("The project is closed, so its plan cannot be changed."))
    if seen is not None and seen != seen_of(project):
        raise PlanChanged
    fault = rules.fault_in_plan(parts, left=project.to_plan, decided_on=project.decision.item.meeting.held_on)
    if fault is not None:
        raise StepNotPossible(fault)
    old = _told(planned_parts(project))
    _replace_planned(project, parts)
    new = _told(planned_parts(project))
    record(project, "change_plan", by=by, planned_before=old, planned_now=new)


def _replace_planned(project: Project, parts: Sequence[Part]) -> None:
    """Paid and proposed ones keep their numbers; the planned ones follow after the last that is not planned."""
    planned = [row for row in project.instalments if row.status is InstalmentStatus.PLANNED]
    for row, part in zip(planned, parts, strict=False):
        row.amount, row.planned_on = part.amount, part.planned_on
    for row in planned[len(parts) :]:
        project.instalments.remove(row)
        db.session.delete(row)
    last = max((row.number for row in project.instalments), default=0)
    for number, part in enumerate(parts[len(planned) :], last + 1):
        project.instalments.append(Instalment(number=number, amount=part.amount, planned_on=part.planned_on))
    db.session.flush()
