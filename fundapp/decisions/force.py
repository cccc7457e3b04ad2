"""Whether a decision is in force (laga kraft): its notice's last day for appeal has passed, no appeal is open, and it
is not annulled. The rule for one decision, and the same as a condition of a query. Days are local.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from fundapp import clock
from fundapp.clock import local_day
from fundapp.db import db
from fundapp.decisions import legal
from fundapp.decisions.models import Appeal, AppealEnd, Decision, EarlyPayment
from fundapp.languages import Lazy, _dl, _l, long_day
from fundapp.meetings.minutes import BoardNotice, announced

# The decision stands as it was made, from the day on which the appeal ended.
_TRIED = frozenset({AppealEnd.DISMISSED, AppealEnd.WITHDRAWN})


class Standing(enum.Enum):
    NOT_ANNOUNCED = enum.auto()
    MAY_BE_APPEALED = enum.auto()
    APPEALED = enum.auto()
    IN_FORCE = enum.auto()
    ANNULLED = enum.auto()


@dataclass(frozen=True)
class Force:
    """Where a decision stands. `day`: since when, or from when if nobody appeals, it is in force; or when it was
    annulled; None where nobody can say yet.
    """

    standing: Standing
    day: date | None = None
    last_appeal_day: date | None = None

    @property
    def is_in_force(self) -> bool:
        return self.standing is Standing.IN_FORCE

    @property
    def sentence(self) -> Lazy:
        """In plain words, for the applicant and for officials."""
        day = long_day(self.day) if self.day is not None else ""
        return {
            Standing.NOT_ANNOUNCED: _l(
                "The decision is not in force yet. The three weeks for appeals begin when the noticeboard announces it."
            ),
            Standing.MAY_BE_APPEALED: _l("The decision comes into force on %(day)s if nobody appeals.", day=day),
            Standing.APPEALED: _l("Somebody has appealed. The decision is not in force until a court has tried it."),
            Standing.IN_FORCE: _l("The decision is in force since %(day)s.", day=day),
            Standing.ANNULLED: _l("A court annulled the decision on %(day)s. The case is examined again.", day=day),
        }[self.standing]


def standing(notice: Any, appeals: Iterable[Any], today: date) -> Force:
    """The rule. `notice`: what has `last_appeal_day`, or None; `appeals`: what have `end_kind` and `ended_on`. One that
    came too late takes nothing away once it has been rejected as late.
    """
    appeals = list(appeals)
    last = notice.last_appeal_day if notice is not None else None
    annulled = [appeal.ended_on for appeal in appeals if appeal.end_kind is AppealEnd.ANNULLED]
    if annulled:
        return Force(Standing.ANNULLED, min(annulled), last)
    if any(appeal.end_kind is None for appeal in appeals):
        return Force(Standing.APPEALED, None, last)
    if last is None:
        return Force(Standing.NOT_ANNOUNCED)
    tried = [appeal.ended_on for appeal in appeals if appeal.end_kind in _TRIED]
    day = max([last + timedelta(days=1), *tried])
    return Force(Standing.IN_FORCE if day <= today else Standing.MAY_BE_APPEALED, day, last)


def forces(decisions: Sequence[Decision], today: date | None = None) -> dict[int, Force]:
    """Where each final decision that ends its case stands, by its id, in two statements."""
    ending = [one for one in decisions if one.is_final and one.outcome.ends_case]
    if not ending:
        return {}
    notices = _notices([one.minute_item_id for one in ending])
    appeals: dict[int, list[Any]] = {}
    rows = select(Appeal.decision_id, Appeal.end_kind, Appeal.ended_on, Appeal.recorded_at)
    for row in db.session.execute(rows.where(Appeal.decision_id.in_([one.id for one in ending]))):
        appeals.setdefault(row.decision_id, []).append(row)
    day = today or clock.today()
    return {one.id: standing(notices.get(one.minute_item_id), appeals.get(one.id, ()), day) for one in ending}


def _notices(item_ids: Sequence[int]) -> dict[int, Any]:
    """What was announced of each paragraph, by the paragraph's id: announced_on, last_appeal_day."""
    rows = select(announced.c.minute_item_id, BoardNotice.announced_on, BoardNotice.last_appeal_day)
    found = rows.join(announced, announced.c.board_notice_id == BoardNotice.id)
    return {
        row.minute_item_id: row for row in db.session.execute(found.where(announced.c.minute_item_id.in_(item_ids)))
    }


