"""Migrations go up, down and up on a database with cases in it, on each engine, and say the same as the models."""

from flask import Flask
from sqlalchemy import MetaData, inspect

from fundapp.app import alembic
from fundapp.db import Base, db
from tests.factories import on_day
from tests.factories.decisions import granted


def test_up_down_and_up_again_on_a_populated_database(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        granted()
        db.session.commit()
    with app_on_both.app_context():
        alembic.downgrade("base")
        db.session.commit()
        left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
        assert left == set()
    with app_on_both.app_context():
        alembic.upgrade()
        assert set(inspect(db.engine).get_table_names()) == set(Base.metadata.tables) | {"alembic_version"}


def test_models_and_migrations_agree(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        assert alembic.compare_metadata() == []


def test_the_database_keeps_every_rule_the_models_name(app_on_both: Flask) -> None:
    """Comparing metadata does not look at CHECKs, so they are counted in the database itself."""
    with app_on_both.app_context():
        kept = MetaData()
        kept.reflect(db.engine)
        for name, table in Base.metadata.tables.items():
            wanted = {c.name for c in table.constraints if c.__visit_name__ == "check_constraint"}
            found = {c["name"] for c in inspect(db.engine).get_check_constraints(name)}
            assert {str(n) for n in wanted} <= {str(n) for n in found}, name
