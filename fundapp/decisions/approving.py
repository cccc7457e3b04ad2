"""Make outcomes final: all of a sitting's when its signed minutes are approved, or those of one § at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.orm import contains_eager, joinedload, lazyload

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.decisions import emails, extracts, papers
from fundapp.decisions.models import Decision, Letter
from fundapp.decisions.wording import Told, bases, kept_with, told_of
from fundapp.documents import Paper
from fundapp.funds import actions as ledger
from fundapp.funds.models import Round
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.meetings import masked, signing
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.projects.actions import record_started, start_projects, starts_project
from fundapp.record.actions import enter_decisions
from fundapp.registry.actions import file_document, hold_cases
from fundapp.registry.models import Direction
from fundapp.workflow import (
    ApplicationStatus,
    NotAllowed,
    StepNotPossible,
    demand_step,
    take_step,
)


def approve_minutes(meeting: Meeting, *, by: Any) -> list[Decision]:
    """Mark the minutes as approved: every outcome that is not final yet becomes final, projects start, extracts are
    filed, and letters wait in the outbox to be released.

    The day is that of the last signature under the newest version. One transaction; the frame never refuses here.
    Errors: NotAllowed, StepNotPossible (not ended, not signed, changed since it was signed, no quorum under a §, a case
    has no outcome).
    """
    reread(meeting, with_for_update={"of": Meeting})
    demand_step(meeting, "approve_minutes", by=by)
    told = told_of(meeting)
    decisions = _decisions_of(meeting)
    signed_on = signing.demand_signed(meeting, None, told)
    masked.keep_names(meeting)
    items = _items_left(meeting)
    _hold_rounds(decisions)
    with _held_with_all(decisions), db.session.no_autoflush:
        now = clock.now()
        take_step(meeting, "approve_minutes", by=by, approved_on=signed_on, approved_at=now)
        if signing.is_late(meeting, signed_on):
            record(meeting, "approved_late", by=by, days=(signed_on - meeting.held_on).days)
        for item in items:
            item.approved_on, item.approved_at = signed_on, now
        _make_final(meeting, decisions, told, by=by)
    return decisions


def approve_item(item: MinuteItem, *, by: Any) -> list[Decision]:
    """Approve one § at once (omedelbar justering), while the sitting goes on or before its minutes: what is decided
    under it becomes final, as by `approve_minutes`. Errors: as there.
    """
    meeting = item.meeting
    reread(meeting, with_for_update={"of": Meeting})
    reason = why_not(by, Permission.APPROVE_MINUTES, meeting)
    if reason is not None:
        raise NotAllowed(reason)
    reread(item)
    signing.demand_open_item(item)
    told = told_of(meeting)
    decisions = _decisions_of(meeting, item)
    signed_on = signing.demand_signed(meeting, item, told)
    masked.keep_names(meeting, item)
    _hold_rounds(decisions)
    with _held_with_all(decisions), db.session.no_autoflush:
        item.approved_on, item.approved_at, item.is_immediate = signed_on, clock.now(), True
        record(item, "approve_item", by=by, number=item.number, approved_on=signed_on)
        _make_final(meeting, decisions, told, by=by)
    return decisions


def _items_left(meeting: Meeting) -> Sequence[MinuteItem]:
    """Paragraphs that were not approved at once."""
    left = select(MinuteItem).where(MinuteItem.meeting_id == meeting.id, MinuteItem.approved_on.is_(None))
    return db.session.scalars(left.order_by(MinuteItem.position).options(lazyload(MinuteItem.meeting))).all()


def _decisions_of(meeting: Meeting, item: MinuteItem | None = None) -> list[Decision]:
    """The outcomes that are not final, in the order of the agenda; of one § where it is given. Errors: StepNotPossible,
    naming the paragraphs that lack one.
    """
    rows = db.session.execute(
        select(MinuteItem.number, Decision)
        .select_from(AgendaCase)
        .join(MinuteItem)
        .outerjoin(
            Decision,
            (Decision.minute_item_id == MinuteItem.id) & (Decision.application_id == AgendaCase.application_id),
        )
        .join(Application, Application.id == AgendaCase.application_id)
        .where(
            MinuteItem.meeting_id == meeting.id,
            MinuteItem.approved_on.is_(None),
            MinuteItem.id == item.id if item is not None else true(),
            Application.status != ApplicationStatus.WITHDRAWN,
        )
        .order_by(MinuteItem.position, AgendaCase.id)
        .options(contains_eager(Decision.item).lazyload(MinuteItem.meeting))
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
    kept = kept_with(applications)
    yield
    kept.clear()


def _make_final(meeting: Meeting, decisions: Sequence[Decision], told: Told, *, by: Any) -> None:
    """Everything is put together first and written at once."""
    last = hold_cases([decision.case for decision in decisions])
    _turn_into_grants(meeting, decisions, by=by)
    found = bases([decision.application_id for decision in decisions])
    started = start_projects([decision for decision in decisions if starts_project(decision)], by=by)
    projects = {project.decision: project for project in started}
    for decision in decisions:
        decision.final_at = clock.now()
        take_step(decision.application, decision.outcome.value, by=by)
        record(decision, "make_final", by=by, outcome=decision.outcome, amount=decision.amount)
        project, basis = projects.get(decision), found[decision.application_id]
        _file_extract(decision, extracts.extract(decision, project, basis, told), last, by=by)
        _write_letters(decision, project)
    record_started(started, by=by)
    db.session.flush()
    enter_decisions(decisions)


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
        dated=decision.item.approved_on,
        paper=paper,
        by=by,
        last=last,
    )


def _write_letters(decision: Decision, project: Any) -> None:
    """They wait in the outbox until somebody has read and released them; the diary gets them then."""
    for receiver in papers.receivers(decision):
        paper = papers.letter(decision, project, receiver)
        emails.send_letter(decision, receiver, paper, is_held=True)
        db.session.add(
            Letter(decision=decision, paper=paper, counterpart=receiver.name, is_to_applicant=receiver.is_applicant)
        )
