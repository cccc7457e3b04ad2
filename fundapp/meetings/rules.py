"""What holds for a sitting: its day, its body's habits, and the order and neutral headings of its paragraphs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from fundapp.languages import Lazy, _d, _dl, long_day, speaking
from fundapp.meetings.models import ItemKind
from fundapp.registry.rules import case_subject

EARLIEST, LATEST = timedelta(days=366), timedelta(days=731)


def why_not_on(held_on: date, today: date) -> Lazy | None:
    """Why a sitting cannot be planned on a day: one so far away is a slip of the pen."""
    if today - EARLIEST <= held_on <= today + LATEST:
        return None
    return _dl("Write a day within a year back or two years ahead.")


def why_not_opened(held_on: date, today: date) -> Lazy | None:
    """A sitting opens on its day, or afterwards."""
    if held_on <= today:
        return None
    return _dl("The sitting is on %(day)s and can be opened that day.", day=long_day(held_on))


def heading_for(applications: Sequence[Any]) -> str:
    """A paragraph's heading in Swedish, without the applicant's name: who has a conflict may read it too."""
    funds = {application.round.fund.name for application in applications}
    if len(applications) == 1:
        return case_subject(applications[0].kind.name, funds.pop(), "", "")
    with speaking("sv"):
        if len(funds) > 1:
            return _d("Applications to several funds")
        if all(application.kind.name == "GRANT" for application in applications):
            return _d("Applications for grants from %(fund)s", fund=funds.pop())
        return _d("Applications and nominations for %(fund)s", fund=funds.pop())


@dataclass(frozen=True)
class StandingItem:
    """A paragraph that comes with every sitting of a body, in Swedish."""

    kind: ItemKind
    heading: str
    text: str


def standing_items(sittings: Mapping[str, Any]) -> list[StandingItem]:
    """The body's own list, in its order. `sittings` as in `Board`, here and below."""
    kinds = {kind.value: kind for kind in ItemKind}
    return [
        StandingItem(kinds[row["kind"]], row["heading"], row.get("text", ""))
        for row in sittings.get("standing_items", ())
    ]


def usual_begin(sittings: Mapping[str, Any]) -> time | None:
    """When the body usually begins, local time."""
    written = sittings.get("begins_at")
    return time.fromisoformat(written) if written else None


def notice_days(sittings: Mapping[str, Any]) -> int:
    """How many days before a sitting its notice should be out; 0 where the body has no such rule."""
    return int(sittings.get("notice_days") or 0)


def is_short_notice(sittings: Mapping[str, Any], held_on: date, today: date) -> bool:
    """Whether fewer days remain than the body's notice wants."""
    return (held_on - today).days < notice_days(sittings)


def ordered(typed: Sequence[int]) -> list[int]:
    """The old places (from 0) in their new order, where `typed` is the number written at each of them (from 1).

    Who is moved to a number that another has takes that place; the other gives way.
    """

    def key(old: int) -> tuple[int, int, int]:
        way = (typed[old] > old + 1) - (typed[old] < old + 1)
        return typed[old], way, old

    return sorted(range(len(typed)), key=key)
