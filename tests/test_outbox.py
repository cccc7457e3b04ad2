"""The outbox and servers that are gone, busy, slow or hang up: nothing is lost, nothing leaves out of order."""

import errno
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from smtplib import (
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

import pytest
import typst
from flask import Flask
from sqlalchemy import func, select, update

from fundapp import clock, documents, mail, smtp
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.mail import Message, MessageStatus
from fundapp.outbox import CLAIM_LASTS, TRIED_FOR, pause_after, send_waiting
from fundapp.smtp import MOST_PER_LINE, Answer, meaning
from tests.ground.shared import free_port
from tests.ground.smtp import Certificate, Postbox, serving

TO = "amina@exempel.example"
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def sender(settings: Settings, postbox: Postbox) -> Iterator[Flask]:
    """The app with the postbox as its mail server."""
    app = create_app(replace(settings, smtp_host=postbox.host, smtp_port=postbox.port))
    yield app
    with app.app_context():
        db.engine.dispose()


def _write(subject: str = "Brev", to: str = TO, thread: str = "") -> str:
    """A message that is kept; gives its Message-ID."""
    message = mail.write(to=to, language="sv", subject=subject, body="Hej!\n", thread=thread)
    db.session.commit()
    return message.message_id


def _statuses() -> list[MessageStatus]:
    db.session.rollback()
    return list(db.session.scalars(select(Message.status).order_by(Message.id)))


def _subjects(box: Postbox) -> list[str]:
    return [str(letter.message["Subject"]) for letter in box.letters]


def test_the_pauses_grow_from_a_minute_to_an_hour() -> None:
    assert [pause_after(n).total_seconds() / 60 for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_after(10_000) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (SMTPRecipientsRefused({TO: (550, b"no")}), Answer.REFUSED),
        (SMTPRecipientsRefused({TO: (451, b"later")}), Answer.NOT_NOW),
        (SMTPRecipientsRefused({TO: (421, b"busy")}), Answer.BROKEN),
        (SMTPDataError(554, b"no"), Answer.REFUSED),
        (SMTPDataError(452, b"full"), Answer.NOT_NOW),
        (SMTPSenderRefused(552, b"too large", "us"), Answer.REFUSED),
        (SMTPSenderRefused(550, b"who are you", "us"), Answer.NO_SERVER),
        (SMTPSenderRefused(530, b"sign in first", "us"), Answer.NO_SERVER),
        (SMTPSenderRefused(451, b"later", "us"), Answer.NOT_NOW),
        (SMTPNotSupportedError("SMTPUTF8"), Answer.REFUSED),
        (SMTPServerDisconnected("gone"), Answer.BROKEN),
        (TimeoutError("slow"), Answer.BROKEN),
    ],
)
def test_each_answer_is_read_for_what_it_means(fault: Exception, answer: Answer) -> None:
    assert meaning(fault) is answer


@pytest.mark.usefixtures("both_engines")
def test_a_full_mailbox_is_tried_again_later_and_later_until_it_takes_the_letter(
    sender: Flask, postbox: Postbox
) -> None:
    postbox.busy.add(TO)
    with sender.app_context():
        kept = _write()
        for _try in range(3):
            message = db.session.scalars(select(Message)).one()
            before = message.next_try_at
            db.session.rollback()
            with clock.at(before + timedelta(seconds=1)):
                assert send_waiting() == (0, 1)
                assert send_waiting() == (0, 0)
        message = db.session.scalars(select(Message)).one()
        assert (message.status, message.attempts) == (MessageStatus.WAITING, 3)
        assert message.fault == "451 4.2.2 Try again later"
        assert message.next_try_at - before > 3 * MINUTE
        postbox.busy.clear()
        db.session.rollback()
        with clock.at(clock.now() + DAY):
            assert send_waiting() == (1, 0)
    assert [letter.message["Message-ID"] for letter in postbox.letters] == [kept]


