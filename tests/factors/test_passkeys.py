"""Passkeys against a device that does right, and one that does wrong in every way we know."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.models import Account, LoginSession, SignInMethod
from fundapp.db import db
from fundapp.factors import devices
from fundapp.factors.models import Passkey, PasskeyChallenge
from fundapp.mail import Message
from fundapp.permissions import Role
from tests.factories.device import Device, b64, unb64
from tests.factories.people import official
from tests.ground.apps import SignIn
from tests.ground.pages import send

AMINA = "amina@exempel.example"
PAGE = "/en/account/sign-in/passkey"


def make(app: Flask, email: str = AMINA, *roles: Role) -> None:
    with app.test_request_context():
        official(*roles, name="Amina Lindqvist", email=email).language = "en"
        db.session.commit()


def options(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = send(client, path)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.data)
    return found


def added(client: FlaskClient, device: Device) -> TestResponse:
    made = device.make(options(client, f"{PAGE}/challenge"))
    return send(client, PAGE, {"name": "Min telefon", "credential": made})


def asked(client: FlaskClient) -> dict[str, Any]:
    return options(client, "/en/sign-in/passkey/challenge")


def enter(client: FlaskClient, credential: str) -> TestResponse:
    return send(client, "/en/sign-in/passkey", {"credential": credential})


@pytest.fixture
def device(app: Flask, signed_in: SignIn) -> Device:
    """Amina's, added by the pages."""
    make(app)
    found = Device()
    assert added(signed_in(AMINA), found).status_code == 302
    return found


def test_a_passkey_is_asked_for_with_its_owner_verified_and_named_by_nobody(app: Flask, signed_in: SignIn) -> None:
    make(app)
    made = options(signed_in(AMINA), f"{PAGE}/challenge")
    assert made["authenticatorSelection"]["residentKey"] == "required"
    assert made["authenticatorSelection"]["userVerification"] == "required"
    shown = asked(app.test_client())
    assert shown["userVerification"] == "required"
    assert not shown.get("allowCredentials")  # tells nobody who has one
    assert len(unb64(shown["challenge"])) >= 32
    assert shown["challenge"] != asked(app.test_client())["challenge"]


def test_a_passkey_signs_in_strongly(app_on_both: Flask, device: Device) -> None:
    client = app_on_both.test_client()
    device.count = 1
    assert enter(client, device.show(asked(client))).headers["Location"] == "/en/applications"
    assert client.get("/en/account").status_code == 200
    with app_on_both.app_context():
        newest = db.session.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first()
        assert newest is not None
        assert newest.method is SignInMethod.PASSKEY
        passkey = db.session.scalars(select(Passkey)).one()
        assert passkey.sign_count == 1
        assert passkey.last_used_at is not None
        assert "Added: Passkey" in db.session.scalars(select(Message.body).order_by(Message.id.desc())).first()


WRONG: dict[str, Callable[[Device], Device]] = {
    "another site's page": lambda d: replace(d, origin="https://evil.example"),
    "another port": lambda d: replace(d, origin="http://localhost:8001"),
    "another site": lambda d: replace(d, site="evil.example"),
    "its owner not verified": lambda d: replace(d, is_verifying=False),
    "another key": lambda d: replace(d, key=ec.generate_private_key(ec.SECP256R1())),
    "one that nobody knows": lambda d: replace(d, credential_id=b"unknown"),
    "another's name": lambda d: replace(d, handle=b"somebody else"),
    "no name": lambda d: replace(d, handle=b""),
}


@pytest.mark.parametrize("wrong", list(WRONG))
def test_what_does_not_fit_is_refused(app: Flask, device: Device, wrong: str) -> None:
    client = app.test_client()
    answer = enter(client, WRONG[wrong](device).show(asked(client)))
    assert answer.status_code == 422
    assert "It did not work." in answer.text
    assert client.get("/en/account").status_code == 302
    assert enter(client, device.show(asked(client))).status_code == 302  # the right one still works


def test_an_answer_counts_once_and_in_time(app: Flask, device: Device) -> None:
    client = app.test_client()
    shown = device.show(asked(client))
    assert enter(client, shown).status_code == 302
    assert enter(app.test_client(), shown).status_code == 422
    late = device.show(asked(app.test_client()))
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert enter(app.test_client(), late).status_code == 422


