"""The register of each body, and what was decided under it, as one reader may see it."""

from dataclasses import dataclass
from datetime import date

from flask_login import current_user
from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager, joinedload

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.delegations.models import DelegatedDecision, DelegationPoint
from fundapp.meetings.models import ItemKind, Meeting, MinuteItem
from fundapp.paging import Beyond, Page, page_of
from fundapp.permissions import roles_in
from fundapp.registry.models import Case
from fundapp.seats.queries import sitting_boards

PAGE = 50


@dataclass(frozen=True)
class Register:
    """One body's points that hold on a day, and those that ended or are to come."""

    board: Board
    holding: list[DelegationPoint]
    others: list[DelegationPoint]


@dataclass(frozen=True)
class Reported:
    """What a sitting's § for delegated decisions holds, and how many wait for it."""

    item: MinuteItem
    count: int
    waiting: int


def registers_on(day: date) -> list[Register]:
    """The register of each body that sits here, in the order of its numbers."""
    points = db.session.scalars(select(DelegationPoint).order_by(DelegationPoint.number, DelegationPoint.id)).all()
    found = []
    for board in sitting_boards():
        own = [point for point in points if point.board_id == board.id]
        holding = [point for point in own if point.holds_on(day)]
        found.append(Register(board, holding, [point for point in own if point not in holding]))
    return found


def point(public_id: str) -> DelegationPoint | None:
    """A point of this municipality's registers."""
    return db.session.scalar(
        select(DelegationPoint)
        .join(DelegationPoint.board)
        .where(DelegationPoint.public_id == public_id, Board.municipality == settings().municipality)
        .options(contains_eager(DelegationPoint.board))
    )


def points_for(day: date) -> list[DelegationPoint]:
    """The points under which the reader may decide on a day."""
    points = (point for register in registers_on(day) for point in register.holding)
    return [point for point in points if point.role in roles_in(current_user, point.board_id)]


def decisions(beyond: Beyond, *, is_unreported: bool = False) -> Page:
    """Delegated decisions, the newest first; one in a case that the reader may not see is left out."""
    query = (
        select(DelegatedDecision, DelegatedDecision.public_id)
        .join(DelegatedDecision.board)
        .outerjoin(DelegatedDecision.application)
        .outerjoin(Application.case)
        .outerjoin(DelegatedDecision.point)
        .where(
            Board.municipality == settings().municipality,
            or_(DelegatedDecision.application_id.is_(None), visible_to(current_user)),
        )
        .options(
            contains_eager(DelegatedDecision.board),
            contains_eager(DelegatedDecision.point),
            contains_eager(DelegatedDecision.application).contains_eager(Application.case),
            joinedload(DelegatedDecision.item).joinedload(MinuteItem.meeting).joinedload(Meeting.board),
        )
    )
    if is_unreported:
        query = query.where(DelegatedDecision.minute_item_id.is_(None))
    order = (DelegatedDecision.decided_on, DelegatedDecision.id)
    return page_of(query, order, beyond, DelegatedDecision.public_id, size=PAGE, is_falling=True)


def case_with(diary_number: str) -> Application | None:
    """The case with a diary number, for who may see it."""
    return db.session.scalar(
        select(Application)
        .join(Application.case)
        .where(Case.diary_number == " ".join(diary_number.split()), visible_to(current_user))
    )


def panel(meeting: Meeting) -> Reported | None:
    """The sitting's § for delegated decisions; None where the agenda has none.

    Counts tell nothing of a case: they are of decisions, whatever they are about.
    """
    item = db.session.scalar(
        select(MinuteItem).where(MinuteItem.meeting_id == meeting.id, MinuteItem.kind == ItemKind.DELEGATIONS).limit(1)
    )
    if item is None:
        return None
    ours = select(DelegatedDecision.minute_item_id).where(
        DelegatedDecision.board_id == meeting.board_id,
        or_(
            DelegatedDecision.minute_item_id == item.id,
            DelegatedDecision.minute_item_id.is_(None) & (DelegatedDecision.decided_on <= meeting.held_on),
        ),
    )
    found = list(db.session.scalars(ours))
    return Reported(item, len([1 for key in found if key is not None]), found.count(None))


def item_of(meeting: Meeting) -> MinuteItem | None:
    """The sitting's § for delegated decisions."""
    reported = panel(meeting)
    return reported.item if reported is not None else None
