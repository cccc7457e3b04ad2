"""Money, decisions and roles ask who one is, where the last proof is too old: nothing is done, and nothing is lost."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.models import Account, LoginSession, RoleGiven, SignInMethod
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.mail import Message
from fundapp.permissions import NEEDS_PROOF, Permission, Role
from fundapp.web import proof
from fundapp.web.access import SAFE
from tests.factories.factors import PASSWORD, Phone, with_passkey, with_password
from tests.factories.house import House
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.house import Restore, address_of, client_of, methods_of
from tests.ground.pages import send

ADMINISTRATOR = "administrator@kommun.example"
OLD = timedelta(minutes=31)


def _age(app: Flask, by: timedelta = OLD) -> None:
    """Let every proof be that old, and the sessions go on."""
    with app.app_context():
        db.session.execute(update(LoginSession).values(proved_at=clock.now() - by))
        db.session.commit()


def _permission(app: Flask, endpoint: str) -> Permission | str:
    """That a proof is asked for."""
    return getattr(app.view_functions[endpoint], "proof_of", "")


def _rows(app: Flask) -> list[str]:
    with app.app_context():
        file = db.engine.url.database
    assert file
    with sqlite3.connect(Path(file)) as connection:
        found = [line for line in connection.iterdump() if not line.startswith(('INSERT INTO "login_session"',))]
    connection.close()
    return found


def _walk(app: Flask, house: House) -> Iterator[tuple[str, int]]:
    """Each route that changes something under a permission that needs a proof, by those who may, with an old one: what
    came.
    """
    _age(app)
    for endpoint in sorted({rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}):
        if _permission(app, endpoint) not in NEEDS_PROOF:
            continue
        for method in set(methods_of(app, endpoint)) - SAFE:
            for who in ("officer", "secretary", "administrator", "member", "registrar"):
                place = address_of(app, house, endpoint)
                answer = client_of(app, house, who).open(place, method=method, data=house.posts.get(endpoint))
                if "Visa att det är du" in answer.text or answer.status_code not in (403, 404):
                    yield endpoint, answer.status_code


def test_every_route_of_money_decisions_and_roles_refuses_an_old_proof_and_changes_nothing(
    house: House, copied: tuple[Flask, Restore]
) -> None:
    app, _restore = copied
    before = _rows(app)
    answers = list(_walk(app, house))
    wanted = {rule.endpoint for rule in app.url_map.iter_rules() if _permission(app, rule.endpoint) in NEEDS_PROOF}
    wanted = {endpoint for endpoint in wanted if set(methods_of(app, endpoint)) - SAFE}
    assert len(wanted) >= 15
    assert wanted - {endpoint for endpoint, _status in answers} == set()
    assert [each for each in answers if each[1] != 403] == []
    assert _rows(app) == before


def test_without_the_question_the_same_walk_would_find_what_is_done(
    house: House, copied: tuple[Flask, Restore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: nobody asks for a proof."""
    app, _restore = copied
    before = _rows(app)
    monkeypatch.setattr(proof, "is_fresh", lambda: True)
    assert any(status != 403 and _rows(app) != before for _endpoint, status in _walk(app, house))


def _people(app: Flask, *, is_strong: bool = True) -> tuple[Phone | None, str]:
    """An administrator, with password and app, and somebody whose page it is."""
    with app.test_request_context():
        administrator = official(Role.ADMINISTRATOR, name="Britta Berg", email=ADMINISTRATOR)
        phone = with_password(administrator) if is_strong else None
        somebody = applicant("Torsten Ek", "torsten@kommun.example")
        db.session.commit()
        return phone, f"/en/people/{somebody.public_id}"


def _roles(app: Flask) -> list[Role]:
    with app.app_context():
        return list(
            db.session.scalars(select(RoleGiven.role).join(Account).where(Account.email == "torsten@kommun.example"))
        )


ROLE = {"role": "OFFICER", "board": "", "fund": "", "begins_on": "", "ends_on": "2099-12-31"}


def _fields(page: str, way: str) -> dict[str, str]:
    """The hidden fields of the form for that way, but for the token."""
    soup = BeautifulSoup(page, "html.parser")
    form = next(
        form for form in soup.find_all("form") if form.find("input", attrs={"name": "way", "value": way}) is not None
    )
    named = [field for field in form.find_all("input") if field.get("name") not in (None, "csrf_token", "username")]
    return {str(field["name"]): str(field.get("value") or "") for field in named}


