"""Record what the board decided, and make a sitting's outcomes final when its minutes are approved."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db, reread
from fundapp.decisions import emails, extracts, papers, rules
from fundapp.decisions.models import Absence, Decision
from fundapp.funds import actions as ledger
from fundapp.funds.models import LedgerEntry, Round
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.projects.actions import start_project
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction
from fundapp.workflow import MeetingStatus, NotAllowed, Outcome, StepNotPossible, demand_step, take_step


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
    absent: Sequence[str] = (),
    by: Any,
    version: int | None = None,
) -> Decision:
    """Record or correct the pending outcome of one case under one §; a grant reserves its sum in kronor.

    `version`: the decision's as it was read, 0 where there was none; None does not ask. `absent`: who took no part
    because of a conflict of interest. Errors: NotAllowed, StepNotPossible, ChangedMeanwhile, NotEnoughLeft; nothing is
    changed then.
    """
    reason = why_not(by, Permission.RECORD_DECISION, application)
    if reason is not None:
        raise NotAllowed(reason)
    found = _hold_case(item, application)
    if version is not None and version != (found.version if found is not None else 0):
        raise ChangedMeanwhile
    for fault in rules.faults_in(outcome, amount=amount, sought=application.amount_requested, reasons=reasons):
        raise StepNotPossible(fault.text)
    reservation = _reserve_anew(found, application.round, amount, by=by)
    decision = found or Decision(item=item, application=application)
    with db.session.no_autoflush:
        decision.outcome, decision.amount, decision.reservation = outcome, amount, reservation
        decision.reasons, decision.conditions = reasons.strip(), conditions.strip() if outcome.gives_money else ""
        decision.recorded_at, decision.recorded_by_id = clock.now(), by.id
        decision.absences = [Absence(name=name) for name in absent]
        db.session.add(decision)
    record(decision, "correct_outcome" if found else "record_outcome", by=by, outcome=outcome, amount=amount)
    db.session.flush()
    return decision


def demand_opened(item: MinuteItem) -> None:
    """Outcomes are recorded while the sitting is opened. Errors: StepNotPossible."""
    if item.meeting.status is not MeetingStatus.OPENED:
        raise StepNotPossible(
            _dl("Outcomes are recorded while the sitting is opened. It is: “%(s)s”.", s=item.meeting.status.label)
        )


def _hold_case(item: MinuteItem, application: Application) -> Decision | None:
    """Lock the case on its §: one clerk at a time, and nobody approves the minutes meanwhile. The outcome there is."""
    reread(item.meeting, with_for_update={"read": True, "of": Meeting})
    demand_opened(item)
    row = db.session.scalar(
        select(AgendaCase)
        .where(AgendaCase.minute_item_id == item.id, AgendaCase.application_id == application.id)
        .with_for_update(of=AgendaCase)
    )
    if row is None:
        raise StepNotPossible(_dl("The case is not under this paragraph."))
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


def approve_minutes(meeting: Meeting, *, approved_on: date, by: Any) -> list[Decision]:
    """Mark the minutes as approved: every outcome becomes final, projects start, letters go out, extracts are filed.

    One transaction; the frame never refuses here. Errors: NotAllowed, StepNotPossible (not opened, the day is wrong, a
    case has no outcome).
    """
    reread(meeting, with_for_update={"of": Meeting})
    demand_step(meeting, "approve_minutes", by=by)
    reason = rules.why_not_approved(approved_on, meeting.held_on, clock.today())
    if reason is not None:
        raise StepNotPossible(reason)
    decisions = _decisions_of(meeting)
    _hold_rounds(decisions)
    take_step(meeting, "approve_minutes", by=by, approved_on=approved_on, approved_at=clock.now())
    for decision in decisions:
        _make_final(decision, by=by)
    db.session.flush()
    return decisions


def _decisions_of(meeting: Meeting) -> list[Decision]:
    """The outcomes in the order of the agenda. Errors: StepNotPossible, naming the paragraphs that lack one."""
    rows = db.session.execute(
        select(MinuteItem.number, Decision)
        .select_from(AgendaCase)
        .join(MinuteItem)
        .outerjoin(
            Decision,
            (Decision.minute_item_id == MinuteItem.id) & (Decision.application_id == AgendaCase.application_id),
        )
        .where(MinuteItem.meeting_id == meeting.id)
        .order_by(MinuteItem.position, AgendaCase.id)
        .execution_options(populate_existing=True)
    ).all()
    missing = list(dict.fromkeys(f"§ {number}" for number, decision in rows if decision is None))
    if missing:
        raise StepNotPossible(_dl("An outcome is missing under %(paragraphs)s.", paragraphs=", ".join(missing)))
    return [decision for _number, decision in rows]


def _hold_rounds(decisions: Sequence[Decision]) -> None:
    """Lock the rounds in one order, so that two approvals never wait for each other in a ring."""
    wanted = {decision.application.round_id for decision in decisions if decision.amount is not None}
    db.session.scalars(select(Round.id).where(Round.id.in_(wanted)).order_by(Round.id).with_for_update()).all()


def _make_final(decision: Decision, *, by: Any) -> None:
    application, meeting = decision.application, decision.item.meeting
    reread(application, with_for_update={"of": Application})
    if decision.amount is not None:
        decision.grant_entry = ledger.grant(
            application.round, decision.amount, reference=decision.item.designation, decided_on=meeting.held_on, by=by
        )
    decision.final_at = clock.now()
    take_step(application, decision.outcome.value, by=by)
    record(decision, "make_final", by=by, outcome=decision.outcome, amount=decision.amount)
    is_project = decision.amount is not None and application.kind is ApplicationKind.GRANT
    project = start_project(decision, by=by) if is_project else None
    _file_extract(decision, project, by=by)
    _send_letters(decision, project, by=by)


def _file_extract(decision: Decision, project: Any, *, by: Any) -> None:
    paper = extracts.extract(decision, project)
    file_document(
        decision.case,
        direction=Direction.DRAWN_UP,
        subject=extracts.subject(decision),
        dated=decision.item.meeting.approved_on,
        paper=paper,
        by=by,
    )


def _send_letters(decision: Decision, project: Any, *, by: Any) -> None:
    for receiver in papers.receivers(decision):
        paper = papers.letter(decision, project, receiver)
        emails.send_letter(decision, receiver, paper)
        file_document(
            decision.case,
            direction=Direction.DISPATCHED,
            subject=papers.letter_subject(decision),
            counterpart=receiver.name,
            paper=paper,
            by=by,
        )
        if receiver.is_applicant:
            decision.letter = paper
