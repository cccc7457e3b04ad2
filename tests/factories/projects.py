"""Funded projects, reached by the real steps from the application on."""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.decisions import appeals
from fundapp.decisions.force import force_of
from fundapp.permissions import Role
from fundapp.projects import paying
from fundapp.projects.models import Instalment, Project
from tests.factories.decisions import granted
from tests.factories.people import official


def running(**choices: Any) -> Project:
    """A project that a final grant has just started; `choices` go to `granted`."""
    decision = granted(**choices)
    return db.session.scalars(select(Project).where(Project.decision_id == decision.id)).one()


def payable(project: Project) -> Project:
    """A secretary has allowed payment before the decision is in force, where it is not."""
    decision = project.decision
    if not force_of(decision).is_in_force and decision.early_payment is None:
        appeals.allow_early_payment(decision, reason="Kursen börjar på måndag.", by=official(Role.SECRETARY))
        db.session.expire(decision, ["early_payment"])
    return project


def paid(
    project: Project,
    parts: int = 1,
    *,
    by: Account | None = None,
    approved_by: Account | None = None,
    paid_on: date | None = None,
) -> list[Instalment]:
    """The first `parts` instalments of the project, paid; before the decision is in force with somebody's leave."""
    payable(project)
    officer, other = by or official(Role.OFFICER), approved_by or official(Role.OFFICER)
    return [
        pay(part, paid_on=paid_on, reference=f"LEV-{part.number}", by=officer, approved_by=other)
        for part in project.instalments[:parts]
    ]


def pay(
    part: Instalment,
    *,
    paid_on: date | None = None,
    reference: str = "LEV-1",
    by: Account | None = None,
    approved_by: Account | None = None,
) -> Instalment:
    """Proposed by `by` and approved by another, today where no day is told."""
    officer = by or official(Role.OFFICER)
    paying.propose_payment(part, paid_on=paid_on or clock.today(), reference=reference, by=officer)
    return paying.approve_payment(part, by=approved_by or official(Role.OFFICER))
