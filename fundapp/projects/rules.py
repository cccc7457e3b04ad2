"""How a grant is split and when each part is planned, and when the report is due. Whole kronor, local days."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fundapp.languages import Lazy, _dl, _l, money


@dataclass(frozen=True)
class Part:
    """An instalment as somebody plans it."""

    amount: int
    planned_on: date

    def __str__(self) -> str:
        """As the history keeps it: kronor and day, `22500@2017-04-03`."""
        return f"{self.amount}@{self.planned_on.isoformat()}"


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the month's last where it is shorter: 31 December + 2 is the last of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def split(granted: int, per_cent: Sequence[int]) -> list[int]:
    """The grant in whole kronor after the terms' per cents, every part above zero; they sum exactly to the grant.

    The last part takes what rounding down left over. A part that would be nothing is left out.
    """
    parts = [granted * share // 100 for share in per_cent]
    parts[-1] += granted - sum(parts)
    return [part for part in parts if part > 0]


def planned_days(count: int, *, payable_on: date, starts_on: date, ends_on: date) -> list[date]:
    """When `count` parts are planned: the first on the later of `payable_on` (when the decision can be in force) and
    start, the others evenly until the end.

    Two parts: at the start and half-way, as in Ljungby and Högsby. Assumption: Kalix has not published any days. After
    the project's end (a late decision) all are planned for the first day.
    """
    first = max(payable_on, starts_on)
    length = max((ends_on - first).days, 0)
    return [date.fromordinal(first.toordinal() + length * part // count) for part in range(count)]


def fault_in_payment_day(paid_on: date, *, decided_on: date, today: date) -> Lazy | None:
    """What cannot be right about the day something was paid, as a sentence; None where nothing is wrong."""
    if paid_on > today:
        return _dl("Write the day it was paid; a day that is still to come cannot be marked as paid.")
    if paid_on < decided_on:
        return _dl("Write a day on or after the decision: %(day)s.", day=decided_on.isoformat())
    return None


def fault_in_plan(parts: Sequence[Part], *, left: int, decided_on: date) -> Lazy | None:
    """What is wrong with a plan for the `left` kronor that are not paid yet, as a sentence; None where it holds."""
    if any(part.amount <= 0 for part in parts):
        return _dl("Write a sum above zero for each instalment, or leave its row empty.")
    if any(part.planned_on < decided_on for part in parts):
        return _dl("Plan each instalment for a day on or after the decision: %(day)s.", day=decided_on.isoformat())
    planned = sum(part.amount for part in parts)
    if planned != left:
        return _dl(
            "The instalments are %(planned)s together; they must be %(left)s, which is what is left of the grant.",
            planned=money(planned),
            left=money(left),
        )
    return None


def fault_in_new_end(day: date, *, first: date, last: date) -> Lazy | None:
    """What cannot be right about a new last day of a project: it lies before `first` (today, or the project's start) or
    after `last`, the end of the time that the fund's round is for. None where nothing is wrong.
    """
    if first <= day <= last:
        return None
    return _l(
        "Write a day between %(first)s and %(last)s: that is the time the fund is for.",
        first=first.isoformat(),
        last=last.isoformat(),
    )
