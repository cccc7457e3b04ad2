"""Disqualification (jäv) at a sitting: who takes no part in a case, which then closes for that person everywhere.

Source: KL 2017:725 6:28–32; before 2018 the same rule in KL 1991:900.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, false, select
from sqlalchemy.orm import selectinload

from fundapp import clock
from fundapp.accounts.found import people_in
from fundapp.accounts.models import Account, Conflict, Organisation
from fundapp.accounts.queries import KEEPS_FROM, visible_to
from fundapp.applications.models import Application, Submission
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.meetings.holding import BEFORE_OR_AT, cite, hold
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import Room, room_of
from fundapp.meetings.proceedings import Ballot, Disqualification, Ground, Motion, Remark, Vote
from fundapp.permissions import acts_for, has_conflict
from fundapp.search import comparable
from fundapp.seats.models import Seat
from fundapp.workflow import StepNotPossible


@dataclass(frozen=True)
class Proposal:
    """A seat that the system thinks is disqualified in a case, and why; the secretary asks, and records it or not."""

    item: MinuteItem
    application: Application
    seat: Seat
    why: Lazy
    ground: Ground


def disqualify(
    item: MinuteItem,
    seat: Seat | None,
    *,
    application: Application | None = None,
    name: str = "",
    ground: Ground = Ground.DECLARED,
    replaced_by: Seat | None = None,
    by: Any,
) -> list[Disqualification]:
    """Somebody takes no part in a case under a § and leaves the room; without a case, in every case of the §.

    `name` is for who has no seat, an official say. Errors: NotAllowed, StepNotPossible (has taken part in the case).
    """
    hold(item, application, by=by, during=BEFORE_OR_AT)
    who = seat.name if seat is not None else " ".join(name.split())[:200]
    if not who:
        raise StepNotPossible(_dl("Choose or write who is disqualified."))
    if seat is not None and not _belongs(seat, item.meeting):
        raise StepNotPossible(_dl("%(name)s has no seat in this body on the day of the sitting.", name=who))
    cases: list[Application | None] = [application] if application is not None else [*cases_under(item)]
    room = room_of(item.meeting)
    return [
        _disqualify_in(item, case, seat, who, ground=ground, replaced_by=replaced_by, room=room, by=by)
        for case in cases or [None]
    ]


def _disqualify_in(
    item: MinuteItem,
    case: Application | None,
    seat: Seat | None,
    who: str,
    *,
    ground: Ground,
    replaced_by: Seat | None,
    room: Room,
    by: Any,
) -> Disqualification:
    if who in {row.name for row in disqualified_in(item, case) if seat is None or row.seat_id == seat.id}:
        raise StepNotPossible(_dl("%(name)s is recorded as disqualified here already.", name=who))
    if seat is not None:
        _demand_no_part(item, case, seat, room)
    if replaced_by is not None:
        _demand_free(item, case, replaced_by, room)
    row = Disqualification(
        item=item,
        application=case,
        seat=seat,
        name=who,
        ground=ground,
        replaced_by=replaced_by,
        recorded_at=clock.now(),
        recorded_by_id=by.id,
    )
    db.session.add(row)
    record(row, "disqualify", by=by, seat=seat, case=case, ground=ground, replaced_by=replaced_by)
    if seat is not None and case is not None:
        _close_case(row, seat.account, case)
    db.session.flush()
    return row


def _close_case(row: Disqualification, account: Account, application: Application) -> None:
    """From now on the person sees nothing of the case, whatever the person has declared or not, and keeps from the
    applicant's account and particulars (`Account.closed_applicant_ids`). The applicant's other cases stay open.
    """
    account.conflicts.append(
        Conflict(
            application_id=application.id,
            disqualification_id=row.id,
            reason=row.item.designation,
            declared_at=clock.now(),
        )
    )


def lift(row: Disqualification, *, by: Any) -> None:
    """The disqualification was a mistake, or the body decided that there is none. Errors: NotAllowed, StepNotPossible
    (who served instead has taken part).
    """
    hold(row.item, row.application, by=by, during=BEFORE_OR_AT)
    instead = row.replaced_by
    if instead is not None and instead.id in took_part(row.item, row.application):
        raise StepNotPossible(
            _dl("%(name)s has taken part instead. Take that away first.", name=instead.name),
        )
    _undo(row, by=by)


def _undo(row: Disqualification, *, by: Any) -> None:
    record(row, "lift_disqualification", by=by, seat=row.seat, case=row.application)
    closed = select(Conflict).where(Conflict.disqualification_id == row.id)
    for conflict in db.session.scalars(closed).all():
        conflict.ended_at, conflict.disqualification_id = clock.now(), None
        db.session.flush()
        db.session.expire(conflict.account, ["conflicts"])
    db.session.delete(row)
    db.session.flush()


def forget(item: MinuteItem, application: Application | None, *, by: Any) -> None:
    """The case leaves the § (or the § the agenda, where no case is given): who was disqualified there is so no more.

    The caller holds the sitting. Errors: StepNotPossible where somebody moved, voted or made a reservation in it.
    """
    if application is not None and took_part(item, application, is_own=True):
        raise StepNotPossible(_dl("Something was moved or voted in this case. Record that it is tabled instead."))
    own = application.id if application is not None else None
    for row in disqualified_in(item, application):
        if row.application_id == own:
            _undo(row, by=by)


def cover(item: MinuteItem, application: Application) -> None:
    """A case came under a § in which somebody takes no part at all: it closes for that person too."""
    whole = select(Disqualification).where(
        Disqualification.minute_item_id == item.id,
        Disqualification.application_id.is_(None),
        Disqualification.seat_id.is_not(None),
    )
    for row in db.session.scalars(whole):
        if row.seat is not None:
            _close_case(row, row.seat.account, application)


def disqualified_in(item: MinuteItem, application: Application | None) -> list[Disqualification]:
    """Who takes no part in the case; without a case, in the § as a whole."""
    of_item = select(Disqualification).where(Disqualification.minute_item_id == item.id)
    rows = db.session.scalars(of_item.order_by(Disqualification.id)).all()
    own = application.id if application is not None else None
    return [row for row in rows if row.application_id is None or row.application_id == own]


def cases_under(item: MinuteItem) -> list[Application]:
    of_item = select(Application).join(AgendaCase).where(AgendaCase.minute_item_id == item.id)
    return list(db.session.scalars(of_item.order_by(AgendaCase.id)))


def took_part(item: MinuteItem, application: Application | None, *, is_own: bool = False) -> set[int]:
    """The ids of the seats that voted, moved or reserved themselves in the case; without a case, anywhere under the §.

    What was done for the § as a whole was done in each of its cases; `is_own` leaves that out.
    """
    found: set[int] = set()
    done: tuple[tuple[Any, Select[int]], ...] = (
        (Vote, select(Ballot.seat_id).join(Vote)),
        (Motion, select(Motion.seat_id).where(Motion.withdrawn_at.is_(None))),
        (Remark, select(Remark.seat_id)),
    )
    for table, seats in done:
        rows = seats.where(table.minute_item_id == item.id)
        if application is not None:
            is_whole = false() if is_own else table.application_id.is_(None)
            rows = rows.where((table.application_id == application.id) | is_whole)
        found |= set(db.session.scalars(rows))
    return found


def _demand_no_part(item: MinuteItem, case: Application | None, seat: Seat, room: Room) -> None:
    facts = {"name": seat.name, "law": cite(item.meeting, "KL 6:30")}
    if seat.id in took_part(item, case):
        raise StepNotPossible(
            _dl(
                "%(name)s has voted, moved or made a reservation here. Who is disqualified takes no part%(law)s:"
                " take that away first.",
                **facts,
            )
        )
    if any(not aside.is_out and aside.seat.id == seat.id and aside.concerns(item, case) for aside in room.asides):
        raise StepNotPossible(
            _dl("%(name)s serves here in place of somebody who is disqualified. Lift that first.", **facts)
        )


def _demand_free(item: MinuteItem, case: Application | None, substitute: Seat, room: Room) -> None:
    """A substitute who takes the place is in the room, has no place yet, and is not disqualified too."""
    facts = {"name": substitute.name, "law": cite(item.meeting, "KL 6:28")}
    out = {seat.id for seat in room.disqualified_under(item, case)}
    if substitute.id in out or (case is not None and has_conflict(substitute.account, case)):
        raise StepNotPossible(_dl("%(name)s is disqualified too%(law)s. Choose another substitute.", **facts))
    if substitute.id not in {seat.id for seat in room.substitutes_under(item)}:
        raise StepNotPossible(
            _dl("%(name)s is not a substitute in the room under this paragraph. Record the presence first.", **facts)
        )
    if substitute.id in {seat.id for seat in room.serving_under(item, case)}:
        raise StepNotPossible(_dl("%(name)s serves here already, in another's place.", **facts))


def _belongs(seat: Seat, meeting: Meeting) -> bool:
    return seat.board_id == meeting.board_id and seat.holds_on(meeting.held_on)


def proposed_for(meeting: Meeting, *, reader: Any, item: MinuteItem | None = None) -> list[Proposal]:
    """Whom the system takes for disqualified in the sitting's cases (or one §'s), as far as `reader` may see them;
    those who are recorded already are left out.
    """
    rows = select(MinuteItem, Application).join(AgendaCase, AgendaCase.minute_item_id == MinuteItem.id)
    rows = rows.join(Application, Application.id == AgendaCase.application_id)
    rows = rows.where(MinuteItem.meeting_id == meeting.id, visible_to(reader))
    if item is not None:
        rows = rows.where(MinuteItem.id == item.id)
    people = selectinload(Application.organisation).selectinload(Organisation.signatories)
    cases = db.session.execute(rows.options(people).order_by(MinuteItem.position, AgendaCase.id)).all()
    if not cases:
        return []
    seats = _seats_of(meeting)
    named = _named_in([application for _item, application in cases])
    known = _recorded_in(meeting)
    return [
        Proposal(place, application, seat, *found)
        for place, application in cases
        for seat in seats
        if not {(place.id, None, seat.id), (place.id, application.id, seat.id)} & known
        and (found := _why(seat, application, named.get(application.id, {}))) is not None
    ]


def _why(seat: Seat, application: Application, named: dict[str, Lazy]) -> tuple[Lazy, Ground] | None:
    account = seat.account
    if acts_for(account, application) or application.created_by_id == account.id:
        return _dl("Acts for the applicant here."), Ground.FOUND
    # A name that is found closes the case too until it is answered, so it is told before what was declared.
    for own in (comparable(account.name), comparable(account.email)):
        if own and own in named:
            return named[own], Ground.FOUND
    if has_conflict(account, application):
        return _dl("Has declared a conflict of interest."), Ground.DECLARED
    return None


def _seats_of(meeting: Meeting) -> list[Seat]:
    holding = select(Seat).where(
        Seat.board_id == meeting.board_id, Seat.begins_on <= meeting.held_on, Seat.ends_on >= meeting.held_on
    )
    known = selectinload(Seat.account).options(*KEEPS_FROM)
    return list(db.session.scalars(holding.options(known).order_by(Seat.rank, Seat.id)))


def _recorded_in(meeting: Meeting) -> set[tuple[int, int | None, int | None]]:
    of_meeting = (
        select(Disqualification.minute_item_id, Disqualification.application_id, Disqualification.seat_id)
        .join(MinuteItem)
        .where(MinuteItem.meeting_id == meeting.id)
    )
    return {(row[0], row[1], row[2]) for row in db.session.execute(of_meeting)}


def _named_in(applications: Iterable[Application]) -> dict[int, dict[str, Lazy]]:
    """By application: the names and addresses of the applicant's people, made comparable, and where they stand."""
    signatory = _dl("Has the same name or address as a signatory of the applicant.")
    found: dict[int, dict[str, Lazy]] = {}
    for application in applications:
        organisation = application.organisation
        people = organisation.signatories if organisation is not None else []
        texts = [text for person in people for text in (person.name, person.contact)]
        found[application.id] = {comparable(text): signatory for text in texts if text}
    answer = _dl("Has the same name or address as a person named in the application.")
    newest = select(Submission.application_id, Submission.content).where(Submission.application_id.in_(list(found)))
    for application_id, content in db.session.execute(newest.order_by(Submission.number)):
        for text in people_in(content):
            found[application_id].setdefault(comparable(text), answer)
    return found
