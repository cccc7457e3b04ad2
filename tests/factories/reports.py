"""Reports as the association writes them, by the real steps."""

from typing import Any

from fundapp.accounts.models import Account
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.reports import actions
from fundapp.reports.forms import facts_of, report_form, result_name
from fundapp.reports.models import Report
from tests.factories.people import official
from tests.factories.projects import running

ANSWERS = {
    "carried_out": ["yes"],
    "what_was_done": ["Trettio kaféer och en utflykt till Malören."],
    "women": ["22"],
    "men": ["15"],
    "girls": ["3"],
    "boys": ["6"],
    "used": ["45 000"],
    "deviations": [""],
    "lives_on": ["Kaféet fortsätter en gång i månaden."],
}


def answers_for(project: Project, **changes: Any) -> dict[str, list[str]]:
    """Every field of the project's report filled in; `changes` replace single answers: used="30 000"."""
    results = {result_name(one): [f"Vi nådde målet {one.code}."] for one in project.objectives}
    return ANSWERS | results | {name: [str(value)] for name, value in changes.items()}


def reported(project: Project | None = None, *, by: Account | None = None, **changes: Any) -> Report:
    """A report that was sent; `changes` replace single answers."""
    project = project or running()
    by = by or project.application.created_by
    answers = answers_for(project, **changes)
    actions.save_report(project, answers, by=by)
    form = report_form(project.objectives, answers)
    assert form.validate(), form.errors
    return actions.submit_report(project, facts_of(form, project.objectives), by=by)


def approved(project: Project | None = None, *, officer: Account | None = None, **changes: Any) -> Report:
    """A report that was sent and approved; its project is closed."""
    report = reported(project, **changes)
    actions.approve_report(report, by=officer or official(Role.OFFICER))
    return report
