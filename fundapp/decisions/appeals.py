"""Appeals (laglighetsprövning): record one, and how it ended; and what follows when a court annuls a decision.

Source: KL 2017:725 ch. 13, before 2018 KL 1991:900 ch. 10.
"""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.decisions import force, legal
from fundapp.decisions.appeal_emails import send_annulment
from fundapp.decisions.following import annul_followers
from fundapp.decisions.force import Standing
from fundapp.decisions.models import Appeal, AppealEnd, Decision, EarlyPayment
from fundapp.decisions.rules import Fault
from fundapp.funds import actions as ledger
from fundapp.history.actions import record
from fundapp.languages import AUTHORITY_LANGUAGE, Lazy, _d, _dl, speaking
from fundapp.permissions import Permission, why_not
from fundapp.projects.actions import hold
from fundapp.projects.models import Project
from fundapp.projects.paying import unpropose
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction
from fundapp.reports.actions import demand_repayment
from fundapp.reports.models import Repayment, Report
from fundapp.workflow import APPLICATION_STEPS, INSTALMENT_STEPS, NotAllowed, StepNotPossible, take_step


def appeal_to_end(public_id: str) -> Appeal | None:
    return db.session.scalar(select(Appeal).where(Appeal.public_id == public_id))


def why_not_appealed(decision: Decision) -> Lazy | None:
    """Why no appeal of this decision is recorded, as a sentence; None where one may be."""
    day = decision.item.meeting.held_on
    if not decision.is_final:
        return _dl("The minutes are not approved, so there is no decision to appeal yet.")
    if not decision.outcome.ends_case:
        law = legal.paragraph(day, "13:2")
        return _dl("It only prepares the case, and such a decision cannot be tried%(law)s.", law=law)
    if force.force_of(decision).standing is Standing.ANNULLED:
        return _dl("A court has annulled the decision already.")
    return None


def faults_in_appeal(decision: Decision, *, received_on: date, appellant: str) -> list[Fault]:
    """What cannot be right about an appeal, each with the field that it belongs to. One that came late is right."""
    faults = []
    held_on, today = decision.item.meeting.held_on, clock.today()
    if not held_on <= received_on <= today:
        text = _dl(
            "Write a day from the decision, %(first)s, until today, %(last)s.",
            first=held_on.isoformat(),
            last=today.isoformat(),
        )
        faults.append(Fault("received_on", text))
    if not appellant.strip():
        faults.append(Fault("appellant", _dl("Write who appeals.")))
    return faults


def is_late(appeal: Appeal) -> bool:
    """Whether it came after the last day for appeals. Before anything is announced nothing is late."""
    last = force.force_of(appeal.decision).last_appeal_day
    return last is not None and appeal.received_on > last


def record_appeal(decision: Decision, *, received_on: date, appellant: str, court_number: str = "", by: Any) -> Appeal:
    """Write that an appeal came in, and file it in the case; until it ends the decision is not in force. A late one is
    recorded too. The same once more (a double click, a retry) changes nothing.

    Errors: NotAllowed; StepNotPossible where there is nothing to appeal, or a day cannot be right.
    """
    _hold(decision, by)
    appellant = appellant.strip()
    same = [one for one in decision.appeals if (one.received_on, one.appellant) == (received_on, appellant)]
    if same:
        return same[0]
    reason = why_not_appealed(decision)
    if reason is not None:
        raise StepNotPossible(reason)
    for fault in faults_in_appeal(decision, received_on=received_on, appellant=appellant):
        raise StepNotPossible(fault.text)
    appeal = Appeal(
        decision=decision,
        received_on=received_on,
        appellant=appellant,
        court_number=court_number.strip(),
        recorded_at=clock.now(),
        recorded_by_id=by.id,
    )
    db.session.add(appeal)
    with speaking(AUTHORITY_LANGUAGE):
        subject = _d("Appeal of the decision %(designation)s", designation=decision.item.designation)
    file_document(
        decision.case,
        direction=Direction.RECEIVED,
        subject=subject,
        counterpart=appellant,
        dated=received_on,
        by=by,
    )
    record(appeal, "record_appeal", by=by, received_on=received_on, is_late=is_late(appeal))
    db.session.flush()
    return appeal


def _hold(decision: Decision, by: Any) -> None:
    """Lock the case, then what came of it, so that nothing is paid meanwhile. Errors: NotAllowed."""
    reason = why_not(by, Permission.RECORD_APPEAL, decision.application)
    if reason is not None:
        raise NotAllowed(reason)
    reread(decision.application, with_for_update={"of": Application})
    project = project_of(decision)
    if project is not None:
        hold(project)
    db.session.expire(decision, ["appeals"])


def project_of(decision: Decision) -> Project | None:
    """The project that the decision started."""
    return db.session.scalar(select(Project).where(Project.decision_id == decision.id))


