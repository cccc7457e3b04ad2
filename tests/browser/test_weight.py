"""What a page weighs over the wire, headers counted: for a treasurer with an old phone and a bad line.

Measured by the browser itself, against the server that production uses. A few pages in every language in `make test`,
every page that an applicant can open in `make test-all`.
"""

import shutil
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from fundapp.web import weight
from tests.factories.house import House
from tests.ground.browser import LiveServer
from tests.ground.databases import settings_for
from tests.ground.house import Restore, client_of
from tests.ground.sights import ALL, Sight, sights

FIRST, AGAIN = 100_000, 15_000  # octets
SOME = {"public.start", "applications.section", "applications.check", "applications.receipt", "accounts.sign_in"}


@pytest.fixture
def database_url(built: tuple[Path, House], tmp_path: Path) -> str:
    """A copy of the house, for the live server."""
    shutil.copyfile(built[0], tmp_path / "served.db")
    return f"sqlite:///{tmp_path / 'served.db'}"


@pytest.fixture
def served_with(tmp_path: Path) -> dict[str, str]:
    """The house stands on a day of 2017, which only a demo can say; its sessions are signed with the tests' secret."""
    secret = settings_for(tmp_path, "").secret_key
    return {"FUNDAPP_DEMO": "1", "FUNDAPP_DEMO_DATE": "2017-03-06", "FUNDAPP_SECRET_KEY": secret}


class Scales:
    """Counts what the browser gets, and remembers who it asked."""

    def __init__(self, page: Page) -> None:
        self.octets, self.asked = 0, set[str]()
        self.wire = page.context.new_cdp_session(page)
        self.wire.send("Network.enable")
        self.wire.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        self.wire.on("Network.requestWillBeSent", lambda event: self.asked.add(event["request"]["url"]))

    def _add(self, octets: float) -> None:
        self.octets += int(octets)

    def weigh(self, page: Page, address: str) -> int:
        self.octets = 0
        answer = page.goto(address, wait_until="networkidle")
        return self.octets if answer is not None and answer.status == 200 else -1


def too_heavy(browser: Browser, server: LiveServer, app: Flask, house: House, sight: Sight, code: str) -> list[str]:
    context = browser.new_context()
    cookie = client_of(app, house, sight.who).get_cookie("fundapp")
    if cookie is not None:
        context.add_cookies([{"name": "fundapp", "value": cookie.value, "url": server.url}])
    page = context.new_page()
    scales = Scales(page)
    first = scales.weigh(page, server.url + sight.in_language(code))
    again = scales.weigh(page, server.url + sight.in_language(code))
    context.close()
    faults = [f"first visit {first}"] if not 0 < first <= FIRST else []
    faults += [f"again {again}"] if not 0 < again <= AGAIN else []
    return faults + [url for url in scales.asked if not url.startswith(f"{server.url}/")]


def weigh_all(
    browser: Browser, server: LiveServer, app: Flask, house: House, code: str, wanted: set[str] | None
) -> list[tuple[str, list[str]]]:
    places = [s for s in sights(app, house) if not s.is_for_desk and (wanted is None or s.endpoint in wanted)]
    assert wanted is None or {sight.endpoint for sight in places} == wanted
    found = [(sight.endpoint, too_heavy(browser, server, app, house, sight, code)) for sight in places]
    return [(endpoint, faults) for endpoint, faults in found if faults]


@pytest.mark.parametrize("code", ["ti"])  # the one with the heaviest fonts
def test_a_page_is_light(
    browser: Browser, live_server: LiveServer, copied: tuple[Flask, Restore], house: House, code: str
) -> None:
    assert weigh_all(browser, live_server, copied[0], house, code, SOME) == []


@pytest.mark.slow
@pytest.mark.parametrize("code", ALL)
def test_every_page_of_an_applicant_is_light(
    browser: Browser, live_server: LiveServer, copied: tuple[Flask, Restore], house: House, code: str
) -> None:
    assert weigh_all(browser, live_server, copied[0], house, code, None) == []


def test_a_page_is_packed_for_who_can_unpack_it_and_never_twice_with_the_same_length(app: Flask) -> None:
    """The length is what BREACH reads; it differs although the page does not."""
    client = app.test_client()
    lengths = set()
    for _time in range(40):
        answer = client.get("/sv/", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
        lengths.add(len(answer.data))
    assert len(lengths) > 10
    assert "Content-Encoding" not in client.get("/sv/").headers


def test_the_one_style_sheet_holds_every_sheet() -> None:
    """A sheet that is added and forgotten would style nothing."""
    assert {path.stem for path in weight.STATIC.glob("*.css")} == {*weight.SHEETS, "print"}
