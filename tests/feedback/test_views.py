"""The accessibility statement, and what people write there."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.db import db
from fundapp.feedback.models import Feedback
from fundapp.languages import LANGUAGES
from fundapp.permissions import Role
from fundapp.web.limits import FEEDBACK
from tests.factories import on_day
from tests.factories.people import official
from tests.ground.apps import SignIn
from tests.ground.pages import token_of

PATH = "/en/accessibility"


def send(client: FlaskClient, **typed: str) -> tuple[int, str]:
    form = {"csrf_token": token_of(client), "text": "The menu does not open.", "page": "", "email": ""} | typed
    answer = client.post(PATH, data=form, follow_redirects=True)
    return answer.status_code, answer.text


def kept(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Feedback)) or 0


def test_every_page_leads_to_the_statement(client: FlaskClient) -> None:
    on_day()
    for code in LANGUAGES:
        for path in (f"/{code}/", f"/{code}/sign-in", f"/{code}/nowhere"):
            page = BeautifulSoup(client.get(path).text, "html.parser")
            assert page.select(f'footer a[href="/{code}/accessibility"]'), path
        words = client.get(f"/{code}/accessibility").text
        assert "2018:1937" in words
        assert "digg.se/tdosanmalan" in words


@pytest.mark.usefixtures("both_engines")
def test_what_is_written_is_kept_and_the_administrator_reads_it(
    app: Flask, client: FlaskClient, signed_in: SignIn
) -> None:
    on_day()
    with app.test_request_context():
        official(Role.ADMINISTRATOR, email="administrator@kommun.example")
        db.session.commit()
    status, page = send(client, text="لا أستطيع القراءة\n\u202eabc 😀", page="/ar/", email="Ali@Exempel.example")
    assert (status, kept(app)) == (200, 1)
    assert "We have received what you wrote." in page
    listed = BeautifulSoup(signed_in("administrator@kommun.example").get("/en/feedback").text, "html.parser")
    own = listed.select_one(".original")
    assert own is not None
    assert own["dir"] == "auto"
    assert own.get_text() == "لا أستطيع القراءة\nabc 😀"
    assert listed.select('a[href="mailto:ali@exempel.example"] bdi')


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"text": "  "}, "Write what does not work."),
        ({"text": "x" * 4001}, "Shorten the text to 4000 characters"),
        ({"email": "not an address"}, "Write an e-mail address"),
        ({"page": "p" * 301}, "Shorten the text to 300 characters"),
    ],
)
def test_what_cannot_be_taken_is_said_and_stays_on_the_page(
    app: Flask, client: FlaskClient, typed: dict[str, str], message: str
) -> None:
    on_day()
    status, page = send(client, **typed)
    assert (status, kept(app)) == (422, 0)
    assert message in page
    assert all(value.strip() in page for value in ({"text": "The menu does not open."} | typed).values())


def test_a_lost_reply_and_a_second_press_keep_one(app: Flask, client: FlaskClient) -> None:
    on_day()
    for _attempt in range(2):
        assert send(client)[0] == 200
    assert kept(app) == 1
    send(client, text="Something else.")
    assert kept(app) == 2


def test_whoever_writes_very_often_is_asked_to_wait_and_loses_nothing(app: Flask, client: FlaskClient) -> None:
    on_day()
    for number in range(FEEDBACK.address):
        assert send(client, text=f"Fault {number}.")[0] == 200
    status, page = send(client, text="One more fault.")
    assert (status, kept(app)) == (429, FEEDBACK.address)
    assert "One more fault." in page


def test_only_the_administrator_reads_the_list(app: Flask, signed_in: SignIn) -> None:
    on_day()
    assert signed_in("anybody@exempel.example").get("/en/feedback").status_code == 403
    assert app.test_client().get("/en/feedback").status_code == 302
