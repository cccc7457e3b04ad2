"""The whole way in a real browser: to a real provider and back, with the pages' own policy of what may be loaded."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from fundapp import clock
from fundapp.config import Settings
from fundapp.db import db
from fundapp.oidc.models import Identity
from fundapp.permissions import Role
from tests.factories.people import official
from tests.ground.browser import LiveServer
from tests.ground.databases import settings_for
from tests.ground.oidc import CLIENT, NAME, SECRET, RealProvider, with_provider

SUBJECT = "siv-in-the-browser"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, provider: RealProvider) -> Settings:
    return with_provider(settings_for(tmp_path, database_url), provider.issuer)


@pytest.fixture
def served_with(provider: RealProvider) -> dict[str, str]:
    return {
        "FUNDAPP_OFFICIALS_BY_MAIL": "0",
        "FUNDAPP_OIDC_ISSUER": provider.issuer,
        "FUNDAPP_OIDC_CLIENT_ID": CLIENT,
        "FUNDAPP_OIDC_CLIENT_SECRET": SECRET,
        "FUNDAPP_OIDC_NAME": NAME,
    }


@pytest.fixture
def siv(app: Flask, provider: RealProvider) -> None:
    """A secretary who is connected."""
    with app.test_request_context():
        account, now = official(Role.SECRETARY, name="Siv Sekreterare", email="siv@kommun.example"), clock.now()
        identity = Identity(account=account, issuer=provider.issuer, subject=SUBJECT, linked_at=now, last_seen_at=now)
        db.session.add(identity)
        db.session.commit()


@pytest.fixture
def complaints(page: Page, live_server: LiveServer) -> Iterator[list[str]]:
    """What the browser complains of on our own pages; the provider's ask for a style sheet that is far away."""
    heard: list[str] = []
    page.route("**/*", lambda way: way.continue_() if "127.0.0.1" in way.request.url else way.abort())
    page.on(
        "console",
        lambda message: (
            heard.append(message.text) if message.type == "error" and page.url.startswith(live_server.url) else None
        ),
    )
    yield heard
    assert heard == []


def _sign_in_there(page: Page, provider: RealProvider, subject: str = SUBJECT) -> None:
    expect(page).to_have_url(re.compile(re.escape(f"{provider.issuer}/oauth2/authorize?")))
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize", exact=True).click()


@pytest.mark.slow
def test_a_secretary_comes_in_proves_it_anew_and_signs_out_everywhere(
    live_server: LiveServer, page: Page, provider: RealProvider, siv: None, complaints: list[str]
) -> None:
    here = live_server.url
    page.goto(f"{here}/sv/sign-in?next=/sv/meetings")
    page.locator("a[href*='/oidc/start']").click()
    _sign_in_there(page, provider)
    page.locator("form[action*='/oidc/return'] button").click()
    expect(page).to_have_url(f"{here}/sv/meetings")
    page.goto(f"{here}/sv/oidc/step-up?next=/sv/desk")
    _sign_in_there(page, provider)
    page.locator("form[action*='/oidc/return'] button").click()
    expect(page).to_have_url(f"{here}/sv/desk")
    page.locator("form[action$='/sign-out'] button").first.click()
    expect(page).to_have_url(f"{here}/sv/oidc/signed-out")
    page.locator(f"a[href^='{provider.issuer}']").click()
    expect(page).to_have_url(re.compile(re.escape(f"{provider.issuer}/oauth2/end_session")))
    page.goto(f"{here}/sv/desk")
    expect(page).to_have_url(f"{here}/sv/sign-in?next=/sv/desk")