def _last_press(page: str) -> tuple[str, dict[str, str]]:
    """Where the last page sends to, and what."""
    form = BeautifulSoup(page, "html.parser").select_one("main form")
    assert form is not None
    fields = [field for field in form.find_all("input") if field.get("name") not in ("csrf_token", "_once")]
    return str(form["action"]), {str(field["name"]): str(field["value"]) for field in fields}


def _prove(client: FlaskClient, page: str, way: str, **shown: str) -> TestResponse:
    return send(client, "/en/account/prove", {**_fields(page, way), **shown})


def test_a_role_is_given_after_a_proof_and_one_press_with_all_that_was_typed(app: Flask, signed_in: SignIn) -> None:
    phone, person = _people(app)
    assert phone is not None
    client = signed_in(ADMINISTRATOR)
    _age(app)
    assert client.get(person).status_code == 200  # to look is not asked
    asked = send(client, person, ROLE)
    assert asked.status_code == 403
    assert "Show that it is you" in asked.text
    assert "What you wrote is kept on this page." in asked.text
    assert _roles(app) == []
    shown = _prove(client, asked.text, "PASSWORD", password=PASSWORD, code=phone.code())
    assert shown.status_code == 200
    assert "One press is left" in shown.text
    assert _roles(app) == []  # not yet
    to, fields = _last_press(shown.text)
    assert (to, fields) == (person, ROLE)
    assert send(client, to, fields).status_code == 302
    assert _roles(app) == [Role.OFFICER]
    assert send(client, person, {**ROLE, "role": "REGISTRAR"}).status_code == 302  # the proof holds for a while
    _age(app)
    assert send(client, person, {**ROLE, "role": "AUDITOR"}).status_code == 403


@pytest.mark.parametrize(("minutes", "status"), [(29, 302), (31, 403), (-30, 403)])
def test_a_proof_holds_for_thirty_minutes_and_one_from_the_future_not_at_all(
    app: Flask, signed_in: SignIn, minutes: int, status: int
) -> None:
    _phone, person = _people(app)
    client = signed_in(ADMINISTRATOR)
    _age(app, timedelta(minutes=minutes))
    assert send(client, person, ROLE).status_code == status


def test_a_wrong_proof_does_nothing_and_keeps_what_was_typed(app: Flask, signed_in: SignIn) -> None:
    phone, person = _people(app)
    assert phone is not None
    client = signed_in(ADMINISTRATOR)
    _age(app)
    asked = send(client, person, ROLE)
    for password, code in (("wrong", phone.code()), (PASSWORD, "000000"), ("", "")):
        again = _prove(client, asked.text, "PASSWORD", password=password, code=code)
        assert again.status_code == 422
        assert _fields(again.text, "PASSWORD")["_kept"] == _fields(asked.text, "PASSWORD")["_kept"]
        assert send(client, person, ROLE).status_code == 403
    assert _roles(app) == []
    assert _prove(client, asked.text, "PASSWORD", password=PASSWORD, code=phone.code()).status_code == 200


def test_a_proof_gives_the_session_a_new_token_and_the_old_one_is_worthless(app: Flask, signed_in: SignIn) -> None:
    phone, _person = _people(app)
    assert phone is not None
    client = signed_in(ADMINISTRATOR)
    before = client.get_cookie("fundapp")
    assert before is not None
    page = client.get("/en/account/prove").text
    assert _prove(client, page, "PASSWORD", password=PASSWORD, code=phone.code()).status_code == 302
    assert client.get("/en/people").status_code == 200
    thief = app.test_client()
    thief.set_cookie("fundapp", before.value)
    assert thief.get("/en/people").status_code == 302
    with app.app_context():
        open_ones = (
            select(LoginSession).join(Account).where(Account.email == ADMINISTRATOR, LoginSession.ended_at.is_(None))
        )
        assert SignInMethod.PASSWORD in {each.method for each in db.session.scalars(open_ones)}


def test_a_page_that_stood_open_before_the_proof_can_still_be_sent(app: Flask, signed_in: SignIn) -> None:
    phone, person = _people(app)
    assert phone is not None
    client = signed_in(ADMINISTRATOR)
    open_page = client.get(person).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', open_page)
    assert token
    page = client.get("/en/account/prove").text
    _prove(client, page, "PASSWORD", password=PASSWORD, code=phone.code())
    assert client.post(person, data={**ROLE, "csrf_token": token[1]}).status_code == 302


