"""The minutes as their pages show them: versions, who has signed and who has not, and what may be done."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp import clock
from fundapp.db import db
from fundapp.decisions.models import Decision, Letter
from fundapp.languages import Lazy
from fundapp.meetings import copies, queries, signing
from fundapp.meetings.minutes import Minutes, MinutesSignature
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import room_of
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.seats.models import Seat
from fundapp.workflow import MeetingStatus, StepNotPossible


@dataclass(frozen=True)
class Signer:
    """Who must sign, and the signature where there is one."""

    who: signing.ToSign
    signature: MinutesSignature | None


@dataclass(frozen=True)
class Version:
    """The newest version of the minutes, or of one § that is approved at once."""

    minutes: Minutes
    signers: list[Signer]

    @property
    def is_signed(self) -> bool:
        return bool(self.signers) and all(each.signature is not None for each in self.signers)


@dataclass(frozen=True)
class Due:
    """By when the minutes are to be approved; `days_left` below 0 is late."""

    last_day: date
    days_left: int

    @property
    def is_late(self) -> bool:
        return self.days_left < 0


def minutes(public_id: str) -> Minutes | None:
    """A version, for who may read its sitting."""
    found = db.session.scalar(
        select(Minutes)
        .where(Minutes.public_id == public_id)
        .options(joinedload(Minutes.paper), selectinload(Minutes.signatures).joinedload(MinutesSignature.seat))
    )
    return found if found is not None and queries.meeting(found.meeting.public_id) is not None else None


def signer(minutes_: Minutes, seat: str) -> Seat | None:
    """Somebody who must sign the version, by the seat's public id."""
    return next((each.who.seat for each in _signers(minutes_) if each.who.seat.public_id == seat), None)


def due(meeting: Meeting) -> Due:
    last = signing.last_day(meeting)
    return Due(last, (last - clock.today()).days)


def panel(meeting: Meeting, person: Person) -> dict[str, Any]:
    """What the sitting's page tells of its minutes."""
    is_over = meeting.status in (MeetingStatus.ENDED, MeetingStatus.APPROVED)
    newest = signing.newest(meeting) if is_over else None
    return {
        "is_over": is_over,
        "minutes": newest,
        "lacking": [each.who for each in _signers(newest) if each.signature is None] if newest else [],
        "due": due(meeting),
        "may_approve": is_allowed(person, Permission.APPROVE_MINUTES, meeting),
        "may_release": is_allowed(person, Permission.RELEASE_LETTERS, meeting) and _has_letters(meeting),
    }


def page(meeting: Meeting, person: Person) -> dict[str, Any]:
    """All that the page of the sitting's minutes shows."""
    all_versions = _versions(meeting)
    newest: dict[int | None, Minutes] = {}
    for each in all_versions:
        newest.setdefault(each.minute_item_id, each)
    whole = newest.pop(None, None)
    items = _items(meeting)
    return {
        "whole": Version(whole, _signers(whole)) if whole is not None else None,
        "immediate": [Version(each, _signers(each)) for each in newest.values()],
        "older": [each for each in all_versions if each is not whole and each not in newest.values()],
        "items": [item for item in items if item.approved_on is None],
        "why_no_signers": _why_no_signers(meeting, items),
        "due": due(meeting),
        "may_approve": is_allowed(person, Permission.APPROVE_MINUTES, meeting),
        "may_release": is_allowed(person, Permission.RELEASE_LETTERS, meeting) and _has_letters(meeting),
    }


def version(minutes_: Minutes, person: Person) -> dict[str, Any]:
    """One version for its reader: whether the reader must sign, and for which §."""
    signers = _signers(minutes_)
    last = signing.newest(minutes_.meeting, minutes_.item)
    mine = next((each for each in signers if each.who.seat.account_id == person.id), None)
    return {
        "signers": signers,
        "mine": mine,
        "newest": last,
        "is_newest": last is not None and last.id == minutes_.id,
        "is_cut": bool(copies.hidden_from(person, minutes_.meeting)),
        "due": due(minutes_.meeting),
    }


def _versions(meeting: Meeting) -> list[Minutes]:
    return list(
        db.session.scalars(
            select(Minutes)
            .where(Minutes.meeting_id == meeting.id)
            .options(joinedload(Minutes.item), selectinload(Minutes.signatures).joinedload(MinutesSignature.seat))
            .order_by(Minutes.id.desc())
        ).unique()
    )


def _items(meeting: Meeting) -> list[MinuteItem]:
    found = select(MinuteItem).where(MinuteItem.meeting_id == meeting.id, MinuteItem.number.is_not(None))
    with_cases = selectinload(MinuteItem.cases).joinedload(AgendaCase.application)
    return list(db.session.scalars(found.order_by(MinuteItem.number).options(with_cases)))


def _signers(minutes_: Minutes) -> list[Signer]:
    """As things stand, so that a change of chair or checker shows; empty where nobody is in the chair."""
    meeting = minutes_.meeting
    items = [minutes_.item] if minutes_.item is not None else _items(meeting)
    try:
        wanted = signing.to_sign(room_of(meeting), items)
    except StepNotPossible:
        return []
    given = {row.seat_id: row for row in minutes_.signatures}
    return [Signer(each, given.get(each.seat.id)) for each in wanted]


def _why_no_signers(meeting: Meeting, items: list[MinuteItem]) -> Lazy | str | None:
    try:
        signing.to_sign(room_of(meeting), items)
    except StepNotPossible as fault:
        return fault.reason
    return None


def _has_letters(meeting: Meeting) -> bool:
    of_sitting = (
        select(Letter.id)
        .join(Decision, Decision.id == Letter.decision_id)
        .join(MinuteItem, MinuteItem.id == Decision.minute_item_id)
    )
    return bool(db.session.scalar(select(exists(of_sitting.where(MinuteItem.meeting_id == meeting.id)))))
