"""Record what the board decided; it is pending until the minutes are approved (`approving`)."""

from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.candidates.following import demand_leads
from fundapp.db import db, reread
from fundapp.decisions import rules
from fundapp.decisions.following import follow
from fundapp.decisions.models import Decision
from fundapp.funds import actions as ledger
from fundapp.funds.models import LedgerEntry, Round
from fundapp.history.actions import record
from fundapp.languages import _dl, _l
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import Room, room_of
from fundapp.permissions import Permission, why_not
from fundapp.workflow import ApplicationStatus, MeetingStatus, NotAllowed, Outcome, StepNotPossible


class ChangedMeanwhile(StepNotPossible):
    """Somebody else recorded an outcome after this one was read."""

    def __init__(self) -> None:
        super().__init__(
            _dl("Somebody else recorded an outcome in this case while you had it open. Open it again to see it.")
        )


def record_outcome(
    item: MinuteItem,
    application: Application,
    *,
    outcome: Outcome,
    amount: int | None = None,
    reasons: str = "",
    conditions: str = "",
    by: Any,
    version: int | None = None,
    room: Room | None = None,
) -> Decision:
    """Record or correct the pending outcome of one case under one §; a grant reserves its sum in kronor.

    `version`: the decision's as it was read, 0 where there was none; None does not ask. `room`: who is there, where the
    caller holds the sitting and has asked. Errors: NotAllowed, StepNotPossible (no quorum, nobody in the chair),
    ChangedMeanwhile, NotEnoughLeft; nothing is changed then.
    """
    reason = why_not(by, Permission.RECORD_DECISION, application)
    if reason is not None:
        raise NotAllowed(reason)
    found = hold_case(item, application)
    demand_leads(application)
    if version is not None and version != (found.version if found is not None else 0):
        raise ChangedMeanwhile
    _demand_able(room or room_of(item.meeting), item, application)
    for fault in rules.faults_in(outcome, amount=amount, sought=application.amount_requested, reasons=reasons):
        raise StepNotPossible(fault.text)
    reservation = _reserve_anew(found, application.round, amount, by=by)
    decision = found or Decision(item=item, application=application)
    with db.session.no_autoflush:
        decision.outcome, decision.amount, decision.reservation = outcome, amount, reservation
        decision.reasons, decision.conditions = reasons.strip(), conditions.strip() if outcome.gives_money else ""
        decision.recorded_at, decision.recorded_by_id = clock.now(), by.id
        db.session.add(decision)
    record(decision, "correct_outcome" if found else "record_outcome", by=by, outcome=outcome, amount=amount)
    db.session.flush()
    follow(decision, by=by)
    return decision


def demand_opened(item: MinuteItem) -> None:
    """Outcomes are recorded while the sitting is opened. Errors: StepNotPossible."""
    if item.meeting.status is not MeetingStatus.OPENED:
        raise StepNotPossible(
            _dl("Outcomes are recorded while the sitting is opened. It is: “%(s)s”.", s=item.meeting.status.label)
        )
    if item.approved_on is not None:
        raise StepNotPossible(_dl("§ %(number)s is approved, so what it says stays as it is.", number=item.number))


def _demand_able(room: Room, item: MinuteItem, application: Application) -> None:
    """The body can decide in the case: enough of it are there, and one of them leads. Errors: StepNotPossible."""
    room.demand_quorum(item, application)
    if room.is_called and room.chair_under(item, application) is None:
        raise StepNotPossible(
            _dl("Nobody who may is in the chair under § %(number)s. Choose who leads the sitting.", number=item.number)
        )


def demand_undecided(application: Application) -> None:
    """See that the board has recorded nothing in the case that is not final yet. The caller holds the application.

    Errors: StepNotPossible.
    """
    found = select(Decision.id).where(Decision.application_id == application.id, Decision.final_at.is_(None)).limit(1)
    if db.session.scalar(found) is not None:
        raise StepNotPossible(_l("The board has dealt with it at a meeting. You get a letter with the decision."))


def demand_not_withdrawn(application: Application) -> None:
    """A case that its applicant took back is not decided. Errors: StepNotPossible."""
    if application.status is ApplicationStatus.WITHDRAWN:
        raise StepNotPossible(_dl("The applicant has withdrawn the application. There is nothing to decide."))


def hold_case(item: MinuteItem, application: Application) -> Decision | None:
    """Lock the case on its §: one clerk at a time, nobody approves the minutes meanwhile, and the applicant takes
    nothing back. The outcome there is.
    """
    reread(item.meeting, with_for_update={"read": True, "of": Meeting})
    demand_opened(item)
    row = db.session.scalar(
        select(AgendaCase)
        .where(AgendaCase.minute_item_id == item.id, AgendaCase.application_id == application.id)
        .with_for_update(of=AgendaCase)
    )
    if row is None:
        raise StepNotPossible(_dl("The case is not under this paragraph."))
    reread(application, with_for_update={"of": Application})
    demand_not_withdrawn(application)
    return db.session.scalar(
        select(Decision)
        .where(Decision.minute_item_id == item.id, Decision.application_id == application.id)
        .execution_options(populate_existing=True)
    )


def _reserve_anew(found: Decision | None, round_: Round, amount: int | None, *, by: Any) -> LedgerEntry | None:
    """Lift what the outcome held and reserve the new sum, both or neither."""
    with db.session.begin_nested():
        if found is not None and found.amount is not None:
            ledger.lift_reservation(round_, found.amount, by=by)
        return ledger.reserve(round_, amount, by=by) if amount is not None else None
