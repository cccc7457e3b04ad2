"""Limits per person, address and in all: they hold with several workers, they slow, and they lock nobody out."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from threading import Barrier

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.models import Account, SignInAttempt
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db, own_transaction
from fundapp.mail import Message
from fundapp.web import limits
from fundapp.web.limits import CODE, MAIL, QUARTER, SUBMISSION, UPLOAD, Attempt, Limit, take
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

AMINA = "amina@exempel.example"
THREE = Limit("three", QUARTER, 3, 100, 100)


def _ask(client: FlaskClient, email: str = AMINA, address: str = "192.0.2.1") -> TestResponse:
    fields = {"email": email, "csrf_token": token_of(client)}
    return client.post("/sv/sign-in", data=fields, environ_base={"REMOTE_ADDR": address})


def _mails(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(Message.id))) or 0


def _newest(app: Flask, pattern: str) -> str:
    with app.app_context():
        message = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert message is not None
        found = re.search(pattern, message.body)
    assert found
    return found[1]


def _fill(app: Flask, limit: Limit, *parts: str, number: int) -> None:
    """Let that many have asked a moment ago."""
    with app.app_context(), own_transaction() as connection:
        for _time in range(number):
            take(connection, limit, [(limits._key(limit, *parts), 10_000)])


def test_a_sixth_mail_to_one_address_is_refused_with_when_and_with_what_was_typed(app_on_both: Flask) -> None:
    client = app_on_both.test_client()
    for number in range(5):
        assert _ask(client, address=f"192.0.2.{number}").status_code == 302
    answer = _ask(client, f" {AMINA.upper()} ", address="192.0.2.99")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 15 * 60
    assert "15 minuter" in answer.text or "15 minutes" in answer.text
    assert AMINA.upper() in answer.text
    assert 'name="email"' in answer.text
    assert _mails(app_on_both) == 5
    assert _ask(client, "yonas@sprak.example").status_code == 302


@pytest.mark.parametrize("unseen", ["\u200b", "\u200b" * 2000, " "])
def test_an_address_with_signs_that_nobody_sees_is_limited_as_the_same_address(app: Flask, unseen: str) -> None:
    client = app.test_client()
    for number in range(8):
        send(client, "/sv/sign-in", {"email": unseen * number + "ami" + "\u200b" * number + "na@exempel.example"})
    with app.app_context():
        mails = db.session.scalar(select(func.count(Message.id)).where(Message.to == AMINA))
    assert mails == 5


def test_what_was_refused_is_not_counted_and_waiting_is_enough(app: Flask, client: FlaskClient) -> None:
    for _time in range(5):
        _ask(client)
    for _time in range(20):
        assert _ask(client).status_code == 429
    with clock.at(clock.now() + MAIL.window):
        assert _ask(client).status_code == 302


def test_one_network_address_is_limited_and_another_is_not(app: Flask, client: FlaskClient) -> None:
    _fill(app, MAIL, "address", "192.0.2.1", number=MAIL.address)
    assert _ask(client, address="192.0.2.1").status_code == 429
    assert _ask(client, address="192.0.2.2").status_code == 302


def test_all_addresses_of_one_ipv6_network_count_as_one(app: Flask, client: FlaskClient) -> None:
    _fill(app, MAIL, "address", "2001:db8:1:2::/64", number=MAIL.address)
    assert _ask(client, address="2001:db8:1:2:aaaa::7").status_code == 429
    assert _ask(client, address="2001:db8:1:3::7").status_code == 302


def test_there_is_a_limit_for_everybody_together(app: Flask, client: FlaskClient) -> None:
    _fill(app, MAIL, "everybody", "", number=MAIL.everybody or 0)
    assert _ask(client).status_code == 429


def test_whoever_signed_in_here_before_is_not_shut_out_by_strangers(app: Flask, client: FlaskClient) -> None:
    _ask(client)
    link = _newest(app, r"http://localhost(/\S+)")
    assert send(client, link).status_code == 302
    send(client, "/sv/sign-out")
    _fill(app, MAIL, "person", AMINA, number=MAIL.person or 0)
    _fill(app, MAIL, "everybody", "", number=MAIL.everybody or 0)
    assert _ask(app.test_client()).status_code == 429
    assert _ask(client).status_code == 302
    assert _ask(client, "yonas@sprak.example").status_code == 429
    for _time in range((MAIL.person or 0) - 1):
        assert _ask(client).status_code == 302
    assert _ask(client).status_code == 429


def test_a_forged_mark_of_a_known_browser_is_worth_nothing(app: Flask) -> None:
    _fill(app, MAIL, "everybody", "", number=MAIL.everybody or 0)
    client = app.test_client()
    client.set_cookie("fundapp-known", '"x".forged')
    assert _ask(client).status_code == 429


def test_the_link_of_the_mail_works_while_the_limit_is_reached(app: Flask, client: FlaskClient) -> None:
    for _time in range(5):
        _ask(app.test_client())
    assert _ask(client).status_code == 429
    assert send(client, _newest(app, r"http://localhost(/\S+)")).status_code == 302
    assert client.get("/sv/account").status_code == 200


def _wrong(app: Flask) -> str:
    right = _newest(app, r"\b(\d{6})\b")
    return "000000" if right != "000000" else "111111"


def test_many_wrong_codes_from_one_address_are_slowed_and_the_right_one_still_works(app_on_both: Flask) -> None:
    app = app_on_both
    _fill(app, CODE, "address", "127.0.0.1", number=CODE.address)
    guesser, owner = app.test_client(), app.test_client()
    _ask(guesser)
    answer = send(guesser, "/sv/sign-in/code", {"code": _wrong(app)})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]
    right = _newest(app, r"\b(\d{6})\b")
    assert send(guesser, "/sv/sign-in/code", {"code": right}).status_code == 429  # its one try is used
    _ask(owner)
    assert send(owner, "/sv/sign-in/code", {"code": _newest(app, r"\b(\d{6})\b")}).status_code == 302
    assert owner.get("/sv/account").status_code == 200
    with clock.at(clock.now() + QUARTER):
        assert send(guesser, "/sv/sign-in/code", {"code": right}).status_code == 302


def test_a_code_that_was_typed_is_neither_shown_nor_sent_again(app: Flask, client: FlaskClient) -> None:
    _fill(app, CODE, "address", "127.0.0.1", number=CODE.address)
    _ask(client)
    typed = _wrong(app)
    answer = send(client, "/sv/sign-in/code", {"code": typed, "is_shared": "y"})
    assert answer.status_code == 429
    assert typed not in answer.text
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select('main [name="code"]') == []
    assert page.select("main form") == []
    assert page.select_one('main a[href="/sv/sign-in/code"]') is not None


@pytest.fixture
def own_draft(app: Flask, signed_in: SignIn) -> tuple[FlaskClient, str]:
    """A client whose person has a draft ready to be sent, and the draft's address."""
    on_day()
    with app.app_context():
        owner = applicant(email=AMINA)
        with app.test_request_context():
            path = f"/sv/applications/{draft(by=owner).public_id}"
        db.session.commit()
    return signed_in(AMINA), path


