"""A section in a real browser against the real server: what the line says is true, what is typed is never lost unseen,
and what a browser keeps is its owner's alone.
"""

import os
import re
import signal
import socket
import time
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
from tests.factories.applications import GRANT, PDF, draft
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


@pytest.fixture
def served_with() -> dict[str, str]:
    """The demo's clock, on the tests' own day, and the tests' own secret, so that both know the same cookies."""
    return {"FUNDAPP_DEMO": "1", "FUNDAPP_DEMO_DATE": "2017-03-06", "FUNDAPP_SECRET_KEY": SECRET}


@pytest.fixture
def draft_id(app: Flask) -> str:
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


@pytest.fixture
def desk(app: Flask, browser: Browser, draft_id: str, live_server: LiveServer) -> Iterator[Desk]:
    context = browser.new_context(locale="sv-SE", viewport={"width": 360, "height": 740})
    desk = Desk(app, context, live_server, draft_id)
    desk.sign_in(AMINA)
    yield desk
    context.close()


# --- the line says only what is true -------------------------------------------------------------------------------


def test_saved_is_said_only_when_the_server_has_answered(desk: Desk) -> None:
    desk.go_to_section()
    title(desk.page).fill("Sagostund")
    expect(line(desk.page)).to_have_text(SAVED)
    assert desk.saved("title") == ["Sagostund"]
    [worker] = desk.processes(r"Booting worker with pid: (\d+)")
    os.kill(worker, signal.SIGSTOP)  # it takes the request, and does not answer
    try:
        title(desk.page).fill("Sagostund i Töre")
        expect(line(desk.page)).to_have_text(words(desk.page, "saving"))
        time.sleep(2.5)
        expect(line(desk.page)).to_have_text(words(desk.page, "saving"), timeout=100)
        assert desk.saved("title") == ["Sagostund"]
    finally:
        os.kill(worker, signal.SIGCONT)
    expect(line(desk.page)).to_have_text(SAVED)
    assert desk.saved("title") == ["Sagostund i Töre"]
    [master] = desk.processes(r"\[(\d+)\] \[INFO\] Starting gunicorn")
    os.kill(master, signal.SIGTERM)
    os.waitid(os.P_PID, master, os.WEXITED | os.WNOWAIT)
    title(desk.page).fill("Sagostund vid älven")
    expect(line(desk.page)).to_have_text(words(desk.page, "kept"))
    assert len(desk.kept_here()) == 1


# --- two windows, the back button ----------------------------------------------------------------------------------


def test_two_windows_that_change_one_text_lead_to_a_question_with_both(desk: Desk) -> None:
    other = desk.open_window()
    desk.go_to_section()
    desk.go_to_section(other)
    title(desk.page).fill("Sagostund")
    expect(line(desk.page)).to_have_text(SAVED)
    title(other).fill("Lekstund")
    expect(line(other)).to_contain_text(words(other, "changed"))
    assert desk.saved("title") == ["Sagostund"]
    line(other).locator("a").click()
    question = other.locator("main fieldset", has=other.locator("input[name='keep:title']"))
    for text in ("Sagostund", "Lekstund"):
        expect(question).to_contain_text(text)
    question.locator("input[value=mine]").check()
    other.locator("main button[name=leave]").click()
    other.wait_for_url(f"**/applications/{desk.draft_id}")
    assert desk.saved("title") == ["Lekstund"]


@pytest.mark.slow
def test_the_back_button_shows_what_is_saved_and_going_on_there_is_no_question(desk: Desk) -> None:
    desk.go_to_section()
    for text in ("Sagostund", "Sagostund i Töre"):
        title(desk.page).fill(text)
        desk.page.locator("main button[name=next]:not([aria-hidden])").click()
        desk.page.wait_for_url("**/sections/goals")
        assert desk.saved("title") == [text]
        desk.page.go_back()
        desk.page.wait_for_url("**/sections/project")
        expect(title(desk.page)).to_have_value(text)
    assert desk.page.locator("input[name='keep:title']").count() == 0


# --- whose the kept words are --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_one_account_wrote_is_gone_when_another_signs_in(desk: Desk) -> None:
    desk.go_to_section()
    desk.lose_words("Sagostund")
    desk.sign_in(PER)
    desk.go("/applications")
    assert desk.kept_here() == []
    desk.go_to_section()
    expect(title(desk.page)).to_have_value(GRANT["project"]["title"][0])


@pytest.mark.slow
@pytest.mark.parametrize(("days", "title_then"), [(6.9, "Sagostund"), (7.1, GRANT["project"]["title"][0])])
def test_words_are_kept_for_seven_days(desk: Desk, days: float, title_then: str) -> None:
    desk.go_to_section()
    desk.lose_words("Sagostund")
    desk.page.goto(f"{desk.server.url}/healthz")  # a page of the same site without scripts
    desk.page.evaluate(AGE, days)
    desk.go_to_section()
    expect(title(desk.page)).to_have_value(title_then)
    desk.wait_until_nothing_is_kept()
    assert desk.saved("title") == [title_then]


@pytest.mark.slow
def test_a_shared_computer_keeps_nothing_and_says_to_leave_the_page_open(desk: Desk) -> None:
    desk.go_to_section()
    desk.lose_words("Sagostund")
    desk.sign_in(AMINA, is_shared=True)
    desk.go("/account")
    assert desk.page.evaluate("Object.keys(localStorage)") == []
    desk.go_to_section()
    expect(title(desk.page)).to_have_value(GRANT["project"]["title"][0])
    desk.context.set_offline(True)
    title(desk.page).fill("Lekstund")
    expect(line(desk.page)).to_have_text(words(desk.page, "open"))
    assert desk.page.evaluate("Object.keys(localStorage)") == []
    desk.context.set_offline(False)
    expect(line(desk.page)).to_have_text(SAVED)
    assert desk.saved("title") == ["Lekstund"]


