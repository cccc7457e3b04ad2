"""The list gives no case to somebody who must not yet read what its officer thinks, and says which and why."""

from flask import Flask
from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.reviews import actions as reviewing
from tests.factories import on_day
from tests.factories.assessments import under_assessment
from tests.factories.people import official
from tests.factories.reviews import written
from tests.ground.apps import SignIn

OFFICERS_OWN = "Handläggaren lutar åt bifall."


def test_who_is_asked_for_an_own_assessment_gets_the_other_cases_alone(app: Flask, signed_in: SignIn) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        oskar, olga = official(Role.OFFICER, name="Oskar Nyström"), official(Role.OFFICER, name="Olga Henriksson")
        asked, free = under_assessment(officer=oskar, title="Frågad"), under_assessment(officer=oskar, title="Fri")
        reviewing.ask(asked, [olga], by=oskar)
        written(asked, by=oskar, text=OFFICERS_OWN)
        db.session.commit()
        email, key, rows = olga.email, olga.public_id, [asked.public_id, free.public_id]
        expected = {"Frågad": oskar.id, "Fri": olga.id}
    client = signed_in(email)
    answer = client.post("/en/cases/assign", data={"case": rows, "officer": key, "which": "chosen"})
    assert "Olga Henriksson is asked for an assessment of their own" in answer.text
    assert "Frågad" in answer.text
    assert OFFICERS_OWN not in client.get(f"/en/cases/{rows[0]}").text
    with app.app_context():
        found = db.session.execute(select(Application.title, Application.officer_id)).all()
        assert {row.title: row.officer_id for row in found} == expected
