"""The noticeboard's days: pure functions of local days. Source: KL 2017:725 8:12 and 13:5 (before 2018-01-01 KL
1991:900 10:6), and lag 1930:173 for how days are counted.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

WEEKS = 3  # KL 2017:725 13:5; KL 1991:900 10:6
DAYS_TO_ANNOUNCE = 2  # KL 2017:725 8:12: at the latest the second day after the approval
LONGEST = timedelta(days=366)  # a notice that would stand longer is a slip of the pen
WEB_NOTICEBOARD = date(2018, 1, 1)  # KL 2017:725 8:9; before that it stood on the board in the town hall
_DAY = timedelta(days=1)
_SATURDAY = 5
# Days that count otherwise than the shipped calendar has them: whether each is a holiday.
Changes = Mapping[date, bool]
_NONE: Changes = {}


@cache
def _holidays() -> Mapping[date, str]:
    """Public holidays, and the three eves that lag 1930:173 2 § puts beside them, with their Swedish names."""
    from holidays.countries import Sweden  # noqa: PLC0415  dear to import, and few requests count days

    return Sweden(categories=("public", "de_facto"), include_sundays=False, language="sv")


def holidays_of(year: int) -> dict[date, str]:
    """The year's holidays by the shipped calendar, with their Swedish names."""
    shipped, day = _holidays(), date(year, 1, 1)
    days = (day + timedelta(days=number) for number in range(366))
    return {each: shipped[each] for each in days if each.year == year and each in shipped}


def is_weekday(day: date, changes: Changes = _NONE) -> bool:
    """Not a Saturday, a Sunday, a public holiday, midsommarafton, julafton or nyårsafton: lag 1930:173 2 §."""
    return day.weekday() < _SATURDAY and not changes.get(day, day in _holidays())


def weekday_from(day: date, changes: Changes = _NONE) -> date:
    """The day itself, or the next weekday where it is none."""
    while not is_weekday(day, changes):
        day += _DAY
    return day


def last_appeal_day(announced_on: date, weeks: int = WEEKS, changes: Changes = _NONE) -> date:
    """The same weekday three weeks after the notice (lag 1930:173 1 §), or the next weekday (2 §)."""
    return weekday_from(announced_on + timedelta(weeks=weeks), changes)


def take_down_from(announced_on: date, weeks: int = WEEKS, changes: Changes = _NONE) -> date:
    """The first day on which the notice may be taken down: the day after the last day for appeal."""
    return last_appeal_day(announced_on, weeks, changes) + _DAY


def in_force_on(announced_on: date, weeks: int = WEEKS, changes: Changes = _NONE) -> date:
    """The day from which the decision is in force if no appeal has come in."""
    return last_appeal_day(announced_on, weeks, changes) + _DAY


def last_day_to_announce(approved_on: date, changes: Changes = _NONE) -> date:
    """The second day after the approval, or the next weekday: KL 2017:725 8:12, lag 1930:173 2 §."""
    return weekday_from(approved_on + timedelta(days=DAYS_TO_ANNOUNCE), changes)


def is_physical(announced_on: date) -> bool:
    """Whether the notice stood on the board in the town hall; then what is kept here is its record."""
    return announced_on < WEB_NOTICEBOARD


def ranges(numbers: list[int]) -> str:
    """Paragraphs as they are quoted: `§ 4`, `§§ 1–3, 5`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    told = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
    return f"§ {told}" if len(set(numbers)) == 1 else f"§§ {told}"
