"""How many statements a page sends: a number that holds for two cases as for many, so that no list asks row by row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from fundapp.db import db
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import granted
from tests.factories.meetings import on_agenda, opened
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn

MOST = {
    "/sv/": 6,
    "/sv/cases": 3,
    "/sv/applications": 8,
    "case": 20,
    "sitting": 10,
}


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent within, but for what begins a transaction."""
    sent: list[str] = []

    def one(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", one)
    yield sent
    event.remove(engine, "before_cursor_execute", one)


def _grow(app: Flask, cases: int) -> tuple[str, str]:
    """`cases` more funded ones of one applicant, and as many on one agenda; gives a case's and the sitting's path."""
    on_day()
    with app.test_request_context():
        owner = applicant(email="amina@forening.example")
        if not owner.memberships:
            organisation(owner)
        secretary = official(Role.SECRETARY, email="secretary@kommun.example")
        officer = official(Role.OFFICER, email="officer@kommun.example")
        for _case in range(cases):
            decision = granted(by=owner, officer=officer, secretary=secretary)
        sitting = opened(secretary=secretary)
        for _case in range(cases):
            on_agenda(assessed(by=owner, officer=officer), secretary=secretary, meeting=sitting)
        paths = f"/sv/cases/{decision.application.public_id}", f"/sv/meetings/{sitting.public_id}"
        db.session.commit()
        return paths


@pytest.mark.parametrize("place", list(MOST))
def test_the_number_of_statements_does_not_follow_the_number_of_cases(
    app: Flask, signed_in: SignIn, place: str
) -> None:
    found = []
    for cases in (1, 3):
        case, sitting = _grow(app, cases)
        path = {"case": case, "sitting": sitting}.get(place, place)
        who = {"/sv/applications": "amina@forening.example", "sitting": "secretary@kommun.example"}
        client = app.test_client() if place == "/sv/" else signed_in(who.get(place, "officer@kommun.example"))
        with counted(app) as sent:
            assert client.get(path).status_code == 200
        found.append(len(sent))
    assert found[0] == found[1], "the page asks row by row"
    assert found[1] <= MOST[place], found


def test_the_start_page_is_kept_until_something_happens(app: Flask) -> None:
    _grow(app, 1)
    client = app.test_client()
    first = client.get("/sv/").text
    with counted(app) as sent:
        assert client.get("/sv/").text == first
    assert len(sent) <= 1
    with app.test_request_context():
        granted(by=applicant("Yusuf Berg", "yusuf@annan.example"), title="Alldeles ny")
        db.session.commit()
    assert "Alldeles ny" in client.get("/sv/").text
    assert client.get("/en/").text != first
