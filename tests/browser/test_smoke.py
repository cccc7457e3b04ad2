"""The app comes up under its real server, on either engine, and a real browser can read it."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.ground.browser import LiveServer


@pytest.mark.usefixtures("both_engines")
def test_health_is_ok_when_the_database_answers_and_is_at_head(live_server: LiveServer, page: Page) -> None:
    answer = page.goto(f"{live_server.url}/healthz")
    assert answer is not None
    assert answer.status == 200
    assert json.loads(answer.text())["status"] == "ok"


def test_start_page_opens_in_swedish_without_a_complaint(live_server: LiveServer, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}/")
    expect(page).to_have_url(f"{live_server.url}/sv/")
    expect(page.locator("html")).to_have_attribute("lang", "sv")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert complaints == []
