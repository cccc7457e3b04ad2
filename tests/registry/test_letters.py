"""Letters that failed: counted on the desk, listed with what the server said, sent again by a button."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import ask_to_sign_in, declare_conflict
from fundapp.app import create_app
from fundapp.applications.models import Application
from fundapp.config import Settings
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message, MessageStatus
from fundapp.outbox import send_waiting
from fundapp.permissions import Role
from fundapp.registry import actions
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.people import official
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.ground.smtp import Postbox

FAULT = "550 5.1.1 No such mailbox here"


@contextmanager
def made(app: Flask) -> Iterator[None]:
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


def failed(application: Application, status: MessageStatus = MessageStatus.FAILED) -> Message:
    """A letter of the application's that its receiver's server refused."""
    letter = db.session.scalars(select(Message).where(Message.thread == application.thread)).first()
    assert letter is not None
    letter.status, letter.fault, letter.attempts = status, FAULT, 1
    return letter


def texts(html: str, selector: str) -> list[str]:
    return [" ".join(tag.get_text(" ").split()) for tag in BeautifulSoup(html, "html.parser").select(selector)]


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.OFFICER])
def test_a_failed_letter_is_counted_on_the_desk_and_listed_with_its_fault(
    app: Flask, signed_in: SignIn, role: Role
) -> None:
    with made(app):
        who = official(role)
        letter = failed(registered())
        to, subject = letter.to, letter.subject
        registered()
    client = signed_in(who)
    desk = BeautifulSoup(client.get("/en/desk").text, "html.parser")
    (task,) = [t for t in desk.select(".task") if "Letters that failed" in t.text]
    assert task.select_one(".tag").get_text(strip=True) == "1"
    page = client.get(task.select_one("a")["href"])
    (row,) = texts(page.text, "tbody tr")
    assert to in row
    assert subject in row
    assert FAULT in row


def test_a_letter_that_is_still_tried_is_listed_apart_and_not_counted(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        failed(registered(), MessageStatus.WAITING)
    client = signed_in(who)
    assert "Letters that failed" not in " ".join(texts(client.get("/en/desk").text, ".task"))
    page = client.get("/en/letters").text
    assert "No letter has failed." in page
    assert "Still being tried" in page


def test_send_again_sends_the_same_letter_and_the_case_tells_of_it(
    settings: Settings, postbox: Postbox, app: Flask, signed_in: SignIn
) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        application = registered()
        letter = failed(application)
        public_id, message_id, case = letter.public_id, letter.message_id, application.public_id
    client = signed_in(who)
    answer = client.post(f"/en/letters/{public_id}/send-again")
    assert (answer.status_code, answer.location) == (302, "/en/letters")
    with app.app_context():
        kept = db.session.scalars(select(Message).where(Message.public_id == public_id)).one()
        assert (kept.status, kept.message_id) == (MessageStatus.WAITING, message_id)
        entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "send_again")).one()
        assert entry.thread == case
    page = client.get(f"/en/cases/{case}").text
    assert "Sent a letter again that had failed" in page
    sender = create_app(replace(settings, smtp_host=postbox.host, smtp_port=postbox.port))
    with sender.app_context():
        send_waiting()
        db.engine.dispose()
    assert message_id in [letter.message["Message-ID"] for letter in postbox.letters]


def test_a_letter_that_has_left_is_not_sent_again(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        letter = failed(registered())
        letter.status, letter.sent_at = MessageStatus.SENT, clock.now()
        public_id = letter.public_id
    assert signed_in(who).post(f"/en/letters/{public_id}/send-again").status_code == 409
    with app.app_context():
        assert db.session.scalars(select(Message.status).where(Message.public_id == public_id)).one() is (
            MessageStatus.SENT
        )


def test_a_conflict_hides_the_letter_from_list_count_and_button(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        application = registered()
        public_id = failed(application).public_id
        declare_conflict(by=who, reason="Min bror är kassör.", organisation=application.organisation)
    client = signed_in(who)
    assert "Letters that failed" not in " ".join(texts(client.get("/en/desk").text, ".task"))
    assert texts(client.get("/en/letters").text, "tbody tr") == []
    assert client.post(f"/en/letters/{public_id}/send-again").status_code == 404


def test_mail_that_signs_somebody_in_is_never_listed(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        ask_to_sign_in("nobody@exempel.example")
        letter = db.session.scalars(select(Message)).one()
        letter.status, letter.fault = MessageStatus.FAILED, FAULT
        public_id = letter.public_id
    client = signed_in(who)
    assert texts(client.get("/en/letters").text, "tbody tr") == []
    assert client.post(f"/en/letters/{public_id}/send-again").status_code == 404


def test_the_action_itself_asks_for_the_right(app: Flask) -> None:
    with made(app):
        application = registered()
        letter = failed(application)
        with pytest.raises(NotAllowed):
            actions.send_again(letter, application, by=official(Role.SECRETARY))
        letter.status, letter.sent_at = MessageStatus.SENT, clock.now()
        with pytest.raises(StepNotPossible):
            actions.send_again(letter, application, by=official(Role.OFFICER))
