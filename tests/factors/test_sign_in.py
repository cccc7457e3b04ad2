"""Signing in with password and code: both or nothing, each code once, one refusal for all that can be wrong."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.models import Account, LoginSession, SignInMethod
from fundapp.db import db
from fundapp.factors import actions, rules
from fundapp.factors.models import Passkey, Password, RecoveryCode, TotpKey
from fundapp.mail import Message
from fundapp.permissions import Role
from tests.factories.factors import PASSWORD, Phone, with_password
from tests.factories.people import applicant, official
from tests.ground.pages import send

AMINA, UNKNOWN, MAIL_ALONE = "amina@exempel.example", "nobody@exempel.example", "leena@exempel.example"
PATH = "/en/sign-in/password"


def make(app: Flask, email: str = AMINA, *roles: Role) -> Phone:
    with app.test_request_context():
        account = official(*roles, name="Amina Lindqvist", email=email)
        account.language = "en"
        phone = with_password(account)
        db.session.commit()
        return phone


def enter(client: FlaskClient, code: str, password: str = PASSWORD, email: str = AMINA) -> TestResponse:
    return send(client, PATH, {"email": email, "password": password, "code": code})


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/sv/account").status_code == 200


def test_password_and_code_sign_in_strongly(app_on_both: Flask) -> None:
    phone, client = make(app_on_both), app_on_both.test_client()
    assert enter(client, phone.code()).headers["Location"] == "/en/applications"
    assert is_signed_in(client)
    with app_on_both.app_context():
        newest = db.session.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first()
        assert newest is not None
        assert newest.method is SignInMethod.PASSWORD
        assert newest.method.is_strong


def test_the_code_may_be_written_with_blanks_and_in_arabic_digits(app: Flask, client: FlaskClient) -> None:
    code = make(app).code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert enter(client, f" {code[:3]} {code[3:]} ").status_code == 302


def test_next_leads_on_within_the_site_and_never_outside(app: Flask) -> None:
    phone = make(app)
    for later, (wanted, found) in enumerate(
        [("/en/organisations", "/en/organisations"), ("https://evil.example/", "/en/applications")]
    ):
        answer = send(
            app.test_client(),
            f"{PATH}?next={wanted}",
            {"email": AMINA, "password": PASSWORD, "code": phone.code(later=later)},
        )
        assert answer.headers["Location"] == found


def test_one_refusal_for_everything_that_can_be_wrong(app: Flask) -> None:
    """Enumeration by text: the same page for an unknown address, one without a password, a wrong password, code, both,
    a used recovery code and a closed account.
    """
    phone = make(app)
    closed = make(app, "closed@exempel.example")
    with app.app_context():
        applicant("Leena Niemi", MAIL_ALONE)
        db.session.scalars(select(Account).where(Account.email == "closed@exempel.example")).one().is_active = False
        db.session.commit()
    wrong = "000000" if phone.code() != "000000" else "111111"
    tries = {
        "unknown": (UNKNOWN, PASSWORD, phone.code()),
        "by mail alone": (MAIL_ALONE, PASSWORD, phone.code()),
        "wrong password": (AMINA, PASSWORD + ".", phone.code()),
        "wrong code": (AMINA, PASSWORD, wrong),
        "no such recovery code": (AMINA, PASSWORD, "aaaa-bbbb-cccc"),
        "another's recovery code": (AMINA, PASSWORD, closed.codes[0]),
        "all wrong": (AMINA, "x", wrong),
        "closed": ("closed@exempel.example", PASSWORD, closed.code()),
    }
    pages = {name: enter(app.test_client(), code, password, email) for name, (email, password, code) in tries.items()}
    assert {page.status_code for page in pages.values()} == {422}
    plain = {name: _plain(page.text, tries[name][0]) for name, page in pages.items()}
    assert set(plain.values()) == {plain["unknown"]}
    assert "These do not go together." in plain["unknown"]
    assert all(PASSWORD not in page.text and tries[name][2] not in page.text for name, page in pages.items())


def _plain(page: str, email: str) -> str:
    return re.sub(r'name="(csrf_token|_once)" value="[^"]+"', "", page).replace(email, "ADDRESS")


def test_a_password_alone_and_a_code_alone_are_nothing(app: Flask, client: FlaskClient) -> None:
    phone = make(app)
    assert enter(client, "").status_code == 422
    assert enter(client, phone.code(), "").status_code == 422
    assert not is_signed_in(client)
    assert enter(client, phone.code()).status_code == 302


def test_a_code_that_was_used_is_worth_nothing_nor_an_earlier_one(app_on_both: Flask) -> None:
    """TOTP replay: whoever reads the code over a shoulder comes too late."""
    phone = make(app_on_both)
    now, before = phone.code(), phone.code(later=-1)
    assert enter(app_on_both.test_client(), now).status_code == 302
    for replayed in (now, before):
        thief = app_on_both.test_client()
        assert enter(thief, replayed).status_code == 422
        assert not is_signed_in(thief)
    with app_on_both.app_context():  # the same code would do, if it had not been written down that it was used
        db.session.scalars(select(TotpKey)).one().last_step = 0
        db.session.commit()
    assert enter(app_on_both.test_client(), now).status_code == 302


def _at_once(app: Flask, act: Callable[[], Any], times: int = 2) -> list[Any]:
    start = Barrier(times)

    def one(_number: int) -> Any:
        with app.test_request_context():
            start.wait()
            found = act()
            # Both have looked before either writes, on an engine that lets them.
            db.session.commit()
            return found is not None

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_the_same_code_at_the_same_instant_lets_one_in(app_on_both: Flask, kind: str) -> None:
    phone = make(app_on_both)
    code = phone.code() if kind == "app" else phone.codes[0]
    assert sorted(_at_once(app_on_both, lambda: actions.enter_by_password(AMINA, PASSWORD, code), 4)) == [
        False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_without_using_a_code_up_the_same_check_would_let_all_in(
    app_on_both: Flask, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: it only looks, and uses nothing up."""
    phone = make(app_on_both)
    code = phone.code() if kind == "app" else phone.codes[0]
    monkeypatch.setattr(actions, "_spend", lambda shown, _password, _step: db.session.get(Account, shown.account_id))
    assert _at_once(app_on_both, lambda: actions.enter_by_password(AMINA, PASSWORD, code), 4) == [True] * 4


