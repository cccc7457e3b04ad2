"""Approved minutes are announced on the noticeboard, and the three weeks for appeals begin."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.db import db
from fundapp.decisions import announcing
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.decisions import decided, recorded
from tests.factories.force import KEPT_AT, announced
from tests.factories.people import official


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Refusals are compared in the language of the source."""
    with speaking("en"):
        yield


def test_a_notice_names_the_paragraphs_and_its_three_days(app: Flask) -> None:
    on_day(date(2017, 6, 2))  # three weeks later is midsommarafton
    with app.app_context():
        notice = announced(decided())
        assert notice.paragraphs == "§ 1"
        assert (notice.announced_on, notice.last_appeal_day) == (date(2017, 6, 2), date(2017, 6, 26))
        assert notice.taken_down_on == date(2017, 6, 27)
        assert (notice.kept_at, notice.is_immediate) == (KEPT_AT, False)


@pytest.mark.parametrize(("day", "is_physical"), [(date(2017, 12, 29), True), (date(2018, 1, 2), False)])
def test_before_2018_the_notice_is_a_record_of_the_board_in_the_town_hall(
    app: Flask, day: date, is_physical: bool
) -> None:
    on_day(day)
    with app.app_context():
        assert announced(decided()).is_physical is is_physical


def test_nothing_that_is_not_approved_is_announced(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = recorded()
        with pytest.raises(StepNotPossible, match="approved and not announced"):
            announced(decision)
        assert announcing.panel(decision.item.meeting).waiting == ""


def test_what_is_announced_is_not_announced_again(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = decided()
        announced(decision)
        with pytest.raises(StepNotPossible):
            announced(decision)


def test_who_does_not_keep_the_minutes_does_not_announce_them(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = decided()
        with pytest.raises(NotAllowed):
            announced(decision, secretary=official(Role.REGISTRAR))


@pytest.mark.parametrize("days", [-1, 1])
def test_a_notice_before_the_approval_or_in_the_future_is_refused(app: Flask, days: int) -> None:
    on_day()
    with app.app_context(), pytest.raises(StepNotPossible):
        announced(decided(), announced_on=clock.today() + timedelta(days=days))


def test_a_notice_must_say_where_the_minutes_are(app: Flask) -> None:
    on_day()
    with app.app_context(), pytest.raises(StepNotPossible, match="where the minutes"):
        announced(decided(), kept_at="  ")


def test_a_notice_may_stand_longer_but_not_shorter_than_the_time_for_appeals(app: Flask) -> None:
    on_day(date(2018, 4, 3))
    with app.app_context():
        decision = decided()
        with pytest.raises(StepNotPossible, match="KL 2017:725 8:12"):
            announced(decision, taken_down_on=date(2018, 4, 24))
        with pytest.raises(StepNotPossible, match="within a year"):
            announced(decision, taken_down_on=date(2028, 4, 24))
        assert announced(decision, taken_down_on=date(2018, 6, 1)).taken_down_on == date(2018, 6, 1)


def test_a_late_notice_is_recorded_as_late_and_not_refused(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = decided()
        on_day(date(2017, 3, 9))
        panel = announcing.panel(decision.item.meeting)
        assert (panel.latest_on, panel.is_late, panel.waiting) == (date(2017, 3, 8), True, "§ 1")
        notice = announced(decision)
        assert announcing.is_late(notice)
        entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "announce")).one()
        assert entry.facts["is_late"] is True


def test_a_notice_on_the_second_day_is_in_time(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = decided()
        on_day(date(2017, 3, 8))
        assert not announcing.is_late(announced(decision))
        assert announcing.panel(decision.item.meeting).waiting == ""