def test_the_same_answer_at_the_same_instant_lets_one_in(
    app_on_both: Flask, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = device.show(asked(app_on_both.test_client()))
    assert sorted(_at_once(app_on_both, shown)) == [False, False, True]
    # Planted fault: the challenge is found, and not used up.
    again = device.show(asked(app_on_both.test_client()))
    monkeypatch.setattr(devices, "_spend", lambda _answer, _account: unb64(_challenge_of(again)))
    assert _at_once(app_on_both, again) == [True] * 3


def _challenge_of(answer: str) -> str:
    return str(json.loads(unb64(json.loads(answer)["response"]["clientDataJSON"]))["challenge"])


def _at_once(app: Flask, shown: str) -> list[bool]:
    start = Barrier(3)

    def one(_number: int) -> bool:
        with app.test_request_context():
            start.wait()
            try:
                devices.read_shown(shown)
                db.session.commit()
            except devices.NotShown:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(3) as threads:
        return list(threads.map(one, range(3)))


def test_a_challenge_that_we_did_not_make_is_refused(app: Flask, device: Device) -> None:
    client = app.test_client()
    asked(client)
    assert enter(client, device.show({"challenge": b64(b"of the attacker's own, 32 bytes..")})).status_code == 422


def test_a_copy_of_a_device_that_counts_is_refused(app: Flask, device: Device) -> None:
    client = app.test_client()
    device.count = 7
    assert enter(client, device.show(asked(client))).status_code == 302
    copy = replace(device, count=7)
    assert enter(app.test_client(), copy.show(asked(app.test_client()))).status_code == 422


@pytest.mark.parametrize(
    "credential", ["", "x", "[]", "{}", "null", '{"id": 1}', "[" * 9000, '{"response": {"clientDataJSON": "*"}}']
)
def test_what_is_no_answer_at_all_is_refused_and_no_fault(app: Flask, device: Device, credential: str) -> None:
    assert enter(app.test_client(), credential).status_code == 422


def test_an_answer_made_for_another_account_adds_nothing(app: Flask, signed_in: SignIn) -> None:
    make(app)
    make(app, "torsten@kommun.example")
    amina, torsten = signed_in(AMINA), signed_in("torsten@kommun.example")
    made = Device().make(options(torsten, f"{PAGE}/challenge"))
    assert send(amina, PAGE, {"name": "x", "credential": made}).status_code == 422
    to_sign_in = Device().make({**asked(app.test_client()), "user": {"id": b64(b"x")}})
    assert send(amina, PAGE, {"name": "x", "credential": to_sign_in}).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Passkey)).all() == []


@pytest.mark.parametrize("wrong", ["origin", "site", "is_verifying"])
def test_a_passkey_is_not_added_from_elsewhere_or_unverified(app: Flask, signed_in: SignIn, wrong: str) -> None:
    make(app)
    values: dict[str, Any] = {"origin": "https://evil.example", "site": "evil.example", "is_verifying": False}
    assert added(signed_in(AMINA), Device(**{wrong: values[wrong]})).status_code == 422


def test_the_same_passkey_is_not_added_twice(app: Flask, device: Device, signed_in: SignIn) -> None:
    answer = added(signed_in(AMINA), device)
    assert answer.status_code == 422
    assert "This passkey has been added already." in answer.text


def test_a_closed_accounts_passkey_opens_nothing(app: Flask, device: Device) -> None:
    with app.app_context():
        db.session.scalars(select(Account)).one().is_active = False
        db.session.commit()
    client = app.test_client()
    assert enter(client, device.show(asked(client))).status_code == 422


def test_a_passkey_proves_who_one_is_and_anothers_does_not(app: Flask, signed_in: SignIn, device: Device) -> None:
    make(app, "torsten@kommun.example")
    torsten = signed_in("torsten@kommun.example")
    other = Device(credential_id=b"another")
    assert added(torsten, other).status_code == 302
    client = signed_in(AMINA)
    for shown, status in ((other, 422), (device, 302)):
        fields = {"way": "PASSKEY", "_kept": "", "credential": shown.show(asked(client))}
        assert send(client, "/en/account/prove?next=/en/account", fields).status_code == status


def test_old_challenges_are_swept(app: Flask, device: Device) -> None:
    asked(app.test_client())
    with clock.at(clock.now() + timedelta(days=2)):
        asked(app.test_client())
        with app.app_context():
            assert len(db.session.scalars(select(PasskeyChallenge)).all()) == 1
