"""The first and last day and krona that a rule lets through, and the first that it does not."""

from datetime import date, timedelta

import pytest

from fundapp.languages import speaking
from fundapp.projects.rules import Part, fault_in_new_end, fault_in_plan

FIRST, LAST = date(2017, 3, 6), date(2017, 12, 31)
DAY = timedelta(days=1)


@pytest.mark.parametrize("day", [FIRST, FIRST + DAY, LAST - DAY, LAST])
def test_a_new_last_day_may_be_the_first_and_the_last_of_the_time(day: date) -> None:
    assert fault_in_new_end(day, first=FIRST, last=LAST) is None


@pytest.mark.parametrize("day", [FIRST - DAY, LAST + DAY])
def test_a_day_outside_the_time_is_told_the_time(day: date) -> None:
    with speaking("en"):
        told = str(fault_in_new_end(day, first=FIRST, last=LAST))
    assert told == "Write a day between 2017-03-06 and 2017-12-31: that is the time the fund is for."


@pytest.mark.parametrize(("amount", "is_right"), [(1, True), (0, False), (-1, False)])
def test_an_instalment_is_one_krona_at_the_least(amount: int, is_right: bool) -> None:
    fault = fault_in_plan([Part(amount, FIRST)], left=amount, decided_on=FIRST)
    assert (fault is None) is is_right


@pytest.mark.parametrize(("day", "is_right"), [(FIRST, True), (FIRST - DAY, False)])
def test_an_instalment_may_be_planned_for_the_day_of_the_decision(day: date, is_right: bool) -> None:
    assert (fault_in_plan([Part(5, day)], left=5, decided_on=FIRST) is None) is is_right
