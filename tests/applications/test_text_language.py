"""An applicant may write in any language: it is asked once, kept with what was sent, and shown to who reads it."""

import pytest
from flask import Flask
from sqlalchemy import update

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, Submission
from fundapp.db import db
from fundapp.languages import OTHER_LANGUAGE
from fundapp.permissions import Role
from fundapp.record import guards
from tests.factories import on_day
from tests.factories.applications import draft, open_round
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    """The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()


ARABIC = "مقهى اللغة على ضفة النهر"


def _member(app: Flask) -> tuple[Account, dict[str, str]]:
    """A person with an organisation, and what starts an application for it."""
    with app.app_context():
        person = applicant()
        ours = organisation(person)
        chosen = {"offer": f"{open_round().id}-GRANT", "organisation": ours.public_id}
        db.session.commit()
        return person, chosen


def _only(app: Flask) -> str:
    with app.app_context():
        return db.session.query(Application).one().text_language


def test_the_language_of_the_page_is_proposed_and_another_can_be_chosen(app: Flask, signed_in: SignIn) -> None:
    person, chosen = _member(app)
    client = signed_in(person)
    assert '<option selected value="en">' in client.get("/en/applications/new").text
    assert client.post("/en/applications/new", data=chosen | {"text_language": "ti"}).status_code == 302
    assert _only(app) == "ti"


def test_a_page_that_does_not_ask_means_the_language_it_is_in(app: Flask, signed_in: SignIn) -> None:
    person, chosen = _member(app)
    signed_in(person).post("/fi/applications/new", data=chosen | {"text_language": "klingon"})
    assert _only(app) == "fi"


def test_the_language_can_be_named_anew_until_it_is_sent(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        application = draft()
        owner, place = application.created_by, f"/sv/applications/{application.public_id}/language"
        db.session.commit()
    client = signed_in(owner)
    assert client.post(place, data={"text_language": OTHER_LANGUAGE}).status_code == 302
    assert _only(app) == OTHER_LANGUAGE
    client.post(place.replace("language", "submit"))
    assert client.post(place, data={"text_language": "ar"}).status_code == 409
    assert _only(app) == OTHER_LANGUAGE


def test_the_copy_keeps_the_language_and_the_desk_reads_in_it(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        application = registered(title=ARABIC, text_language="ar")
        assert application.last_submission is not None
        assert application.last_submission.content["text_language"] == "ar"
        assert application.last_submission.content["language"] == "sv"
        officer, place = official(Role.OFFICER), f"/sv/cases/{application.public_id}"
        db.session.commit()
    page = signed_in(officer).get(place).text
    assert f'<div lang="ar" dir="auto"><p>{ARABIC}</p></div>' in page
    assert f'<h1 dir="auto" lang="ar">{ARABIC}</h1>' in page
    assert "العربية" in page


def test_a_copy_from_before_the_question_was_asked_is_in_the_language_of_its_form(
    app: Flask, signed_in: SignIn
) -> None:
    with app.app_context():
        application = registered(language="en")
        content = dict(application.last_submission.content)
        del content["text_language"]
        guards.take_down(db.session.connection())
        db.session.execute(update(Submission).values(content=content))
        officer, place = official(Role.OFFICER), f"/sv/cases/{application.public_id}"
        db.session.commit()
    assert '<div lang="en" dir="auto"><p>Språkkafé vid älven</p></div>' in signed_in(officer).get(place).text
