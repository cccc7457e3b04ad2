"""A day that a law made a holiday after the calendar was made moves the last day for appeals."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.db import db
from fundapp.decisions import announcing, dates
from fundapp.history.models import HistoryEntry
from fundapp.holidays import actions, queries
from fundapp.holidays.models import HolidayChange
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.decisions import granted
from tests.factories.people import official
from tests.ground.apps import SignIn

ANNOUNCED, LAST = date(2017, 3, 6), date(2017, 3, 27)  # a Monday, and the Monday three weeks after


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def test_the_shipped_calendar_names_every_day_that_the_law_keeps() -> None:
    found = dates.holidays_of(2017)
    assert len(found) == 16
    assert found[date(2017, 6, 6)] == "Nationaldagen"
    assert {date(2017, 6, 23), date(2017, 12, 24), date(2017, 12, 31)} <= found.keys()


@pytest.mark.parametrize(
    ("changes", "last"),
    [({}, LAST), ({LAST: True}, date(2017, 3, 28)), ({LAST: False}, LAST)],
    ids=["no change", "made a holiday", "said to be none"],
)
def test_a_changed_day_moves_the_last_day_for_appeals(changes: dict[date, bool], last: date) -> None:
    assert dates.last_appeal_day(ANNOUNCED, changes=changes) == last


def test_a_holiday_that_is_none_any_more_is_a_weekday() -> None:
    whit_monday_of_2004 = date(2004, 5, 31)
    assert not dates.is_weekday(whit_monday_of_2004)
    assert dates.is_weekday(whit_monday_of_2004, {whit_monday_of_2004: False})


@pytest.mark.usefixtures("both_engines")
def test_a_notice_counts_by_the_changed_calendar_and_one_that_stands_keeps_its_days(app: Flask) -> None:
    with app.app_context():
        meeting = granted().item.meeting
        by = official(Role.SECRETARY)
        actions.change(LAST, is_holiday=True, source="en ny lag", by=official(Role.ADMINISTRATOR))
        notice = announcing.announce(meeting, announced_on=ANNOUNCED, kept_at="Kommunhuset", by=by)
        assert (notice.last_appeal_day, notice.taken_down_on) == (date(2017, 3, 28), date(2017, 3, 29))
        actions.take_back(db.session.scalars(select(HolidayChange)).one(), by=official(Role.ADMINISTRATOR))
        db.session.refresh(notice)
        assert notice.last_appeal_day == date(2017, 3, 28)
        assert queries.changes() == {}


def test_each_change_is_in_the_history_and_a_day_has_one(app: Flask) -> None:
    with app.app_context():
        by = official(Role.ADMINISTRATOR)
        changed = actions.change(LAST, is_holiday=True, source="en ny lag", by=by)
        with pytest.raises(StepNotPossible):
            actions.change(LAST, is_holiday=False, source="en annan lag", by=by)
        actions.take_back(changed, by=by)
        told = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event.endswith("holiday"))).all()
        assert [(each.event, each.facts.get("new"), each.facts.get("old")) for each in told] == [
            ("change_holiday", True, None),
            ("take_back_holiday", None, True),
        ]
        with pytest.raises(NotAllowed):
            actions.change(LAST, is_holiday=True, source="en lag", by=official(Role.SECRETARY))


def test_the_page_takes_a_change_and_gives_back_what_it_cannot_take(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        email = official(Role.ADMINISTRATOR).email
        db.session.commit()
    client = signed_in(email)
    sent = {"day": "2017-03-27", "kind": "holiday", "source": "lag (2016:1)"}
    for name, wrong in (("day", "i morgon"), ("source", ""), ("kind", "party")):
        answer = client.post("/sv/holidays", data={**sent, name: wrong})
        assert answer.status_code == 422
        assert "lag (2016:1)" in answer.text or name == "source"
    assert client.post("/sv/holidays", data=sent).status_code == 302
    page = client.get("/sv/holidays?year=2017")
    assert "lag (2016:1)" in page.text
    assert "nyårsdagen" in page.text.lower()
    again = client.post("/sv/holidays", data=sent)
    assert again.status_code == 409
    assert "2017-03-27" in again.text
    with app.app_context():
        key = db.session.scalars(select(HolidayChange.public_id)).one()
    assert client.post(f"/sv/holidays/{key}/take-back").status_code == 302
    assert "lag (2016:1)" not in client.get("/sv/holidays?year=2017").text
    assert client.get("/sv/holidays?year=99999999").status_code == 200