def test_what_is_refused_for_now_for_four_days_has_failed(sender: Flask, postbox: Postbox) -> None:
    postbox.busy.add(TO)
    with sender.app_context():
        _write()
        send_waiting()
        with clock.at(clock.now() + TRIED_FOR - timedelta(hours=1)):
            send_waiting()
            assert _statuses() == [MessageStatus.WAITING]
        with clock.at(clock.now() + TRIED_FOR + timedelta(hours=1)):
            send_waiting()
            assert _statuses() == [MessageStatus.FAILED]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), MessageStatus.WAITING),
        (MemoryError(), MessageStatus.WAITING),
        (ValueError("no such paper"), MessageStatus.FAILED),
    ],
)
def test_a_letter_that_could_not_be_drawn_for_a_moment_is_tried_again(
    sender: Flask, postbox: Postbox, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: MessageStatus
) -> None:
    def refuse(_message: Message) -> None:
        raise fault

    with sender.app_context():
        _write()
        with monkeypatch.context() as full:
            full.setattr(smtp, "as_email", refuse)
            assert send_waiting() == (0, 1)
        assert _statuses() == [status]
        with clock.at(clock.now() + MINUTE):
            send_waiting()
    assert len(postbox.letters) == (status is MessageStatus.WAITING)


def test_too_many_open_files_are_no_fault_of_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    told = "failed to load file (Too many open files (os error 24))"

    def refuse(*_args: object, **_choices: object) -> bytes:
        raise typst.TypstError(told)

    monkeypatch.setattr(documents, "_compile", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        documents.compile_pdf("reports/documents/mail.typ", {}, clock.now())
    told = "the template cannot take this"
    with pytest.raises(typst.TypstError):
        documents.compile_pdf("reports/documents/mail.typ", {}, clock.now())


def test_a_server_that_is_gone_for_a_week_costs_no_letter(settings: Settings, postbox: Postbox) -> None:
    """Only one letter is tried at each sweep; the others are not blamed, and nothing ever fails for it."""
    down = create_app(replace(settings, smtp_host="127.0.0.1", smtp_port=free_port()))
    with down.app_context():
        kept = [_write(f"Brev {n}") for n in range(5)]
        start = clock.now()
        for day in range(8):
            with clock.at(start + day * DAY):
                assert send_waiting() == (0, 1)
        assert list(db.session.scalars(select(Message.attempts).order_by(Message.id))) == [8, 0, 0, 0, 0]
        assert set(_statuses()) == {MessageStatus.WAITING}
    up = create_app(replace(settings, smtp_host=postbox.host, smtp_port=postbox.port))
    with up.app_context(), clock.at(clock.now() + 8 * DAY):
        assert send_waiting() == (5, 0)
    assert [letter.message["Message-ID"] for letter in postbox.letters] == kept


def test_a_line_that_breaks_after_the_text_loses_nothing(sender: Flask, postbox: Postbox) -> None:
    postbox.hangs_up = 1
    with sender.app_context():
        kept = [_write(f"Brev {n}") for n in range(3)]
        assert send_waiting() == (2, 1)
        with clock.at(clock.now() + 2 * MINUTE):
            assert send_waiting() == (1, 0)
    assert sorted(str(letter.message["Message-ID"]) for letter in postbox.letters) == sorted(kept)


def test_the_one_way_to_arrive_twice_is_a_line_that_breaks_before_the_answer(sender: Flask, postbox: Postbox) -> None:
    postbox.hangs_up, postbox.keeps_then = 1, True
    with sender.app_context():
        kept = _write()
        assert send_waiting() == (0, 1)
        with clock.at(clock.now() + 2 * MINUTE):
            assert send_waiting() == (1, 0)
            assert send_waiting() == (0, 0)
    assert [letter.message["Message-ID"] for letter in postbox.letters] == [kept, kept]


def test_a_server_that_always_hangs_up_is_left_alone_after_three(sender: Flask, postbox: Postbox) -> None:
    postbox.hangs_up = 100
    with sender.app_context():
        for _letter in range(10):
            _write()
        assert send_waiting() == (0, 3)
        assert _statuses() == [MessageStatus.WAITING] * 10


def test_letters_of_a_case_keep_their_order_and_other_cases_do_not_wait(sender: Flask, postbox: Postbox) -> None:
    postbox.busy.add("full@exempel.example")
    with sender.app_context():
        _write("Ett", to="full@exempel.example", thread="caseone")
        _write("Två", thread="caseone")
        _write("Annan", thread="casetwo")
        _write("Inloggning")
        assert send_waiting() == (2, 1)
        assert _subjects(postbox) == ["Annan", "Inloggning"]
        postbox.busy.clear()
        with clock.at(clock.now() + 2 * MINUTE):
            assert send_waiting() == (2, 0)
    assert _subjects(postbox) == ["Annan", "Inloggning", "Ett", "Två"]


def test_a_letter_that_failed_holds_up_no_later_one_of_its_case(sender: Flask, postbox: Postbox) -> None:
    postbox.refused.add("gone@exempel.example")
    with sender.app_context():
        _write("Ett", to="gone@exempel.example", thread="caseone")
        _write("Två", thread="caseone")
        assert send_waiting() == (1, 1)
    assert _subjects(postbox) == ["Två"]


@pytest.mark.usefixtures("both_engines")
def test_a_claim_of_a_sender_that_died_is_taken_again_when_its_time_is_over(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        kept = _write(thread="caseone")
        _write("Två", thread="caseone")
        db.session.execute(
            update(Message)
            .where(Message.message_id == kept)
            .values(status=MessageStatus.SENDING, claimed_at=clock.now())
        )
        db.session.commit()
        assert send_waiting() == (0, 0)  # somebody may be at it, and the second letter waits for the first
        with clock.at(clock.now() + CLAIM_LASTS + MINUTE):
            assert send_waiting() == (2, 0)
    assert postbox.letters[0].message["Message-ID"] == kept
    assert len(postbox.letters) == 2


def test_no_transaction_is_open_while_the_server_thinks(sender: Flask, postbox: Postbox) -> None:
    """On SQLite an open one would stop everybody who writes."""
    postbox.pause = 0.5
    with sender.app_context():
        _write()

        def write_meanwhile() -> float:
            with sender.app_context():
                while not db.session.scalar(select(func.count()).where(Message.status == MessageStatus.SENDING)):
                    db.session.rollback()
                began = time.monotonic()
                db.session.rollback()
                _write("Annan")
                return time.monotonic() - began

        with ThreadPoolExecutor(1) as pool:
            took = pool.submit(write_meanwhile)
            assert send_waiting(limit=1) == (1, 0)
            assert took.result() < 0.4


def test_one_line_carries_many_letters_and_is_renewed(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        for _letter in range(MOST_PER_LINE + 1):
            _write()
        assert send_waiting() == (MOST_PER_LINE + 1, 0)
    assert postbox.connections == 2


@pytest.mark.slow
@pytest.mark.usefixtures("both_engines")
def test_five_hundred_letters_leave_in_a_minute(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        for number in range(500):
            mail.write(to=TO, language="sv", subject=f"Brev {number}", body="Hej!\n", thread=f"case{number % 200}")
        db.session.commit()
        began = time.monotonic()
        assert send_waiting() == (500, 0)
        assert time.monotonic() - began < 60
    assert len({letter.message["Message-ID"] for letter in postbox.letters}) == len(postbox.letters) == 500


# --- TLS --------------------------------------------------------------------------------------------------------


def _told_over(settings: Settings, box: Postbox, **choices: object) -> tuple[tuple[int, int], str]:
    app = create_app(replace(settings, smtp_host="localhost", smtp_port=box.port, **choices))
    with app.app_context():
        _write()
        found = send_waiting()
        told = db.session.scalars(select(Message.fault)).one()
        db.session.rollback()
        db.engine.dispose()
    return found, told


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_leaves_over_tls_that_is_verified(settings: Settings, certificate: Certificate, tls: str) -> None:
    with _secure(certificate, tls) as box:
        assert _told_over(settings, box, smtp_tls=tls, smtp_ca=certificate.file) == ((1, 0), "")
        assert [letter.is_over_tls for letter in box.letters] == [True]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_server_with_an_unknown_certificate_gets_nothing(
    settings: Settings, certificate: Certificate, tls: str
) -> None:
    with _secure(certificate, tls) as box:
        found, told = _told_over(settings, box, smtp_tls=tls)
        assert found == (0, 1)
        assert "CERTIFICATE_VERIFY_FAILED" in told
        assert box.letters == []


def test_a_server_by_another_name_than_its_certificate_gets_nothing(
    settings: Settings, certificate: Certificate
) -> None:
    with _secure(certificate, "starttls") as box:
        app = create_app(
            replace(settings, smtp_host="127.0.0.1", smtp_port=box.port, smtp_tls="starttls", smtp_ca=certificate.file)
        )
        with app.app_context():
            _write()
            assert send_waiting() == (0, 1)
            db.engine.dispose()
        assert box.letters == []


def test_a_server_that_offers_no_tls_gets_nothing(settings: Settings, postbox: Postbox) -> None:
    found, told = _told_over(settings, postbox, smtp_tls="starttls")
    assert (found, told) == ((0, 1), "STARTTLS extension not supported by server.")
    assert postbox.letters == []


def _secure(certificate: Certificate, tls: str) -> AbstractContextManager[Postbox]:
    context = certificate.server_side()
    box = Postbox("localhost", free_port())
    return serving(box, ssl_context=context) if tls == "tls" else serving(box, tls_context=context)