def fault_in_end(appeal: Appeal, *, kind: AppealEnd, ended_on: date) -> Fault | None:
    """What cannot be right about how an appeal ended, with the field that it belongs to."""
    today = clock.today()
    if not appeal.received_on <= ended_on <= today:
        text = _dl(
            "Write a day from when the appeal came, %(first)s, until today, %(last)s.",
            first=appeal.received_on.isoformat(),
            last=today.isoformat(),
        )
        return Fault("ended_on", text)
    if kind is AppealEnd.LATE and not is_late(appeal):
        return Fault("kind", _dl("It came in time. Choose another end."))
    return None


def end_appeal(appeal: Appeal, *, kind: AppealEnd, ended_on: date, court_number: str = "", by: Any) -> None:
    """Write how an appeal ended on a local day. An annulled decision is undone in the same transaction: see `_annul`.
    The same once more changes nothing. Errors: NotAllowed, StepNotPossible.
    """
    decision = appeal.decision
    _hold(decision, by)
    reread(appeal)
    if appeal.end_kind is not None:
        if (appeal.end_kind, appeal.ended_on) == (kind, ended_on):
            return
        raise StepNotPossible(_dl("The appeal has ended already."))
    fault = fault_in_end(appeal, kind=kind, ended_on=ended_on)
    if fault is not None:
        raise StepNotPossible(fault.text)
    is_first = force.force_of(decision).standing is not Standing.ANNULLED
    with db.session.no_autoflush:
        appeal.end_kind, appeal.ended_on = kind, ended_on
        appeal.court_number = court_number.strip() or appeal.court_number
    record(appeal, "end_appeal", by=by, end=kind, ended_on=ended_on)
    db.session.flush()
    if kind is AppealEnd.ANNULLED and is_first:
        _annul(decision, ended_on, by=by)


def _annul(decision: Decision, ended_on: date, *, by: Any) -> None:
    """What follows for money, project and case: what is not paid is cancelled and goes back to the frame, what is paid
    is asked back, and the case is examined again, unless a newer decision stands in it.
    """
    project = project_of(decision)
    repayment = None
    if project is not None:
        repayment = _undo_project(project, by=by)
    elif decision.amount is not None:
        _release(decision, decision.amount, by=by)
    application = decision.application
    newest = db.session.scalar(
        select(func.max(Decision.id)).where(Decision.application_id == application.id, Decision.final_at.is_not(None))
    )
    if newest == decision.id and application.status in APPLICATION_STEPS["annul"].start:
        take_step(application, "annul", by=by)
        annul_followers(decision, by=by)
    db.session.flush()
    send_annulment(decision, ended_on, repayment, by=by)


def _release(decision: Decision, amount: int, *, by: Any) -> None:
    ledger.release(decision.application.round, amount, reference=decision.item.designation, by=by)


def _undo_project(project: Project, *, by: Any) -> Repayment | None:
    """End the project; of the grant, what was not paid and is not released yet goes back to the frame, and what was
    paid and is not asked back yet is.
    """
    for part in project.instalments:
        if part.status in INSTALMENT_STEPS["annul"].start:
            unpropose(part, "annul", by=by)
    report = db.session.scalar(select(Report).where(Report.project_id == project.id))
    released = report.release.amount if report is not None and report.release is not None else 0
    asked = db.session.scalar(
        select(func.coalesce(func.sum(Repayment.amount), 0)).where(Repayment.project_id == project.id)
    )
    left, due = project.granted - project.paid - released, project.paid - int(asked or 0)
    if left > 0:
        _release(project.decision, left, by=by)
    take_step(project, "annul", by=by)
    db.session.flush()
    return demand_repayment(project, due, by=by) if due > 0 else None


def why_not_early(decision: Decision) -> Lazy | None:
    """Why leave to pay before the decision is in force has no meaning here, as a sentence; None where it has."""
    if not decision.is_final or project_of(decision) is None:
        return _dl("There is nothing to pay for this decision.")
    found = force.force_of(decision)
    if found.is_in_force:
        return _dl("The decision is in force, so it can be paid without leave.")
    if found.standing is Standing.ANNULLED:
        return _dl("A court has annulled the decision, so nothing more is paid.")
    return None


def allow_early_payment(decision: Decision, *, reason: str, by: Any) -> EarlyPayment:
    """Give leave to pay before the decision is in force, for a reason that is kept; another person pays.

    Source: KL 2017:725 13:14. Errors: NotAllowed; StepNotPossible where it is given already or has no meaning.
    """
    refusal = why_not(by, Permission.ALLOW_EARLY_PAYMENT, decision.application)
    if refusal is not None:
        raise NotAllowed(refusal)
    reread(decision.application, with_for_update={"of": Application})
    given = db.session.scalar(select(EarlyPayment).where(EarlyPayment.decision_id == decision.id))
    if given is not None:
        if (given.reason, given.allowed_by_id) == (reason.strip(), by.id):
            return given
        raise StepNotPossible(_dl("Payment before the decision is in force has been allowed already."))
    no = why_not_early(decision)
    if no is not None:
        raise StepNotPossible(no)
    if not reason.strip():
        raise StepNotPossible(_dl("Write why it is paid before the decision is in force."))
    early = EarlyPayment(decision=decision, reason=reason.strip(), allowed_at=clock.now(), allowed_by_id=by.id)
    db.session.add(early)
    record(decision, "allow_early_payment", by=by)
    db.session.flush()
    return early
