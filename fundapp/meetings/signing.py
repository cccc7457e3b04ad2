"""Minutes are approved by who was in the chair and by the member chosen to check them: who must sign a version, and
signing it, here or on a page that was sent up.

Source: KL 2017:725 5:69 by 6:35 (within 14 days). A later approval is recorded as late, never refused.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db, reread
from fundapp.files import StoredFile
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.meetings import protocol
from fundapp.meetings.minutes import Minutes, MinutesSignature, Signer
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.meetings.presences import ACT_OF_2017, Room
from fundapp.permissions import Permission, why_not
from fundapp.seats.models import Seat
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible

DAYS_TO_APPROVE = 14


@dataclass(frozen=True)
class ToSign:
    """Somebody who must approve the minutes, for which §."""

    seat: Seat
    signer: Signer
    paragraphs: tuple[int, ...]


def to_sign(room: Room, items: list[MinuteItem]) -> list[ToSign]:
    """Whoever was in the chair under one of the §, in a case of it too, and the checker. Errors: StepNotPossible."""
    chaired: dict[Seat, list[int]] = {}
    for item in items:
        chairs = {room.chair_under(item, case.application) for case in item.cases} | {room.chair_under(item)}
        if chairs == {None}:
            raise StepNotPossible(_dl("Record who was in the chair under § %(number)s.", number=item.number))
        for seat in sorted((each for each in chairs if each is not None), key=lambda each: each.id):
            chaired.setdefault(seat, []).append(item.number or 0)
    checker = room.meeting.checker
    if checker is None:
        raise StepNotPossible(_dl("Choose who checks the minutes first."))
    if checker in chaired:
        raise StepNotPossible(_dl("Who was in the chair cannot check the minutes too. Choose another member."))
    numbers = tuple(item.number or 0 for item in items)
    return [
        *(ToSign(seat, Signer.CHAIR, tuple(paragraphs)) for seat, paragraphs in chaired.items()),
        ToSign(checker, Signer.CHECKER, numbers),
    ]


def newest(meeting: Meeting, item: MinuteItem | None = None) -> Minutes | None:
    """The version that is signed, of the sitting's minutes or of one § that is approved at once."""
    found = select(Minutes).where(Minutes.meeting_id == meeting.id, _is_of(item))
    return db.session.scalar(
        found.options(joinedload(Minutes.paper), selectinload(Minutes.signatures).joinedload(MinutesSignature.seat))
        .order_by(Minutes.version.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def _is_of(item: MinuteItem | None) -> Any:
    return Minutes.minute_item_id == item.id if item is not None else Minutes.minute_item_id.is_(None)


def missing(minutes: Minutes, wanted: list[ToSign]) -> list[ToSign]:
    """Who has not signed this version yet."""
    signed = {signature.seat_id for signature in minutes.signatures}
    return [each for each in wanted if each.seat.id not in signed]


def is_late(meeting: Meeting, day: date) -> bool:
    return day > last_day(meeting)


def last_day(meeting: Meeting) -> date:
    """The last day on which the minutes are approved in time."""
    return meeting.held_on + timedelta(days=DAYS_TO_APPROVE)


def sign(minutes: Minutes, *, by: Account) -> MinutesSignature:
    """The chair or the checker approves the version, today, here. Errors: NotAllowed, StepNotPossible (a newer version,
    signed already, something changed since it was drawn up).
    """
    reason = why_not(by, Permission.SIGN_MINUTES)
    if reason is not None:
        raise NotAllowed(reason)
    wanted = _hold(minutes)
    mine = next((each for each in wanted if each.seat.account_id == by.id), None)
    if mine is None:
        raise NotAllowed(_dl("Only who was in the chair and who was chosen to check the minutes sign them."))
    return _signed(minutes, mine, signed_on=clock.today(), file=None, by=by)


def record_signature(
    minutes: Minutes, seat: Seat, *, signed_on: date, file: StoredFile, by: Account
) -> MinutesSignature:
    """The secretary records that somebody signed on paper, with the signed page. Errors: NotAllowed, StepNotPossible
    (also a day before the sitting, or in the future).
    """
    reason = why_not(by, Permission.APPROVE_MINUTES)
    if reason is not None:
        raise NotAllowed(reason)
    wanted = _hold(minutes)
    fault = why_not_signed_on(signed_on, minutes.meeting.held_on, clock.today())
    if fault is not None:
        raise StepNotPossible(fault)
    found = next((each for each in wanted if each.seat.id == seat.id), None)
    if found is None:
        raise StepNotPossible(_dl("Only who was in the chair and who was chosen to check the minutes sign them."))
    return _signed(minutes, found, signed_on=signed_on, file=file, by=by)


def why_not_signed_on(signed_on: date, held_on: date, today: date) -> Lazy | None:
    """The minutes are signed on the sitting's day or later (KL 5:69 by 6:35), and not in the future."""
    if signed_on < held_on:
        day = held_on.isoformat()
        if held_on >= ACT_OF_2017:
            return _dl(
                "The minutes are approved after the sitting (KL 5:69 by 6:35). Write %(day)s or a later day.", day=day
            )
        return _dl("The minutes are approved after the sitting. Write %(day)s or a later day.", day=day)
    if signed_on > today:
        return _dl("Write today, %(day)s, or an earlier day.", day=today.isoformat())
    return None


def _hold(minutes: Minutes) -> list[ToSign]:
    """Lock the sitting; the version must be the newest, not approved yet, and tell what is recorded now."""
    meeting, item = minutes.meeting, minutes.item
    reread(meeting, with_for_update={"of": Meeting})
    if item is not None:
        reread(item)
        demand_open_item(item)
    elif meeting.status is MeetingStatus.APPROVED:
        raise StepNotPossible(_dl("The minutes are approved already."))
    last = newest(meeting, item)
    if last is None or last.id != minutes.id:
        raise StepNotPossible(_dl("A newer version of the minutes is drawn up. Read that one."))
    sheet = protocol.sheet_of(meeting, item)
    _demand_unchanged(minutes, sheet)
    return to_sign(sheet.room, sheet.items)


def _demand_unchanged(minutes: Minutes, sheet: protocol.Sheet) -> None:
    if protocol.compared(minutes.paper.content) != protocol.compared(sheet.content):
        raise StepNotPossible(
            _dl(
                "Something was changed since version %(n)s of the minutes was drawn up. Draw up a new version first.",
                n=minutes.version,
            )
        )


def _signed(
    minutes: Minutes, who: ToSign, *, signed_on: date, file: StoredFile | None, by: Account
) -> MinutesSignature:
    if who not in missing(minutes, [who]):
        raise StepNotPossible(_dl("%(name)s has signed this version already.", name=who.seat.name))
    signature = MinutesSignature(
        minutes=minutes,
        seat=who.seat,
        signer=who.signer,
        signed_on=signed_on,
        recorded_at=clock.now(),
        recorded_by_id=by.id,
        file=file,
    )
    db.session.add(signature)
    how = "record_signature" if file is not None else "sign_minutes"
    record(signature, how, by=by, signer=who.signer, signed_on=signed_on, version=minutes.version)
    db.session.flush()
    return signature


def demand_open_item(item: MinuteItem) -> None:
    """A § is approved at once while the sitting goes on, or before the other minutes are. Errors: StepNotPossible."""
    if item.approved_on is not None:
        raise StepNotPossible(_dl("§ %(number)s is approved already.", number=item.number))
    if item.meeting.status not in (MeetingStatus.OPENED, MeetingStatus.ENDED) or item.number is None:
        raise StepNotPossible(_dl("A paragraph is approved at once while the sitting is opened or ended."))


def demand_signed(meeting: Meeting, item: MinuteItem | None, told: Any) -> date:
    """The day of the last signature under the newest version, when all have signed and nothing was changed since.

    The caller holds the sitting. Errors: StepNotPossible.
    """
    minutes = newest(meeting, item)
    if minutes is None:
        raise StepNotPossible(_dl("Draw up the minutes first."))
    sheet = protocol.sheet_of(meeting, item, told)
    sheet.demand_quorum()
    _demand_unchanged(minutes, sheet)
    lacking = missing(minutes, to_sign(sheet.room, sheet.items))
    if lacking:
        names = ", ".join(each.seat.name for each in lacking)
        raise StepNotPossible(_dl("Version %(n)s is not signed by %(names)s yet.", n=minutes.version, names=names))
    return max(signature.signed_on for signature in minutes.signatures)
