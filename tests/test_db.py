"""What each engine promises: durable commits, foreign keys, waiting for each other, and a GET that cannot write."""

import sqlite3
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from fundapp import clock
from fundapp.accounts.models import Account, Membership
from fundapp.app import create_app
from fundapp.config import BadSettings, Settings
from fundapp.db import db, is_reading, new_public_id, own_transaction, place_of_server, reading, unsafe_settings
from fundapp.funds.models import LedgerEntry, LedgerKind, Round
from tests.factories.people import applicant
from tests.ground.postgres import on_server

PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def _pragmas(connection: object) -> dict[str, object]:
    return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in PRAGMAS}  # type: ignore[attr-defined]


def test_every_sqlite_connection_has_its_pragmas(app: Flask) -> None:
    with app.app_context(), ExitStack() as held, reading():
        connections = [held.enter_context(db.engine.connect()) for _number in range(5)]
        assert len({id(each.connection.dbapi_connection) for each in connections}) == 5
        assert [_pragmas(each) for each in connections] == [PRAGMAS] * 5
    with app.app_context(), own_transaction() as connection:
        assert _pragmas(connection) == PRAGMAS


def test_a_connection_of_sqlite_itself_would_not_have_them(app: Flask, settings: Settings) -> None:
    """The test above can fail: without our hook, SQLite is neither full nor waiting nor minding foreign keys."""
    bare = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), timeout=0)
    found = {name: bare.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}
    bare.close()
    assert found["foreign_keys"] == 0
    assert found["busy_timeout"] == 0


def test_a_row_that_points_to_nothing_is_refused(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        db.session.add(Membership(account_id=999, organisation_id=999, since=clock.now()))
        with pytest.raises(IntegrityError):
            db.session.commit()


def test_while_reading_the_database_itself_refuses_to_write(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        with reading():
            assert is_reading()
            db.session.add(Account(email="amina@exempel.example", created_at=clock.now()))
            with pytest.raises(DBAPIError, match=r"read-?only"):
                db.session.flush()
            db.session.rollback()
            with pytest.raises(DBAPIError, match=r"read-?only"):
                db.session.execute(text("UPDATE account SET name = 'x'"))
            db.session.rollback()
        assert db.session.scalars(select(Account)).all() == []
        applicant(email="amina@exempel.example")  # the same connection writes again afterwards
        db.session.commit()
        assert len(db.session.scalars(select(Account)).all()) == 1


def test_a_view_that_writes_on_get_is_answered_with_an_error_and_nothing_is_kept(app_on_both: Flask) -> None:
    def careless() -> str:
        db.session.add(Account(email="planted@exempel.example", created_at=clock.now()))
        db.session.commit()
        return "written"

    careless.access = "public"  # type: ignore[attr-defined]
    app_on_both.add_url_rule("/careless", "careless", careless, methods=["GET", "POST"])
    client = app_on_both.test_client()
    try:
        answer = client.get("/careless")
    except DBAPIError:
        pass
    else:
        assert answer.status_code >= 500
    with app_on_both.app_context():
        assert db.session.scalars(select(Account)).all() == []


def test_an_own_transaction_stands_though_the_request_is_rolled_back(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        with reading():
            db.session.scalars(select(Account)).all()
            with own_transaction() as connection:
                connection.execute(
                    insert(Account).values(
                        public_id=new_public_id(), email="a@exempel.example", name="", phone="", language="sv",
                        is_active=True, created_at=clock.now(),
                    )
                )  # fmt: skip
            assert is_reading()
            db.session.rollback()
        assert db.session.scalars(select(Account.email)).all() == ["a@exempel.example"]


def test_an_instant_without_a_time_zone_is_refused(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        db.session.add(Account(email="a@exempel.example", created_at=datetime(2017, 3, 6, 8)))  # noqa: DTZ001
        with pytest.raises(StatementError, match="an instant needs a time zone"):
            db.session.flush()
        db.session.rollback()


def test_an_instant_comes_back_in_utc_to_the_microsecond(app_on_both: Flask) -> None:
    kept = datetime(2017, 3, 6, 8, 0, 0, 123456, tzinfo=clock.STOCKHOLM)
    with app_on_both.app_context():
        db.session.add(Account(email="a@exempel.example", created_at=kept))
        db.session.commit()
        db.session.expire_all()
        found = db.session.scalars(select(Account.created_at)).one()
        assert (found, found.tzinfo) == (kept, UTC)
        assert found.hour == 7
        later = select(Account.id).where(Account.created_at > kept - timedelta(microseconds=1))
        assert len(db.session.scalars(later).all()) == 1
        assert db.session.scalars(select(Account.id).where(Account.created_at > kept)).all() == []


def test_money_of_a_municipality_fits(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        round_ = db.session.scalars(select(Round)).first()
        assert round_ is not None
        round_.frame = 900_000_000_000
        db.session.add(LedgerEntry(round_id=round_.id, kind=LedgerKind.FRAME, amount=900_000_000_000, at=clock.now()))
        db.session.commit()
        db.session.expire_all()
        assert round_.frame == 900_000_000_000


def test_a_status_that_does_not_exist_is_refused_by_the_database(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        applicant()
        db.session.commit()
        with pytest.raises(IntegrityError):
            db.session.execute(text("INSERT INTO role_given (account_id, role) VALUES (1, 'KING')"))


def test_two_who_write_at_once_wait_for_each_other(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        key = applicant(name="").id
        db.session.commit()
    start = threading.Barrier(8)

    def add_a_letter() -> None:
        with app_on_both.app_context():
            start.wait()
            person = db.session.get(Account, key, with_for_update=True)
            assert person is not None
            person.name += "x"
            db.session.commit()

    threads = [threading.Thread(target=add_a_letter) for _writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app_on_both.app_context():
        assert db.session.scalars(select(Account.name)).one() == "x" * 8


def test_public_ids_are_random_and_hold_no_letter_that_is_read_wrongly() -> None:
    found = {new_public_id() for _number in range(1000)}
    assert len(found) == 1000
    assert {len(each) for each in found} == {12}
    assert not set("01ilou") & set("".join(found))


@pytest.mark.parametrize("both_engines", ["postgresql"], indirect=True)
@pytest.mark.parametrize("setting", ["synchronous_commit"])
def test_a_postgresql_that_forgets_a_commit_stops_production_from_starting(
    both_engines: str, settings: Settings, postgresql: str, setting: str
) -> None:
    strict = replace(settings, is_production=True)
    _close(create_app(strict))  # the same database starts before the setting is planted
    name = settings.database_url.rpartition("/")[2]
    on_server(postgresql, f"ALTER DATABASE {name} SET {setting} = off")
    with pytest.raises(BadSettings) as refused:
        create_app(strict)
    assert refused.value.faults == [f"PostgreSQL runs with {setting}=off"]
    _close(create_app(settings))  # development may


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql+psycopg:///fundapp?host=/var/run/postgresql", "dbname=fundapp host=/var/run/postgresql"),
        ("postgresql+psycopg://u:p%40@h:5433/d", "dbname=d host=h password=p@ port=5433 user=u"),
        ("postgresql+psycopg://u@/d?host=a:1&host=b:2", "dbname=d host=a,b port=1,2 user=u"),
    ],
)
def test_libpq_is_told_of_every_server_that_the_address_names(url: str, words: str) -> None:
    engine = create_engine(url)
    assert place_of_server(engine) == dict(word.split("=", 1) for word in words.split())
    engine.dispose()


def _close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def test_an_engine_as_it_is_installed_is_safe(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        assert unsafe_settings(db.engine) == []
