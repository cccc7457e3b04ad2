"""The decisions of a case as its page shows them: final or pending, in force or not, with the appeals."""

from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from fundapp import clock
from fundapp.boards.models import Board
from fundapp.decisions.force import Force, standing
from fundapp.decisions.models import Appeal, Decision
from fundapp.meetings.minutes import BoardNotice, announced
from fundapp.meetings.models import Meeting, MinuteItem, designation
from fundapp.workflow import Outcome


class Paragraph(NamedTuple):
    """A paragraph the case stands on: its sitting's public id, and how it is quoted."""

    meeting: str
    designation: str


class Decided(NamedTuple):
    """A decision in kronor, final or pending. `force`: whether it is in force, None where that has no meaning."""

    public_id: str
    outcome: Outcome
    amount: int | None
    reasons: str
    is_final: bool
    paragraph: Paragraph
    force: Force | None
    appeals: list[Any]


def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """What `decided` reads, of the application that the statement is asked for."""
    return {
        "decisions": on_paragraphs(
            Decision,
            Decision.id,
            Decision.public_id,
            Decision.minute_item_id,
            Decision.outcome,
            Decision.amount,
            Decision.reasons,
            Decision.final_at.is_not(None).label("final"),
        ).order_by(Decision.id.desc()),
        "notices": select(announced.c.minute_item_id, BoardNotice.last_appeal_day)
        .join(BoardNotice, BoardNotice.id == announced.c.board_notice_id)
        .join(Decision, Decision.minute_item_id == announced.c.minute_item_id)
        .where(_mine(Decision)),
        "appeals": select(
            Appeal.decision_id,
            Appeal.public_id,
            Appeal.received_on,
            Appeal.appellant,
            Appeal.court_number,
            Appeal.end_kind,
            Appeal.ended_on,
        )
        .join(Decision, Decision.id == Appeal.decision_id)
        .where(_mine(Decision))
        .order_by(Appeal.id),
    }


def _mine(table: Any) -> Any:
    return table.application_id == bindparam("application")


def on_paragraphs(table: Any, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Columns of a decision or a place on an agenda, and at the end what its paragraph is quoted by."""
    return (
        select(*columns, Meeting.public_id.label("meeting"), Board.abbreviation, Meeting.held_on, MinuteItem.number)
        .select_from(table)
        .join(MinuteItem, MinuteItem.id == table.minute_item_id)
        .join(Meeting, Meeting.id == MinuteItem.meeting_id)
        .join(Board, Board.id == Meeting.board_id)
        .where(_mine(table))
    )


def decided(row: Any, parts: Any) -> Decided:
    appeals = [appeal for appeal in parts.appeals if appeal.decision_id == row.id]
    force = None
    if row.final and row.outcome.ends_case:
        notice = next((one for one in parts.notices if one.minute_item_id == row.minute_item_id), None)
        force = standing(notice, appeals, clock.today())
    return Decided(
        row.public_id, row.outcome, row.amount, row.reasons, row.final, paragraph(row), force=force, appeals=appeals
    )


def paragraph(row: Any) -> Paragraph:
    return Paragraph(row.meeting, designation(row.abbreviation, row.held_on, row.number))
