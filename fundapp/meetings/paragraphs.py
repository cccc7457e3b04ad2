"""One § as it is worked at the table: its cases, who is there for them, and what was moved, voted and reserved.

Who has a conflict in one of its cases reads nothing of that case, and nothing that was said of the § as a whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from fundapp.applications.models import Application
from fundapp.assessments.models import Assessment
from fundapp.candidates.following import candidates_of
from fundapp.db import db
from fundapp.languages import Lazy
from fundapp.meetings import queries
from fundapp.meetings.disqualifying import Proposal, proposed_for
from fundapp.meetings.holding import taking_part
from fundapp.meetings.models import AgendaCase, MinuteItem
from fundapp.meetings.presences import Room, room_of
from fundapp.meetings.proceedings import Disqualification, Motion, Remark, Vote
from fundapp.meetings.queries import CaseRow, ItemRow, Sitting
from fundapp.seats.models import Seat


@dataclass(frozen=True)
class Paragraph:
    """`case`: the one that the forms are about, None for the § as a whole. `is_partly_hidden`: the reader may not know
    all of its cases. `following`: the ids of cases that get another's outcome, which is recorded there.
    """

    sitting: Sitting
    row: ItemRow
    place: int
    case: CaseRow | None
    room: Room
    is_partly_hidden: bool
    following: frozenset[int]
    assessments: dict[int, Assessment]
    propositions: dict[int | None, str]
    disqualified: list[Disqualification]
    proposals: list[Proposal]
    motions: list[Motion]
    votes: list[Vote]
    remarks: list[Remark]

    @property
    def item(self) -> MinuteItem:
        return self.row.item

    @property
    def application(self) -> Application | None:
        return self.case.application if self.case is not None else None

    @property
    def before(self) -> MinuteItem | None:
        return self.sitting.items[self.place - 1].item if self.place else None

    @property
    def after(self) -> MinuteItem | None:
        rest = self.sitting.items[self.place + 1 :]
        return rest[0].item if rest else None

    @property
    def serving(self) -> list[Seat]:
        """Who takes part in the case, or in all of the §."""
        return taking_part(self.room, self.item, self.application)

    @property
    def chair(self) -> Seat | None:
        return self.room.chair_under(self.item, self.application)

    @property
    def why_no_quorum(self) -> Lazy | None:
        return self.room.why_no_quorum(self.item, self.application)

    @property
    def substitutes(self) -> list[Seat]:
        """Substitutes in the room without a place."""
        return self.room.substitutes_under(self.item)

    @property
    def open_cases(self) -> list[CaseRow]:
        """Cases that wait for an outcome of their own."""
        return [
            case
            for case in self.row.cases
            if case.decision is None and not case.is_withdrawn and case.application.id not in self.following
        ]

    def named(self, application_id: int | None) -> str:
        """Which case a motion, vote or disqualification is about, where the § has several."""
        if application_id is None or len(self.row.cases) < 2:
            return ""
        found = [case.application for case in self.row.cases if case.application.id == application_id]
        return (found[0].applicant_name or "") if found else ""


def paragraph(item: MinuteItem, *, case: str = "", reader: Any, may_record: bool) -> Paragraph | None:
    """All of a §'s page; `case` is a case's public id. None where the case is not under the § for this reader."""
    sitting = queries.sitting(item.meeting)
    place = [row.item.id for row in sitting.items].index(item.id)
    row = sitting.items[place]
    chosen = next((each for each in row.cases if each.application.public_id == case), None)
    if case and chosen is None:
        return None
    stands = select(func.count()).select_from(AgendaCase).where(AgendaCase.minute_item_id == item.id)
    is_partly_hidden = db.session.scalar(stands) != len(row.cases)
    if chosen is None and len(row.cases) == 1 and not is_partly_hidden:
        chosen = row.cases[0]
    seen: set[int | None] = {each.application.id for each in row.cases}
    if not is_partly_hidden:
        seen.add(None)
    return Paragraph(
        sitting,
        row,
        place,
        chosen,
        room_of(item.meeting),
        is_partly_hidden,
        _following([each.application for each in row.cases]),
        _assessments([each.application for each in row.cases]) if may_record else {},
        _propositions(item, seen),
        _under(Disqualification, item, seen, Disqualification.id),
        proposed_for(item.meeting, reader=reader, item=item) if may_record else [],
        _under(Motion, item, seen, Motion.id),
        _votes(item, seen),
        _under(Remark, item, seen, Remark.id),
    )


def _under(table: Any, item: MinuteItem, seen: set[int | None], order: Any) -> list[Any]:
    rows = db.session.scalars(select(table).where(table.minute_item_id == item.id).order_by(order))
    return [row for row in rows if row.application_id in seen]


def _votes(item: MinuteItem, seen: set[int | None]) -> list[Vote]:
    votes = select(Vote).where(Vote.minute_item_id == item.id).options(selectinload(Vote.ballots)).order_by(Vote.id)
    return [vote for vote in db.session.scalars(votes) if vote.application_id in seen]


def _propositions(item: MinuteItem, seen: set[int | None]) -> dict[int | None, str]:
    rows = select(AgendaCase.application_id, AgendaCase.propositions).where(AgendaCase.minute_item_id == item.id)
    found: dict[int | None, str] = {row[0]: row[1] for row in db.session.execute(rows)}
    found[None] = item.propositions
    return {key: text for key, text in found.items() if key in seen}


def _following(applications: Sequence[Application]) -> frozenset[int]:
    candidates = candidates_of(applications)
    known = [each for each in applications if each.id in candidates]
    return frozenset(each.id for each in known if candidates[each.id].lead is not each)


def _assessments(applications: Sequence[Application]) -> dict[int, Assessment]:
    ids = [application.id for application in applications]
    found = db.session.scalars(select(Assessment).where(Assessment.application_id.in_(ids)))
    return {assessment.application_id: assessment for assessment in found}
