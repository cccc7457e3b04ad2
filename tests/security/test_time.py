"""Clocks that jump, the hour that comes twice, the day that comes every fourth year, the second before the door shuts,
and a database whose clock is another.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from fundapp import clock
from fundapp.accounts import sessions
from fundapp.accounts.actions import ask_to_sign_in, use_attempt
from fundapp.accounts.models import LoginSession, SignInAttempt
from fundapp.applications import actions, rules
from fundapp.applications.models import Application
from fundapp.clock import STOCKHOLM, start_of
from fundapp.db import db, own_transaction
from fundapp.decisions.dates import last_appeal_day
from fundapp.history.models import HistoryEntry
from fundapp.projects.rules import add_months
from fundapp.web import limits
from fundapp.web.limits import QUARTER, Limit, take
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.people import applicant
from tests.ground.apps import SignIn

EMAIL = "amina@exempel.example"
YEAR, SECOND = timedelta(days=365), timedelta(seconds=1)
THREE = Limit("three", QUARTER, 3, 100, 100)
# Ways in which a statement could ask the database what time it is.
ASKS_THE_TIME = re.compile(
    r"\b(now\s*\(|current_(timestamp|date|time)\b|localtime|(clock|statement|transaction)_timestamp|"
    r"(date|time|datetime|julianday|unixepoch|strftime)\s*\([^)]*'now')",
    re.IGNORECASE,
)


# --- clocks that jump ---------------------------------------------------------------------------------------------


def _is_in(client: object) -> bool:
    return client.get("/sv/account").status_code == 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("jump", [timedelta(minutes=10), timedelta(hours=-2)])
def test_a_session_outlives_a_small_jump_of_the_clock(app: Flask, signed_in: SignIn, jump: timedelta) -> None:
    client = signed_in(EMAIL)
    with clock.at(clock.now() + jump):
        assert _is_in(client)
    assert _is_in(client)


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_session_ends_where_the_clock_has_jumped_further_than_one_lasts(
    app: Flask, signed_in: SignIn, jump: timedelta
) -> None:
    client = signed_in(EMAIL)
    with clock.at(clock.now() + jump):
        assert not _is_in(client)


def test_a_session_that_would_last_a_year_is_found(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "abs", lambda age: age, raising=False)  # as it was before this test
    client = signed_in(EMAIL)
    with clock.at(clock.now() - YEAR):
        assert _is_in(client)


@pytest.mark.usefixtures("both_engines")
@pytest.mark.parametrize(
    ("jump", "is_good"), [(0, True), (29, True), (-20, True), (31, False), (-60, False), (-525_600, False)]
)
def test_a_link_works_its_half_hour_however_the_clock_jumps(app: Flask, jump: int, is_good: bool) -> None:
    with app.test_request_context():
        attempt = ask_to_sign_in(EMAIL)
        db.session.commit()
        with clock.at(clock.now() + timedelta(minutes=jump)):
            if is_good:
                assert use_attempt(attempt)[0].email == EMAIL
            else:
                with pytest.raises(StepNotPossible):
                    use_attempt(attempt)


def _tries(app: Flask, number: int) -> list[int | None]:
    with app.app_context():
        found = []
        for _time in range(number):
            with own_transaction() as connection:
                found.append(take(connection, THREE, [("a" * 64, 3)]))
        return found


@pytest.mark.usefixtures("both_engines")
def test_a_clock_that_ran_ahead_and_was_set_back_keeps_nobody_out(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(clock.now() + YEAR):
        assert _tries(app, 3) == [None] * 3
    assert _tries(app, 3) == [None] * 3
    waits = _tries(app, 1)[0]
    assert waits is not None
    assert waits <= QUARTER.total_seconds() + 1
    # Planted: attempts that lie a year ahead are counted, as they were before this test.
    oldest = limits._oldest
    monkeypatch.setattr(limits, "_oldest", lambda key, most, since, _until: oldest(key, most, since, since + 9 * YEAR))
    with clock.at(clock.now() + QUARTER * 2):
        waits = _tries(app, 1)[0]
    assert waits is not None
    assert waits > timedelta(days=300).total_seconds()


def test_a_clock_that_jumps_ahead_opens_no_limit_for_longer_than_it_is_ahead(app: Flask) -> None:
    assert _tries(app, 4)[3] is not None
    with clock.at(clock.now() + YEAR):
        assert _tries(app, 4)[3] is not None
    assert _tries(app, 1)[0] is not None


# --- the hour that comes twice, and the one that never comes ----------------------------------------------------------

AUTUMN, SPRING = date(2017, 10, 29), date(2018, 3, 25)


def test_a_day_has_as_many_hours_as_it_has() -> None:
    day = timedelta(days=1)
    assert start_of(AUTUMN + day) - start_of(AUTUMN) == timedelta(hours=25)
    assert start_of(SPRING + day) - start_of(SPRING) == timedelta(hours=23)
    for moment in (start_of(AUTUMN), start_of(AUTUMN) + timedelta(hours=24, minutes=59)):
        assert clock.local_day(moment) == AUTUMN
    assert clock.local_day(start_of(SPRING) + timedelta(hours=23)) == SPRING + day


def _round(closes: date, late_days: int) -> SimpleNamespace:
    terms = {"late_days": {"value": late_days}}
    return SimpleNamespace(
        opens_at=start_of(closes) - YEAR, closes_at=start_of(closes), fund=SimpleNamespace(terms=terms)
    )


@pytest.mark.parametrize(("closes", "days"), [(date(2017, 10, 23), 14), (date(2018, 3, 20), 10), (date(2018, 6, 1), 7)])
def test_a_late_application_is_taken_until_midnight_whichever_clock_is_in_use(closes: date, days: int) -> None:
    round_ = _round(closes, days)
    last = start_of(closes + timedelta(days=days))
    assert rules.late_until(round_) == last
    assert rules.may_send_at(round_, last - SECOND)
    assert not rules.may_send_at(round_, last)
    # Planted: days of 24 hours, as they were counted before this test, miss midnight where the clock was changed.
    assert (round_.closes_at + timedelta(days=days) == last) == (closes.month == 6)


def test_what_comes_in_the_hour_that_comes_twice_keeps_its_order(app_on_both: Flask) -> None:
    first = datetime(2017, 10, 29, 0, 50, tzinfo=UTC)  # 02:50 in summer time
    second = datetime(2017, 10, 29, 1, 10, tzinfo=UTC)  # 02:10 in winter time, twenty minutes later
    assert first.astimezone(STOCKHOLM).time() > second.astimezone(STOCKHOLM).time()
    on_day()
    with app_on_both.test_request_context():
        mine, theirs = draft(by=applicant()), draft(by=applicant(), title="Ett annat")
        mine.round.closes_at = second + YEAR
        for application, moment in ((mine, first), (theirs, second)):
            with clock.at(moment):
                actions.submit(application, by=application.created_by)
                db.session.flush()
        keys = [mine.id, theirs.id]
        db.session.commit()
    with app_on_both.app_context():
        in_order = select(Application.id).where(Application.id.in_(keys)).order_by(Application.submitted_at)
        assert list(db.session.scalars(in_order)) == keys
        moments = list(db.session.scalars(select(HistoryEntry.at).order_by(HistoryEntry.id)))
        assert moments[-1] - moments[-2] < timedelta(hours=1)


@pytest.mark.parametrize("day", [AUTUMN, SPRING])
def test_a_link_lasts_half_an_hour_in_the_night_when_the_clock_is_changed(app: Flask, day: date) -> None:
    with app.test_request_context():
        for minutes, is_good in ((29, True), (31, False)):
            with clock.at(start_of(day) + timedelta(minutes=50 if day == SPRING else 110)):
                attempt = ask_to_sign_in(EMAIL)
                asked = clock.now()
            with clock.at(asked + timedelta(minutes=minutes)):
                if is_good:
                    use_attempt(attempt)
                else:
                    with pytest.raises(StepNotPossible):
                        use_attempt(attempt)


# --- the day that comes every fourth year -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2020, 2, 29), 12, date(2021, 2, 28)),
        (date(2020, 2, 29), 48, date(2024, 2, 29)),
        (date(2019, 12, 31), 2, date(2020, 2, 29)),
        (date(2018, 12, 31), 2, date(2019, 2, 28)),
        (date(2099, 12, 31), 2, date(2100, 2, 28)),  # a hundredth year has none
        (date(2020, 1, 31), 1, date(2020, 2, 29)),
    ],
)
def test_months_are_added_over_a_leap_day(day: date, months: int, then: date) -> None:
    assert add_months(day, months) == then


def test_three_weeks_over_a_leap_day_end_on_the_same_weekday() -> None:
    assert last_appeal_day(date(2020, 2, 10)) == date(2020, 3, 2)
    assert last_appeal_day(date(2019, 2, 11)) == date(2019, 3, 4)
    assert last_appeal_day(date(2020, 2, 29)) == date(2020, 3, 23)  # a Saturday: the next weekday


def test_the_service_answers_on_a_leap_day(app: Flask, signed_in: SignIn) -> None:
    on_day(date(2020, 2, 29))
    client = signed_in(EMAIL)
    for path in ("", "goals", "funded-projects", "applications", "account", "noticeboard"):
        assert client.get(f"/sv/{path}").status_code == 200, path


# --- the second before the door shuts -------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_engines")
@pytest.mark.parametrize(
    ("off", "is_taken"),
    [(-SECOND, True), (timedelta(microseconds=-1), True), (timedelta(), False), (SECOND, False)],
)
def test_an_application_is_taken_until_the_second_when_the_round_closes(
    app: Flask, off: timedelta, is_taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_day()
    with app.test_request_context():
        application = draft(by=applicant())
        moment = rules.late_until(application.round) + off
        monkeypatch.setattr(clock, "now", lambda: moment)
        if is_taken:
            actions.submit(application, by=application.created_by)
            assert application.submitted_at == moment
        else:
            with pytest.raises(StepNotPossible):
                actions.submit(application, by=application.created_by)
        assert application.round.is_open == (moment < application.round.closes_at)


# --- a database whose clock is another --------------------------------------------------------------------------------


@contextmanager
def asked_of(app: Flask) -> Iterator[list[str]]:
    """The statements that the database is given meanwhile and that ask it what time it is."""
    found: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if ASKS_THE_TIME.search(statement):
            found.append(statement)

    with app.app_context():
        engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", look)
    yield found
    for engine in engines:
        event.remove(engine, "before_cursor_execute", look)


@pytest.mark.parametrize("apart", [90, -90])
def test_nothing_depends_on_the_databases_clock(app_on_both: Flask, signed_in: SignIn, apart: int) -> None:
    app = app_on_both
    on_day()
    moment = clock.now() + timedelta(seconds=apart)
    with asked_of(app) as asked, clock.at(moment):
        client = signed_in(EMAIL)
        with app.test_request_context():
            application = draft(by=applicant(email=EMAIL))
            actions.submit(application, by=application.created_by)
            public_id = application.public_id
            db.session.commit()
        assert client.get(f"/sv/applications/{public_id}").status_code == 200
        with app.app_context():
            kept = db.session.scalars(select(Application).where(Application.public_id == public_id)).one()
            known = db.session.scalars(select(LoginSession)).first()
            assert kept.submitted_at is not None
            assert known is not None
            for instant in (kept.submitted_at, known.created_at, known.last_seen_at):
                assert timedelta() <= instant - moment < timedelta(minutes=10)
    assert asked == []


def test_a_statement_that_asks_the_database_for_the_time_is_found(app_on_both: Flask) -> None:
    with asked_of(app_on_both) as asked, app_on_both.app_context():
        db.session.execute(text("SELECT CURRENT_TIMESTAMP"))
        db.session.execute(select(func.now()))
        db.session.execute(text("SELECT 1"))
    assert len(asked) == 2


def test_no_column_takes_its_value_from_the_databases_clock(app_on_both: Flask) -> None:
    on_sqlite = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
    on_postgresql = (
        "SELECT column_default FROM information_schema.columns WHERE table_schema = 'public' "
        "AND column_default IS NOT NULL AND table_name NOT LIKE 'procrastinate%'"
    )
    with app_on_both.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
        found = list(db.session.scalars(text(on_sqlite if is_sqlite else on_postgresql)))
    assert found
    assert not [words for words in found if ASKS_THE_TIME.search(words)]


def test_two_workers_whose_clocks_are_90_seconds_apart_serve_the_same_person(app: Flask, signed_in: SignIn) -> None:
    now = clock.now()
    with clock.at(now + timedelta(seconds=90)):
        client = signed_in(EMAIL)
        with app.test_request_context():
            attempt = ask_to_sign_in("yonas@exempel.example")
            db.session.commit()
            asked = attempt.id
    with clock.at(now):
        assert _is_in(client)
        with app.test_request_context():
            use_attempt(db.session.get_one(SignInAttempt, asked))
