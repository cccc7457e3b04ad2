"""Keep the register, record what was decided under it, and report it to the body as a § of its own."""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.boards.actions import next_number
from fundapp.boards.models import Board, Series
from fundapp.db import db, reread
from fundapp.delegations import rules
from fundapp.delegations.models import DelegatedDecision, DelegationPoint
from fundapp.history.actions import record
from fundapp.languages import _d, _dl, speaking
from fundapp.meetings.models import ItemKind, Meeting, MinuteItem
from fundapp.permissions import Permission, Role, is_impartial, roles_in, why_not
from fundapp.workflow import NotAllowed, StepNotPossible


def add_point(
    board: Board,
    *,
    number: str,
    what: str,
    delegate: str,
    role: Role,
    begins_on: date,
    ends_on: date | None = None,
    decided_by: str = "",
    by: Any,
) -> DelegationPoint:
    """A new point of the body's register. Errors: NotAllowed, StepNotPossible (its number holds already)."""
    _demand(by, Permission.KEEP_DELEGATIONS, board)
    _hold(board)
    points = db.session.scalars(select(DelegationPoint).where(DelegationPoint.board_id == board.id)).all()
    reason = rules.why_not_point(points, number=number, begins_on=begins_on, ends_on=ends_on)
    if reason is not None:
        raise StepNotPossible(reason)
    point = DelegationPoint(
        board=board,
        number=number,
        what=what,
        delegate=delegate,
        role=role,
        begins_on=begins_on,
        ends_on=ends_on,
        decided_by=decided_by,
        recorded_at=clock.now(),
    )
    db.session.add(point)
    record(point, "add_point", by=by, board=board.abbreviation, number=number, role=role, begins_on=begins_on)
    db.session.flush()
    return point


def end_point(point: DelegationPoint, *, ends_on: date, by: Any) -> None:
    """The last day on which the point holds. Errors: NotAllowed, StepNotPossible (a decision was taken later)."""
    _demand(by, Permission.KEEP_DELEGATIONS, point)
    _hold(point.board)
    reread(point, with_for_update={"of": DelegationPoint})
    if ends_on < point.begins_on:
        reason = _dl("Write a last day that is not before the first day, %(day)s.", day=point.begins_on.isoformat())
        raise StepNotPossible(reason)
    later = select(DelegatedDecision.id).where(
        DelegatedDecision.point_id == point.id, DelegatedDecision.decided_on > ends_on
    )
    if db.session.scalar(later.limit(1)) is not None:
        raise StepNotPossible(_dl("Something was decided under this point after that day. Write a later one."))
    point.ends_on = ends_on
    record(point, "end_point", by=by, number=point.number, ends_on=ends_on)
    db.session.flush()


def decide(
    board: Board,
    *,
    point: DelegationPoint | None,
    decided_on: date,
    subject: str,
    decision: str,
    delegate_name: str,
    delegate_title: str,
    is_urgent: bool = False,
    application: Application | None = None,
    by: Any,
) -> DelegatedDecision:
    """Record a decision on the body's behalf under the next number of its year. Errors: NotAllowed, StepNotPossible."""
    _demand(by, Permission.DECIDE_BY_DELEGATION)
    if application is not None and not is_impartial(by, application):
        raise NotAllowed(is_impartial.reason)  # type: ignore[attr-defined]  # set by because()
    _hold(board)
    if point is not None:
        reread(point)
    if point is not None and point.board_id != board.id:
        raise StepNotPossible(_dl("Choose the point of the register that lets you decide."))
    reason = rules.why_not_decided(
        point, is_urgent=is_urgent, decided_on=decided_on, roles=roles_in(by, board.id), today=clock.today()
    )
    if reason is not None:
        raise StepNotPossible(reason)
    decided = DelegatedDecision(
        board=board,
        year=decided_on.year,
        number=next_number(db.session, board=board, series=Series.DELEGATION, year=decided_on.year),
        point=None if is_urgent else point,
        is_urgent=is_urgent,
        application=application,
        decided_on=decided_on,
        subject=subject,
        decision=decision,
        delegate_name=delegate_name,
        delegate_title=delegate_title,
        recorded_at=clock.now(),
        recorded_by_id=by.id,
    )
    db.session.add(decided)
    record(decided, "decide_by_delegation", by=by, number=decided.designation, decided_on=decided_on)
    db.session.flush()
    return decided


def report(item: MinuteItem, *, by: Any) -> list[DelegatedDecision]:
    """Report under the § all that was decided for its body up to the sitting's day and is not reported yet.

    Errors: NotAllowed, StepNotPossible (another kind of §, approved already).
    """
    _hold_item(item, by)
    waiting = (
        select(DelegatedDecision)
        .where(
            DelegatedDecision.board_id == item.board_id,
            DelegatedDecision.minute_item_id.is_(None),
            DelegatedDecision.decided_on <= item.meeting.held_on,
        )
        .order_by(DelegatedDecision.year, DelegatedDecision.number)
        .with_for_update(of=DelegatedDecision)
    )
    for decision in db.session.scalars(waiting):
        decision.item = item
    db.session.flush()
    return _write(item, by=by)


def take_back_report(item: MinuteItem, *, by: Any) -> None:
    """Let what the § reports wait for another. Errors: NotAllowed, StepNotPossible."""
    _hold_item(item, by)
    for decision in _reported(item):
        decision.item = None
    db.session.flush()
    _write(item, by=by)


def _write(item: MinuteItem, *, by: Any) -> list[DelegatedDecision]:
    """The §'s text and resolution follow what it reports."""
    decisions = _reported(item)
    item.text = rules.report_of(decisions)
    with speaking("sv"):
        noted = _d("%(board)s notes the report of decisions taken by delegation.", board=item.meeting.board.name)
    if decisions and not item.resolution:
        item.resolution = noted
    elif not decisions and item.resolution == noted:
        item.resolution = ""
    record(item, "report_delegated", by=by, count=len(decisions))
    db.session.flush()
    return decisions


def _reported(item: MinuteItem) -> list[DelegatedDecision]:
    found = select(DelegatedDecision).where(DelegatedDecision.minute_item_id == item.id)
    return list(db.session.scalars(found.order_by(DelegatedDecision.year, DelegatedDecision.number)))


def _hold_item(item: MinuteItem, by: Any) -> None:
    _demand(by, Permission.PREPARE_MEETING, item)
    reread(item.meeting, with_for_update={"of": Meeting})
    reread(item, with_for_update={"of": MinuteItem})
    if item.kind is not ItemKind.DELEGATIONS:
        raise StepNotPossible(_dl("Delegated decisions are reported under a paragraph of their own."))
    if item.approved_on is not None:
        raise StepNotPossible(_dl("The paragraph is approved, so its report stays as it is."))


def _hold(board: Board) -> None:
    db.session.execute(select(Board.id).where(Board.id == board.id).with_for_update())


def _demand(by: Any, permission: Permission, subject: Any = None) -> None:
    reason = why_not(by, permission, subject)
    if reason is not None:
        raise NotAllowed(reason)
