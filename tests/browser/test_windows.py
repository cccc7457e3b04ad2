"""One section in two windows of a browser: each keeps its own words and says what became of them, and none is lost."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.desk import AMINA, SAVED, SERVED, Desk, line, opened, title, words
from tests.ground.browser import LiveServer

OLDER = """() => {
  const key = Object.keys(localStorage).find(each => /\\/project:/.test(each));
  localStorage.setItem(key.replace(/:[^:]*$/, ''), localStorage.getItem(key));
  localStorage.removeItem(key);
}"""


@pytest.fixture
def served_with() -> dict[str, str]:
    return SERVED


@pytest.fixture
def desk(app: Flask, browser: Browser, live_server: LiveServer) -> Iterator[Desk]:
    yield from opened(app, browser, live_server)


@pytest.fixture
def other(desk: Desk) -> Page:
    """A second window of the same browser."""
    return desk.open_window()


def place(page: Page) -> Locator:
    return page.locator("main [name=place]")


def refuse_saves(page: Page) -> None:
    """The line or the server fails for what is sent, while pages can be read."""
    page.route("**/keep", lambda route: route.fulfill(status=503))


def take_saves(page: Page) -> None:
    page.unroute("**/keep")
    try_again(page)


def try_again(page: Page) -> None:
    """As a browser tells that it has a line: not to wait for the script's own next time."""
    page.evaluate("dispatchEvent(new Event('online'))")


def fail(page: Page, field: Locator, text: str) -> None:
    field.fill(text)
    try_again(page)
    expect(line(page)).to_have_text(words(page, "kept"))


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


def test_a_window_that_took_up_anothers_words_and_that_one_lose_none_of_their_own(desk: Desk, other: Page) -> None:
    first = desk.page
    for page in (first, other):
        refuse_saves(page)
    desk.go_to_section()
    fail(first, title(first), "Sagostund")
    desk.go_to_section(other)
    expect(title(other)).to_have_value("Sagostund")
    expect(line(other)).to_have_text(words(other, "kept"))
    fail(other, other.locator("main [name=summary]"), "Vi läser.")
    for text in ("T", "Töre", "Töre skola"):  # more tries than the second window's
        fail(first, place(first), text)
    for page in (first, other):
        take_saves(page)
        expect(line(page)).to_have_text(SAVED)
    assert desk.saved("title") == ["Sagostund"]
    assert desk.saved("place") == ["Töre skola"]
    assert desk.saved("summary") == ["Vi läser."]
    expect(other.locator("main [name=summary]")).to_have_value("Vi läser.")
    expect(place(other)).to_have_value("Töre skola")
    assert desk.kept_here() == []


def test_an_older_window_does_not_write_over_what_a_closed_one_kept(desk: Desk, other: Page) -> None:
    desk.go_to_section()
    desk.go_to_section(other)
    desk.lose_words("Sagostund")
    place(other).fill("Töre skola")
    expect(line(other)).to_have_text(SAVED)
    assert desk.saved("title") != ["Sagostund"]
    assert len(desk.kept_here(other)) == 1
    desk.go_to_section()
    expect(title(desk.page)).to_have_value("Sagostund")
    desk.wait_until_nothing_is_kept()
    assert desk.saved("title") == ["Sagostund"]
    assert desk.saved("place") == ["Töre skola"]


def test_a_window_whose_words_another_sent_goes_on_writing_and_is_the_later(desk: Desk, other: Page) -> None:
    first = desk.page
    first.clock.install()
    first.clock.pause_at("2036-01-01")  # it tries when the test says so
    refuse_saves(first)
    desk.go_to_section()
    fail(first, title(first), "Sagostund")
    desk.go_to_section(other)
    expect(title(other)).to_have_value("Sagostund")
    assert desk.saved("title") == ["Sagostund"]
    title(first).fill("Sagostund i Töre")
    take_saves(first)
    expect(line(first)).to_have_text(SAVED)
    expect(title(first)).to_have_value("Sagostund i Töre")
    assert desk.saved("title") == ["Sagostund i Töre"]


@pytest.mark.slow
@pytest.mark.parametrize("is_older", [False, True])
def test_what_every_window_kept_is_brought_also_by_the_script_of_before(
    desk: Desk, other: Page, is_older: bool
) -> None:
    first = desk.page
    desk.go_to_section()
    desk.go_to_section(other)
    desk.context.set_offline(True)
    fail(first, title(first), "Sagostund")
    fail(other, place(other), "Töre skola")
    desk.context.clear_cookies()
    for page in (first, other):
        page.goto("about:blank")
    desk.context.set_offline(False)
    desk.sign_in(AMINA)
    first.goto(f"{desk.server.url}/healthz")
    assert len(desk.kept_here()) == 2
    if is_older:
        first.evaluate(OLDER)
    desk.go_to_section()
    expect(title(first)).to_have_value("Sagostund")
    expect(place(first)).to_have_value("Töre skola")
    desk.wait_until_nothing_is_kept()
    assert desk.saved("title") == ["Sagostund"]
    assert desk.saved("place") == ["Töre skola"]


@pytest.mark.slow
def test_who_goes_on_with_a_closed_windows_words_is_asked_nothing_about_them_afterwards(desk: Desk) -> None:
    page = desk.page
    desk.go_to_section()
    desk.lose_words("Sagostund")
    refuse_saves(page)
    desk.go_to_section()
    expect(title(page)).to_have_value("Sagostund")
    fail(page, title(page), "Sagostund i Töre")
    assert len(desk.kept_here()) == 1
    take_saves(page)
    expect(line(page)).to_have_text(SAVED)
    assert desk.kept_here() == []
    desk.go_to_section()
    assert page.locator("input[name='keep:title']").count() == 0
    assert desk.saved("title") == ["Sagostund i Töre"]