def sign_out(page: Page) -> None:
    page.locator("form[action$='/sign-out'] button").first.evaluate("button => button.click()")


@pytest.mark.slow
def test_signing_out_saves_first_what_is_not_saved_and_leaves_nothing_behind(desk: Desk) -> None:
    desk.go_to_section()
    desk.context.set_offline(True)
    title(desk.page).fill("Sagostund")
    sign_out(desk.page)
    expect(line(desk.page)).to_have_text(words(desk.page, "kept"))
    assert "/sections/project" in desk.page.url
    desk.context.set_offline(False)
    expect(line(desk.page)).to_have_text(SAVED)
    title(desk.page).fill("Sagostund i Töre")
    sign_out(desk.page)
    desk.page.wait_for_url(f"{desk.server.url}/sv/")
    assert desk.saved("title") == ["Sagostund i Töre"]
    assert desk.page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.slow
def test_signing_out_elsewhere_with_words_that_are_not_saved_brings_them_first(desk: Desk) -> None:
    desk.go_to_section()
    desk.lose_words("Sagostund")
    desk.go("/account")
    sign_out(desk.page)
    desk.page.wait_for_url("**/sections/project")
    desk.wait_until_nothing_is_kept()
    assert desk.saved("title") == ["Sagostund"]
    sign_out(desk.page)
    desk.page.wait_for_url(f"{desk.server.url}/sv/")


@pytest.mark.slow
def test_what_is_typed_after_the_session_ended_is_there_after_signing_in_again(desk: Desk) -> None:
    desk.go_to_section()
    desk.end_sessions()
    title(desk.page).fill("Sagostund")
    expect(line(desk.page)).to_contain_text(words(desk.page, "signed-out"))
    assert desk.saved("title") == GRANT["project"]["title"]
    desk.sign_in(AMINA)
    desk.go_to_section()
    expect(title(desk.page)).to_have_value("Sagostund")
    desk.wait_until_nothing_is_kept()
    assert desk.saved("title") == ["Sagostund"]


# --- the session's end ---------------------------------------------------------------------------------------------


def test_before_the_session_ends_one_press_extends_it_and_escape_puts_the_question_away(desk: Desk) -> None:
    page = desk.page
    page.clock.install()
    desk.go_to_section()
    title(page).focus()
    dialog, asks = page.locator("#session-end"), Asks(page)
    asks.after("11:53:00", is_open=False)
    with desk.app.app_context():
        db.session.execute(update(LoginSession).values(last_seen_at=clock.now() - timedelta(hours=11)))
        db.session.commit()
    asks.after("00:01:30", is_open=True)
    expect(dialog.locator("[data-when]")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    expect(dialog.locator("button")).to_be_focused()
    desk.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(dialog.locator("[role=alert]")).to_have_text(dialog.get_attribute("data-offline") or "")
    expect(dialog).to_be_visible()
    desk.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(title(page)).to_be_focused()
    with desk.app.app_context():
        assert clock.now() - db.session.scalars(select(LoginSession.last_seen_at)).one() < timedelta(minutes=5)
    asks.after("11:53:00", is_open=False)
    asks.after("00:01:30", is_open=True)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(title(page)).to_be_focused()
    asks.after("00:00:30", is_open=False)


class Asks:
    """The page's clock, put forward; and whether the question stands there then."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def after(self, time_later: str, *, is_open: bool) -> None:
        self.page.clock.fast_forward(time_later)
        self.page.clock.run_for(16_000)  # the page looks four times a minute
        expect(self.page.locator("#session-end")).to_be_visible(visible=is_open)


# --- an upload cut in half -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_upload_cut_in_half_leaves_nothing_half_and_can_be_sent_anew(desk: Desk) -> None:
    page, before = desk.page, desk.files()
    desk.go_to_section(code="attachments")
    form = page.locator("main form[enctype]")
    kind = form.locator("option:not([value=''])").first.get_attribute("value") or ""
    token = form.locator("input[name=csrf_token]").get_attribute("value") or ""
    [cookie] = [each for each in desk.context.cookies() if each.get("name") == "fundapp"]
    fields = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in (("csrf_token", token), ("kind", kind))
    )
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    body = (fields + file).encode() + PDF + bytes(400_000)
    head = (
        f"POST /sv/applications/{desk.draft_id}/attachments HTTP/1.1\r\nHost: {desk.server.url[7:]}\r\n"
        f"Cookie: fundapp={cookie.get('value')}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {2 * len(body)}\r\n\r\n"
    )
    host, port = desk.server.url[7:].split(":")
    with socket.create_connection((host, int(port))) as cut:
        cut.sendall(head.encode() + body)
        cut.shutdown(socket.SHUT_WR)  # the other half never comes
        answer = cut.recv(100)
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3")), answer
    assert desk.files() == before
    page.reload()
    rows = page.locator("main section[aria-labelledby=attached] li")
    expect(rows).to_have_count(before[0])
    form.locator("select").select_option(kind)
    form.locator("input[type=file]").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": PDF})
    form.locator("button[type=submit]").last.click()
    expect(rows).to_have_count(before[0] + 1)
    assert desk.files()[0] == before[0] + 1
