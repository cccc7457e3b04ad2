"""Many outcomes at the table at once: as proposed, or as a table of them; and an outcome taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.assessments.models import Assessment
from fundapp.candidates.following import candidates_of, demand_leads
from fundapp.db import db, reread
from fundapp.decisions.actions import ChangedMeanwhile, hold_case, record_outcome
from fundapp.decisions.models import Decision
from fundapp.funds import actions as ledger
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import Room, room_of
from fundapp.permissions import Permission, why_not
from fundapp.workflow import ApplicationStatus, NotAllowed, Outcome, StepNotPossible


@dataclass(frozen=True)
class Refusal:
    """A case that was left out, and why."""

    application: Application
    reason: Lazy | str


@dataclass(frozen=True)
class Entry:
    """One row of a table of outcomes; `version` as for `record_outcome`."""

    application: Application
    outcome: Outcome
    amount: int | None
    reasons: str
    conditions: str
    version: int


class TableRefused(StepNotPossible):
    """Rows of a table were refused; `refusals` says which and why. Nothing of the table is recorded."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(_dl("Nothing is recorded yet. Put right what is marked, and save again."))
        self.refusals = refusals


def proposed(application: Application, assessment: Assessment | None) -> dict[str, Any]:
    """The officer's proposal as an outcome: less than what was sought is a grant in part."""
    if assessment is None:
        return {}
    outcome, amount = assessment.proposed_outcome, assessment.proposed_amount
    sought = application.amount_requested
    if outcome is Outcome.GRANT and amount is not None and sought is not None and amount < sought:
        outcome = Outcome.GRANT_IN_PART
    return {
        "outcome": outcome,
        "amount": amount if outcome is not None and outcome.gives_money else None,
        "reasons": assessment.reasons,
        "conditions": assessment.conditions,
    }


def record_as_proposed(
    item: MinuteItem, applications: Sequence[Application] | None = None, *, by: Any
) -> tuple[list[Decision], list[Refusal]]:
    """Each case gets the outcome, sum, reasons and conditions that the officer proposed; None: all under the § that
    `by` may decide and that have no outcome. What is refused is left out and told. Errors: NotAllowed.
    """
    _demand_right(item, by)
    room = _hold_sitting(item)
    done: list[Decision] = []
    left: list[Refusal] = []
    for application, assessment in _waiting_under(item, applications, by):
        facts = proposed(application, assessment)
        if not facts or facts["outcome"] is None:
            left.append(Refusal(application, _dl("The officer has proposed no outcome.")))
            continue
        try:
            with db.session.begin_nested():
                done.append(record_outcome(item, application, by=by, version=0, room=room, **facts))
        except StepNotPossible as refusal:
            left.append(Refusal(application, refusal.reason))
    return done, left


def _waiting_under(
    item: MinuteItem, applications: Sequence[Application] | None, by: Any
) -> list[tuple[Application, Assessment | None]]:
    """Cases without an outcome under the §, in the order of the agenda; not those that follow another's outcome."""
    decided = select(Decision.id).where(
        Decision.minute_item_id == item.id, Decision.application_id == AgendaCase.application_id
    )
    rows = (
        select(Application, Assessment)
        .join(AgendaCase, AgendaCase.application_id == Application.id)
        .outerjoin(Assessment, Assessment.application_id == Application.id)
        .where(
            AgendaCase.minute_item_id == item.id,
            Application.status != ApplicationStatus.WITHDRAWN,
            ~decided.exists(),
        )
        .order_by(AgendaCase.id)
    )
    if applications is not None:
        rows = rows.where(Application.id.in_([application.id for application in applications]))
    found = [(row[0], row[1]) for row in db.session.execute(rows)]
    candidates = candidates_of(application for application, _assessment in found)
    return [
        (application, assessment)
        for application, assessment in found
        if why_not(by, Permission.RECORD_DECISION, application) is None
        and (application.id not in candidates or candidates[application.id].lead is application)
    ]


def record_table(item: MinuteItem, entries: Sequence[Entry], *, by: Any) -> list[Decision]:
    """Outcomes of several cases under one §, all of them or none. Errors: NotAllowed, TableRefused."""
    _demand_right(item, by)
    room = _hold_sitting(item)
    held = _held_under(item)
    done: list[Decision] = []
    refusals: list[Refusal] = []
    with db.session.begin_nested():
        # What is lowered or taken away comes first, so that its money is there for what is raised.
        for entry in sorted(entries, key=lambda entry: (entry.amount or 0) - held.get(entry.application.id, 0)):
            try:
                with db.session.begin_nested():
                    done.append(_record_entry(item, entry, room, by=by))
            except StepNotPossible as refusal:
                refusals.append(Refusal(entry.application, refusal.reason))
        if refusals:
            raise TableRefused(refusals)
    return done


def _held_under(item: MinuteItem) -> dict[int, int]:
    """What each case's outcome holds of the frame now."""
    rows = select(Decision.application_id, Decision.amount).where(Decision.minute_item_id == item.id)
    return {row[0]: row[1] or 0 for row in db.session.execute(rows)}


def _record_entry(item: MinuteItem, entry: Entry, room: Room, *, by: Any) -> Decision:
    return record_outcome(
        item,
        entry.application,
        outcome=entry.outcome,
        amount=entry.amount,
        reasons=entry.reasons,
        conditions=entry.conditions,
        version=entry.version,
        room=room,
        by=by,
    )


def take_back(item: MinuteItem, application: Application, *, version: int | None = None, by: Any) -> None:
    """Undo: the case has no outcome again, and what it reserved is free.

    Errors: NotAllowed, StepNotPossible (none is recorded, the minutes are approved), ChangedMeanwhile.
    """
    reason = why_not(by, Permission.RECORD_DECISION, application)
    if reason is not None:
        raise NotAllowed(reason)
    decision = hold_case(item, application)
    if decision is None:
        raise StepNotPossible(_dl("No outcome is recorded in this case."))
    demand_leads(application)
    if version is not None and version != decision.version:
        raise ChangedMeanwhile
    with db.session.begin_nested():
        if decision.amount is not None:
            ledger.lift_reservation(application.round, decision.amount, by=by)
        following = select(Decision).where(Decision.follows_id == decision.id)
        for each in (*db.session.scalars(following), decision):
            record(each, "take_back_outcome", by=by, outcome=each.outcome, amount=each.amount)
            db.session.delete(each)
            db.session.flush()


def _hold_sitting(item: MinuteItem) -> Room:
    reread(item.meeting, with_for_update={"of": Meeting})
    return room_of(item.meeting)


def _demand_right(item: MinuteItem, by: Any) -> None:
    reason = why_not(by, Permission.RECORD_DECISION) or why_not(by, Permission.PREPARE_MEETING, item)
    if reason is not None:
        raise NotAllowed(reason)
