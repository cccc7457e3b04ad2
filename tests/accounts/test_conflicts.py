"""A declared conflict of interest hides the cases at once, and is ended by the one who declared it alone."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Account, Conflict
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.ground.pages import send

OLLE, ODA = "olle@kommun.example", "oda@kommun.example"
REASON = "Min syster sitter i styrelsen."


@pytest.fixture
def org(app: Flask) -> str:
    """The public id of an organisation with one registered application; two officials are there to handle it."""
    on_day()
    with app.test_request_context():
        amina = applicant("Amina Lindqvist", "amina@exempel.example")
        public_id = organisation(amina, name="Kalix Språkkafé").public_id
        registered(by=amina)
        official(Role.OFFICER, email=OLLE)
        official(Role.OFFICER, email=ODA)
        db.session.commit()
        return public_id


@pytest.fixture
def officer(org: str, signed_in: SignIn) -> FlaskClient:
    return signed_in(OLLE)


def _seen_by(app: Flask, email: str) -> int:
    with app.app_context():
        person = db.session.scalars(select(Account).where(Account.email == email)).one()
        return len(db.session.scalars(select(Application.id).where(visible_to(person))).all())


def test_a_declared_conflict_hides_the_cases_at_once_from_that_official_alone(
    app: Flask, officer: FlaskClient, org: str
) -> None:
    assert (_seen_by(app, OLLE), _seen_by(app, ODA)) == (1, 1)
    page = officer.get("/en/conflicts").text
    assert "Kalix Språkkafé, 802001-5577" in page
    assert send(officer, "/en/conflicts", {"organisation": org, "reason": REASON}).status_code == 302
    assert (_seen_by(app, OLLE), _seen_by(app, ODA)) == (0, 1)
    page = officer.get("/en/conflicts").text
    assert REASON in page
    assert "It has ended" in page
    assert f'value="{org}"' not in page  # it is no longer among those to choose from


def test_an_ended_conflict_shows_the_cases_again_and_stays_on_the_list(
    app: Flask, officer: FlaskClient, org: str
) -> None:
    send(officer, "/en/conflicts", {"organisation": org, "reason": REASON})
    with app.app_context():
        conflict = db.session.scalars(select(Conflict.public_id)).one()
    assert send(officer, f"/en/conflicts/{conflict}/end").status_code == 302
    assert _seen_by(app, OLLE) == 1
    page = officer.get("/en/conflicts").text
    assert REASON in page
    assert "It has ended" not in page
    with app.app_context():
        events = db.session.execute(
            select(HistoryEntry.event, Account.email)
            .join(Account, Account.id == HistoryEntry.account_id)
            .where(HistoryEntry.subject == "conflict")
            .order_by(HistoryEntry.id)
        ).all()
        assert [tuple(each) for each in events] == [("declare_conflict", OLLE), ("end_conflict", OLLE)]


def test_nobody_ends_or_sees_the_conflict_of_another(
    app: Flask, officer: FlaskClient, org: str, signed_in: SignIn
) -> None:
    send(officer, "/en/conflicts", {"organisation": org, "reason": REASON})
    with app.app_context():
        conflict = db.session.scalars(select(Conflict.public_id)).one()
    other = signed_in(ODA)
    assert send(other, f"/en/conflicts/{conflict}/end").status_code == 404
    assert REASON not in other.get("/en/conflicts").text
    assert _seen_by(app, OLLE) == 0


def test_a_conflict_needs_an_organisation_and_a_reason(app: Flask, officer: FlaskClient, org: str) -> None:
    page = send(officer, "/en/conflicts", {"organisation": "nobody", "reason": " "})
    assert page.status_code == 422
    assert "Choose the organisation." in page.text
    assert "Write why you must not handle this." in page.text
    page = send(officer, "/en/conflicts", {"organisation": org, "reason": ""})
    assert page.status_code == 422
    assert f'<option selected value="{org}">' in page.text
    assert _seen_by(app, OLLE) == 1


def test_a_conflict_covers_doubles_with_the_same_number(app: Flask, officer: FlaskClient, org: str) -> None:
    with app.test_request_context():
        registered(by=applicant("Bo Ek", "bo@exempel.example"))  # an organisation of his own, with the same number
        db.session.commit()
    assert _seen_by(app, OLLE) == 2
    send(officer, "/en/conflicts", {"organisation": org, "reason": REASON})
    assert _seen_by(app, OLLE) == 0


def test_who_has_only_a_draft_is_not_among_those_to_choose_from(app: Flask, officer: FlaskClient) -> None:
    with app.test_request_context():
        hopeful = applicant("Bo Ek", "bo@exempel.example")
        organisation(hopeful, name="Förening utan ansökan", org_number="5560360793")
        draft(by=hopeful)
        db.session.commit()
    assert "Förening utan ansökan" not in officer.get("/en/conflicts").text


def test_an_official_who_acts_for_an_applicant_needs_no_declaration(app: Flask, org: str, signed_in: SignIn) -> None:
    with app.app_context():
        official(Role.OFFICER, email="amina@exempel.example")
        db.session.commit()
    assert _seen_by(app, "amina@exempel.example") == 0
    assert "Kalix Språkkafé" not in signed_in("amina@exempel.example").get("/en/conflicts").text
