"""Record what the board decided, and make a sitting's outcomes final when its minutes are approved."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload, lazyload, selectinload

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db, reread
from fundapp.decisions import emails, extracts, papers, rules
from fundapp.decisions.models import Absence, Decision
from fundapp.documents import Paper
from fundapp.funds import actions as ledger
from fundapp.funds.models import Fund, LedgerEntry, Round
from fundapp.history.actions import record
from fundapp.languages import _dl, _l
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.projects.actions import record_started, start_projects, starts_project
from fundapp.registry.actions import file_document, hold_cases
from fundapp.registry.models import Direction
from fundapp.workflow import (
    ApplicationStatus,
    MeetingStatus,
    NotAllowed,
    Outcome,
    StepNotPossible,
    demand_step,
    take_step,
)


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


def _hold_case(item: MinuteItem, application: Application) -> Decision | None:
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
    with _held_with_all(decisions), db.session.no_autoflush:
        take_step(meeting, "approve_minutes", by=by, approved_on=approved_on, approved_at=clock.now())
        _make_final(meeting, decisions, by=by)
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
        .join(Application, Application.id == AgendaCase.application_id)
        .where(MinuteItem.meeting_id == meeting.id, Application.status != ApplicationStatus.WITHDRAWN)
        .order_by(MinuteItem.position, AgendaCase.id)
        .options(contains_eager(Decision.item).lazyload(MinuteItem.meeting), selectinload(Decision.absences))
        .execution_options(populate_existing=True)
    ).all()
    missing = list(dict.fromkeys(f"§ {number}" for number, decision in rows if decision is None))
    if missing:
        raise StepNotPossible(_dl("An outcome is missing under %(paragraphs)s.", paragraphs=", ".join(missing)))
    return [decision for _number, decision in rows]


def _hold_rounds(decisions: Sequence[Decision]) -> None:
    """Lock the rounds in one order, so that two approvals never wait for each other in a ring."""
    granted = [decision.application_id for decision in decisions if decision.amount is not None]
    wanted = select(Application.round_id).where(Application.id.in_(granted))
    db.session.scalars(select(Round.id).where(Round.id.in_(wanted)).order_by(Round.id).with_for_update()).all()


@contextmanager
def _held_with_all(decisions: Sequence[Decision]) -> Iterator[None]:
    """Lock the applications, in one order, and read them anew with all that letters and extracts tell of them; while
    it lasts the session keeps every row, so that nothing is asked for one by one.
    """
    ids = [decision.application_id for decision in decisions]
    applications = db.session.scalars(
        select(Application)
        .where(Application.id.in_(ids))
        .order_by(Application.id)
        .options(joinedload(Application.organisation), joinedload(Application.case), lazyload(Application.round))
        .with_for_update(of=Application)
        .execution_options(populate_existing=True)
    ).all()
    round_ids = {application.round_id for application in applications}
    people = {person for each in applications for person in (each.created_by_id, each.officer_id)}
    nominations = [each.id for each in applications if each.kind is ApplicationKind.NOMINATION]
    kept: list[Any] = [
        *db.session.execute(select(Round, Fund).join(Round.fund).where(Round.id.in_(round_ids))),
        *db.session.scalars(select(Account).where(Account.id.in_(people)).options(lazyload("*"))),
    ]
    if nominations:
        with_copies = select(Application).where(Application.id.in_(nominations))
        kept += db.session.scalars(with_copies.options(selectinload(Application.submissions)))
    yield
    kept.clear()


def _make_final(meeting: Meeting, decisions: Sequence[Decision], *, by: Any) -> None:
    """Everything is put together first and written at once."""
    last = hold_cases([decision.case for decision in decisions])
    _turn_into_grants(meeting, decisions, by=by)
    bases = extracts.bases([decision.application_id for decision in decisions])
    started = start_projects([decision for decision in decisions if starts_project(decision)], by=by)
    projects = {project.decision: project for project in started}
    for decision in decisions:
        decision.final_at = clock.now()
        take_step(decision.application, decision.outcome.value, by=by)
        record(decision, "make_final", by=by, outcome=decision.outcome, amount=decision.amount)
        project, basis = projects.get(decision), bases[decision.application_id]
        _file_extract(decision, extracts.extract(decision, project, basis), last, by=by)
        _send_letters(decision, project, last, by=by)
    record_started(started, by=by)
    db.session.flush()


def _turn_into_grants(meeting: Meeting, decisions: Sequence[Decision], *, by: Any) -> None:
    """Move the money of each round, in the order in which the rounds are held."""
    granted: dict[int, list[Decision]] = {}
    for decision in decisions:
        if decision.amount is not None:
            granted.setdefault(decision.application.round_id, []).append(decision)
    for _round_id, group in sorted(granted.items()):
        sums = [(decision.amount or 0, decision.item.designation) for decision in group]
        entries = ledger.grant_all(group[0].application.round, sums, decided_on=meeting.held_on, by=by)
        for decision, entry in zip(group, entries, strict=True):
            decision.grant_entry = entry


def _file_extract(decision: Decision, paper: Paper, last: dict[int, int], *, by: Any) -> None:
    file_document(
        decision.case,
        direction=Direction.DRAWN_UP,
        subject=extracts.subject(decision),
        dated=decision.item.meeting.approved_on,
        paper=paper,
        by=by,
        last=last,
    )


def _send_letters(decision: Decision, project: Any, last: dict[int, int], *, by: Any) -> None:
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
            last=last,
        )
        if receiver.is_applicant:
            decision.letter = paper
