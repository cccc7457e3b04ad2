"""Draw up a version of the minutes, of a sitting that is ended or of one § that is approved at once."""

from typing import Any

from sqlalchemy import select

from fundapp import clock, documents
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import AUTHORITY_LANGUAGE, _dl, speaking
from fundapp.meetings import minutes_emails, protocol, signing
from fundapp.meetings.minutes import Minutes
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.record.keys import NoKey
from fundapp.record.queries import signed_root
from fundapp.workflow import ApplicationStatus, MeetingStatus, NotAllowed, StepNotPossible

TEMPLATE = "meetings/documents/minutes.typ"


def draw_up_minutes(meeting: Meeting, *, item: MinuteItem | None = None, by: Any) -> Minutes:
    """Freeze the minutes as they stand; who must sign them gets a mail. An older version's signatures hold no more.

    `item`: a § of its own, to be approved at once. Errors: NotAllowed, StepNotPossible (not ended, an outcome is
    missing, no quorum, nobody in the chair, no checker).
    """
    reason = why_not(by, Permission.APPROVE_MINUTES, meeting)
    if reason is not None:
        raise NotAllowed(reason)
    reread(meeting, with_for_update={"of": Meeting})
    if item is not None:
        reread(item)
        signing.demand_open_item(item)
    elif meeting.status is not MeetingStatus.ENDED:
        raise StepNotPossible(_dl("End the sitting first. Then its minutes are drawn up."))
    sheet = protocol.sheet_of(meeting, item)
    _demand_outcomes(sheet)
    sheet.demand_quorum()
    wanted = signing.to_sign(sheet.room, sheet.items)
    minutes = _new_version(sheet, item, wanted, by)
    db.session.add(minutes)
    db.session.flush()
    record(minutes, "draw_up_minutes", by=by, version=minutes.version, number=item.number if item else None)
    minutes_emails.ask_to_sign(minutes, wanted)
    return minutes


def _new_version(sheet: protocol.Sheet, item: MinuteItem | None, wanted: list[signing.ToSign], by: Any) -> Minutes:
    meeting = sheet.meeting
    last = signing.newest(meeting, item)
    version = last.version + 1 if last is not None else 1
    with speaking(AUTHORITY_LANGUAGE):
        signers = [protocol.signer(each.seat, str(each.signer.label), each.paragraphs) for each in wanted]
        drawn = protocol.drawn(version, by, clock.today(), _root())
    content = sheet.content | {"signers": signers, "drawn": drawn}
    name = "-".join([meeting.board.abbreviation, meeting.held_on.isoformat(), *([str(item.number)] if item else [])])
    return Minutes(
        meeting=meeting,
        item=item,
        version=version,
        paper=documents.draw_up(TEMPLATE, content, file_name=f"protokoll-{name}.pdf"),
        drawn_up_at=clock.now(),
        drawn_up_by_id=by.id,
    )


def _demand_outcomes(sheet: protocol.Sheet) -> None:
    """Errors: StepNotPossible, naming the paragraphs that lack one."""
    lacking = dict.fromkeys(
        f"§ {item.number}"
        for item, of_item in zip(sheet.items, sheet.content["items"], strict=True)
        for case, told in zip(item.cases, of_item["cases"], strict=True)
        if not told["sections"] and case.application.status is not ApplicationStatus.WITHDRAWN
    )
    if lacking:
        raise StepNotPossible(_dl("An outcome is missing under %(paragraphs)s.", paragraphs=", ".join(lacking)))


def _root() -> str:
    """The signed root of the sealed record, printed so that the minutes witness it; empty where there is no key."""
    try:
        root = signed_root()
    except NoKey:
        return ""
    return f"{root.size} {root.root}\n{root.signed_at.isoformat()} {root.signature}"


def versions(meeting: Meeting) -> list[Minutes]:
    """Every version of the sitting's minutes and of its paragraphs, the newest first."""
    return list(db.session.scalars(select(Minutes).where(Minutes.meeting_id == meeting.id).order_by(Minutes.id.desc())))
