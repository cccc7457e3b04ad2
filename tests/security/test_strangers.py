"""What somebody gets who has no account, one mail of somebody else, or the next turn at a shared computer."""

import base64
import json
import re
import time
import unicodedata
import zlib
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts import closing, memberships
from fundapp.accounts.actions import account_by_email, ask_to_sign_in, give_role
from fundapp.accounts.memberships import Rights
from fundapp.accounts.models import Membership
from fundapp.accounts.rules import hashed
from fundapp.db import db
from fundapp.factors import queries, rules
from fundapp.intake import correcting
from fundapp.permissions import Role
from fundapp.web.turns import Turns
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.factors import with_password
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def test_a_password_of_marks_takes_no_longer_than_another() -> None:
    """To order so many marks over one letter takes the square of their number: here 3 s before it was bounded."""
    marks = "a" + "\u0315" * 30_000 + "\u0300" * 30_000
    kept = rules.HASHER.hash("x")
    begun = time.process_time()
    assert not rules.is_password(marks, kept)
    assert time.process_time() - begun < 1.0


def test_a_password_that_is_longer_than_any_is_wrong_and_one_as_long_as_may_be_is_right() -> None:
    longest, longer = "ö" * rules.LONGEST, "ö" * (4 * rules.LONGEST + 1)
    assert rules.is_password(unicodedata.normalize("NFD", longest), rules.HASHER.hash(longest))
    assert rules.is_password(longest, rules.HASHER.hash(longest))
    assert not rules.is_password(longer, rules.HASHER.hash(longer))
    assert not rules.is_password(longer, rules.HASHER.hash(""))


@pytest.mark.parametrize("path", ["/%5Cevil.example/x", "/.%5C%5Cevil.example/x"])
def test_a_page_that_rests_leads_nowhere_else(app: Flask, path: str) -> None:
    app.extensions["fundapp.turns"] = Turns(0, 0)
    page = app.test_client().get(path)
    assert page.status_code == 503
    assert re.findall(r'href="[^"]*evil[^"]*"', page.text) == []


def test_an_invitation_of_an_account_that_was_closed_lets_nobody_in(app: Flask) -> None:
    with app.test_request_context():
        taken = applicant(email="taken@exempel.example")
        invitation = memberships.invite(
            organisation(taken), "thief@exempel.example", Rights(True, True, True), language="sv", by=taken
        )
        invitation.token_hash = hashed("x" * 43)
        closing.close(taken, by=official(Role.ADMINISTRATOR))
        db.session.commit()
    send(app.test_client(), f"/sv/invitation/{'x' * 43}")
    with app.app_context():
        assert [each.account.email for each in db.session.scalars(select(Membership))] == ["taken@exempel.example"]


@pytest.mark.parametrize("days", [0, 1])
def test_who_is_an_official_from_tomorrow_changes_no_sign_in_by_mail_alone(
    app: Flask, signed_in: SignIn, days: int
) -> None:
    with app.test_request_context():
        who = applicant(email="soon@kommun.example")
        give_role(who, Role.SECRETARY, by=None, begins_on=clock.today() + timedelta(days=days))
        with_password(who)
        db.session.commit()
    client = signed_in("soon@kommun.example")
    assert send(client, "/sv/account/sign-in/password/remove").status_code == 403
    with app.test_request_context():
        assert queries.factors_of(account_by_email("soon@kommun.example")).password is not None


def test_the_address_of_who_is_an_official_from_tomorrow_is_the_administrators(app: Flask) -> None:
    with app.test_request_context():
        who = applicant(email="soon@exempel.example")
        application = submitted(by=who, organisation=organisation(who))
        give_role(who, Role.ADMINISTRATOR, by=None, begins_on=clock.today() + timedelta(days=1))
        with pytest.raises(StepNotPossible):
            correcting.approve(
                correcting.propose_email(application, "other@exempel.example", reason="x", by=official(Role.OFFICER)),
                by=official(Role.REGISTRAR),
            )
        assert who.email == "soon@exempel.example"


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_shared_computer_is_left_no_sign_of_who_was_there(app: Flask, is_shared: bool) -> None:
    with app.test_request_context():
        applicant(email="amina@exempel.example")
        ask_to_sign_in("amina@exempel.example").token_hash = hashed("t" * 43)
        db.session.commit()
    client = app.test_client()
    send(client, f"/sv/sign-in/link/{'t' * 43}", {"is_shared": "y"} if is_shared else {})
    send(client, "/sv/sign-out")
    cookie = client.get_cookie("fundapp-known")
    assert (cookie is None) is is_shared
    if cookie is not None:
        assert hashed("amina@exempel.example") not in _unpacked(cookie.value)


def _unpacked(value: str) -> str:
    """What anybody reads who finds the cookie."""
    packed, part = value.startswith("."), value.split(".")[1 if value.startswith(".") else 0]
    raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return str(json.loads(zlib.decompress(raw) if packed else raw))


def test_a_page_that_is_kept_is_given_though_another_empties_the_shelf(app: Flask) -> None:
    class Emptied(dict[Any, Any]):
        def get(self, *asked: Any) -> Any:
            found = super().get(*asked)
            self.clear()
            return found

    client = app.test_client()
    assert client.get("/sv/goals").status_code == 200
    app.extensions["fundapp.kept_pages"] = Emptied(app.extensions["fundapp.kept_pages"])
    assert client.get("/sv/goals").status_code == 200


def test_one_line_of_ipv6_keeps_nobody_else_from_a_mail(app: Flask) -> None:
    """A household has 256 networks, a line 65 536; 300 mails in a quarter of an hour are what all together may."""
    stranger = app.test_client()
    token = token_of(stranger)
    answers = []
    for number in range(320):
        answer = stranger.post(
            "/sv/sign-in",
            data={"csrf_token": token, "email": f"somebody{number}@exempel.example"},
            environ_base={"REMOTE_ADDR": f"2001:db8:0:{number:x}::1"},
        )
        answers.append(answer.status_code)
    assert answers.count(429) >= 200
    honest = app.test_client()
    data = {"csrf_token": token_of(honest), "email": "amina@exempel.example"}
    assert honest.post("/sv/sign-in", data=data, environ_base={"REMOTE_ADDR": "192.0.2.77"}).status_code == 302


def test_a_form_without_an_address_uses_up_nothing(app: Flask) -> None:
    stranger = app.test_client()
    token = token_of(stranger)
    data = {"csrf_token": token, "email": "nobody at all"}
    assert {stranger.post("/sv/sign-in", data=data).status_code for _press in range(40)} == {422}
    data["email"] = "amina@exempel.example"
    assert stranger.post("/sv/sign-in", data=data).status_code == 302
