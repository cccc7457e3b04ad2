"""Who serves under a §, who is in its chair, and whether enough are there to decide: read from what was recorded.

All of a sitting is one statement (`room_of`), so that 150 cases cost no more than one. Ranges are numbers of §, both
ends included; None at an end is the sitting's own. Source: KL 2017:725 6:27 (quorum), 6:28 and 6:30 (jäv).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Integer, Select, literal, null, select, union_all

from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.languages import Lazy, _dl
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.meetings.proceedings import Capacity, Chairing, Disqualification, Presence
from fundapp.seats.models import Position, Seat
from fundapp.seats.queries import NAMED
from fundapp.workflow import MeetingStatus, StepNotPossible

# The Act of 2017; for a sitting before it the rule is named without a paragraph.
ACT_OF_2017 = date(2018, 1, 1)


@dataclass(frozen=True)
class Place:
    """A seat that serves, is present, or is in the chair, for a range of §."""

    seat: Seat
    first: int | None
    last: int | None

    def covers(self, number: int) -> bool:
        return (self.first is None or self.first <= number) and (self.last is None or number <= self.last)


@dataclass(frozen=True)
class Aside:
    """A seat that is disqualified under a § (`is_out`), or serves there in such a one's place; in one case, or all."""

    seat: Seat
    item_id: int
    application_id: int | None
    is_out: bool

    def concerns(self, item: MinuteItem, application: Application | None) -> bool:
        """Without a case only what holds for all of the § counts."""
        if self.item_id != item.id:
            return False
        return self.application_id is None or (application is not None and self.application_id == application.id)


@dataclass(frozen=True)
class Room:
    """A sitting's attendance as it stands, for any number of its § and cases. Seats come in the order of the list."""

    meeting: Meeting
    serving: tuple[Place, ...]
    substitutes: tuple[Place, ...]
    chairs: tuple[Place, ...]
    asides: tuple[Aside, ...]

    @property
    def is_called(self) -> bool:
        """Whether the roll was called."""
        return bool(self.serving)

    def present_under(self, item: MinuteItem) -> list[Seat]:
        """Who serves by the roll, whoever is disqualified there too; in the order of the list."""
        return _in_order([place.seat for place in self.serving if item.number and place.covers(item.number)])

    def substitutes_under(self, item: MinuteItem) -> list[Seat]:
        """Substitutes in the room without a place, in the order in which they are called."""
        return _in_order([place.seat for place in self.substitutes if item.number and place.covers(item.number)])

    def disqualified_under(self, item: MinuteItem, application: Application | None = None) -> list[Seat]:
        return _in_order([each.seat for each in self.asides if each.is_out and each.concerns(item, application)])

    def serving_under(self, item: MinuteItem, application: Application | None = None) -> list[Seat]:
        """Members and serving substitutes under the §, without who is disqualified in the case, with who replaces."""
        concerned = [each for each in self.asides if each.concerns(item, application)]
        out = {each.seat.id for each in concerned if each.is_out}
        instead = [each.seat for each in concerned if not each.is_out]
        return [seat for seat in _in_order([*self.present_under(item), *instead]) if seat.id not in out]

    def chair_under(self, item: MinuteItem, application: Application | None = None) -> Seat | None:
        """Who is in the chair; a vice chair who serves where the chair is disqualified in the case, or None."""
        if item.number is None:
            return None
        serving = self.serving_under(item, application)
        ids = {seat.id for seat in serving}
        in_chair = [place.seat for place in self.chairs if place.covers(item.number) and place.seat.id in ids]
        if in_chair:
            return in_chair[0]
        vice = {seat.position: seat for seat in serving}
        return vice.get(Position.FIRST_VICE_CHAIR) or vice.get(Position.SECOND_VICE_CHAIR)

    def why_no_quorum(self, item: MinuteItem, application: Application | None = None) -> Lazy | None:
        """More than half of the body's members must be there (KL 6:27); a body without a number is not watched."""
        members = self.meeting.board.sittings.get("members")
        if not members:
            return None
        if not self.is_called:
            return _dl("Call the roll first: nobody is recorded as present.")
        there = len(self.serving_under(item, application))
        if 2 * there > members:
            return None
        facts = {"n": there, "members": members, "number": item.number}
        if self.meeting.held_on >= ACT_OF_2017:
            return _dl(
                "Only %(n)s of the body's %(members)s members serve here, under § %(number)s. More than half must be"
                " present to decide (quorum: KL 6:27).",
                **facts,
            )
        return _dl(
            "Only %(n)s of the body's %(members)s members serve here, under § %(number)s. More than half must be"
            " present to decide (quorum).",
            **facts,
        )

    def demand_quorum(self, item: MinuteItem, application: Application | None = None) -> None:
        """Errors: StepNotPossible."""
        reason = self.why_no_quorum(item, application)
        if reason is not None:
            raise StepNotPossible(reason)


