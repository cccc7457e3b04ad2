"""Whatever lies in a field, past every form and check, is text: on every page in a real Chromium under its policy, in
every paper and in every mail.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, Response
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server

from tests.factories.house import House
from tests.ground.house import Restore, client_of
from tests.ground.sights import Sight, sights
from tests.security import corpus
from tests.security.stored import fill, filled, text_columns

ROUNDS: dict[str, Callable[[str], str]] = {
    **{f"markup {n}": lambda _field, n=n: "\n".join(corpus.MARKUP[n::6]) for n in range(6)},
    **{
        f"addresses {n}": lambda field, n=n: corpus.ADDRESSES[(len(field) + n) % len(corpus.ADDRESSES)]
        for n in range(2)
    },
    "templates": lambda _field: "\n".join([*corpus.TEMPLATES, *corpus.TURNING, *corpus.TYPST]),
}
FEW = frozenset({
    "applications.list", "applications.show", "applications.section", "accounts.organisation", "messages.show",
    "registry.show", "registry.list", "meetings.show", "letters.show", "history.list", "public.project",
    "record_pages.notice", "text_blocks.list", "feedback.list",
})  # fmt: skip
# What the page would have if a stored text had become a part of it.
LOOK = """() => {
  const wrong = [];
  if (window.x5) wrong.push('a script of the text ran');
  for (const one of document.querySelectorAll('*')) {
    const names = one.getAttributeNames();
    if (one.localName === 'x5' || names.includes('x5')) wrong.push('element ' + one.outerHTML.slice(0, 90));
    for (const name of names) if (/^(on|hx-on|data-hx-on|srcdoc|style$)/.test(name)) wrong.push('attribute ' + name);
    for (const name of ['href', 'src', 'action', 'formaction', 'data', 'xlink:href']) {
      if (!names.includes(name)) continue;
      const goes = new URL(one.getAttribute(name), document.baseURI);
      if (!/^(https?|mailto|tel):$/.test(goes.protocol)) wrong.push(name + ' ' + goes.href.slice(0, 60));
      if (goes.host !== location.host && goes.protocol.startsWith('http') && one.localName !== 'a')
        wrong.push(name + ' elsewhere: ' + goes.href.slice(0, 60));
    }
  }
  const inlines = 'script:not([src]), style, iframe, object, embed, base, math';
  for (const inline of document.querySelectorAll(inlines))
    wrong.push('element ' + inline.outerHTML.slice(0, 90));
  return wrong;
}"""


@pytest.fixture
def served(copied: tuple[Flask, Restore]) -> Iterator[str]:
    """The copy of the house, on a port of its own."""
    server = make_server("127.0.0.1", 0, copied[0], threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def look(page: Page, address: str) -> tuple[list[str], str]:
    """What is wrong with a page that Chromium shows, and its text."""
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append("dialog"), dialog.dismiss()))
    page.on("console", lambda told: wrong.append(told.text) if "Content Security Policy" in told.text else None)
    page.on("pageerror", lambda fault: wrong.append(f"script: {fault}"))
    page.on("request", lambda asked: wrong.append(asked.url) if "127.0.0.1" not in asked.url[:20] else None)
    answer = page.goto(address, wait_until="load")
    if answer is None or answer.status != 200 or page.url != address:
        return [f"status {answer.status if answer else None} {page.url}"], ""
    wrong += page.evaluate(LOOK)
    return wrong, page.inner_text("body")


def walk(context: BrowserContext, app: Flask, house: House, served: str, found: list[Sight]) -> tuple[list[str], int]:
    """Every page of `found`, as who may open it. Gives what was wrong, and how many pages show the text."""
    wrong, shown = [], 0
    for sight in found:
        context.clear_cookies()
        name = app.config["SESSION_COOKIE_NAME"]
        cookie = client_of(app, house, sight.who).get_cookie(name)
        if cookie is not None:
            context.add_cookies([{"name": name, "value": cookie.value, "url": served}])
        page = context.new_page()
        faults, text = look(page, served + sight.address)
        page.close()
        shown += "x5" in text
        wrong += [f"{sight.endpoint}: {fault}" for fault in faults]
    return wrong, shown


def test_every_field_that_holds_text_is_filled_or_is_the_apps_own() -> None:
    assert len(filled()) >= 170
    assert {("application", "title", False), ("paper", "content", True)} <= set(filled())
    assert not {name for _table, name, _is in filled()} & {"public_id", "token_hash", "key"}
    assert len(list(text_columns())) > len(filled())
    assert len(corpus.MARKUP) >= 60


def test_what_is_stored_is_shown_and_never_acts_in_a_browser(
    context: BrowserContext, served: str, copied: tuple[Flask, Restore], house: House, tmp_path: Path
) -> None:
    app = copied[0]
    found = [sight for sight in sights(app, house) if sight.endpoint in FEW]
    assert len(found) >= 10
    assert fill(tmp_path / "copy.db", lambda _field: "\n".join(corpus.MARKUP)) > 300
    wrong, shown = walk(context, app, house, served, found)
    assert not wrong, "\n".join(wrong)
    assert shown >= 8


@pytest.mark.slow
@pytest.mark.parametrize("round_", ROUNDS)
def test_every_stored_text_on_every_page_in_a_browser(
    context: BrowserContext, served: str, copied: tuple[Flask, Restore], house: House, tmp_path: Path, round_: str
) -> None:
    app = copied[0]
    found = sights(app, house)
    fill(tmp_path / "copy.db", ROUNDS[round_])
    wrong, shown = walk(context, app, house, served, found)
    assert not wrong, "\n".join(wrong)
    assert shown >= 60


@pytest.mark.parametrize(
    "planted",
    [
        "unescaped",
        pytest.param("without a policy", marks=pytest.mark.slow),
        pytest.param("an address as it was typed", marks=pytest.mark.slow),
    ],
)
def test_a_stored_text_that_acts_is_found(
    context: BrowserContext, served: str, copied: tuple[Flask, Restore], house: House, tmp_path: Path,
    planted: str,
) -> None:  # fmt: skip
    app = copied[0]
    found = [sight for sight in sights(app, house) if sight.endpoint == "applications.show"]
    text = '<a href="javascript:1">x</a>' if planted.startswith("an address") else "\n".join(corpus.MARKUP[:20])
    fill(tmp_path / "copy.db", lambda _field: text)
    app.jinja_env.autoescape, app.jinja_env.bytecode_cache = False, None
    app.jinja_env.cache.clear()  # type: ignore[union-attr]
    if planted == "without a policy":

        def lift(answer: Response) -> Response:
            answer.headers["Content-Security-Policy"] = "img-src *"
            return answer

        app.after_request_funcs.setdefault(None, []).append(lift)
    wrong, _shown = walk(context, app, house, served, found)
    signs = {"unescaped": "Content Security Policy", "without a policy": "a script of the text ran"}
    assert any(signs.get(planted, "href javascript:") in fault for fault in wrong), wrong
