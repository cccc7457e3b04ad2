"""A real browser: a passkey of a virtual device, and a password with an app's code, each set up and signed in with."""

import re
import sqlite3

import pyotp
import pytest
from playwright.sync_api import Page, expect

from fundapp import clock
from fundapp.factors import rules
from tests.factories.factors import PASSWORD
from tests.ground.browser import LiveServer

AMINA = "amina@exempel.example"


@pytest.fixture
def served_as() -> str:
    return "localhost"


def _code(served: LiveServer) -> str:
    """The code of the newest mail."""
    with sqlite3.connect(served.database_url.removeprefix("sqlite:///")) as connection:
        body = connection.execute("SELECT body FROM message ORDER BY id DESC LIMIT 1").fetchone()[0]
    connection.close()
    found = re.search(r"\b\d{6}\b", body)
    assert found
    return found[0]


def _sign_in_by_mail(page: Page, served: LiveServer) -> None:
    page.goto(f"{served.url}/en/sign-in")
    page.get_by_label("E-mail address").fill(AMINA)
    page.get_by_role("button", name="Send the mail").click()
    page.get_by_label("Six-digit code").fill(_code(served))
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_label("Your name").fill("Amina Lindqvist")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/applications")


def _device(page: Page) -> None:
    """A device of the browser's own making, whose owner is always there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_added_and_signs_in(live_server: LiveServer, page: Page) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    _sign_in_by_mail(page, live_server)
    _device(page)
    page.goto(f"{live_server.url}/en/account")
    page.get_by_role("link", name="How you sign in").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of the passkey").fill("My phone")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="My phone")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{live_server.url}/en/sign-in")
    page.get_by_role("link", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/applications")
    page.goto(f"{live_server.url}/en/account/sign-in")
    expect(page.get_by_role("row", name="this browser")).to_contain_text("Passkey")
    assert told == []


def test_without_a_device_the_page_says_so_and_signs_nobody_in(live_server: LiveServer, page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    page.goto(f"{live_server.url}/en/sign-in/passkey")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('no')) }")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("It did not work. Try again, or choose another way.")


def test_password_and_code_are_set_and_sign_in(live_server: LiveServer, page: Page) -> None:
    _sign_in_by_mail(page, live_server)
    page.goto(f"{live_server.url}/en/account/sign-in")
    page.get_by_role("link", name="Set a password").click()
    expect(page.locator(".qr svg")).to_be_visible()
    shown = re.search(r"Key: ((?:[A-Z2-7]{4} ?){8})", page.get_by_role("main").inner_text())
    assert shown
    phone = pyotp.TOTP(shown[1].replace(" ", ""))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("The same password once more").fill(PASSWORD)
    page.get_by_label("Code from the app").fill(phone.at(int(clock.now().timestamp()) - rules.STEP))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.goto(f"{live_server.url}/en/sign-in")
    page.get_by_role("link", name="Sign in with password").click()
    page.get_by_label("E-mail address").fill(AMINA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code from the app").fill(phone.now())
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/applications")