def test_what_another_account_or_nobody_signed_is_not_sent(app: Flask, signed_in: SignIn) -> None:
    """`_kept` leads where we signed it to, for whom we signed it: no open redirect, no form pressed for somebody."""
    phone, person = _people(app)
    assert phone is not None
    with app.test_request_context():
        other = official(Role.ADMINISTRATOR, name="Olle Ask", email="olle@kommun.example")
        with_password(other)
        db.session.commit()
    client, theirs = signed_in(ADMINISTRATOR), signed_in("olle@kommun.example")
    _age(app)
    kept = _fields(send(theirs, person, ROLE).text, "PASSWORD")["_kept"]
    page = client.get("/en/account/prove").text
    for number, planted in enumerate((kept, kept[:-1], "https://evil.example/", "x.y.z", "ä")):
        shown = send(
            client,
            "/en/account/prove?next=https://evil.example/",
            {**_fields(page, "PASSWORD"), "_kept": planted, "password": PASSWORD, "code": phone.codes[number]},
        )
        assert shown.status_code == 302
        assert shown.headers["Location"] == "/en/people"
        page = client.get("/en/account/prove").text


def _mailed_code(app: Flask) -> str:
    with app.app_context():
        message = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert message is not None
        found = re.search(r"\b\d{6}\b", message.body)
    assert found
    return found[0]


def test_who_signs_in_by_mail_alone_is_asked_for_a_mailed_code(app_on_both: Flask, signed_in: SignIn) -> None:
    _nothing, person = _people(app_on_both, is_strong=False)
    client = signed_in(ADMINISTRATOR)
    _age(app_on_both)
    asked = send(client, person, ROLE)
    mailed = _prove(client, asked.text, "MAIL", step="ask")
    assert mailed.status_code == 200
    code = _mailed_code(app_on_both)
    wrong = "000000" if code != "000000" else "111111"
    assert _prove(client, mailed.text, "MAIL", step="code", mailed=wrong).status_code == 422
    shown = _prove(client, mailed.text, "MAIL", step="code", mailed=code)
    assert "One press is left" in shown.text
    assert _last_press(shown.text) == (person, ROLE)
    _age(app_on_both)
    asked = send(client, person, ROLE)
    assert _prove(client, asked.text, "MAIL", step="code", mailed=code).status_code == 422  # used


def test_a_mailed_code_is_tried_five_times(app_on_both: Flask, signed_in: SignIn) -> None:
    _people(app_on_both, is_strong=False)
    client = signed_in(ADMINISTRATOR)
    page = _prove(client, client.get("/en/account/prove").text, "MAIL", step="ask").text
    code = _mailed_code(app_on_both)
    wrong = "000000" if code != "000000" else "111111"
    for _time in range(5):
        assert _prove(client, page, "MAIL", step="code", mailed=wrong).status_code == 422
    late = _prove(client, page, "MAIL", step="code", mailed=code)
    assert late.status_code == 422
    assert "tried too many times" in late.text


def test_a_mailed_code_of_another_address_proves_nothing(app: Flask, signed_in: SignIn) -> None:
    _people(app, is_strong=False)
    client = signed_in(ADMINISTRATOR)
    page = _prove(client, client.get("/en/account/prove").text, "MAIL", step="ask").text
    with client.session_transaction() as cookie:
        before = cookie["attempt"]
    other = app.test_client()
    send(other, "/en/sign-in", {"email": "evil@exempel.example"})
    with other.session_transaction() as cookie:
        theirs = cookie["attempt"]
    with client.session_transaction() as cookie:
        cookie["attempt"] = theirs
    assert before != theirs
    assert _prove(client, page, "MAIL", step="code", mailed=_mailed_code(app)).status_code == 422


def test_an_official_with_something_stronger_cannot_prove_by_mail(app: Flask, signed_in: SignIn) -> None:
    _people(app)
    client = signed_in(ADMINISTRATOR)
    page = client.get("/en/account/prove").text
    assert 'value="MAIL"' not in page
    assert send(client, "/en/account/prove", {"way": "MAIL", "step": "ask", "_kept": ""}).status_code == 422
    with app.app_context():
        assert not [mail for mail in db.session.scalars(select(Message)) if "code is" in mail.subject]


