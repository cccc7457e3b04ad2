"""Guessing from outside: which addresses have a password is not told by time, and nobody gets far, nor keeps the
owner out."""

import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import argon2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.db import own_transaction
from fundapp.factors import actions, rules
from fundapp.web import limits
from fundapp.web.limits import PASSWORD as LIMIT
from fundapp.web.limits import take
from tests.factories.factors import PASSWORD, Phone, with_password
from tests.factories.people import applicant
from tests.ground.pages import counted, token_of

AMINA, UNKNOWN, MAIL_ALONE = "amina@exempel.example", "nobody@exempel.example", "leena@exempel.example"
TRIES = 61
PATH = "/en/sign-in/password"


def make(app: Flask, *emails: str) -> dict[str, Phone]:
    with app.test_request_context():
        phones = {email: with_password(applicant("Amina Lindqvist", email)) for email in emails}
        applicant("Leena Niemi", MAIL_ALONE)
        actions.db.session.commit()
        return phones


def tried(app: Flask, tries: dict[str, tuple[str, str, str]]) -> dict[str, float]:
    """The median of how long each takes, in milliseconds; in turns, so that a busy machine is as busy for all."""
    found: dict[str, list[float]] = {name: [] for name in tries}
    for turn in range(TRIES):
        for name in sorted(tries, reverse=turn % 2 == 1):
            with app.test_request_context():
                began = time.perf_counter()
                assert actions.enter_by_password(*tries[name]) is None
                found[name].append((time.perf_counter() - began) * 1000)
                actions.db.session.rollback()
    return {name: statistics.median(times) for name, times in found.items()}


def _tries(phone: Phone) -> dict[str, tuple[str, str, str]]:
    wrong = "000000" if phone.code() != "000000" else "111111"
    return {
        "unknown address": (UNKNOWN, "wrong and long enough", wrong),
        "no password": (MAIL_ALONE, "wrong and long enough", wrong),
        "wrong password": (AMINA, "wrong and long enough", wrong),
        "right password, wrong code": (AMINA, PASSWORD, wrong),
    }


def spread(times: dict[str, float]) -> float:
    """How much longer the slowest takes than the quickest, as a share."""
    return max(times.values()) / min(times.values())


@pytest.mark.parametrize("is_honest", [True, False], ids=["as it is", "planted: what does not exist is not compared"])
def test_the_work_is_the_same_whatever_is_wrong(app: Flask, monkeypatch: pytest.MonkeyPatch, is_honest: bool) -> None:
    """One slow comparison and as many statements each, counted; the clock's own word is the slow test's."""
    tries, done = _tries(make(app, AMINA)[AMINA]), []
    look, verify = rules.is_password, argon2.PasswordHasher.verify
    monkeypatch.setattr(argon2.PasswordHasher, "verify", lambda *given: (done.append("hash"), verify(*given))[1])
    if not is_honest:
        monkeypatch.setattr(rules, "is_password", lambda password, kept: bool(kept) and look(password, kept))
    found = {}
    for name, shown in tries.items():
        done.clear()
        with counted(app) as sent, app.test_request_context():
            assert actions.enter_by_password(*shown) is None
        found[name] = (len(done), len(sent))
    assert (set(found.values()) == {(1, 2)}) is is_honest, found


@pytest.mark.slow
def test_the_time_tells_neither_who_has_a_password_nor_that_it_was_right(app: Flask) -> None:
    times = tried(app, _tries(make(app, AMINA)[AMINA]))
    assert spread(times) < 1.5, times


@pytest.mark.slow
def test_without_the_hash_that_nobody_has_the_time_would_tell(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: what does not exist is not compared."""
    honest: Callable[[str, str | None], bool] = rules.is_password
    monkeypatch.setattr(rules, "is_password", lambda password, kept: bool(kept) and honest(password, kept))
    times = tried(app, _tries(make(app, AMINA)[AMINA]))
    assert spread(times) > 1.5, times


def guess(client: FlaskClient, email: str, *, password: str, code: str = "000000", address: str = "") -> TestResponse:
    fields = {"email": email, "password": password, "code": code, "csrf_token": token_of(client)}
    return client.post(PATH, data=fields, environ_base={"REMOTE_ADDR": address or "192.0.2.1"})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little, since here it is counted, not timed."""
    monkeypatch.setattr(rules, "HASHER", type(rules.HASHER)(time_cost=1, memory_cost=8, parallelism=1))


def _sprayed(app: Flask) -> list[int]:
    """What one address is answered that tries one password at forty accounts."""
    return [
        guess(app.test_client(), f"person{n}@exempel.example", password="Sommar2026!!").status_code for n in range(40)
    ]


def test_one_password_over_many_accounts_from_one_address_is_stopped(app: Flask, quick: None) -> None:
    assert _sprayed(app) == [422] * LIMIT.address + [429] * (40 - LIMIT.address)


def test_a_count_that_forgets_where_guesses_come_from_would_let_all_through(
    app: Flask, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_keys", lambda limit, account: [(limits._person(limit, account), 10)])
    assert _sprayed(app) == [422] * 40


def test_one_password_over_many_accounts_from_many_addresses_is_stopped_and_owners_come_in(
    app: Flask, quick: None
) -> None:
    """300 guesses in a quarter of an hour, from as many addresses; whoever signed in here before is not kept out."""
    phone, owner, client = make(app, AMINA)[AMINA], app.test_client(), app.test_client()
    assert guess(owner, AMINA, password=PASSWORD, code=phone.code(later=-1)).status_code == 302
    token = token_of(owner)
    owner.post("/en/sign-out", data={"csrf_token": token})
    with app.app_context(), own_transaction() as connection:  # all but the last few came a moment ago
        for _time in range((LIMIT.everybody or 0) - 6):
            take(connection, LIMIT, [(limits._key(LIMIT, "everybody", ""), LIMIT.everybody)])
    answers = [
        guess(client, f"p{n}@exempel.example", password="Sommar2026!!", address=f"198.51.100.{n}") for n in range(10)
    ]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 5  # the owner's was one of them
    assert guess(app.test_client(), AMINA, password=PASSWORD, code=phone.code()).status_code == 429
    assert guess(owner, AMINA, password=PASSWORD, code=phone.code()).status_code == 302


def test_guesses_at_one_account_are_stopped_and_never_lock_the_owner_out(app: Flask, quick: None) -> None:
    phone, owner = make(app, AMINA)[AMINA], app.test_client()
    assert guess(owner, AMINA, password=PASSWORD, code=phone.code(later=-1)).status_code == 302
    owner.post("/en/sign-out", data={"csrf_token": token_of(owner)})
    assert LIMIT.person
    answers = [
        guess(app.test_client(), AMINA, password="wrong and long", address=f"198.51.100.{n}").status_code
        for n in range(LIMIT.person + 5)
    ]
    assert answers.count(429) >= 5
    assert guess(owner, AMINA, password=PASSWORD, code=phone.code()).status_code == 302  # in a browser that knows her
    mail = app.test_client()
    fields = {"email": AMINA, "csrf_token": token_of(mail)}
    assert mail.post("/en/sign-in", data=fields).status_code == 302  # and by mail from anywhere
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert guess(app.test_client(), AMINA, password=PASSWORD, code=phone.code()).status_code == 302
