"""What a person with a keyboard, a screen reader, a narrow screen or large letters meets, on every page.

axe looks at each page at each width, by the rules of WCAG 2.2 AA; beside it stand own checks for what axe cannot see.
In `make test`: Swedish and Arabic, narrow. All languages and widths in `make test-all`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import axe_playwright_python
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from fundapp.languages import LANGUAGES
from tests.factories.house import House
from tests.ground.house import Restore, client_of
from tests.ground.sights import ALL, Sight, sights

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async (rules) => {
  const found = await axe.run(document, {runOnly: rules, resultTypes: ['violations']});
  return found.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(' | '));
}"""
# Scrolling sideways, targets under 24 px (2.5.8: not those inside a line of text), an order on the screen that is not
# the order of the page, and texts whose letters stand in no direction of their own.
OWN = """(direction) => {
  const faults = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.body.querySelectorAll('*')].filter(e => {
      const r = e.getBoundingClientRect();
      return (r.right > root.clientWidth + 1 || r.left < -1) && !e.closest('.table-region, .visually-hidden');
    });
    faults.push('scrolls sideways: ' + wide.slice(0, 3).map(e => e.tagName + '.' + e.className).join(' '));
  }
  if (getComputedStyle(document.body).direction !== direction) faults.push('direction');
  for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    const box = e.getBoundingClientRect();
    const isHidden = !e.checkVisibility({visibilityProperty: true}) || e.closest('.visually-hidden') ||
      box.width < 2 || e.type === 'hidden' || e.closest('[aria-hidden=true]');
    const isInText = e.matches('p a, li a, dd a, td a, .notice a, label a') &&
      getComputedStyle(e).display === 'inline' && e.parentElement.textContent.trim() !== e.textContent.trim();
    if (!isHidden && !isInText && (box.width < 24 || box.height < 24)) {
      faults.push('small: ' + e.outerHTML.slice(0, 90) + ' ' + Math.round(box.width) + 'x' + Math.round(box.height));
    }
    if (e.tabIndex > 0) faults.push('tabindex: ' + e.outerHTML.slice(0, 90));
  }
  for (const e of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(e);
    if (style.order !== '0' || style.flexDirection.endsWith('reverse')) faults.push('order: ' + e.className);
  }
  for (const e of document.querySelectorAll('textarea, input[type=text]')) {
    if (!e.hasAttribute('dir')) faults.push('typed text without a direction: ' + e.name);
  }
  return [...new Set(faults)];
}"""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The app on a port of this process, so that its clock stands where the test has put it."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def served(copied: tuple[Flask, Restore]) -> Iterator[tuple[Flask, str]]:
    with serving(copied[0]) as url:
        yield copied[0], url


class Lookout:
    """One browser window for each kind of person, with axe in it."""

    def __init__(self, browser: Browser, app: Flask, house: House, url: str) -> None:
        self.browser, self.app, self.house, self.url = browser, app, house, url
        self.windows: dict[str, Page] = {}

    def window_of(self, who: str) -> Page:
        if who not in self.windows:
            context = self.browser.new_context()
            context.add_init_script(AXE)
            cookie = client_of(self.app, self.house, who).get_cookie("fundapp")
            if cookie is not None:
                context.add_cookies([{"name": "fundapp", "value": cookie.value, "url": self.url}])
            self.windows[who] = context.new_page()
        return self.windows[who]

    def close(self) -> None:
        for window in self.windows.values():
            window.context.close()


@pytest.fixture
def lookout(browser: Browser, served: tuple[Flask, str], house: House) -> Iterator[Lookout]:
    made = Lookout(browser, served[0], house, served[1])
    yield made
    made.close()


def look(window: Page, address: str, code: str, widths: tuple[int, ...]) -> Iterator[tuple[int, str]]:
    """What is wrong with a page, width by width."""
    window.set_viewport_size({"width": widths[0], "height": 900})
    answer = window.goto(address)
    if answer is None or answer.status != 200:
        yield 0, "no page"
        return
    for width in widths:
        window.set_viewport_size({"width": width, "height": 900})
        for fault in window.evaluate(OWN, LANGUAGES[code].direction) + window.evaluate(LOOK, RULES):
            yield width, fault


def faults_of(lookout: Lookout, places: list[Sight], code: str, widths: tuple[int, ...]) -> list[Any]:
    return [
        (sight.endpoint, width, fault)
        for sight in places
        if sight.is_in(code)
        for width, fault in look(lookout.window_of(sight.who), lookout.url + sight.in_language(code), code, widths)
    ]


@pytest.mark.parametrize(("code", "widths"), [("sv", (320,)), ("ar", (320,))])
def test_every_page_is_for_everybody(lookout: Lookout, house: House, code: str, widths: tuple[int, ...]) -> None:
    assert faults_of(lookout, sights(lookout.app, house), code, widths) == []


@pytest.mark.slow
@pytest.mark.parametrize("code", ALL)
def test_every_page_is_for_everybody_in_every_language_at_every_width(
    lookout: Lookout, house: House, code: str
) -> None:
    assert faults_of(lookout, sights(lookout.app, house), code, (320, 768, 1280)) == []


@pytest.mark.parametrize("code", ["sv", "ar"])
def test_what_must_be_changed_is_the_first_thing_that_is_read(lookout: Lookout, code: str) -> None:
    """The summary of errors has the focus, and its links lead to the fields."""
    window = lookout.window_of("nobody")
    window.goto(f"{lookout.url}/{code}/sign-in")
    window.locator("main form button[type=submit]").first.click()
    expect(window.locator("#error-summary")).to_be_focused()
    window.keyboard.press("Tab")
    window.keyboard.press("Enter")
    expect(window.locator("input[name=email]")).to_be_focused()


def test_the_first_stop_of_the_keyboard_leads_past_the_menus(lookout: Lookout) -> None:
    window = lookout.window_of("nobody")
    window.goto(f"{lookout.url}/ar/")
    window.keyboard.press("Tab")
    expect(window.locator(".skip")).to_be_focused()
    expect(window.locator(".skip")).to_be_visible()
    window.keyboard.press("Enter")
    expect(window.locator("#main")).to_be_focused()
