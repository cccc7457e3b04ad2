"""What speaks against a change of attendance: it is tried, and refused where the record would contradict itself."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import CompoundSelect, Integer, Select, null, select, union_all

from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.languages import Lazy, _dl
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.meetings.presences import Room
from fundapp.meetings.proceedings import Ballot, Motion, Remark, Vote
from fundapp.seats.models import Seat


def fault(meeting: Meeting, before: Room, now: Room) -> Lazy | None:
    """Why the sitting's attendance cannot be as it is `now`, where it was as `before`; None where it can."""
    items = numbered(meeting)
    return next((each for each in _faults(meeting, items, before, now) if each is not None), None)


def numbered(meeting: Meeting) -> list[MinuteItem]:
    """The sitting's paragraphs that have their number, in its order."""
    of_sitting = select(MinuteItem).where(MinuteItem.meeting_id == meeting.id, MinuteItem.number.is_not(None))
    return list(db.session.scalars(of_sitting.order_by(MinuteItem.number)))


def _faults(meeting: Meeting, items: list[MinuteItem], before: Room, now: Room) -> Iterator[Lazy | None]:
    members = meeting.board.sittings.get("members")
    for item in items:
        yield _too_many(now, item, members)
        yield _fault_in_chair(now, item)
        if item.approved_on is not None and _standing(before, item) != _standing(now, item):
            yield _dl("§ %(number)s is approved already, so who was there stays as it is.", number=item.number)
    yield fault_in_checker(meeting.checker, now) if meeting.checker is not None else None
    if before.is_called:
        yield from _contradicted(meeting, items, now)


def _standing(room: Room, item: MinuteItem) -> tuple[Any, ...]:
    return room.present_under(item), room.substitutes_under(item), room.chair_under(item)


def _too_many(now: Room, item: MinuteItem, members: int | None) -> Lazy | None:
    there = [place.seat for place in (*now.serving, *now.substitutes) if item.number and place.covers(item.number)]
    twice = next((seat for seat in there if there.count(seat) > 1), None)
    if twice is not None:
        return _dl("%(name)s is there twice under § %(number)s.", name=twice.name, number=item.number)
    if members and len(now.present_under(item)) > members:
        return _dl(
            "%(n)s serve under § %(number)s, but the body has %(members)s members.",
            n=len(now.present_under(item)),
            number=item.number,
            members=members,
        )
    return None


def _fault_in_chair(now: Room, item: MinuteItem) -> Lazy | None:
    if not now.is_called or item.number is None:
        return None
    chairs = [place.seat for place in now.chairs if place.covers(item.number)]
    if not chairs:
        return _dl("Nobody is in the chair under § %(number)s.", number=item.number)
    gone = next((seat for seat in chairs if seat not in now.present_under(item)), None)
    if gone is None:
        return None
    return _dl(
        "%(name)s is in the chair under § %(number)s, but does not serve there. Put somebody else in the chair first.",
        name=gone.name,
        number=item.number,
    )


def fault_in_checker(checker: Seat, room: Room) -> Lazy | None:
    """The minutes are approved by the chair and one more who served (KL 5:69 by 6:35)."""
    if checker not in [place.seat for place in room.serving]:
        return _dl("%(name)s does not serve at the sitting, so cannot check its minutes.", name=checker.name)
    if checker in [place.seat for place in room.chairs]:
        return _dl("%(name)s is in the chair and approves the minutes as such. Choose another.", name=checker.name)
    return None


def _contradicted(meeting: Meeting, items: list[MinuteItem], now: Room) -> Iterator[Lazy | None]:
    """Who voted, moved or reserved, and each outcome's quorum, against who serves now."""
    cases = {row.id: row for row in db.session.scalars(_cases_of(meeting))}
    by_id = {item.id: item for item in items}
    done = list(db.session.execute(_done(meeting)))
    seats = {seat.id: seat for seat in db.session.scalars(select(Seat).where(Seat.id.in_({row[2] for row in done})))}
    for item_id, case_id, seat_id in done:
        item, case = by_id[item_id], cases.get(case_id)
        if seat_id is None:
            yield now.why_no_quorum(item, case)
        elif seats[seat_id] not in now.serving_under(item, case):
            yield _dl(
                "%(name)s voted, moved or reserved under § %(number)s, so was there. Take that back first.",
                name=seats[seat_id].name,
                number=item.number,
            )


def _cases_of(meeting: Meeting) -> Select[Application]:
    decided = select(Decision.application_id).join(MinuteItem).where(MinuteItem.meeting_id == meeting.id)
    touched: CompoundSelect[int | None] = union_all(decided, *(
        select(table.application_id).join(MinuteItem, MinuteItem.id == table.minute_item_id)
        .where(MinuteItem.meeting_id == meeting.id, table.application_id.is_not(None))
        for table in (Vote, Motion, Remark)
    ))  # fmt: skip
    return select(Application).where(Application.id.in_(touched))


def _done(meeting: Meeting) -> Any:
    """Paragraph, case or None, and seat of all that somebody did there; an outcome is the body's and has no seat."""
    ballots = select(Vote.minute_item_id, Vote.application_id, Ballot.seat_id).join(Ballot.vote)
    motions = select(Motion.minute_item_id, Motion.application_id, Motion.seat_id).where(Motion.withdrawn_at.is_(None))
    remarks = select(Remark.minute_item_id, Remark.application_id, Remark.seat_id)
    outcomes = select(Decision.minute_item_id, Decision.application_id, null().cast(Integer))
    ours = select(MinuteItem.id).where(MinuteItem.meeting_id == meeting.id)
    return union_all(
        ballots.where(Vote.minute_item_id.in_(ours)),
        motions.where(Motion.minute_item_id.in_(ours)),
        remarks.where(Remark.minute_item_id.in_(ours)),
        outcomes.where(Decision.minute_item_id.in_(ours)),
    )