def test_a_recovery_code_works_once_in_place_of_the_app_and_is_told(app_on_both: Flask) -> None:
    phone = make(app_on_both)
    assert enter(app_on_both.test_client(), phone.codes[0].upper().replace("-", " ")).status_code == 302
    assert enter(app_on_both.test_client(), phone.codes[0]).status_code == 422
    assert enter(app_on_both.test_client(), phone.codes[1]).status_code == 302
    with app_on_both.app_context():
        assert len(db.session.scalars(select(RecoveryCode).where(RecoveryCode.used_at.is_not(None))).all()) == 2
        told = [mail.body for mail in db.session.scalars(select(Message).where(Message.to == AMINA))]
    assert len([body for body in told if "Used: Recovery codes" in body]) == 2


def test_the_database_holds_no_password_no_key_and_no_code_in_the_clear(app: Flask) -> None:
    phone = make(app)
    with app.app_context():
        rows = [
            str({column.key: getattr(row, column.key) for column in row.__table__.columns})
            for table in (Password, TotpKey, RecoveryCode, Passkey)
            for row in db.session.scalars(select(table))
        ]
    assert len(rows) == 12
    secrets = [PASSWORD, phone.key, *phone.codes, *(code.replace("-", "") for code in phone.codes)]
    assert not [secret for secret in secrets for row in rows if secret in row]


def test_a_password_hashed_with_less_is_hashed_anew_when_it_is_shown(app: Flask, client: FlaskClient) -> None:
    phone, weak = make(app), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with app.app_context():
        db.session.scalars(select(Password)).one().hash = weak.hash(PASSWORD)
        db.session.commit()
    assert enter(client, phone.code()).status_code == 302
    with app.app_context():
        kept = db.session.scalars(select(Password)).one().hash
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert rules.is_password(PASSWORD, kept)


def test_a_password_that_was_changed_while_it_was_compared_signs_nobody_in(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = make(app)

    def slow(password: str, kept: str | None) -> bool:
        found = rules.HASHER.verify(kept or rules.DUMMY, password)
        db.session.scalars(select(Password)).one().hash = rules.HASHER.hash("nytt och mycket längre")
        db.session.flush()
        return found

    monkeypatch.setattr(rules, "is_password", slow)
    with app.test_request_context():
        assert actions.enter_by_password(AMINA, PASSWORD, phone.code()) is None


def test_a_session_that_was_planted_before_sign_in_is_not_the_one_after(app: Flask, client: FlaskClient) -> None:
    """Session fixation: neither what an attacker put into the browser nor its token against forgery lives on."""
    phone = make(app)
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["planted"], cookie["csrf_token"] = "a token that I know", "by me", "mine"
    planted = client.get_cookie("fundapp")
    assert planted is not None
    answer = client.post(PATH, data={"email": AMINA, "password": PASSWORD, "code": phone.code()})
    assert answer.status_code == 400  # a token of theirs is none of ours
    assert enter(client, phone.code()).status_code == 302
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "a token that I know"
        assert "planted" not in cookie
        assert cookie["csrf_token"] != "mine"
    thief = app.test_client()
    thief.set_cookie("fundapp", planted.value)
    assert not is_signed_in(thief)


def test_a_clock_that_is_set_back_makes_no_old_code_good_again(app: Flask) -> None:
    phone = make(app)
    assert enter(app.test_client(), phone.code()).status_code == 302
    with clock.at(clock.now() - timedelta(minutes=5)):
        assert enter(app.test_client(), phone.code()).status_code == 422
    with clock.at(clock.now() + timedelta(minutes=5)):
        assert enter(app.test_client(), phone.code()).status_code == 302
