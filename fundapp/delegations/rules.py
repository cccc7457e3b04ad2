"""What may be decided under the register, and how a report of it reads. KL 2017:725 6:37–40."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from fundapp.languages import Lazy, _d, _dl, long_day, speaking
from fundapp.permissions import Role

# Who decides for a body here: employees. A member's delegation is urgent matters, by the chair alone (KL 6:39).
DELEGATES = (Role.OFFICER, Role.REGISTRAR, Role.SECRETARY)
FROM_2018 = date(2018, 1, 1)


def why_not_point(points: Sequence[Any], *, number: str, begins_on: date, ends_on: date | None) -> Lazy | None:
    """Why a point cannot be added: its days are turned round, or its number holds on one of them already."""
    if ends_on is not None and ends_on < begins_on:
        return _dl("Write a last day that is not before the first day, %(day)s.", day=begins_on.isoformat())
    for point in points:
        begins_before_it_ends = ends_on is None or point.begins_on <= ends_on
        if point.number == number and begins_before_it_ends and (point.ends_on is None or begins_on <= point.ends_on):
            return _dl("Point %(number)s holds on some of these days already. End it first.", number=number)
    return None


def why_not_decided(
    point: Any, *, is_urgent: bool, decided_on: date, roles: frozenset[Role], today: date
) -> Lazy | None:
    """Why a decision cannot be recorded: no point that holds that day, another's point, a day to come."""
    if decided_on > today:
        return _dl("Write today, %(day)s, or an earlier day.", day=today.isoformat())
    if is_urgent:
        if Role.SECRETARY in roles:
            return None
        return _dl("The secretary records what the chair decides in an urgent matter (KL 6:39).")
    if point is None:
        return _dl("Choose the point of the register that lets you decide.")
    if not point.holds_on(decided_on):
        return _dl("Point %(number)s does not hold on %(day)s.", number=point.number, day=long_day(decided_on))
    if point.role not in roles:
        return _dl("Point %(number)s lets %(who)s decide.", number=point.number, who=point.delegate)
    return None


def report_of(decisions: Sequence[Any]) -> str:
    """The list of a § in Swedish, one decision a line. A case stands there by its number: who has a conflict of
    interest reads the agenda too.
    """
    with speaking("sv"):
        return "\n".join(_line(decision) for decision in decisions)


def _line(decision: Any) -> str:
    by = f"{decision.delegate_name}, {decision.delegate_title}"
    under = _d("urgent matter") if decision.is_urgent else _d("point %(number)s", number=decision.point.number)
    case = decision.application.case if decision.application is not None else None
    about = case.diary_number if case is not None else decision.subject
    return f"{decision.designation}, {decision.decided_on.isoformat()}: {about} ({under}, {by})"
