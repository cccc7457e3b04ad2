"""The public record: notices on the noticeboard, sittings with approved minutes, and what stands under each §.

Everything is read from the minutes as they were signed, without what `paragraphs` takes out. What is not approved, and
what is approved and lies in a § of its own that is not, has no public page.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from fundapp import clock, documents, drawn
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.meetings import copies
from fundapp.meetings.masked import kept_names, people_behind, words_of
from fundapp.meetings.minutes import BoardNotice, Minutes, MinutesSignature
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.paging import Beyond, Page, page_of
from fundapp.public.paragraphs import masked_minutes, secrets_of
from fundapp.store import StoreFailed

PAGE = 25


@dataclass(frozen=True)
class Noticeboard:
    """The notices that stand, the last day to appeal first, and a page of earlier ones, the newest first."""

    standing: list[BoardNotice]
    earlier: Page


@dataclass(frozen=True)
class Published:
    """What is public of a sitting: masked contents of its minutes, the whole or those of single §."""

    meeting: Meeting
    versions: list[Minutes]
    contents: list[dict[str, Any]]
    notices: list[BoardNotice]

    @property
    def items(self) -> list[dict[str, Any]]:
        """The § in their order, each once: {"number", "heading", "text", "note", "sections", "cases"}."""
        found = {item["number"]: item for content in self.contents for item in content["items"]}
        return [found[number] for number in sorted(found)]


def _ours(query: Any) -> Any:
    return query.where(Board.municipality == settings().municipality)


def _notices() -> Select[BoardNotice]:
    notices = select(BoardNotice).join(BoardNotice.meeting).join(Meeting.board)
    return _ours(notices).options(contains_eager(BoardNotice.meeting).contains_eager(Meeting.board))


def noticeboard(beyond: Beyond) -> Noticeboard:
    """All that stands today, and what stood before."""
    today = clock.today()
    stands = and_(~BoardNotice.is_physical, BoardNotice.taken_down_on > today)
    standing = _notices().where(stands).order_by(BoardNotice.last_appeal_day, BoardNotice.id)
    # Rows of pages name a public id.
    earlier = _notices().add_columns(BoardNotice.public_id).where(~stands)
    order = (BoardNotice.announced_on, BoardNotice.id)
    page = page_of(earlier, order, beyond, BoardNotice.public_id, size=PAGE, is_falling=True)
    return Noticeboard(list(db.session.scalars(standing)), page)


def newest_notices(count: int) -> list[BoardNotice]:
    """The latest notices, for the start page and the feed."""
    found = _notices().order_by(BoardNotice.announced_on.desc(), BoardNotice.id.desc())
    return list(db.session.scalars(found.limit(count)))


def notice(public_id: str) -> BoardNotice | None:
    found = _notices().where(BoardNotice.public_id == public_id).options(selectinload(BoardNotice.items))
    return db.session.scalar(found)


def _has_approved() -> ColumnElement[bool]:
    return exists().where(MinuteItem.meeting_id == Meeting.id, MinuteItem.approved_on.is_not(None))


def meetings(beyond: Beyond) -> Page:
    """Sittings of which something is approved, the newest first."""
    query = _ours(select(Meeting, Meeting.public_id).join(Meeting.board)).where(_has_approved())
    order = (Meeting.held_on, Meeting.id)
    shown = query.options(contains_eager(Meeting.board))
    return page_of(shown, order, beyond, Meeting.public_id, size=PAGE, is_falling=True)


def meetings_on(abbreviation: str, day: date) -> list[Meeting]:
    """A body's sittings of a day of which something is approved; seldom more than one."""
    query = _ours(select(Meeting).join(Meeting.board)).where(
        Board.abbreviation == abbreviation, Meeting.held_on == day, _has_approved()
    )
    return list(db.session.scalars(query.order_by(Meeting.id)))


def published(meeting: Meeting) -> Published:
    """The sitting's approved minutes, masked."""
    return masked_of(meeting, _approved_versions(meeting))


def masked_of(meeting: Meeting, versions: list[Minutes], hidden: Collection[str] = ()) -> Published:
    """These versions as the public would read them; without the cases `hidden` from who looks before that."""
    behind = {} if all(version.left_out is not None for version in versions) else people_behind(meeting)
    words, secrets = words_of(meeting), secrets_of(meeting)
    contents = []
    for version in versions:
        people = behind if version.left_out is None else kept_names(version.left_out)
        contents.append(masked_minutes(copies.content_of(version, hidden), people, secrets, words))
    return Published(meeting, versions, contents, _notices_of(meeting))


def _notices_of(meeting: Meeting) -> list[BoardNotice]:
    found = select(BoardNotice).where(BoardNotice.meeting_id == meeting.id).order_by(BoardNotice.id)
    return list(db.session.scalars(found))


def newest_versions(meeting: Meeting) -> list[Minutes]:
    """The newest version of the minutes, and of each § that has its own."""
    rows = db.session.scalars(
        select(Minutes)
        .where(Minutes.meeting_id == meeting.id)
        .options(
            joinedload(Minutes.paper),
            joinedload(Minutes.item),
            joinedload(Minutes.left_out),
            selectinload(Minutes.signatures).joinedload(MinutesSignature.seat),
        )
        .order_by(Minutes.version)
    ).unique()
    return list({row.minute_item_id: row for row in rows}.values())


def _approved_versions(meeting: Meeting) -> list[Minutes]:
    """A version is signed again when something in it changes, so the newest is the one that was approved."""
    return [
        version
        for version in newest_versions(meeting)
        if (version.item.approved_on if version.item is not None else meeting.approved_on) is not None
    ]


def paragraph(abbreviation: str, year: int, number: int) -> tuple[Meeting, dict[str, Any]] | None:
    """One approved § with its sitting, masked."""
    query = _ours(select(Meeting).join(Meeting.items).join(Meeting.board)).where(
        Board.abbreviation == abbreviation,
        MinuteItem.year == year,
        MinuteItem.number == number,
        MinuteItem.approved_on.is_not(None),
    )
    meeting = db.session.scalar(query)
    if meeting is None:
        return None
    return next(((meeting, item) for item in published(meeting).items if item["number"] == number), None)


def minutes_pdf(meeting: Meeting, version: Minutes) -> bytes:
    """The masked minutes as a PDF, drawn from masked content. Errors: as `documents.compile_pdf`."""
    content = masked_of(meeting, [version]).contents[0]
    paper = version.paper
    key = drawn.key_of(paper.template, content, paper.drawn_up_at)
    found = drawn.kept(key)
    if found is not None:
        return found
    pdf = documents.compile_pdf(paper.template, content, paper.drawn_up_at)
    try:
        drawn.keep(key, lambda: pdf)
    except StoreFailed:
        return pdf  # the next reader waits again
    return pdf
