"""The database itself refuses to change what is written once: on both engines, after every migration, and by role."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import create_engine, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from fundapp import clock, safety
from fundapp.cli import cli
from fundapp.db import Base, db
from fundapp.decisions.announcing import announce
from fundapp.decisions.models import Decision
from fundapp.permissions import Role
from fundapp.record import actions, guards
from fundapp.record.sealed import TABLES
from tests.factories import on_day
from tests.factories.decisions import granted, recorded
from tests.factories.people import official
from tests.ground.postgres import on_server

ON_POSTGRESQL = pytest.mark.parametrize("both_engines", ["postgresql"], indirect=True)


@pytest.fixture
def filled(app_on_both: Flask) -> Flask:
    """The app with something in every guarded table."""
    on_day()
    with app_on_both.test_request_context():
        meeting = granted().item.meeting
        announce(meeting, announced_on=clock.today(), kept_at="Kommunhuset", by=official(Role.SECRETARY))
        db.session.commit()
        actions.enter_waiting()
        actions.export()
        key = db.session.scalar(text("SELECT min(id) FROM history_entry"))
        actions.dispose("history_entry", [key], authority="KS 2017-03-06 § 1", by=None)
        db.session.commit()
    return app_on_both


def _refused(statement: Any) -> None:
    with pytest.raises(IntegrityError, match="written once"):
        db.session.execute(statement)
    db.session.rollback()


def test_the_database_refuses_to_change_and_to_remove_what_is_written_once(filled: Flask) -> None:
    with filled.app_context():
        for name in guards.GUARDED:
            table = Base.metadata.tables[name]
            rows = db.session.scalar(select(func.count()).select_from(table))
            assert rows, f"there is something to change in {name}"
            column = next(each for each in table.columns if name not in TABLES or each.name in TABLES[name].sealed[1:])
            other = table.c.outcome if name == "decision" else column
            _refused(update(table).values({other: text("'REJECT'") if name == "decision" else other}))
            _refused(delete(table))
            assert db.session.scalar(select(func.count()).select_from(table)) == rows, name


@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_a_row_cannot_be_put_in_anothers_place(filled: Flask) -> None:
    with filled.app_context():
        for name in ("history_entry", "record_entry", "ledger_entry", "record_salt"):
            table = Base.metadata.tables[name]
            row = dict(db.session.execute(select(table).limit(1)).mappings().one())
            _refused(insert(table).prefix_with("OR REPLACE").values(row))


@ON_POSTGRESQL
def test_a_table_that_is_written_once_cannot_be_emptied(filled: Flask) -> None:
    with filled.app_context():
        _refused(text("TRUNCATE record_root"))
        _refused(text("TRUNCATE history_entry CASCADE"))


def test_a_decision_is_changed_until_it_is_final_and_its_letter_afterwards(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        pending = recorded()
        db.session.commit()
        db.session.execute(update(Decision).values(reasons="Andra skäl."))
        db.session.commit()
        assert pending.reasons == "Andra skäl."
        decision = granted()
        db.session.commit()
        final = update(Decision).where(Decision.id == decision.id)
        db.session.execute(final.values(letter_id=None))
        _refused(final.values(reasons="Andra skäl."))
        _refused(final.values(final_at=None))


def test_what_is_disposed_of_may_be_removed_and_nothing_else(filled: Flask) -> None:
    with filled.app_context():
        _refused(text("DELETE FROM history_entry WHERE id = (SELECT max(id) FROM history_entry)"))
        _refused(text("DELETE FROM record_salt WHERE number = (SELECT max(number) FROM record_salt)"))


def test_every_trigger_stands_after_migrating_down_and_up_again(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        assert guards.missing(db.session.connection()) == []
        db.session.rollback()
        app_on_both.extensions["alembic"].downgrade("0015")
    with app_on_both.app_context():
        count = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'"
        if db.engine.dialect.name == "postgresql":
            count = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND starts_with(tgname, 'record_')"
        assert db.session.scalar(text(count)) == 0
        db.session.rollback()
        app_on_both.extensions["alembic"].upgrade()
    with app_on_both.app_context():
        assert guards.missing(db.session.connection()) == []
        assert db.session.scalar(text(count)) == 3 * len(guards.GUARDED)


def test_a_trigger_that_is_missing_is_named_and_made_again(filled: Flask) -> None:
    with filled.app_context():
        assert safety.unguarded(str(db.engine.url.render_as_string(hide_password=False))) == []
        on_table = " ON paper" if db.engine.dialect.name == "postgresql" else ""
        db.session.execute(text(f"DROP TRIGGER record_paper_update{on_table}"))
        db.session.commit()
        (told,) = safety.unguarded(str(db.engine.url.render_as_string(hide_password=False)))
        assert "record_paper_update" in told
        with db.engine.begin() as connection:
            guards.put_up(connection)
            assert guards.missing(connection) == []


@ON_POSTGRESQL
def test_a_trigger_that_is_switched_off_is_named(filled: Flask) -> None:
    with filled.app_context():
        db.session.execute(text("ALTER TABLE paper DISABLE TRIGGER record_paper_update"))
        assert guards.missing(db.session.connection()) == ["record_paper_update"]
        db.session.rollback()


def test_a_trigger_that_was_changed_is_named(filled: Flask) -> None:
    with filled.app_context():
        if db.engine.dialect.name == "sqlite":
            db.session.execute(text("DROP TRIGGER record_paper_update"))
            db.session.execute(text("CREATE TRIGGER record_paper_update BEFORE UPDATE ON paper BEGIN SELECT 1; END"))
            assert guards.missing(db.session.connection()) == ["record_paper_update"]
            db.session.rollback()


def test_check_tells_of_a_trigger_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, filled: Flask, tmp_path: Path
) -> None:
    with filled.app_context():
        on_table = " ON paper" if db.engine.dialect.name == "postgresql" else ""
        db.session.execute(text(f"DROP TRIGGER record_paper_update{on_table}"))
        db.session.commit()
        monkeypatch.setenv("FUNDAPP_DATABASE_URL", db.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FUNDAPP_ENV", "development")
    monkeypatch.setenv("FUNDAPP_INSTANCE", str(tmp_path / "instance"))
    found = CliRunner().invoke(cli, ["check"])
    assert found.exit_code == 1
    assert "fault: the database lets what is written once be changed: trigger record_paper_update" in found.output


@ON_POSTGRESQL
def test_a_role_with_the_printed_grants_serves_the_app_and_changes_nothing_that_is_written_once(
    filled: Flask, postgresql: str
) -> None:
    """The tables belong to another role, as docs/record.md says."""
    with filled.app_context():
        name, role = str(db.engine.url.database), f"serving_{db.engine.url.database}"
        on_server(postgresql, f"CREATE ROLE {role} LOGIN")
        for statement in guards.grants(role):
            db.session.execute(text(statement))
        db.session.commit()
    serving = create_engine(f"postgresql+psycopg://{role}@{postgresql}/{name}")
    try:
        with serving.connect() as connection:
            assert guards.too_many_rights(connection) == []
            connection.rollback()
            for statement in ("UPDATE paper SET language = 'en'", "UPDATE record_entry SET row_id = 1"):
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.execute(text(statement))
                connection.rollback()
            for statement in ("DELETE FROM record_entry", "DELETE FROM record_node", "TRUNCATE history_entry"):
                with pytest.raises(ProgrammingError, match="permission denied"):
                    connection.execute(text(statement))
                connection.rollback()
            row = {
                "at": clock.now(),
                "who": "x",
                "subject": "y",
                "subject_id": 1,
                "thread": "t",
                "event": "e",
                "facts": {},
            }
            connection.execute(Base.metadata.tables["history_entry"].insert(), row)
            connection.execute(text("UPDATE account SET name = name"))
            connection.commit()
    finally:
        serving.dispose()
        with filled.app_context():
            db.session.execute(text(f"DROP OWNED BY {role}"))
            db.session.commit()
            assert guards.too_many_rights(db.session.connection()) == list(guards.NEVER_CHANGED)
            db.session.rollback()
        on_server(postgresql, f"DROP ROLE {role}")
