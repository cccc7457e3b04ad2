"""A draft that two people may write in, and one browser profile in which it is written in: for the tests of saving."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, session
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy import func, select, update

from fundapp import clock
from fundapp.accounts.actions import account_by_email, begin_session
from fundapp.accounts.models import LoginSession, Membership
from fundapp.accounts.sessions import open_door_for
from fundapp.applications.models import Attachment, Section
from fundapp.db import db
from fundapp.files import StoredFile
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.people import applicant
from tests.ground.browser import PATIENCE, LiveServer

AMINA, PER = "amina@exempel.example", "per@exempel.example"
SECRET = "the tests' own secret, which opens nothing else"
SAVED = re.compile(r"^Spara[dt] \d\d[:.]\d\d$")
KEPT = "Object.keys(localStorage).filter(key => key.startsWith('fundapp:') && !key.endsWith(':seen'))"
AGE = """days => {
  for (const key of Object.keys(localStorage)) {
    if (key.endsWith(':seen')) continue;
    const kept = JSON.parse(localStorage.getItem(key));
    localStorage.setItem(key, JSON.stringify({...kept, at: Date.now() - days * 24 * 3600 * 1000}));
  }
}"""
# The demo's clock, on the tests' own day, and the tests' own secret, so that both know the same cookies.
SERVED = {"FUNDAPP_DEMO": "1", "FUNDAPP_DEMO_DATE": "2017-03-06", "FUNDAPP_SECRET_KEY": SECRET}


def begin(app: Flask) -> str:
    """The public id of a draft that both may write in."""
    on_day()
    with app.app_context():
        application = draft(by=applicant("Amina", AMINA))
        per, public_id = applicant("Per Omar", PER), application.public_id
        db.session.add(Membership(account_id=per.id, organisation_id=application.organisation_id, since=clock.now()))
        db.session.commit()
        return public_id


class Desk:
    """One browser profile, in which one person at a time is signed in, and a draft to write in."""

    def __init__(self, app: Flask, context: BrowserContext, server: LiveServer, draft_id: str) -> None:
        self.app, self.context, self.server, self.draft_id = app, context, server, draft_id
        self.page = self.open_window()

    def open_window(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        return page

    def sign_in(self, who: str, *, is_shared: bool = False) -> None:
        """Put a new session's cookie in place of what there was, as signing in does."""
        with self.app.test_request_context():
            account = account_by_email(who)
            assert account is not None
            token = begin_session(account, is_shared=is_shared)
            db.session.commit()
            open_door_for(token)
            signing = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
            value = signing.dumps(dict(session))
        self.context.add_cookies([{"name": "fundapp", "value": value, "url": self.server.url}])

    def go(self, path: str, page: Page | None = None) -> None:
        (page or self.page).goto(f"{self.server.url}/sv{path}")

    def go_to_section(self, page: Page | None = None, code: str = "project") -> None:
        self.go(f"/applications/{self.draft_id}/sections/{code}", page)

    def kept_here(self, page: Page | None = None) -> list[str]:
        """The keys of what this browser keeps."""
        found: list[str] = (page or self.page).evaluate(KEPT)
        return found

    def wait_until_nothing_is_kept(self) -> None:
        self.page.wait_for_load_state()
        for _look in range(50):
            if not self.kept_here():
                return
            self.page.wait_for_timeout(100)
        pytest.fail(f"still kept: {self.kept_here()}")

    def saved(self, name: str) -> list[str]:
        """What the server keeps for a field of the section."""
        with self.app.app_context():
            answers = db.session.scalars(select(Section.answers).where(Section.code == "project")).one()
            texts: list[str] = answers[name]
            return texts

    def end_sessions(self) -> None:
        with self.app.app_context():
            db.session.execute(update(LoginSession).values(last_seen_at=clock.now() - timedelta(hours=13)))
            db.session.commit()

    def files(self) -> tuple[int, int]:
        """How many attachments and how many files are kept."""
        with self.app.app_context():
            counted = [db.session.scalar(select(func.count()).select_from(each)) for each in (Attachment, StoredFile)]
            return counted[0] or 0, counted[1] or 0

    def processes(self, words: str) -> list[int]:
        """The server's processes by its own log."""
        return [int(number) for number in re.findall(words, self.server.log.read_text())]

    def lose_words(self, text: str) -> None:
        """Type without a line, and shut the page."""
        self.context.set_offline(True)
        title(self.page).fill(text)
        expect(line(self.page)).to_have_text(words(self.page, "kept"))
        self.context.clear_cookies()  # what a page sends while it is shut may reach the server after all
        self.page.goto("about:blank")
        self.context.set_offline(False)
        self.sign_in(AMINA)


def line(page: Page) -> Locator:
    return page.locator(".saving")


def words(page: Page, name: str) -> str:
    return line(page).get_attribute(f"data-{name}") or ""


def title(page: Page) -> Locator:
    return page.locator("main [name=title]")


def opened(app: Flask, browser: Browser, server: LiveServer) -> Iterator[Desk]:
    """A desk at which Amina sits, until the test is over."""
    context = browser.new_context(locale="sv-SE", viewport={"width": 360, "height": 740})
    desk = Desk(app, context, server, begin(app))
    desk.sign_in(AMINA)
    yield desk
    context.close()