def force_of(decision: Decision, today: date | None = None) -> Force:
    """Where one final decision stands, read anew. Errors: LookupError for one that ends no case or is pending."""
    return forces([decision], today)[decision.id]


def in_force_on(decision: Decision) -> date | None:
    """The day from which the decision is in force, as things stand; None where that is not known, or it is annulled."""
    found = force_of(decision)
    return None if found.standing is Standing.ANNULLED else found.day


def is_in_force(today: date) -> ColumnElement[bool]:
    """`Force.is_in_force` as a condition on Decision. An appeal never ends on a day to come."""
    notice = (
        select(BoardNotice.id)
        .join(announced, announced.c.board_notice_id == BoardNotice.id)
        .where(announced.c.minute_item_id == Decision.minute_item_id, BoardNotice.last_appeal_day < today)
    )
    return and_(
        Decision.final_at.is_not(None),
        notice.correlate(Decision).exists(),
        ~_in_the_way().correlate(Decision).exists(),
    )


def _in_the_way() -> Select[int]:
    """What keeps a decision from being in force: an appeal that is open, or that annulled it."""
    is_so = or_(Appeal.ended_on.is_(None), Appeal.end_kind == AppealEnd.ANNULLED)
    return select(Appeal.id).where(Appeal.decision_id == Decision.id, is_so)


def may_be_paid(today: date) -> ColumnElement[bool]:
    """A condition on Decision: it is in force, or somebody allowed payment before it is and no appeal came since."""
    allowed = select(EarlyPayment.id).where(EarlyPayment.decision_id == Decision.id).correlate(Decision)
    allowed_at = select(EarlyPayment.allowed_at).where(EarlyPayment.decision_id == Decision.id).correlate(Decision)
    came_since = or_(
        Appeal.end_kind == AppealEnd.ANNULLED,
        Appeal.recorded_at >= allowed_at.scalar_subquery(),
    )
    early = and_(allowed.exists(), ~_in_the_way().where(came_since).correlate(Decision).exists())
    return or_(is_in_force(today), early)


def why_not_paid(decision: Decision, *, paid_on: date, by: Any = None) -> Lazy | None:
    """Why nothing of the grant is paid on a day, as a sentence; None where it may be. `by`: who would pay.

    Source: KL 2017:725 13:14; before 2018 the same idea without a paragraph.
    """
    found = force_of(decision, paid_on)
    if found.is_in_force:
        return None
    if found.standing is Standing.ANNULLED:
        return _dl("A court has annulled the decision, so nothing more is paid.")
    early = db.session.execute(
        select(EarlyPayment.allowed_at, EarlyPayment.allowed_by_id).where(EarlyPayment.decision_id == decision.id)
    ).first()
    if early is None:
        return _wait(found, decision)
    return _why_not_early(decision, early, paid_on, by)


def _wait(found: Force, decision: Decision) -> Lazy:
    law = legal.paragraph(decision.item.meeting.held_on, "13:14")
    if found.standing is Standing.APPEALED:
        return _dl("The decision is appealed. Payment waits until a court has tried it%(law)s.", law=law)
    if found.day is None:
        return _dl(
            "The decision is not announced on the noticeboard. Payment waits until it is in force%(law)s.", law=law
        )
    day = long_day(found.day)
    return _dl("The decision is in force from %(day)s. Payment waits until then%(law)s.", day=day, law=law)


def _why_not_early(decision: Decision, early: Any, paid_on: date, by: Any) -> Lazy | None:
    """Leave to pay early holds from its day, for another person than who gave it, until an appeal comes."""
    came = select(Appeal.id).where(
        Appeal.decision_id == decision.id, Appeal.ended_on.is_(None), Appeal.recorded_at >= early.allowed_at
    )
    if db.session.scalar(came.limit(1)) is not None:
        return _dl("An appeal came after payment was allowed. Payment waits until a court has tried it.")
    if paid_on < local_day(early.allowed_at):
        return _dl("Payment was allowed on %(day)s. Write that day or a later one.", day=local_day(early.allowed_at))
    if by is not None and early.allowed_by_id == by.id:
        return _dl("You allowed the payment before the decision is in force. Another person must pay it.")
    return None
