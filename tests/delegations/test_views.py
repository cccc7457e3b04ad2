"""The register's pages: what is typed stays where it is refused, and who has a conflict sees nothing of the case."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fundapp.accounts.actions import declare_conflict
from fundapp.db import db
from fundapp.permissions import Role
from tests.delegations.test_actions import a_point, decided
from tests.factories import on_day
from tests.factories.people import official
from tests.factories.registry import registered
from tests.ground.apps import SignIn

POINT = {
    "board": "KS",
    "number": "4.2",
    "what": "Godkänna redovisning",
    "delegate": "Utvecklingschef",
    "role": "OFFICER",
    "begins_on": "2017-01-01",
    "ends_on": "",
    "decided_by": "KS 2017-01-16 § 12",
}


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def as_role(app: Flask, signed_in: SignIn, role: Role) -> FlaskClient:
    with app.app_context():
        email = official(role, name=role.value).email
        db.session.commit()
    return signed_in(email)


@pytest.fixture
def officer(app: Flask, signed_in: SignIn) -> FlaskClient:
    return as_role(app, signed_in, Role.OFFICER)


def test_a_point_is_added_and_shown(app: Flask, signed_in: SignIn, officer: FlaskClient) -> None:
    secretary = as_role(app, signed_in, Role.SECRETARY)
    assert secretary.post("/sv/delegations/new", data=POINT).status_code == 302
    page = officer.get("/sv/delegations").text
    assert "Godkänna redovisning" in page
    twice = secretary.post("/sv/delegations/new", data=POINT | {"what": "Något annat"})
    assert twice.status_code == 409
    assert "Något annat" in twice.text


def test_a_decision_that_is_refused_keeps_what_was_typed(app: Flask, officer: FlaskClient) -> None:
    with app.app_context():
        point = a_point().public_id
        db.session.commit()
    typed = {
        "point": point,
        "board": "KS",
        "decided_on": "2016-12-31",
        "case": "",
        "subject": "Redovisning av språkkaféet",
        "decision": "Redovisningen godkänns.",
        "delegate_name": "Oskar Nyström",
        "delegate_title": "Utvecklingschef",
    }
    refused = officer.post("/sv/delegations/decisions/new", data=typed)
    assert refused.status_code == 409
    assert "Redovisning av språkkaféet" in refused.text
    assert officer.post("/sv/delegations/decisions/new", data=typed | {"case": "KS 1900:1"}).status_code == 422
    assert officer.post("/sv/delegations/decisions/new", data=typed | {"decided_on": "2017-03-01"}).status_code == 302
    assert "Del KS 2017:1" in officer.get("/sv/delegations/decisions?only=waiting").text


def test_who_has_a_conflict_sees_no_decision_in_the_case(app: Flask, signed_in: SignIn, officer: FlaskClient) -> None:
    with app.app_context():
        case = registered()
        decided(a_point(), application=case, subject="Kanariefågel", decided_on=date(2017, 3, 1))
        conflicted = official(Role.OFFICER, name="jävig")
        declare_conflict(by=conflicted, reason="Min bror är kassör.", organisation=case.organisation)
        email = conflicted.email
        db.session.commit()
    client = signed_in(email)
    assert "Kanariefågel" in officer.get("/sv/delegations/decisions").text
    assert "Kanariefågel" not in client.get("/sv/delegations/decisions").text
