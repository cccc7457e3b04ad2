"""An officer's morning without a mouse: ten cases are opened one after the other, chosen, and given to a colleague."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.permissions import Role
from tests.browser.board_room import BoardRoom
from tests.browser.test_board_room import SECRET
from tests.factories import on_day
from tests.factories.people import official
from tests.factories.registry import registered
from tests.ground.browser import PATIENCE, LiveServer

OFFICER = "officer@kommun.example"
CASES = 10


@pytest.fixture
def served_with() -> dict[str, str]:
    """The demo's clock, on the tests' own day, and the tests' own secret, so that both know the same cookies."""
    return {"FUNDAPP_DEMO": "1", "FUNDAPP_DEMO_DATE": "2017-03-06", "FUNDAPP_SECRET_KEY": SECRET}


@pytest.fixture
def desk(app: Flask, live_server: LiveServer, browser: Browser) -> Iterator[BoardRoom]:
    on_day()
    expect.set_options(timeout=PATIENCE)
    with app.test_request_context():
        official(Role.OFFICER, email=OFFICER)
        official(Role.OFFICER, name="Östen Ek", email="osten@kommun.example")
        for number in range(CASES):
            registered(kind=ApplicationKind.NOMINATION, title=f"Nr {number}")
        db.session.commit()
    desk = BoardRoom(app, browser, live_server.url)
    yield desk
    desk.close()


@pytest.mark.slow
def test_ten_cases_by_the_keyboard_alone(app: Flask, desk: BoardRoom) -> None:
    page = desk.go("/cases?sort=title", who=OFFICER)
    for number in range(CASES):
        for _row in range(number + 1):
            page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text(f"Nr {number}")
        page.go_back()
        expect(page.locator("#short-keys")).to_be_visible()
    for _row in range(CASES):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("input[name=case]:checked")).to_have_count(CASES)
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator("input[name=case]:checked")).to_have_count(CASES - 1)
    page.keyboard.press("x")
    page.keyboard.press("j")
    for _stop in ("which cases", "which officer"):
        page.keyboard.press("Tab")
    page.keyboard.press("End")  # the last name: Östen
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".flashes")).to_be_visible()
    with app.app_context():
        osten = db.session.scalars(select(Account).where(Account.name == "Östen Ek")).one()
        assert {each.officer_id for each in db.session.scalars(select(Application))} == {osten.id}


def test_the_keys_keep_quiet_while_somebody_types_and_when_they_are_off(desk: BoardRoom) -> None:
    page = desk.go("/cases?sort=title", who=OFFICER)
    page.keyboard.press("s")
    page.keyboard.type("jkx")
    expect(page.locator("#filter-q")).to_have_value("jkx")
    page.check("#short-keys-off")
    page.keyboard.press("j")
    expect(page.locator("#short-keys-off")).to_be_focused()
