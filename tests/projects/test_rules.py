"""How a grant is split, when its parts are planned, and when the report is due."""

from datetime import date

import pytest

from fundapp.projects.rules import Part, add_months, fault_in_payment_day, fault_in_plan, planned_days, split


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2017, 6, 15), 2, date(2017, 8, 15)),
        (date(2017, 12, 31), 2, date(2018, 2, 28)),
        (date(2015, 12, 31), 2, date(2016, 2, 29)),
        (date(2017, 11, 30), 1, date(2017, 12, 30)),
        (date(2017, 11, 1), 14, date(2019, 1, 1)),
        (date(2017, 8, 31), 1, date(2017, 9, 30)),
    ],
)
def test_months_are_added_without_running_into_the_next_month(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("granted", "per_cent", "expected"),
    [
        (45_000, [50, 50], [22_500, 22_500]),
        (45_001, [50, 50], [22_500, 22_501]),
        (100, [33, 33, 34], [33, 33, 34]),
        (101, [33, 33, 34], [33, 33, 35]),
        (10_000, [100], [10_000]),
        (1, [50, 50], [1]),
    ],
)
def test_instalments_sum_exactly_to_the_grant(granted: int, per_cent: list[int], expected: list[int]) -> None:
    assert split(granted, per_cent) == expected
    assert sum(split(granted, per_cent)) == granted


def test_first_instalment_is_planned_for_the_start_of_a_project_that_has_not_begun() -> None:
    days = planned_days(2, payable_on=date(2017, 3, 6), starts_on=date(2017, 4, 1), ends_on=date(2017, 4, 11))
    assert days == [date(2017, 4, 1), date(2017, 4, 6)]


def test_first_instalment_is_planned_for_when_it_can_be_paid_where_the_project_has_begun() -> None:
    days = planned_days(2, payable_on=date(2017, 3, 6), starts_on=date(2017, 1, 1), ends_on=date(2017, 3, 16))
    assert days == [date(2017, 3, 6), date(2017, 3, 11)]


def test_a_decision_after_the_projects_end_plans_everything_for_its_day() -> None:
    days = planned_days(2, payable_on=date(2017, 3, 6), starts_on=date(2017, 1, 1), ends_on=date(2017, 2, 1))
    assert days == [date(2017, 3, 6), date(2017, 3, 6)]


@pytest.mark.parametrize(
    ("paid_on", "is_refused"),
    [
        (date(2017, 3, 5), True),  # before the decision
        (date(2017, 3, 6), False),
        (date(2017, 3, 10), False),  # today
        (date(2017, 3, 11), True),  # still to come
    ],
)
def test_a_payment_lies_between_the_decision_and_today(paid_on: date, is_refused: bool) -> None:
    fault = fault_in_payment_day(paid_on, decided_on=date(2017, 3, 6), today=date(2017, 3, 10))
    assert (fault is not None) is is_refused


DECIDED = date(2017, 3, 6)


@pytest.mark.parametrize(
    ("parts", "is_refused"),
    [
        ([Part(60, DECIDED), Part(40, DECIDED)], False),
        ([Part(100, DECIDED)], False),
        ([Part(60, DECIDED), Part(41, DECIDED)], True),
        ([Part(60, DECIDED)], True),
        ([Part(100, DECIDED), Part(0, DECIDED)], True),
        ([Part(140, DECIDED), Part(-40, DECIDED)], True),
        ([Part(100, date(2017, 3, 5))], True),
        ([], True),
    ],
)
def test_a_plan_adds_up_to_what_is_left_of_the_grant(parts: list[Part], is_refused: bool) -> None:
    assert (fault_in_plan(parts, left=100, decided_on=DECIDED) is not None) is is_refused
