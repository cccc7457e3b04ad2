"""Cases laid in order for a planned sitting, against what is left of the frame: a working paper that decides nothing.

Kept under a name, each time as a new version; what somebody else saved meanwhile stays beside it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import Base, Sealed, db, public_id_column, reread
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.meetings import actions, queries, ranking_rules
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission, Person, why_not
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible

LONGEST_NAME = 60
MOST_NAMES = 50


class Ranking(Sealed, Base):
    """One version of an order of cases. `places`: [{"case": public id, "amount": kronor or None}], the first first."""

    __tablename__ = "ranking"
    __table_args__ = (UniqueConstraint("meeting_id", "name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    version: Mapped[int]
    places: Mapped[list[Any]]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    made_by: Mapped[Account] = relationship()


def rankings(meeting: Meeting) -> list[Any]:
    """Every version of every order of the sitting, by name, the newest version first; without what they hold."""
    found = (
        select(Ranking.public_id, Ranking.name, Ranking.version, Ranking.made_at, Account.name.label("by"))
        .join(Account, Account.id == Ranking.made_by_id)
        .where(Ranking.meeting_id == meeting.id)
        .order_by(Ranking.name, Ranking.version.desc())
    )
    return list(db.session.execute(found))


def ranking(meeting: Meeting, public_id: str) -> Ranking | None:
    return db.session.scalar(select(Ranking).where(Ranking.meeting_id == meeting.id, Ranking.public_id == public_id))


def save(meeting: Meeting, name: str, cases: Sequence[str], amounts: Mapping[str, int | None], *, by: Any) -> Ranking:
    """Keep an order as the name's next version. `cases` are those that the person sees, by public id; the others of
    the version before keep their places and their sums. Errors: NotAllowed, StepNotPossible.
    """
    reason = why_not(by, Permission.RANK_CASES, meeting)
    if reason is not None:
        raise NotAllowed(reason)
    reread(meeting, with_for_update={"of": Meeting})
    if meeting.status is not MeetingStatus.PLANNED:
        raise StepNotPossible(_dl("The sitting is opened, so no order is laid any more."))
    before = newest(meeting, name)
    if before is None and _names(meeting) >= MOST_NAMES:
        raise StepNotPossible(_dl("There are too many orders for this sitting. Save under a name that is there."))
    kept = before.places if before is not None else []
    row = Ranking(
        meeting_id=meeting.id,
        name=name,
        version=before.version + 1 if before is not None else 1,
        places=ranking_rules.merged(kept, cases, amounts, _unseen(kept, by)),
        made_at=clock.now(),
        made_by_id=by.id,
    )
    db.session.add(row)
    record(meeting, "rank_cases", by=by, version=row.version)
    db.session.flush()
    return row


def _unseen(kept: Sequence[Any], person: Person) -> set[str]:
    """Which of the cases the person may not know of."""
    named = {place["case"] for place in kept}
    seen = select(Application.public_id).where(Application.public_id.in_(named), visible_to(person))
    return named - set(db.session.scalars(seen))


def newest(meeting: Meeting, name: str) -> Ranking | None:
    """The name's latest version."""
    found = select(Ranking).where(Ranking.meeting_id == meeting.id, Ranking.name == name)
    return db.session.scalar(found.order_by(Ranking.version.desc()).limit(1))


def _names(meeting: Meeting) -> int:
    counted = select(func.count(Ranking.name.distinct())).where(Ranking.meeting_id == meeting.id)
    return db.session.scalar(counted) or 0


def use_for_agenda(meeting: Meeting, cases: Sequence[str], *, by: Any) -> int:
    """Put the paragraphs of these cases in their order; all others stay where they are. Gives how many paragraphs
    moved. Errors: NotAllowed, StepNotPossible.
    """
    places = {case: place for place, case in enumerate(cases)}
    sitting = queries.sitting(meeting)
    ranked: dict[int, tuple[int, str]] = {}
    for slot, row in enumerate(sitting.items):
        mine = [places[case.application.public_id] for case in row.cases if case.application.public_id in places]
        if mine:
            ranked[slot] = (min(mine), row.item.public_id)
    wanted = {
        public_id: slot + 1 for slot, (_place, public_id) in zip(sorted(ranked), sorted(ranked.values()), strict=True)
    }
    moved = sum(wanted[public_id] != slot + 1 for slot, (_place, public_id) in ranked.items())
    whole = {row.item.public_id: wanted.get(row.item.public_id, slot) for slot, row in enumerate(sitting.items, 1)}
    actions.order_items(meeting, whole, by=by)
    record(meeting, "order_by_ranking", by=by, moved=moved)
    return moved
