"""Limits that strangers cannot use against the others: who is refused anyway is not counted, and nobody fills for all.

What one person or one network may do stays bounded; a closing time cannot be made to pass by somebody else's presses.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.forms import OrganisationForm
from fundapp.accounts.models import Account
from fundapp.candidates import asking
from fundapp.db import db, own_transaction
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.web import limits
from fundapp.web.limits import INVITATION, MESSAGE, PARTICULARS, QUARTER, SUBMISSION, UPLOAD, Attempt, Limit, take
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.candidates import gathered, nomination
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

AMINA = "amina@exempel.example"
THREE = Limit("three", QUARTER, 3, 100, 100)


def _attempts(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(Attempt.id))) or 0


def _fill(app: Flask, limit: Limit, *parts: str, number: int) -> None:
    """Let that many have asked a moment ago."""
    with app.app_context(), own_transaction() as connection:
        take(connection, limit, [(limits._key(limit, *parts), 100_000)], number)


def _limited(app: Flask) -> Iterator[str]:
    """The address of each page that counts and is not public, of something that is not there."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        if getattr(view, "limit", None) and view.access != "public" and "POST" in (rule.methods or ()):
            place = {name: "sv" if name == "language" else "1" for name in rule.arguments}
            yield adapter.build(rule.endpoint, place, method="POST")


@pytest.fixture
def own_draft(app: Flask, signed_in: SignIn) -> tuple[FlaskClient, str]:
    """A client whose person has a draft ready to be sent, and the draft's address."""
    on_day()
    with app.test_request_context():
        path = f"/sv/applications/{draft(by=applicant(email=AMINA)).public_id}"
        db.session.commit()
    return signed_in(AMINA), path


def _id_of(app: Flask) -> str:
    with app.app_context():
        return str(db.session.scalars(select(Account.id).where(Account.email == AMINA)).one())


def test_who_is_not_signed_in_is_not_counted_on_any_page_that_asks_for_it(app: Flask) -> None:
    stranger = app.test_client()
    places = list(_limited(app))
    assert len(places) >= 10
    for cookie in ("", "made up"):
        with stranger.session_transaction() as kept:
            kept["_user_id"] = cookie
        token = token_of(stranger)
        answers = {place: stranger.post(place, data={"csrf_token": token}).status_code for place in places}
        assert answers == dict.fromkeys(places, 401)
    assert _attempts(app) == 0


def test_whose_session_has_ended_is_not_counted(app: Flask, own_draft: tuple[FlaskClient, str]) -> None:
    client, path = own_draft
    with client.session_transaction() as kept:
        cookie = kept["_user_id"]
    send(client, "/sv/sign-out")
    with client.session_transaction() as kept:
        kept["_user_id"] = cookie
    before = _attempts(app)
    assert send(client, f"{path}/submit").status_code == 401
    assert _attempts(app) == before


def test_a_thousand_others_who_send_keep_nobody_from_sending(app: Flask, own_draft: tuple[FlaskClient, str]) -> None:
    client, path = own_draft
    for limit in (SUBMISSION, UPLOAD, MESSAGE, PARTICULARS):
        _fill(app, limit, "everybody", "", number=5000)
    sent = {"kind": "statutes", "file": (BytesIO(b"%PDF-"), "stadgar.pdf")}
    assert send(client, f"{path}/attachments", sent).status_code == 422, "it is looked at, not refused unseen"
    assert send(client, f"{path}/submit").status_code == 302
    assert send(client, f"{path}/messages", {"text": "Hej"}).status_code != 429
    assert send(client, "/sv/organisations/zzzzzzzzzzzz", {}).status_code == 404


def test_who_guesses_at_a_nominee_s_link_is_not_counted_and_who_has_it_is(app: Flask) -> None:
    with app.test_request_context():
        on_day()
        who = official(Role.OFFICER)
        (candidate,) = gathered(nomination(), officer=who)
        asking.ask(candidate, by=who)
        message = db.session.scalars(select(Message).where(Message.to == candidate.email)).one()
        address = "/sv/nominee/" + message.body.partition("/nominee/")[2].split()[0]
        db.session.commit()
    client = app.test_client()
    assert send(client, "/sv/nominee/guess", {"answer": "accepts"}).status_code == 404
    assert _attempts(app) == 0
    _fill(app, UPLOAD, "address", "127.0.0.1", number=UPLOAD.address - 1)
    assert send(client, address, {"answer": "maybe"}).status_code == 422
    assert send(client, address, {"answer": "maybe"}).status_code == 429


@pytest.mark.usefixtures("both_engines")
def test_what_is_more_than_the_limit_at_once_is_refused_and_nothing_is_written(app: Flask) -> None:
    with app.app_context(), own_transaction() as connection:
        wait = take(connection, THREE, [("a", 100), ("b", 3)], 4)
    assert wait == QUARTER.total_seconds()
    assert _attempts(app) == 0
    with app.app_context(), own_transaction() as connection:
        assert take(connection, THREE, [("a", 100), ("b", 3)], 3) is None


def test_fields_that_are_made_up_count_no_more_mails_than_there_can_be(
    app: Flask, own_draft: tuple[FlaskClient, str]
) -> None:
    client, path = own_draft
    send(client, f"{path}/signatures", {f"email_{n}": "x" for n in range(1000)})
    with app.test_request_context():
        counted = select(func.count(Attempt.id)).where(Attempt.kind == INVITATION.kind).group_by(Attempt.key)
        assert set(db.session.scalars(counted)) == {10}
        assert OrganisationForm().signatories.max_entries == 10


@pytest.mark.parametrize("place", ["/sv/applications/new", "/sv/applications/{sent}/copy"])
def test_a_person_begins_so_many_drafts_in_an_hour(app: Flask, signed_in: SignIn, place: str) -> None:
    with app.test_request_context():
        on_day()
        sent = submitted(applicant(email=AMINA)).public_id
        db.session.commit()
    client, place = signed_in(AMINA), place.format(sent=sent)
    assert send(client, place, {"round": "x"}).status_code == 422
    assert limits.START.person
    _fill(app, limits.START, "person", _id_of(app), number=limits.START.person - 1)
    assert send(client, place).status_code == 429
