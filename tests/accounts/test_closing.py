"""An account that is closed lets nobody in from the next click on, and opened again begins anew."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts import closing
from fundapp.accounts.actions import begin_session
from fundapp.accounts.models import Account, LoginSession
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories.factors import with_password
from tests.factories.people import official
from tests.ground.apps import SignIn
from tests.ground.pages import send

ALVA, TORSTEN = "alva@kommun.example", "torsten@kommun.example"


@pytest.fixture
def people(app_on_both: Flask) -> dict[str, str]:
    """The page of each by address: an administrator, and an officer who has a strong sign-in."""
    with app_on_both.test_request_context():
        alva = official(Role.ADMINISTRATOR, name="Alva Admin", email=ALVA)
        torsten = official(Role.OFFICER, name="Torsten Officer", email=TORSTEN)
        with_password(torsten)
        db.session.commit()
        return {account.email: f"/en/people/{account.public_id}" for account in (alva, torsten)}


def is_in(client: FlaskClient) -> bool:
    return client.get("/sv/cases").status_code == 200


def events(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(HistoryEntry.event).order_by(HistoryEntry.id)))


def test_signed_out_everywhere_is_in_nowhere_and_may_come_again(
    app_on_both: Flask, people: dict[str, str], signed_in: SignIn
) -> None:
    alva, here, there = signed_in(ALVA), signed_in(TORSTEN), signed_in(TORSTEN)
    assert is_in(here)
    answer = send(alva, people[TORSTEN] + "/sign-out")
    assert answer.status_code == 302
    assert "Torsten Officer is signed out everywhere." in alva.get(people[TORSTEN]).text
    assert not is_in(here)
    assert not is_in(there)
    assert is_in(signed_in(TORSTEN))
    assert events(app_on_both)[-1] == "end_sessions"
    assert alva.get("/sv/people").status_code == 200


def test_a_closed_account_lets_nobody_in_and_opened_again_begins_anew(
    app_on_both: Flask, people: dict[str, str], signed_in: SignIn
) -> None:
    alva, torsten = signed_in(ALVA), signed_in(TORSTEN)
    page = alva.get(people[TORSTEN]).text
    assert "Close the account" in page
    assert "Open the account again" not in page
    assert send(alva, people[TORSTEN] + "/close").status_code == 302
    assert not is_in(torsten)
    page = alva.get(people[TORSTEN]).text
    assert "Open the account again" in page
    assert "Close the account" not in page
    assert "(closed)" in alva.get("/en/people").text
    assert not is_in(signed_in(TORSTEN)), "a session that was begun at the same moment is worth nothing"
    assert send(alva, people[TORSTEN] + "/reopen").status_code == 302
    assert not is_in(torsten)
    with app_on_both.app_context():
        his = select(Account.id).where(Account.email == TORSTEN).scalar_subquery()
        still_open = select(func.count()).where(LoginSession.ended_at.is_(None), LoginSession.account_id == his)
        assert db.session.scalar(still_open) == 0
    assert is_in(signed_in(TORSTEN)), "with the roles that were there"
    assert [event for event in events(app_on_both) if event.endswith("_account")][-2:] == [
        "close_account",
        "reopen_account",
    ]


def test_what_is_so_already_is_said(app_on_both: Flask, people: dict[str, str], signed_in: SignIn) -> None:
    alva = signed_in(ALVA)
    answer = send(alva, people[TORSTEN] + "/reopen")
    assert answer.status_code == 409
    assert "The account is open already." in answer.text
    assert send(alva, people[TORSTEN] + "/close").status_code == 302
    answer = send(alva, people[TORSTEN] + "/close")
    assert answer.status_code == 409
    assert "The account is closed already." in answer.text


@pytest.mark.parametrize("step", ["sign-out", "close", "reopen"])
def test_nobody_does_it_to_oneself_and_only_an_administrator_to_others(
    app_on_both: Flask, people: dict[str, str], signed_in: SignIn, step: str
) -> None:
    before = events(app_on_both)
    alva, torsten = signed_in(ALVA), signed_in(TORSTEN)
    assert "Close the account" not in alva.get(people[ALVA]).text
    answer = send(alva, f"{people[ALVA]}/{step}")
    assert answer.status_code == 403
    assert "Another administrator must do this for you." in answer.text
    assert send(torsten, f"{people[ALVA]}/{step}").status_code == 403
    assert send(app_on_both.test_client(), f"{people[ALVA]}/{step}").status_code in (302, 401, 403)
    assert events(app_on_both) == before
    assert is_in(torsten)


def test_the_actions_ask_themselves_who_does_it(app_on_both: Flask, people: dict[str, str]) -> None:
    with app_on_both.test_request_context():
        alva, torsten = (
            db.session.scalars(select(Account).where(Account.email == each)).one() for each in (ALVA, TORSTEN)
        )
        begin_session(alva)
        for act in (closing.close, closing.reopen, closing.sign_out):
            with pytest.raises(NotAllowed):
                act(alva, by=torsten)
            with pytest.raises(NotAllowed):
                act(alva, by=alva)
        closing.close(torsten, by=alva)
        with pytest.raises(StepNotPossible):
            closing.close(torsten, by=alva)


def test_of_two_administrators_who_close_each_other_at_once_one_stays(
    app_on_both: Flask, people: dict[str, str]
) -> None:
    with app_on_both.test_request_context():
        britta = official(Role.ADMINISTRATOR, name="Britta Admin", email="britta@kommun.example")
        alva = db.session.scalars(select(Account).where(Account.email == ALVA)).one()
        keys = [alva.id, britta.id]
        db.session.commit()
    start = Barrier(2)

    def close(own: int, other: int) -> str:
        with app_on_both.test_request_context():
            by, account = db.session.get_one(Account, own), db.session.get_one(Account, other)
            db.session.rollback()
            start.wait()
            try:
                closing.close(account, by=by)
                db.session.commit()
            except (NotAllowed, StepNotPossible) as fault:
                db.session.rollback()
                return type(fault).__name__
            return "closed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(close, keys, reversed(keys))) == ["NotAllowed", "closed"]
