"""Signing in: a mail with a link and a code, used once and in time, that tells nobody which addresses are known."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.actions import ask_to_sign_in, count_try, give_role, use_attempt
from fundapp.accounts.models import Account, LoginSession, SignInAttempt
from fundapp.db import db
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import StepNotPossible
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.pages import send

AMINA = "amina@exempel.example"


def _mail(app: Flask) -> Message:
    with app.app_context():
        message = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert message is not None
        return message


def _link(app: Flask) -> str:
    found = re.search(r"http://localhost(/\S+)", _mail(app).body)
    assert found
    return found[1]


def _code(app: Flask) -> str:
    found = re.search(r"\b\d{6}\b", _mail(app).body)
    assert found
    return found[0]


def _is_signed_in(client: FlaskClient) -> bool:
    return client.get("/sv/account").status_code == 200


def _ask(client: FlaskClient, email: str = AMINA, next_path: str = "") -> TestResponse:
    path = f"/sv/sign-in?next={next_path}" if next_path else "/sv/sign-in"
    return send(client, path, {"email": email})


def _make(app: Flask, email: str = AMINA, name: str = "Amina Lindqvist", *roles: Role) -> None:
    with app.app_context():
        applicant(name, email)
        for role in roles:
            official(role, email=email)
        db.session.commit()


def test_pressing_the_button_behind_the_mailed_link_signs_in(app: Flask, client: FlaskClient) -> None:
    _make(app)
    assert _ask(client).headers["Location"] == "/sv/sign-in/code"
    assert not _is_signed_in(client)
    assert send(client, _link(app)).headers["Location"] == "/sv/applications"
    assert _is_signed_in(client)


def test_the_link_opened_on_another_device_signs_in_there(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    telephone = app.test_client()
    send(telephone, _link(app))
    assert _is_signed_in(telephone)
    assert not _is_signed_in(client)


def test_opening_the_link_alone_signs_nobody_in(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    scanner = app.test_client()
    for _time in range(3):
        assert scanner.get(_link(app)).status_code == 200
    assert scanner.head(_link(app)).status_code == 200
    assert not _is_signed_in(scanner)
    with app.app_context():
        assert db.session.scalar(select(func.count(LoginSession.id))) == 0
    assert send(client, _link(app)).status_code == 302


def test_the_code_of_the_mail_signs_in(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    code = _code(app)
    answer = send(client, "/sv/sign-in/code", {"code": f" {code[:3]} {code[3:]} "})
    assert answer.headers["Location"] == "/sv/applications"
    assert _is_signed_in(client)


def test_the_code_may_be_written_in_arabic_digits(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    code = _code(app).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert send(client, "/sv/sign-in/code", {"code": code}).status_code == 302
    assert _is_signed_in(client)


def test_a_code_is_worth_nothing_in_a_browser_that_did_not_ask_for_it(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    stranger = app.test_client()
    assert send(stranger, "/sv/sign-in/code", {"code": _code(app)}).headers["Location"] == "/sv/sign-in"
    assert not _is_signed_in(stranger)


def test_wrong_codes_are_counted_and_too_many_shut_the_right_one_out(app_on_both: Flask) -> None:
    client = app_on_both.test_client()
    _make(app_on_both)
    _ask(client)
    right = _code(app_on_both)
    wrong = "000000" if right != "000000" else "111111"
    for tried in range(1, 6):
        answer = send(client, "/sv/sign-in/code", {"code": wrong})
        assert answer.status_code == 422
        assert f'value="{wrong}"' in answer.text
        with app_on_both.app_context():
            assert db.session.scalar(select(SignInAttempt.tries)) == tried
    answer = send(client, "/sv/sign-in/code", {"code": right})
    assert answer.status_code == 422
    assert not _is_signed_in(client)
    assert send(client, _link(app_on_both)).status_code == 302  # guesses never lock out who reads the mail


def test_tries_at_the_same_time_are_each_counted(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        public_id = ask_to_sign_in(AMINA).public_id
        db.session.commit()
    start = Barrier(8)

    def guess(_number: int) -> bool:
        with app_on_both.app_context():
            start.wait()
            return count_try(public_id)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(guess, range(8))) == 5
    with app_on_both.app_context():
        assert db.session.scalar(select(SignInAttempt.tries)) == 5


@pytest.mark.parametrize("way", ["link", "code"])
def test_after_thirty_minutes_link_and_code_say_that_they_are_too_old(
    app: Flask, client: FlaskClient, way: str
) -> None:
    _make(app)
    with clock.at(clock.now() - timedelta(minutes=30, seconds=1)):
        _ask(client)
    path, fields = (_link(app), {}) if way == "link" else ("/sv/sign-in/code", {"code": _code(app)})
    answer = send(client, path.replace("/sv/", "/en/"), fields)
    assert answer.status_code == 409
    assert "This link has been used or is too old. Ask for a new one." in answer.text
    assert 'name="email"' in answer.text
    assert not _is_signed_in(client)


def test_just_before_thirty_minutes_the_link_still_works(app: Flask, client: FlaskClient) -> None:
    _make(app)
    with clock.at(clock.now() - timedelta(minutes=29, seconds=30)):
        _ask(client)
    assert send(client, _link(app)).status_code == 302


def test_a_link_works_once(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    send(client, _link(app))
    again = app.test_client()
    answer = send(again, _link(app).replace("/sv/", "/en/"))
    assert answer.status_code == 409
    assert "This link has been used or is too old" in answer.text
    assert not _is_signed_in(again)


def test_after_the_link_the_code_of_the_same_mail_is_used_up(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    send(app.test_client(), _link(app))
    assert send(client, "/sv/sign-in/code", {"code": _code(app)}).status_code == 409
    assert not _is_signed_in(client)


def test_a_made_up_link_is_no_page(client: FlaskClient) -> None:
    assert client.get("/sv/sign-in/link/made-up").status_code == 404
    assert send(client, "/sv/sign-in/link/made-up").status_code == 404


def test_known_and_unknown_addresses_get_the_same_answer_and_the_same_mail(app: Flask) -> None:
    _make(app)
    answers, mails = [], []
    for address in (AMINA, "unknown@exempel.example"):
        client = app.test_client()
        answer = _ask(client, address)
        page = client.get(answer.headers["Location"]).text
        answers.append((answer.status_code, answer.headers["Location"], _plain(page, address)))
        message = _mail(app)
        assert message.to == address
        body = message.body.replace(_link(app), "LINK").replace(_code(app), "CODE")
        mails.append((message.language, message.subject.replace(_code(app), "CODE"), body))
    assert answers[0] == answers[1]
    assert mails[0] == mails[1]


def _plain(page: str, address: str) -> str:
    return re.sub(r'name="(csrf_token|_once)" value="[^"]+"', "", page).replace(address, "ADDRESS")


def test_an_address_is_one_account_however_it_is_written(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client, " Amina@Exempel.Example ")
    send(client, _link(app))
    with app.app_context():
        assert db.session.scalars(select(Account.email)).all() == [AMINA]


@pytest.mark.parametrize("typed", ["amina", "amina@", "@exempel.example", "a b@exempel.example", ""])
def test_what_is_no_address_is_told_and_stays_in_the_box(app: Flask, client: FlaskClient, typed: str) -> None:
    answer = send(client, "/en/sign-in", {"email": typed})
    assert answer.status_code == 422
    assert ("Write an e-mail address, for example name@example.org." if typed else "Write your e-mail address.") in (
        answer.text
    )
    assert f'value="{typed}"' in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Message.id))) == 0


def test_the_mail_is_in_the_language_of_the_page(app: Flask, client: FlaskClient) -> None:
    send(client, "/en/sign-in", {"email": AMINA})
    message = _mail(app)
    assert message.language == "en"
    assert "Hello," in message.body
    assert "http://localhost/en/sign-in/link/" in message.body


@pytest.mark.parametrize(
    "outside",
    [
        "https://evil.example/",
        "//evil.example/",
        "/%5Cevil.example/",
        "%5C%5Cevil.example",
        "/%09/evil.example/",
        "/%0A/evil.example",
        "%09//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "https:evil.example",
    ],
)
def test_next_never_leads_outside(app: Flask, client: FlaskClient, outside: str) -> None:
    _make(app)
    _ask(client, next_path=outside)
    assert send(client, _link(app)).headers["Location"] == "/sv/applications"


def test_next_leads_on_to_the_page_that_was_wanted(app: Flask, client: FlaskClient) -> None:
    _make(app)
    wanted = client.get("/sv/organisations/new?next=/sv/applications/new").headers["Location"]
    send(client, wanted, {"email": AMINA})
    onward = send(client, _link(app)).headers["Location"]
    assert onward == "/sv/organisations/new?next=/sv/applications/new"


def test_a_new_person_is_asked_for_a_name_and_then_goes_on(app: Flask, client: FlaskClient) -> None:
    _ask(client, next_path="/sv/organisations")
    first = send(client, _link(app).replace("/sv/", "/en/")).headers["Location"]
    assert first == "/en/account?next=/sv/organisations"
    page = client.get(first).text
    assert "What is your name?" in page
    assert 'href="/sv/organisations"' in page  # it can wait
    answer = send(client, first, {"name": "Amina Lindqvist", "phone": "", "language": "sv"})
    assert answer.headers["Location"] == "/sv/organisations"


@pytest.mark.parametrize(
    ("role", "first_page"),
    [
        (Role.REGISTRAR, "/sv/desk"),
        (Role.OFFICER, "/sv/desk"),
        (Role.SECRETARY, "/sv/desk"),
        (Role.MEMBER, "/sv/desk"),
        (Role.AUDITOR, "/sv/desk"),
        (Role.ADMINISTRATOR, "/sv/people"),
    ],
)
def test_everybody_comes_to_the_page_of_their_role(
    app: Flask, client: FlaskClient, role: Role, first_page: str
) -> None:
    _make(app, AMINA, "Amina Lindqvist", role)
    _ask(client)
    assert send(client, _link(app)).headers["Location"] == first_page
    assert client.get(first_page).status_code == 200


def test_signing_out_makes_a_copied_cookie_worthless(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    send(client, _link(app))
    copied = client.get_cookie("fundapp")
    assert copied is not None
    thief = app.test_client()
    thief.set_cookie("fundapp", copied.value)
    assert _is_signed_in(thief)
    assert send(client, "/sv/sign-out").status_code == 302
    thief.set_cookie("fundapp", copied.value)
    assert not _is_signed_in(thief)
    assert not _is_signed_in(client)


def test_signing_out_on_one_device_leaves_the_other_signed_in(app: Flask, signed_in: SignIn) -> None:
    first, second = signed_in(AMINA), signed_in(AMINA)
    send(first, "/sv/sign-out")
    assert not _is_signed_in(first)
    assert _is_signed_in(second)


def test_sign_in_leaves_nothing_in_the_cookie_that_was_there_before(app: Flask, client: FlaskClient) -> None:
    _make(app)
    _ask(client)
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    send(client, _link(app))
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert "attempt" not in cookie


def test_a_session_ends_after_twelve_hours_without_a_click(app: Flask, signed_in: SignIn) -> None:
    client = signed_in(AMINA)
    with clock.at(clock.now() + timedelta(hours=11)):
        assert _is_signed_in(client)
    with clock.at(clock.now() + timedelta(hours=22)):
        assert _is_signed_in(client)  # the click at eleven hours was noted
    with clock.at(clock.now() + timedelta(hours=34, minutes=1)):
        assert not _is_signed_in(client)


def test_reading_a_page_notes_that_the_session_is_in_use_on_both_engines(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        token = use_attempt(ask_to_sign_in(AMINA))[1]
        db.session.commit()
    client = app_on_both.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    later = clock.now() + timedelta(minutes=5)
    with clock.at(later):
        assert _is_signed_in(client)
    with app_on_both.app_context():
        seen = db.session.scalar(select(LoginSession.last_seen_at))
        assert seen is not None
        assert seen >= later


def test_a_closed_account_can_neither_sign_in_nor_go_on(app: Flask, client: FlaskClient, signed_in: SignIn) -> None:
    _make(app)
    open_window = signed_in(AMINA)
    assert _is_signed_in(open_window)
    with app.app_context():
        db.session.scalars(select(Account)).one().is_active = False
        db.session.commit()
    assert not _is_signed_in(open_window)
    _ask(client)
    answer = send(client, _link(app).replace("/sv/", "/en/"))
    assert answer.status_code == 409
    assert "This account is closed. Write to the municipality." in answer.text
    assert not _is_signed_in(client)


def test_a_signed_out_post_is_answered_in_words(client: FlaskClient) -> None:
    answer = send(client, "/en/organisations/new", {"name": "Kalix Språkkafé"})
    assert answer.status_code == 401
    assert "You are not signed in" in answer.text
    assert "Sign in, and then do it again." in answer.text


def _at_once(app: Flask, people: int, act: Callable[[], object]) -> list[object]:
    """What each of `people` got who did the same at the same instant: a value, or the exception."""
    start = Barrier(people)

    def one(_number: int) -> object:
        with app.app_context():
            start.wait()
            try:
                kept = act()
                db.session.commit()
            except Exception as fault:
                db.session.rollback()
                return fault
            return kept

    with ThreadPoolExecutor(people) as threads:
        return list(threads.map(one, range(people)))


def test_the_same_link_pressed_twice_at_once_gives_one_session(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        key = ask_to_sign_in(AMINA).id
        db.session.commit()

    def press() -> str:
        attempt = db.session.get(SignInAttempt, key)
        assert attempt is not None
        return use_attempt(attempt)[1]

    found = _at_once(app_on_both, 4, press)
    assert sorted(type(each).__name__ for each in found) == ["StepNotPossible"] * 3 + ["str"]
    assert isinstance(next(each for each in found if not isinstance(each, str)), StepNotPossible)
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count(LoginSession.id))) == 1
        assert db.session.scalar(select(func.count(Account.id))) == 1


def test_two_mails_of_a_new_person_opened_at_once_make_one_account(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        keys = [ask_to_sign_in(AMINA).id for _number in range(4)]
        db.session.commit()

    def press() -> str:
        attempt = db.session.get(SignInAttempt, keys.pop())
        assert attempt is not None
        return use_attempt(attempt)[1]

    found = _at_once(app_on_both, 4, press)
    assert [each for each in found if not isinstance(each, str)] == []
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count(Account.id))) == 1
        assert db.session.scalar(select(func.count(LoginSession.id))) == 4


def test_a_role_works_from_the_next_click_and_ends_with_it(app: Flask, signed_in: SignIn) -> None:
    client = signed_in(AMINA)
    assert client.get("/sv/people").status_code == 403
    with app.app_context():
        give_role(db.session.scalars(select(Account)).one(), Role.ADMINISTRATOR, by=None)
        db.session.commit()
    assert client.get("/sv/people").status_code == 200
