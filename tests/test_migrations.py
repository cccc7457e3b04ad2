"""Migrations go up, down and up on a database with cases in it, on each engine, and say the same as the models."""

from flask import Flask
from sqlalchemy import MetaData, inspect, text

from fundapp.db import Base, db
from tests.factories import on_day
from tests.factories.decisions import granted


def _tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def _queue_tables() -> set[str]:
    """The job queue's, which are the library's and stand on PostgreSQL alone."""
    names = ("events", "jobs", "periodic_defers", "workers") if db.engine.dialect.name == "postgresql" else ()
    return {f"procrastinate_{name}" for name in names}


def _left_of_the_queue() -> list[str]:
    """Functions and types of the queue that a way down forgot."""
    if db.engine.dialect.name != "postgresql":
        return []
    found = "SELECT proname FROM pg_proc WHERE starts_with(proname, 'procrastinate_')"
    found += " UNION SELECT typname FROM pg_type WHERE starts_with(typname, 'procrastinate_')"
    return list(db.session.scalars(text(found)))


def test_up_down_and_up_again_on_a_populated_database(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        granted()
        db.session.commit()
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].downgrade("base")
        db.session.commit()
        assert _tables() == {"alembic_version"}
        assert _left_of_the_queue() == []
    with app_on_both.app_context():
        app_on_both.extensions["alembic"].upgrade()
        assert _tables() == set(Base.metadata.tables) | {"alembic_version"} | _queue_tables()


def test_models_and_migrations_agree(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        assert app_on_both.extensions["alembic"].compare_metadata() == []


def test_the_database_keeps_every_rule_the_models_name(app_on_both: Flask) -> None:
    """Comparing metadata does not look at CHECKs, so they are counted in the database itself."""
    with app_on_both.app_context():
        kept = MetaData()
        kept.reflect(db.engine)
        for name, table in Base.metadata.tables.items():
            wanted = {c.name for c in table.constraints if c.__visit_name__ == "check_constraint"}
            found = {c["name"] for c in inspect(db.engine).get_check_constraints(name)}
            assert {str(n) for n in wanted} <= {str(n) for n in found}, name
