"""Words that a sitting's public papers leave out, beside what the rule in `public.masking` leaves out by itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from fundapp import clock
from fundapp.db import Base, db, reread
from fundapp.history.actions import record
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission, why_not
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