def _in_order(seats: list[Seat]) -> list[Seat]:
    """Each seat once: members before substitutes, each by rank."""
    return sorted(dict.fromkeys(seats), key=lambda seat: (not seat.is_member, seat.rank, seat.id))


def room_of(meeting: Meeting) -> Room:
    """The sitting's attendance, in one statement."""
    rows = union_all(
        _part("serving", Presence.seat_id, Presence).where(Presence.capacity == Capacity.SERVING),
        _part("substitute", Presence.seat_id, Presence).where(Presence.capacity == Capacity.SUBSTITUTE),
        _part("chair", Chairing.seat_id, Chairing),
        _aside("out", Disqualification.seat_id),
        _aside("instead", Disqualification.replaced_by_id),
    ).subquery()
    found: dict[str, list[Any]] = {}
    of_sitting = select(rows, Seat).join(Seat, Seat.id == rows.c.seat_id).where(rows.c.meeting_id == meeting.id)
    for row in db.session.execute(of_sitting.order_by(rows.c.row_id).options(NAMED)):
        found.setdefault(row.what, []).append(row)
    serving, beside, chairs = (
        tuple(Place(row.Seat, row.first, row.last) for row in found.get(what, ()))
        for what in ("serving", "substitute", "chair")
    )
    asides = tuple(
        Aside(row.Seat, row.item_id, row.application_id, what == "out")
        for what in ("out", "instead")
        for row in found.get(what, ())
    )
    return Room(meeting, serving, beside, chairs, asides)


def _part(what: str, seat_id: Any, table: Any) -> Select[*tuple[Any, ...]]:
    nothing = null().cast(Integer)
    return select(
        literal(what).label("what"),
        table.id.label("row_id"),
        table.meeting_id.label("meeting_id"),
        seat_id.label("seat_id"),
        table.first.label("first"),
        table.last.label("last"),
        nothing.label("item_id"),
        nothing.label("application_id"),
    )


def _aside(what: str, seat_id: Any) -> Select[*tuple[Any, ...]]:
    nothing = null().cast(Integer)
    return select(
        literal(what),
        Disqualification.id,
        MinuteItem.meeting_id,
        seat_id,
        nothing,
        nothing,
        Disqualification.minute_item_id,
        Disqualification.application_id,
    ).join(MinuteItem, MinuteItem.id == Disqualification.minute_item_id)


@dataclass(frozen=True)
class Standing:
    """What the sitting's page tells of attendance, as it is under the newest §; `members`: how many the body has."""

    is_called: bool
    serving: int
    substitutes: int
    members: int | None
    lacks_quorum: bool
    chair: Seat | None
    checker: Seat | None


def standing(meeting: Meeting) -> Standing | None:
    """None before the sitting opens."""
    if meeting.status is MeetingStatus.PLANNED:
        return None
    room = room_of(meeting)
    now = max((item for item in meeting.items if item.number), key=lambda item: item.number or 0, default=None)
    checker = next((place.seat for place in room.serving if place.seat.id == meeting.checker_id), None)
    members: int | None = meeting.board.sittings.get("members")
    if now is None:
        serving, beside = len(room.serving), len(room.substitutes)
        return Standing(room.is_called, serving, beside, members, False, None, checker)
    return Standing(
        room.is_called,
        len(room.present_under(now)),
        len(room.substitutes_under(now)),
        members,
        members is not None and 2 * len(room.present_under(now)) <= members,
        next((place.seat for place in room.chairs if place.covers(now.number or 0)), None),
        checker,
    )


def serving_under(item: MinuteItem, application: Application | None = None) -> list[Seat]:
    """Who serves under a §, in a case where one is given; for many, ask `room_of` once."""
    return room_of(item.meeting).serving_under(item, application)


def chair_under(item: MinuteItem, application: Application | None = None) -> Seat | None:
    """Who is in the chair under a §."""
    return room_of(item.meeting).chair_under(item, application)


def demand_quorum(item: MinuteItem, application: Application | None = None) -> None:
    """Refuse to decide where not more than half of the body's members serve. Errors: StepNotPossible."""
    room_of(item.meeting).demand_quorum(item, application)
