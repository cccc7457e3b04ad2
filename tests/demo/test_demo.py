"""What `make run` loads: run twice nothing doubles, everybody is there, and outside the demo nothing of it is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.actions import account_by_email
from fundapp.app import create_app
from fundapp.config import DEFAULT_DEMO_DATE, Settings
from fundapp.db import Base, db
from fundapp.demo.cli import demo
from fundapp.demo.people import PEOPLE
from fundapp.funds.queries import ledger_faults
from fundapp.permissions import Role


@pytest.fixture
def shown(settings: Settings) -> Iterator[Flask]:
    """The app as the demo."""
    app = create_app(replace(settings, is_demo=True, demo_date=DEFAULT_DEMO_DATE))
    yield app
    with app.app_context():
        db.engine.dispose()


def _rows(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {
            table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.usefixtures("both_engines")
def test_the_demo_loaded_twice_doubles_nothing_and_shows_every_role(shown: Flask) -> None:
    first = shown.test_cli_runner().invoke(demo)
    rows = _rows(shown)
    again = shown.test_cli_runner().invoke(demo)
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert first.output == again.output
    assert _rows(shown) == rows
    assert all(person.email in first.output for person in PEOPLE)
    with shown.app_context():
        roles = [role for person in PEOPLE if (found := account_by_email(person.email)) for role in found.roles]
        assert set(roles) == set(Role) - {Role.APPLICANT}
        assert roles.count(Role.OFFICER) == 2
        assert ledger_faults(db.session) == []


def test_the_demos_pages_are_there_in_the_demo_alone(shown: Flask, client: FlaskClient) -> None:
    for path in ("/demo/mail", "/demo/clock"):
        assert shown.test_client().get(path).status_code == 200
        assert client.get(path).status_code == 404


def test_the_demo_is_not_loaded_where_it_is_off(app: Flask) -> None:
    rows = _rows(app)
    refused = app.test_cli_runner().invoke(demo)
    assert refused.exit_code != 0
    assert "FUNDAPP_DEMO=1" in refused.output
    assert _rows(app) == rows