def _id_of(app: Flask) -> str:
    with app.app_context():
        return str(db.session.scalars(select(Account.id).where(Account.email == AMINA)).one())


def test_sending_is_limited_per_account_whatever_the_address(app: Flask, own_draft: tuple[FlaskClient, str]) -> None:
    client, path = own_draft
    _fill(app, SUBMISSION, "person", _id_of(app), number=SUBMISSION.person or 0)
    assert send(client, f"{path}/submit").status_code == 429
    with clock.at(clock.now() + SUBMISSION.window):
        assert send(client, f"{path}/submit").status_code == 302


def test_files_are_limited_and_the_page_says_that_the_file_must_be_chosen_again(
    app: Flask, own_draft: tuple[FlaskClient, str]
) -> None:
    client, path = own_draft
    _fill(app, UPLOAD, "person", _id_of(app), number=UPLOAD.person or 0)
    answer = send(client, f"{path}/attachments", {"kind": "statutes", "file": (BytesIO(b"%PDF-"), "stadgar.pdf")})
    assert answer.status_code == 429
    assert "Send again" not in answer.text
    assert "Skicka igen" not in answer.text


def test_a_load_test_may_raise_the_limits(settings: Settings) -> None:
    app = create_app(replace(settings, limit_factor=10))
    client = app.test_client()
    for _time in range(12):
        assert _ask(client).status_code == 302
    with app.app_context():
        db.engine.dispose()


