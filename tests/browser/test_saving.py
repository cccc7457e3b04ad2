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
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from fundapp import clock
from fundapp.accounts.models import Account, LoginSession
from fundapp.applications import actions
from fundapp.applications.models import Application
from fundapp.db import db
from tests.browser.desk import AGE, AMINA, PER, SAVED, SERVED, Desk, line, opened, title, words
from tests.factories.applications import GRANT, PDF
from tests.ground.browser import LiveServer


@pytest.fixture
def served_with() -> dict[str, str]:
    return SERVED


@pytest.fixture
def desk(app: Flask, browser: Browser, live_server: LiveServer) -> Iterator[Desk]:
    yield from opened(app, browser, live_server)


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


# --- the back button -------------------------------------------------------------------------------------------------


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


def test_where_saving_is_not_possible_any_more_a_press_asks_once_and_the_words_stand(desk: Desk) -> None:
    """A colleague sent the application meanwhile: the server says no each time that it is asked."""
    desk.go_to_section()
    with desk.app.test_request_context():
        per = db.session.scalars(select(Account).where(Account.email == PER)).one()
        actions.submit(db.session.scalars(select(Application)).one(), by=per)
        db.session.commit()
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/keep") else None)
    title(desk.page).fill("Sagostund")
    desk.page.locator("main button[name=next]:not([aria-hidden])").click()
    expect(line(desk.page)).to_contain_text(words(desk.page, "impossible"))
    desk.page.wait_for_timeout(1500)
    assert 1 <= len(asked) <= 2  # leaving the field, and the press
    expect(title(desk.page)).to_have_value("Sagostund")
    assert len(desk.kept_here()) == 1


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
