"""What `make run` loads: run twice nothing doubles, everybody is there, and outside the demo nothing of it is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.actions import account_by_email
from fundapp.accounts.memberships import rights_of
from fundapp.app import create_app
from fundapp.applications import signing
from fundapp.applications.models import Application
from fundapp.applications.queries import title_of
from fundapp.assessments import translations
from fundapp.config import DEFAULT_DEMO_DATE, Settings
from fundapp.db import Base, db
from fundapp.demo.cli import demo
from fundapp.demo.people import PEOPLE
from fundapp.funds.queries import ledger_faults
from fundapp.messages.models import CaseMessage
from fundapp.permissions import Role
from fundapp.projects.models import ChangeRequest
from fundapp.workflow import ApplicationStatus


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


def test_the_demo_shows_people_signatures_translation_messages_and_what_waits(shown: Flask) -> None:
    assert shown.test_cli_runner().invoke(demo).exit_code == 0
    with shown.app_context():
        karin = account_by_email("karin@sprak.example")
        assert karin is not None
        assert [str(rights_of(row)) for row in karin.memberships] == ["edit"]
        half_signed = _titled("Cirkus på lovet", ApplicationStatus.DRAFT)
        assert [each.state for each in signing.signers(half_signed)] == ["asked", "confirmed"]
        assert half_signed.attachments == []
        library = _titled("Läs tillsammans på biblioteket", ApplicationStatus.GRANTED)
        assert library.last_submission is not None
        assert len(library.last_submission.content["signing"]["confirmations"]) == 2
        sewing = _titled("خياطة وحديث", ApplicationStatus.SUBMITTED)
        assert (sewing.text_language, len(translations.all_of(sewing))) == ("ar", 5)
        unread = select(CaseMessage.is_from_applicant).where(CaseMessage.read_at.is_(None))
        assert sorted(db.session.scalars(unread)) == [False, True]
        assert db.session.scalars(select(ChangeRequest.decided_at)).all() == [None]
        late = db.session.scalars(select(Application).where(Application.is_late)).one()
        assert late.status is ApplicationStatus.DISMISSED


def _titled(title: str, status: ApplicationStatus) -> Application:
    """The one with the title, that of a draft being in its answers alone."""
    found = db.session.scalars(select(Application).where(Application.status == status)).all()
    return next(each for each in found if title_of(each) == title)
