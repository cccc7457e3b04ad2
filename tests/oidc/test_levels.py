"""Where a level of assurance is asked for, a sign-in at a lower one, or at none that is told, lets nobody in."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.models import LoginSession
from fundapp.config import Settings
from fundapp.db import db
from fundapp.oidc import provider
from fundapp.oidc.models import Identity
from fundapp.permissions import Role
from tests.factories.people import official
from tests.ground.databases import settings_for
from tests.ground.oidc import LyingProvider, with_provider
from tests.oidc.steps import come_in, is_signed_in, set_out

ANNA = "anna"
LEVELS = ("http://id.elegnamnden.se/loa/1.0/loa3", "http://id.elegnamnden.se/loa/1.0/loa4")
WEAK = [None, "", "http://id.elegnamnden.se/loa/1.0/loa2", LEVELS[0] + "0", " ".join(LEVELS), list(LEVELS), 3, True]


@pytest.fixture
def settings(tmp_path: Path, database_url: str, liar: LyingProvider) -> Settings:
    return with_provider(settings_for(tmp_path, database_url), liar.issuer, oidc_acr=LEVELS)


@pytest.fixture
def app(app: Flask, liar: LyingProvider) -> Flask:
    """With an officer who is connected as Anna."""
    with app.test_request_context():
        account, now = official(Role.OFFICER, name="Anna", email="anna@kommun.example"), clock.now()
        db.session.add(Identity(account=account, issuer=liar.issuer, subject=ANNA, linked_at=now, last_seen_at=now))
        db.session.commit()
    return app


def _sessions(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(LoginSession)) or 0


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_that_counts_lets_in(level: str, app: Flask, client: FlaskClient, liar: LyingProvider) -> None:
    liar.claims = {"acr": level}
    assert come_in(client, liar, ANNA).status_code == 302
    assert is_signed_in(client)


def test_the_levels_are_asked_for(app: Flask, client: FlaskClient) -> None:
    asked = parse_qs(urlsplit(set_out(client)).query)
    assert asked["acr_values"] == [" ".join(LEVELS)]


@pytest.mark.parametrize("level", WEAK)
def test_a_weaker_sign_in_is_refused_in_words(
    level: Any, app: Flask, client: FlaskClient, liar: LyingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.claims = {"acr": level}
    answer = come_in(client, liar, ANNA)
    assert answer.status_code == 403
    assert "starkare" in answer.text
    assert not is_signed_in(client)
    assert _sessions(app) == 0
    monkeypatch.setattr(provider, "settings", lambda: replace(app.extensions["fundapp.settings"], oidc_acr=()))
    assert come_in(client, liar, ANNA).status_code == 302  # what the safeguard holds back


def test_a_weaker_sign_in_is_no_fresh_proof(app: Flask, client: FlaskClient, liar: LyingProvider) -> None:
    liar.claims = {"acr": LEVELS[0]}
    come_in(client, liar, ANNA)
    liar.claims = {"acr": "http://id.elegnamnden.se/loa/1.0/loa2"}
    assert come_in(client, liar, ANNA, "/sv/oidc/step-up?next=/sv/cases").status_code == 403
    assert _sessions(app) == 1
