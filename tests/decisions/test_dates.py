"""The noticeboard's days, against six real notices (Gällivare, Luleå, Jokkmokk, Kramfors, Nynäshamn, Laxå) and two
computed ones.
"""

from datetime import date, timedelta

import pytest

from fundapp.decisions import dates

# announced, last day for appeal, first day on which it may be taken down
NOTICES = [
    ("2015-06-17", "2015-07-08", "2015-07-09"),
    ("2016-11-09", "2016-11-30", "2016-12-01"),
    ("2017-03-30", "2017-04-20", "2017-04-21"),
    ("2018-04-03", "2018-04-24", "2018-04-25"),
    ("2020-08-18", "2020-09-08", "2020-09-09"),
    ("2024-06-20", "2024-07-11", "2024-07-12"),
    ("2016-12-03", "2016-12-27", "2016-12-28"),  # Christmas Eve, then a Sunday and the day after Christmas
    ("2017-06-02", "2017-06-26", "2017-06-27"),  # Midsummer Eve, then a weekend
]


@pytest.mark.parametrize(("announced", "last", "down"), NOTICES)
def test_the_days_of_a_notice_are_those_of_the_real_ones(announced: str, last: str, down: str) -> None:
    day = date.fromisoformat(announced)
    assert dates.last_appeal_day(day).isoformat() == last
    assert dates.take_down_from(day).isoformat() == down
    assert dates.in_force_on(day).isoformat() == down


@pytest.mark.parametrize(
    ("day", "after"),
    [
        ("2016-06-24", "2016-06-27"),  # midsommarafton
        ("2016-12-24", "2016-12-27"),  # julafton
        ("2016-12-31", "2017-01-02"),  # nyårsafton
        ("2017-01-06", "2017-01-09"),  # trettondedag jul
        ("2017-04-13", "2017-04-13"),  # skärtorsdagen is a weekday
        ("2017-04-14", "2017-04-18"),  # långfredagen until the day after annandag påsk
        ("2017-05-25", "2017-05-26"),  # Kristi himmelsfärdsdag; the day between is a weekday
        ("2017-06-06", "2017-06-07"),  # nationaldagen
        ("2017-11-04", "2017-11-06"),  # alla helgons dag
        ("2017-03-06", "2017-03-06"),
    ],
)
def test_a_time_that_ends_on_a_holiday_or_an_eve_ends_on_the_next_weekday(day: str, after: str) -> None:
    assert dates.weekday_from(date.fromisoformat(day)).isoformat() == after


def test_every_last_day_is_a_weekday_three_weeks_off_or_a_little_more() -> None:
    for number in range(366 * 12):
        announced = date(2015, 1, 1) + timedelta(days=number)
        last = dates.last_appeal_day(announced)
        assert dates.is_weekday(last)
        assert timedelta(days=21) <= last - announced <= timedelta(days=26)


@pytest.mark.parametrize(
    ("approved", "latest"), [("2017-03-06", "2017-03-08"), ("2017-03-09", "2017-03-13"), ("2016-12-22", "2016-12-27")]
)
def test_a_notice_is_put_up_on_the_second_day_at_the_latest(approved: str, latest: str) -> None:
    assert dates.last_day_to_announce(date.fromisoformat(approved)).isoformat() == latest


def test_the_board_in_the_town_hall_ends_with_2017() -> None:
    assert dates.is_physical(date(2017, 12, 31))
    assert not dates.is_physical(date(2018, 1, 1))


@pytest.mark.parametrize(
    ("numbers", "told"), [([4], "§ 4"), ([1, 2, 3], "§§ 1–3"), ([5, 1, 2], "§§ 1–2, 5"), ([7, 9], "§§ 7, 9")]
)
def test_paragraphs_are_quoted_as_ranges(numbers: list[int], told: str) -> None:
    assert dates.ranges(numbers) == told
