"""The app comes up under its real server, on either engine, and a real browser can read it."""

import json
from http.client import HTTPConnection

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


def test_a_file_of_50_mb_is_answered_with_a_page_also_to_who_sends_all_before_reading(live_server: LiveServer) -> None:
    """A server that stops listening half way leaves many a client with a broken line instead of our page."""
    line = HTTPConnection(live_server.url.removeprefix("http://"), timeout=30)
    line.request("POST", "/en/sign-in", bytes(50_000_000), {"Content-Type": "multipart/form-data; boundary=x"})
    answer = line.getresponse()
    assert answer.status == 413
    assert "A file may be at most" in answer.read().decode()
    line.close()
