"""What a sitting's public papers leave out: the secretary's words, and names as they were when it was approved."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column

from fundapp import clock
from fundapp.db import Base, db, reread
from fundapp.history.actions import record
from fundapp.meetings.minutes import LeftOut, Minutes
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.public.masking import People
from fundapp.public.people import people_of
from fundapp.workflow import NotAllowed

MOST, LONGEST = 200, 100


class MaskedWord(Base):
    """A name, or another word, that the public does not read in this sitting's papers: OSL 2009:400."""

    __tablename__ = "masked_word"
    __table_args__ = (UniqueConstraint("meeting_id", "word"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    word: Mapped[str] = mapped_column(String(LONGEST))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


def words_of(meeting: Meeting) -> list[str]:
    """The sitting's masked words, in the order of the alphabet."""
    return sorted(db.session.scalars(select(MaskedWord.word).where(MaskedWord.meeting_id == meeting.id)))


def mask_words(meeting: Meeting, words: Sequence[str], *, by: Any) -> None:
    """Put these words in place of the sitting's masked words. The history keeps how many, not which.

    Errors: NotAllowed.
    """
    reason = why_not(by, Permission.APPROVE_MINUTES)
    if reason is not None:
        raise NotAllowed(reason)
    reread(meeting, with_for_update={"of": Meeting})
    db.session.execute(delete(MaskedWord).where(MaskedWord.meeting_id == meeting.id))
    at = clock.now()
    wanted = sorted(dict.fromkeys(" ".join(word.split())[:LONGEST] for word in words if word.strip()))[:MOST]
    for word in wanted:
        db.session.add(MaskedWord(meeting_id=meeting.id, word=word, recorded_at=at, recorded_by_id=by.id))
    record(meeting, "mask_words", by=by, count=len(wanted))
    db.session.flush()


def people_behind(meeting: Meeting, item: MinuteItem | None = None) -> dict[str, People]:
    """The people behind the cases of the sitting, or of one §, as of today; by the application's public id."""
    cases = select(AgendaCase.application_id).join(MinuteItem).where(MinuteItem.meeting_id == meeting.id)
    return people_of(cases if item is None else cases.where(MinuteItem.id == item.id))


def keep_names(meeting: Meeting, item: MinuteItem | None = None) -> None:
    """Keep with the newest version, which is being approved, whom it leaves out: who is called something else
    tomorrow, or leaves the organisation, neither blanks a word of what is public nor comes to stand in it. Who was left
    out of a § that was approved before is left out here too.
    """
    found = people_behind(meeting, item)
    of_meeting = select(Minutes).where(Minutes.meeting_id == meeting.id).options(joinedload(Minutes.left_out))
    versions = db.session.scalars(of_meeting.order_by(Minutes.version)).all()
    for version in versions:
        for key, people in kept_names(version.left_out).items():
            found[key] = found.get(key, People()) | people
    approved = next(each for each in reversed(versions) if each.minute_item_id == (item.id if item else None))
    told = {key: {"names": sorted(people.names), "kept": sorted(people.kept)} for key, people in found.items()}
    db.session.add(LeftOut(minutes=approved, people=told))


def kept_names(left_out: LeftOut | None) -> dict[str, People]:
    """Whom a version leaves out since it was approved."""
    people = left_out.people if left_out is not None else {}
    return {key: People(frozenset(told["names"]), frozenset(told["kept"])) for key, told in people.items()}
