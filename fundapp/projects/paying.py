"""Pay an instalment by two persons: one proposes the payment, another approves it. Only the approval moves money.

Source: the municipality's internal control (KL 2017:725 6:6); before 2018 the same idea in KL 1991:900 6:7.
"""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Organisation
from fundapp.db import db
from fundapp.decisions.force import why_not_paid
from fundapp.funds import actions as ledger
from fundapp.languages import Lazy, _dl
from fundapp.projects import rules
from fundapp.projects.actions import hold
from fundapp.projects.models import Instalment, Project
from fundapp.workflow import InstalmentStatus, StepNotPossible, demand_step, take_step

_CHANGED = _dl("The payment has been changed since you opened the page. Read it again.")


def propose_payment(instalment: Instalment, *, paid_on: date, reference: str, by: Any) -> Instalment:
    """Propose that an instalment is paid on a local day, under the payment's reference, to the account numbers that the
    organisation has now. The same once more (a double click, a retry) changes nothing.

    Errors: NotAllowed; StepNotPossible where it is proposed, paid or cancelled already, the day cannot be right, or the
    decision is not in force on it and nobody has allowed payment before that.
    """
    project = instalment.project
    hold(project)
    same = (instalment.paid_on, instalment.reference, instalment.proposed_by_id) == (paid_on, reference, by.id)
    if same and instalment.status in (InstalmentStatus.PROPOSED, InstalmentStatus.PAID):
        return instalment
    demand_step(instalment, "propose", by=by)
    _demand_payable(project, paid_on, by)
    with db.session.no_autoflush:
        instalment.payee, instalment.remark = payee_of(project), ""
        instalment.proposed_by, instalment.proposed_at = by, clock.now()
        take_step(instalment, "propose", by=by, paid_on=paid_on, reference=reference)
    db.session.flush()
    return instalment


def approve_payment(instalment: Instalment, *, seen: int | None = None, by: Any) -> Instalment:
    """Approve what another person proposed: the instalment is paid. The same once more changes nothing.

    `seen`: the row's version as the person read it. Errors: NotAllowed; StepNotPossible for who proposed it, where it
    is not proposed (any more), where something has changed since, or the decision is not in force.
    """
    project = instalment.project
    hold(project)
    if instalment.status is InstalmentStatus.PAID and instalment.approved_by_id == by.id:
        return instalment
    demand_step(instalment, "approve", by=by)
    if seen is not None and seen != instalment.version:
        raise StepNotPossible(_CHANGED)
    reason = why_not_approved(instalment, by=by)
    if reason is not None:
        raise StepNotPossible(reason)
    assert instalment.paid_on is not None  # noqa: S101  the proposal has set it
    entry = ledger.pay(project.application.round, instalment.amount, reference=instalment.reference, by=by)
    with db.session.no_autoflush:
        instalment.approved_by, instalment.approved_at = by, clock.now()
        take_step(instalment, "approve", by=by, ledger_entry=entry, reference=instalment.reference)
    db.session.flush()
    return instalment


def why_not_approved(instalment: Instalment, *, by: Any) -> Lazy | None:
    """Why the person cannot approve a proposed payment as it stands, as a sentence; None where they can."""
    if instalment.paid_on is None:
        return None
    if instalment.proposed_by_id == by.id:
        return _dl("You proposed this payment. Another person must approve it.")
    if instalment.payee != payee_of(instalment.project):
        return _dl("The account number has changed since the payment was proposed. Send it back.")
    return _why_not_payable(instalment.project, instalment.paid_on, by)


def send_back_payment(instalment: Instalment, *, reason: str, seen: int | None = None, by: Any) -> Instalment:
    """Do not approve it: it is planned again, and `reason` is told to who proposed it.

    Errors: NotAllowed, StepNotPossible.
    """
    hold(instalment.project)
    demand_step(instalment, "send_back", by=by)
    if seen is not None and seen != instalment.version:
        raise StepNotPossible(_CHANGED)
    if not reason.strip():
        raise StepNotPossible(_dl("Write why the payment is sent back."))
    unpropose(instalment, "send_back", by=by)
    instalment.remark = reason.strip()
    db.session.flush()
    return instalment


def take_back_payment(instalment: Instalment, *, by: Any) -> Instalment:
    """Take one's own proposal back. Errors: NotAllowed; StepNotPossible where it is not proposed, or by another."""
    hold(instalment.project)
    demand_step(instalment, "take_back", by=by)
    if instalment.proposed_by_id != by.id:
        raise StepNotPossible(_dl("Another person proposed this payment. You can send it back."))
    unpropose(instalment, "take_back", by=by)
    db.session.flush()
    return instalment


def unpropose(instalment: Instalment, name: str, *, by: Any) -> None:
    """Take a step that leaves no proposal behind it. Call `hold` first. Errors: NotAllowed, StepNotPossible."""
    with db.session.no_autoflush:
        take_step(instalment, name, by=by)
        instalment.paid_on, instalment.reference, instalment.payee = None, "", {}
        instalment.proposed_by, instalment.proposed_at = None, None


def payee_of(project: Project) -> dict[str, str]:
    """The account numbers that the project's organisation has now, read anew."""
    key = project.application.organisation_id
    if key is None:
        return {}
    query = select(Organisation).where(Organisation.id == key).execution_options(populate_existing=True)
    return db.session.scalars(query).one().accounts


def _demand_payable(project: Project, paid_on: date, by: Any) -> None:
    reason = _why_not_payable(project, paid_on, by)
    if reason is not None:
        raise StepNotPossible(reason)


def _why_not_payable(project: Project, paid_on: date, by: Any) -> Lazy | None:
    decided_on = project.decision.item.meeting.held_on
    fault = rules.fault_in_payment_day(paid_on, decided_on=decided_on, today=clock.today())
    return fault or why_not_paid(project.decision, paid_on=paid_on, by=by)
