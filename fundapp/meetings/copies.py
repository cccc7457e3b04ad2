"""A reader's copy of the minutes as a PDF: the version as it was frozen, who has signed it and when, and the proof of
its announcement; without the cases that the reader may not see.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from fundapp import documents, drawn
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.languages import AUTHORITY_LANGUAGE, _d, speaking
from fundapp.meetings.minutes import BoardNotice, Minutes
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.protocol import without
from fundapp.permissions import Person


def hidden_from(person: Person, meeting: Meeting) -> frozenset[str]:
    """The sitting's cases that the person may not see, by the application's public id."""
    found = (
        select(Application.public_id)
        .join(AgendaCase, AgendaCase.application_id == Application.id)
        .join(MinuteItem, MinuteItem.id == AgendaCase.minute_item_id)
        .where(MinuteItem.meeting_id == meeting.id, ~visible_to(person))
    )
    return frozenset(db.session.scalars(found))


def pdf(minutes: Minutes, hidden: Collection[str] = ()) -> bytes:
    """The PDF (PDF/UA-1 and PDF/A-3a), without the cases with these keys. Errors: as `documents.compile_pdf`."""
    paper = minutes.paper
    content = content_of(minutes, hidden)
    kept = drawn.kept(drawn.key_of(paper.template, content, paper.drawn_up_at))
    return kept or documents.compile_pdf(paper.template, content, paper.drawn_up_at)


def content_of(minutes: Minutes, hidden: Collection[str] = ()) -> dict[str, Any]:
    """What it is drawn from: the frozen content, and what came later, `signed` (by seat) and `announced` (rows)."""
    with speaking(AUTHORITY_LANGUAGE):
        signed = {
            row.seat.public_id: (
                _d("Signed on paper, %(day)s", day=row.signed_on.isoformat())
                if row.file_id is not None
                else _d("Approved electronically, %(day)s", day=row.signed_on.isoformat())
            )
            for row in minutes.signatures
        }
        announced = _announced(minutes)
    content = minutes.paper.content
    if signed:
        content = content | {"signed": signed}
    if announced:
        told = {label for label, _value in announced}
        notice = content["notice"]
        before = [row for row in notice["rows"] if row[0] not in told]
        content = content | {"announced": announced, "notice": notice | {"rows": before}}
    return without(content, hidden) if hidden else content


def _announced(minutes: Minutes) -> list[list[str]]:
    """The proof, where the minutes are announced: of the § that was approved at once, or of the rest."""
    found = select(BoardNotice).where(BoardNotice.meeting_id == minutes.meeting_id)
    if minutes.minute_item_id is not None:
        found = found.where(BoardNotice.items.any(MinuteItem.id == minutes.minute_item_id))
    else:
        found = found.where(~BoardNotice.is_immediate)
    notice = db.session.scalars(found.order_by(BoardNotice.id.desc()).limit(1)).first()
    if notice is None:
        return []
    return [
        [_d("Put up"), notice.announced_on.isoformat()],
        [_d("Last day to appeal"), notice.last_appeal_day.isoformat()],
        [_d("Taken down at the earliest"), notice.taken_down_on.isoformat()],
        [_d("The minutes are kept at"), notice.kept_at],
    ]