def test_too_many_guesses_wait_and_keep_what_was_typed(app: Flask, signed_in: SignIn) -> None:
    phone, person = _people(app)
    assert phone is not None
    client = signed_in(ADMINISTRATOR)
    _age(app)
    asked = send(client, person, ROLE)
    answers = [_prove(client, asked.text, "PASSWORD", password="x", code="000000").status_code for _time in range(22)]
    assert answers == [422] * 20 + [429] * 2
    late = _prove(client, asked.text, "PASSWORD", password=PASSWORD, code=phone.code())
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0
    assert _fields(late.text, "PASSWORD")["_kept"]
    with clock.at(clock.now() + timedelta(minutes=16)):
        right = _prove(client, late.text, "PASSWORD", password=PASSWORD, code=phone.code())
        assert "One press is left" in right.text


@contextmanager
def _strict(settings: Settings) -> Iterator[Flask]:
    """An app as in production, where a mailed link alone gives no roles."""
    app = create_app(replace(settings, are_officials_let_in_by_mail=False))
    app.config["TESTING"] = True
    yield app
    with app.app_context():
        db.engine.dispose()


def test_by_mail_alone_an_officials_roles_are_at_rest_until_the_new_factors_are_shown(settings: Settings) -> None:
    with _strict(settings) as app:
        with app.test_request_context():
            official(Role.ADMINISTRATOR, name="Britta Berg", email=ADMINISTRATOR)
            db.session.commit()
        client = app.test_client()
        send(client, "/en/sign-in", {"email": ADMINISTRATOR})
        entered = send(client, "/en/sign-in/code", {"code": _mailed_code(app)})
        assert entered.headers["Location"] == "/en/account/sign-in"
        assert client.get("/en/people").status_code == 403
        assert "Your roles are at rest" in client.get("/en/people").text
        page = client.get("/en/account/sign-in/password").text
        sealed, key = _app_of(page)
        phone = Phone(key, [])
        fields = {"password": PASSWORD, "password_again": PASSWORD, "sealed": sealed, "code": phone.code()}
        assert "Your recovery codes" in send(client, "/en/account/sign-in/password", fields).text
        assert client.get("/en/people").status_code == 403  # to have set them is not to have shown them
        prove = client.get("/en/account/prove?next=/en/people").text
        assert 'value="MAIL"' not in prove
        again = send(
            client,
            "/en/account/prove?next=/en/people",
            {**_fields(prove, "PASSWORD"), "password": PASSWORD, "code": phone.code(later=1)},
        )
        assert again.headers["Location"] == "/en/people"
        assert client.get("/en/people").status_code == 200
        assert "Your roles are at rest" not in client.get("/en/people").text


def _app_of(page: str) -> tuple[str, str]:
    """The sealed key that the form carries, and the key in words."""
    soup = BeautifulSoup(page, "html.parser")
    field, key = (
        soup.find("input", attrs={"name": "sealed"}),
        re.search(r"\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b", soup.text),
    )
    assert field is not None
    assert key is not None
    return str(field["value"]), key[0].replace(" ", "")


def test_a_lost_file_is_told(app: Flask, signed_in: SignIn) -> None:
    _phone, person = _people(app)
    client = signed_in(ADMINISTRATOR)
    _age(app)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(person).text)
    assert token
    with_file = {**ROLE, "csrf_token": token[1], "file": (BytesIO(b"x"), "protokoll.pdf")}
    asked = client.post(person, data=with_file, content_type="multipart/form-data")
    assert asked.status_code == 403
    assert "Your file was not kept. Choose it again when you go on." in asked.text
    assert "2099-12-31" in asked.text  # to be copied: a form without its file is not sent again
    assert _fields(asked.text, "PASSWORD")["_kept"] == ""


def test_a_passkey_of_somebody_who_has_one_is_offered_first(app: Flask, signed_in: SignIn) -> None:
    _people(app)
    with app.test_request_context():
        account = db.session.scalars(select(Account).where(Account.email == ADMINISTRATOR)).one()
        with_passkey(account)
        db.session.commit()
    page = signed_in(ADMINISTRATOR).get("/en/account/prove").text
    ways = re.findall(r'name="way" value="(\w+)"', page)
    assert ways == ["PASSKEY", "PASSWORD"]
