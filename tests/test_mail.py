"""The outbox and what leaves it, by a real SMTP server."""

import io
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock, documents, mail, mail_cli
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.mail import Message, MessageStatus
from fundapp.outbox import send_waiting
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.people import applicant
from tests.ground.shared import free_port
from tests.ground.smtp import Postbox

TO = "amina@exempel.example"
ARABIC = "طلبك إلى صندوق الاندماج: 45 000 kr"


@pytest.fixture
def sender(settings: Settings, postbox: Postbox) -> Iterator[Flask]:
    """The app with the postbox as its mail server."""
    app = create_app(replace(settings, smtp_host=postbox.host, smtp_port=postbox.port))
    yield app
    with app.app_context():
        db.engine.dispose()


def _write(to: str = TO, subject: str = "Vi har fått din ansökan", papers: Iterable[Paper] = ()) -> Message:
    return mail.write(to=to, language="sv", subject=subject, body="Hej!\n\nVi har fått den.\n", papers=papers)


def _only() -> Message:
    return db.session.scalars(select(Message)).one()


def test_a_message_leaves_once_and_is_marked_as_sent(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        message_id = _write().message_id
        db.session.commit()
        assert send_waiting() == (1, 0)
        assert send_waiting() == (0, 0)
        kept = _only()
        assert (kept.status, kept.attempts, kept.fault) == (MessageStatus.SENT, 1, "")
        assert kept.sent_at is not None
    assert len(postbox.letters) == 1
    letter = postbox.letters[0]
    assert (letter.sender, letter.receivers) == ("bidrag@kommun.example", (TO,))
    assert letter.message["Message-ID"] == message_id
    assert letter.message["Subject"] == "Vi har fått din ansökan"
    assert letter.message["Content-Language"] == "sv"
    assert letter.message["Date"] is not None
    assert letter.message.get_content().splitlines() == ["Hej!", "", "Vi har fått den."]


def test_a_message_that_was_rolled_back_never_leaves(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        _write()
        db.session.rollback()
        assert send_waiting() == (0, 0)
    assert postbox.letters == []


def test_an_arabic_subject_and_body_come_out_as_they_were_written(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        mail.write(to=TO, language="ar", subject=ARABIC, body=f"{ARABIC}\n")
        db.session.commit()
        send_waiting()
    assert postbox.letters[0].message["Subject"] == ARABIC
    assert postbox.letters[0].message.get_content().splitlines() == [ARABIC]


@pytest.mark.parametrize("planted", ["\n", "\r\n", "\r", "\u2028"])
def test_a_line_break_in_the_subject_opens_no_second_header(sender: Flask, postbox: Postbox, planted: str) -> None:
    with sender.app_context():
        _write(subject=f"Hej{planted}Bcc: evil@evil.example")
        db.session.commit()
        assert send_waiting() == (1, 0)
    letter = postbox.letters[0]
    assert letter.message["Subject"] == "Hej Bcc: evil@evil.example"
    assert letter.message["Bcc"] is None
    assert letter.receivers == (TO,)


def test_a_paper_goes_along_as_a_pdf_that_opens(sender: Flask, postbox: Postbox) -> None:
    on_day()
    with sender.test_request_context():
        application = submitted(by=applicant("Amina Lindqvist", TO))
        copy = application.submissions[0].paper
        paper = documents.draw_up(copy.template, copy.content, file_name="Ansökan § 45.pdf")
        _write(papers=[paper])
        db.session.commit()
        send_waiting()
        drawn = documents.pdf(paper)
    (enclosed,) = postbox.letters[-1].message.iter_attachments()
    assert enclosed.get_content_type() == "application/pdf"
    assert enclosed.get_filename() == "Ansökan § 45.pdf"
    content = enclosed.get_content()
    assert content == drawn
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(io.BytesIO(content)))
    assert "Språkkafé vid älven" in text


def test_a_refused_receiver_is_marked_with_the_fault_and_holds_up_nobody(sender: Flask, postbox: Postbox) -> None:
    postbox.refused.add("gone@exempel.example")
    with sender.app_context():
        _write(to="gone@exempel.example")
        _write()
        db.session.commit()
        assert send_waiting() == (1, 1)
        gone, arrived = db.session.scalars(select(Message).order_by(Message.id)).all()
        assert (gone.status, gone.attempts, gone.sent_at) == (MessageStatus.FAILED, 1, None)
        assert "No such mailbox here" in gone.fault
        assert arrived.status is MessageStatus.SENT
        assert send_waiting() == (0, 0)  # what is refused for good is not tried again by itself
    assert [letter.receivers for letter in postbox.letters] == [(TO,)]


def test_where_the_server_is_down_mail_waits_and_leaves_with_the_same_id_when_it_is_up(
    settings: Settings, postbox: Postbox
) -> None:
    down = create_app(replace(settings, smtp_host="127.0.0.1", smtp_port=free_port()))
    with down.app_context():
        message_id = _write().message_id
        db.session.commit()
        assert send_waiting() == (0, 1)
        assert (_only().status, _only().attempts) == (MessageStatus.WAITING, 1)
        assert "refused" in _only().fault
        assert send_waiting() == (0, 0)  # not before its time
    up = create_app(replace(settings, smtp_host=postbox.host, smtp_port=postbox.port))
    with up.app_context(), clock.at(clock.now() + timedelta(minutes=1)):
        assert send_waiting() == (1, 0)
        assert (_only().status, _only().attempts, _only().fault) == (MessageStatus.SENT, 2, "")
    assert [letter.message["Message-ID"] for letter in postbox.letters] == [message_id]


def test_without_a_mail_server_everything_waits(app: Flask) -> None:
    with app.app_context():
        _write()
        db.session.commit()
        assert send_waiting() == (0, 0)
        assert (_only().status, _only().attempts) == (MessageStatus.WAITING, 0)


def test_the_demo_sends_nothing_even_with_a_mail_server(settings: Settings, postbox: Postbox) -> None:
    shown = replace(settings, is_demo=True, demo_date=date(2017, 3, 6), smtp_host=postbox.host, smtp_port=postbox.port)
    with create_app(shown).app_context():
        _write()
        db.session.commit()
        assert send_waiting() == (0, 0)
        assert (_only().status, _only().attempts) == (MessageStatus.WAITING, 0)
    assert postbox.letters == []


def test_a_message_that_cannot_be_made_holds_up_nobody(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        _write(papers=[documents.draw_up("no/such/template.typ", {}, file_name="x.pdf")])
        _write()
        db.session.commit()
        assert send_waiting() == (1, 1)
        statuses = db.session.scalars(select(Message.status).order_by(Message.id)).all()
        assert statuses == [MessageStatus.FAILED, MessageStatus.SENT]


def test_every_message_has_an_id_of_its_own(app: Flask) -> None:
    with app.app_context():
        ids = {_write().message_id for _number in range(20)}
        assert len(ids) == 20
        assert all(each.endswith("@kommun.example>") for each in ids)


def test_mail_leaves_oldest_first_and_no_more_than_was_asked_for(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        for number in range(3):
            _write(subject=f"Brev {number}")
        db.session.commit()
        assert send_waiting(limit=2) == (2, 0)
    assert [letter.message["Subject"] for letter in postbox.letters] == ["Brev 0", "Brev 1"]


@pytest.mark.usefixtures("both_engines")
def test_two_senders_at_once_send_each_message_once(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        for number in range(8):
            _write(subject=f"Brev {number}")
        db.session.commit()
    start = threading.Barrier(2)
    found: list[tuple[int, int]] = []

    def run() -> None:
        with sender.app_context():
            start.wait()
            found.append(send_waiting())

    threads = [threading.Thread(target=run) for _sender in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent for sent, _failed in found) == 8
    assert sum(failed for _sent, failed in found) == 0
    assert sorted(letter.message["Subject"] for letter in postbox.letters) == [f"Brev {n}" for n in range(8)]


def test_the_command_says_how_many_left_and_fails_where_one_did_not(sender: Flask, postbox: Postbox) -> None:
    postbox.refused.add("gone@exempel.example")
    with sender.app_context():
        _write()
        db.session.commit()
    runner = sender.test_cli_runner()
    good = runner.invoke(mail_cli.mail, ["send"])
    assert (good.exit_code, good.output) == (0, "1 sent, 0 not sent\n")
    with sender.app_context():
        _write(to="gone@exempel.example")
        db.session.commit()
    bad = runner.invoke(mail_cli.mail, ["send"])
    assert (bad.exit_code, bad.output) == (1, "0 sent, 1 not sent\n")