def test_the_address_is_that_of_the_last_hop_we_trust(settings: Settings) -> None:
    app = create_app(replace(settings, proxies=1))
    _fill(app, MAIL, "address", "192.0.2.1", number=MAIL.address)

    def ask(forwarded: str) -> int:
        client = app.test_client()
        fields = {"email": "x@exempel.example", "csrf_token": token_of(client)}
        return client.post("/sv/sign-in", data=fields, headers={"X-Forwarded-For": forwarded}).status_code

    assert ask("192.0.2.1") == 429
    assert ask("198.51.100.7, 192.0.2.1") == 429  # what the sender wrote before the proxy did is not believed
    assert ask("192.0.2.1, 198.51.100.7") == 302
    with app.app_context():
        db.engine.dispose()


def test_without_a_proxy_nobody_says_which_address_they_have(app: Flask, client: FlaskClient) -> None:
    _fill(app, MAIL, "address", "127.0.0.1", number=MAIL.address)
    fields = {"email": AMINA, "csrf_token": token_of(client)}
    assert client.post("/sv/sign-in", data=fields, headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 429


def test_a_limit_holds_when_many_ask_at_once(app_on_both: Flask) -> None:
    together = Barrier(12)

    def ask(_number: int) -> bool:
        with app_on_both.app_context():
            together.wait()
            with own_transaction() as connection:
                return take(connection, THREE, [("a", 3), ("b", 100)]) is None

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(ask, range(12))) == 3
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count(Attempt.id))) == 6


def test_a_mail_limit_holds_when_many_workers_are_asked_at_once(app_on_both: Flask) -> None:
    together = Barrier(10)
    clients = [app_on_both.test_client() for _number in range(10)]
    tokens = [token_of(client) for client in clients]

    def ask(number: int) -> int:
        together.wait()
        fields = {"email": AMINA, "csrf_token": tokens[number]}
        return clients[number].post("/sv/sign-in", data=fields).status_code

    with ThreadPoolExecutor(10) as pool:
        answers = sorted(pool.map(ask, range(10)))
    assert answers == [302] * 5 + [429] * 5
    assert _mails(app_on_both) == 5


def test_old_attempts_are_forgotten(app_on_both: Flask) -> None:
    with clock.at(clock.now() - limits.KEPT_FOR - timedelta(minutes=1)):
        _fill(app_on_both, THREE, "a", number=10)
    _fill(app_on_both, THREE, "a", number=limits._SWEEP_EVERY)
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count(Attempt.id))) == limits._SWEEP_EVERY


def test_no_address_and_no_person_can_be_read_from_an_attempt(app: Flask, client: FlaskClient) -> None:
    _ask(client, address="192.0.2.1")
    with app.app_context():
        rows = db.session.scalars(select(Attempt)).all()
        assert {row.kind for row in rows} == {"mail"}
        assert len({row.key for row in rows}) == 3
        assert all(re.fullmatch(r"[0-9a-f]{64}", row.key) for row in rows)
        assert db.session.scalars(select(SignInAttempt)).one().email == AMINA
