"""Two at the same instant, on both engines: a return lets one in, and a first coming makes one account."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.models import Account, LoginSession
from fundapp.config import Settings
from fundapp.db import db
from fundapp.oidc import actions, provider, rules
from fundapp.oidc.models import Identity
from tests.ground.databases import settings_for
from tests.ground.oidc import LyingProvider, with_provider
from tests.oidc.steps import form_of, set_out

ANNA = "anna"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, liar: LyingProvider) -> Settings:
    liar.claims = {"email": "anna@kommun.example", "email_verified": True}
    return replace(with_provider(settings_for(tmp_path, database_url), liar.issuer), is_oidc_mail_trusted=True)


def _at_once(monkeypatch: pytest.MonkeyPatch, presses: list[Callable[[], Any]]) -> list[int]:
    """The answers of presses that all have the provider's word at the same instant."""
    barrier, honest = Barrier(len(presses)), provider.exchange

    def wait(code: str, state: str) -> rules.Said:
        said = honest(code, state)
        barrier.wait(timeout=30)
        return said

    monkeypatch.setattr(provider, "exchange", wait)
    with ThreadPoolExecutor(len(presses)) as threads:
        return sorted(answer.status_code for answer in threads.map(lambda press: press(), presses))


def _press(client: FlaskClient, back: str) -> Callable[[], Any]:
    address, fields = form_of(client.get(back))
    return lambda: client.post(address, data=fields)


def _counts(app: Flask) -> tuple[int, ...]:
    with app.app_context():
        tables = (Account, Identity, LoginSession)
        return tuple(db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def _with_copied_cookie(app: Flask, liar: LyingProvider) -> list[Callable[[], Any]]:
    liar.forgives_second_use = True
    owner, thief = app.test_client(), app.test_client()
    back = liar.way_back(set_out(owner), ANNA)
    with owner.session_transaction() as cookie, thief.session_transaction() as copied:
        copied.update(cookie)
    return [_press(owner, back), _press(thief, back)]


def test_one_return_at_the_same_instant_lets_one_in(
    app_on_both: Flask, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _counts(app_on_both)[2]
    assert _at_once(monkeypatch, _with_copied_cookie(app_on_both, liar)) == [302, 400]
    assert _counts(app_on_both)[2] == before + 1


def test_without_its_mark_one_return_would_let_two_in(
    app_on_both: Flask, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "use_return", lambda _state: None)
    assert _at_once(monkeypatch, _with_copied_cookie(app_on_both, liar)) == [302, 302]


def test_who_comes_for_the_first_time_twice_at_once_is_one_person(
    app_on_both: Flask, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [app_on_both.test_client() for _browser in range(3)]
    presses = [_press(client, liar.way_back(set_out(client), ANNA)) for client in clients]
    accounts, identities, _sessions = _counts(app_on_both)
    assert _at_once(monkeypatch, presses) == [302, 302, 302]
    assert _counts(app_on_both)[:2] == (accounts + 1, identities + 1)


def test_of_two_strangers_with_one_address_at_once_one_gets_the_account(
    app_on_both: Flask, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [app_on_both.test_client() for _browser in range(2)]
    presses = [_press(c, liar.way_back(set_out(c), who)) for c, who in zip(clients, ("one", "two"), strict=True)]
    assert _at_once(monkeypatch, presses) == [302, 403]
    with app_on_both.app_context():
        assert len(db.session.scalars(select(Identity)).all()) == 1
