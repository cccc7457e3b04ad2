"""Blind until all are sent: nobody reads what others think and then changes what they sent themself."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments.assigning import assign
from fundapp.db import db
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.reviews import actions
from fundapp.reviews.falling import stays_blind
from fundapp.reviews.models import Review
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import under_assessment
from tests.factories.people import official
from tests.factories.reviews import sent, written
from tests.ground.apps import SignIn
from tests.ground.pages import send

OSKAR, OLGA, RUT, SIV = (f"{name}@kommun.example" for name in ("oskar", "olga", "rut", "siv"))
OFFICERS_OWN = "Handläggaren lutar åt bifall."


def person(email: str) -> Account:
    return db.session.scalars(select(Account).where(Account.email == email)).one()


def case() -> Application:
    return db.session.scalars(select(Application)).one()


@contextmanager
def within(app: Flask) -> Iterator[None]:
    with app.test_request_context(), speaking("en"):
        yield
        db.session.commit()


@pytest.fixture
def place(app: Flask) -> str:
    """The case's path: Oskar is its officer and has written, Olga and Rut are asked; Siv is nobody's yet."""
    on_day()
    with within(app):
        oskar, olga, rut, _siv = (official(Role.OFFICER, name=email, email=email) for email in (OSKAR, OLGA, RUT, SIV))
        application = under_assessment(officer=oskar)
        actions.ask(application, [olga, rut], by=oskar)
        written(application, by=oskar, text=OFFICERS_OWN)
        return f"/en/cases/{application.public_id}"


def live(email: str) -> Review:
    return next(each for each in actions.live_reviews(case()) if each.assessor.email == email)


def test_who_has_sent_does_not_read_the_officers_before_all_have(app: Flask, place: str, signed_in: SignIn) -> None:
    with within(app):
        sent(case(), by=person(OLGA))
    olga = signed_in(OLGA)
    for page in (place, f"{place}/second-look"):
        assert OFFICERS_OWN not in olga.get(page).text
    for page in ("assessment", "officers-report"):
        answer = olga.get(f"{place}/{page}")
        assert (answer.status_code, OFFICERS_OWN in answer.text) == (409, False)
    assert "when everybody who is asked has sent theirs" in olga.get(place).text
    assert "Open it again" in olga.get(f"{place}/own-assessment").text
    assert send(olga, f"{place}/own-assessment/open", {}).status_code == 302
    with within(app):
        sent(case(), by=person(OLGA))
        sent(case(), by=person(RUT))
    assert OFFICERS_OWN in olga.get(place).text
    assert "Open it again" not in olga.get(f"{place}/own-assessment").text
    assert send(olga, f"{place}/own-assessment/open", {}).status_code == 409


def test_who_has_read_the_others_does_not_open_their_own_by_asking_one_more(
    app: Flask, place: str, signed_in: SignIn
) -> None:
    with within(app):
        sent(case(), by=person(OLGA))
        sent(case(), by=person(RUT))
        actions.ask(case(), [person(SIV)], by=person(OLGA))
        with pytest.raises(StepNotPossible, match="asked after you sent"):
            actions.open_again(case(), by=person(OLGA))
    olga = signed_in(OLGA)
    assert "Open it again" not in olga.get(f"{place}/own-assessment").text
    assert OFFICERS_OWN not in olga.get(place).text


@pytest.mark.usefixtures("place")
def test_nobody_is_blind_who_was_let_off_and_is_asked_anew(app: Flask) -> None:
    with within(app):
        olga = person(OLGA)
        actions.withdraw(live(OLGA), reason="Hinner inte.", by=olga)
        assert not stays_blind(case(), olga)
        actions.ask(case(), [olga], by=olga)
        assert (live(OLGA).is_blind, live(RUT).is_blind) == (False, True)
        assert stays_blind(case(), olga)


@pytest.mark.usefixtures("place")
def test_nobody_is_blind_who_is_asked_beside_one_who_was_asked_late(app: Flask) -> None:
    with within(app):
        oskar = person(OSKAR)
        sent(case(), by=person(OLGA))
        actions.close(case(), reason="Tiden är ute.", by=oskar)
        actions.ask(case(), [person(RUT)], by=oskar)
        actions.ask(case(), [person(SIV)], by=oskar)
        assert [live(email).is_blind for email in (OLGA, RUT, SIV)] == [True, False, False]


@pytest.mark.usefixtures("place")
def test_who_waits_for_an_own_assessment_is_not_made_the_officer(app: Flask) -> None:
    with within(app):
        oskar, olga = person(OSKAR), person(OLGA)
        for _time in range(2):
            with pytest.raises(StepNotPossible, match="asked for an assessment of their own"):
                assign(case(), olga, by=olga)
            if live(OLGA).sent_at is None:
                sent(case(), by=olga)
        assign(case(), person(SIV), by=oskar)
        sent(case(), by=person(RUT))
        assign(case(), olga, by=oskar)
        assert case().officer_id == olga.id
