"""Remake the pictures in docs/pictures: the main pages of the demo, as each person sees them, wide and on a phone.

`make pictures` starts a fresh demo on a free port, signs each person in through the mailed code, and ends it again.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
WIDTHS = (1280, 360)


@dataclass(frozen=True)
class Shot:
    """A page as somebody sees it: the address, the links to follow from there, and what is done on the last page."""

    name: str
    who: str | None
    path: str
    follow: tuple[str, ...] = ()
    widths: tuple[int, ...] = WIDTHS
    act: Callable[[Page], None] | None = None


def write_in_two_windows(page: Page) -> None:
    """Save one text in another window and then a second one here, so that the page asks which to keep."""
    asked = page.locator("main input[name=shown]").first
    if asked.count():
        return  # asked already, at the width before
    address, other = page.url, page.context.new_page()
    other.goto(address)
    for window, text in ((other, "Två kvällar i veckan."), (page, "Tre kvällar i veckan.")):
        window.fill("textarea[name=purpose]", text)
        window.click("main form.form button[name=leave]")
        window.wait_for_timeout(1500)  # the script saves, and then leaves for the next page or stays
    other.close()
    page.goto(address)
    asked.wait_for(state="attached")


CAFE = "a:has-text('Språkkafé i Töre')"
SUMMER = "a:has-text('Sommarläsning')"
CIRCUS = "a:has-text('Cirkus på lovet')"
CHECK = (CIRCUS, "a[href$='/check']")
PHONE = (360,)
SITTING, HELD = "a[href*='/meetings/']:has-text('2017')", "a[href*='/meetings/']:has-text('2016')"

SHOTS = (
    Shot("start", None, "/sv/"),
    Shot("funded-projects", None, "/sv/funded-projects"),
    Shot("funded-project", None, "/sv/funded-projects", ("a[href*='/funded-projects/']",)),
    Shot("paragraph", None, "/sv/funded-projects", ("a[href*='/funded-projects/']", "a[href*='/decisions/']")),
    Shot("goals", None, "/sv/goals"),
    Shot("fund", None, "/sv/grants/kalix-integration-fund"),
    Shot("eligibility", None, "/sv/grants/kalix-integration-fund/can-we-apply"),
    Shot("sign-in", None, "/sv/sign-in"),
    Shot("my-applications", "amina@tore.example", "/en/applications"),
    Shot("task-list", "amina@tore.example", "/en/applications", (CAFE,)),
    Shot("section", "amina@tore.example", "/en/applications", (CAFE, "a[href*='/budget']")),
    Shot("check", "amina@tore.example", "/en/applications", (CAFE, "a[href$='/check']")),
    Shot("task-list-in-arabic", "amina@tore.example", "/ar/applications", (CAFE,), PHONE),
    Shot("section-in-arabic", "amina@tore.example", "/ar/applications", (CAFE, "a[href*='/budget']"), PHONE),
    Shot("organisation-people", "yonas@sprak.example", "/sv/organisations", ("a[href$='/people']",)),
    Shot(
        "signatures", "yonas@sprak.example", "/sv/applications", (CIRCUS, "a[href$='/check']", "a[href$='/signatures']")
    ),
    Shot("messages", "yonas@sprak.example", "/sv/applications", (SUMMER, "a[href$='/messages']")),
    Shot(
        "two-texts",
        "karin@sprak.example",
        "/sv/applications",
        (CIRCUS, "a[href*='/sections/project']"),
        act=write_in_two_windows,
    ),
    Shot("case-messages", "officer2@kalix.example", "/sv/cases", (SUMMER,)),
    Shot("desk", "officer@kalix.example", "/sv/desk"),
    Shot("cases", "officer@kalix.example", "/sv/cases"),
    Shot("case", "officer@kalix.example", "/sv/cases", ("a:has-text('På skidor')",)),
    Shot("case-in-arabic", "registrar@kalix.example", "/sv/cases", ("a:has-text('خياطة')",)),
    Shot("ranking", "secretary@kalix.example", "/sv/sittings", (SITTING, "a[href$='/ranking']")),
    Shot("on-paper", "registrar@kalix.example", "/sv/on-paper"),
    Shot("corrections", "registrar@kalix.example", "/sv/corrections"),
    Shot("referrals", "officer@kalix.example", "/sv/referrals"),
    Shot("second-looks", "officer2@kalix.example", "/sv/asked-of-me"),
    Shot("diary", "registrar@kalix.example", "/sv/cases/diary"),
    Shot("public-diary", None, "/sv/diary"),
    Shot("fund-editing", "administrator@kalix.example", "/sv/funds/kalix-integration-fund/edit"),
    Shot("fund-questions", "administrator@kalix.example", "/sv/funds/kalix-integration-fund/questions"),
    Shot("paper-templates", "administrator@kalix.example", "/sv/paper-templates"),
    Shot("interests", "officer@kalix.example", "/sv/interests"),
    Shot("holidays", "administrator@kalix.example", "/sv/holidays"),
    Shot("sittings", "secretary@kalix.example", "/sv/sittings"),
    Shot("sitting", "secretary@kalix.example", "/sv/sittings", (SITTING,)),
    Shot("notice-of-meeting", "secretary@kalix.example", "/sv/sittings", (SITTING, "a[href$='/notice']")),
    Shot("roll", "secretary@kalix.example", "/sv/sittings", (HELD, "a[href*='/attendance']")),
    Shot("minutes", "secretary@kalix.example", "/sv/sittings", (HELD, "a[href$='/minutes']")),
    Shot("bodies", "secretary@kalix.example", "/sv/bodies/KS"),
    Shot("noticeboard", None, "/sv/noticeboard"),
    Shot("public-minutes", None, "/sv/meetings", ("tbody th a",)),
    Shot("stipend", "officer@kalix.example", "/sv/candidates"),
    Shot("sealed-record", "auditor@kalix.example", "/sv/record"),
    Shot("projects", "officer@kalix.example", "/sv/projects"),
    Shot("project", "officer@kalix.example", "/sv/projects", ("a:has-text('Körkortsteori')",)),
    Shot("funds", "administrator@kalix.example", "/sv/funds"),
    Shot("people", "administrator@kalix.example", "/sv/people"),
    Shot("history", "auditor@kalix.example", "/sv/history"),
    Shot("mail", None, "/demo/mail"),
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def demo() -> Iterator[str]:
    """A fresh demo on a free port; gone, with its data, afterwards."""
    folder = tempfile.mkdtemp(prefix="fundapp-pictures-")
    url = f"http://127.0.0.1:{free_port()}"
    ours = {"FUNDAPP_ENV": "development", "FUNDAPP_DEMO": "1", "FUNDAPP_INSTANCE": folder, "FUNDAPP_BASE_URL": url}
    environment = os.environ | ours
    program = Path(sys.executable).parent
    for command in (["db", "upgrade"], ["demo"]):
        subprocess.run([program / "fundapp", *command], env=environment, check=True, capture_output=True)  # noqa: S603
    address = url.removeprefix("http://")
    server = subprocess.Popen(  # noqa: S603
        [
            program / "gunicorn",
            "--no-control-socket",
            "-k",
            "gthread",
            "--threads",
            "4",
            "-b",
            address,
            "--graceful-timeout",
            "2",
            "--log-level",
            "error",
            "fundapp.app:create_app()",
        ],
        env=environment,
    )
    try:
        _wait_for(f"{url}/healthz")
        yield url
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  our own server
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the demo did not start")


def sign_in(page: Page, url: str, who: str) -> None:
    """Through the page, with the code from the demo's mail."""
    page.goto(f"{url}/en/sign-in")
    page.fill("input[name=email]", who)
    page.click("form.form button[type=submit]")
    mail = page.context.new_page()
    mail.goto(f"{url}/demo/mail")
    found = re.search(r"\b(\d{6})\b", mail.locator("article").first.inner_text())
    mail.close()
    if found is None:
        raise SystemExit(f"no code in the mail to {who}")
    page.fill("input[name=code]", found.group(1))
    page.click("form.form button[type=submit]")


def take(browser: Browser, url: str, shots: tuple[Shot, ...]) -> None:
    """Every shot at every width, one browser profile a person."""
    for who in dict.fromkeys(shot.who for shot in shots):
        context = browser.new_context(locale="sv-SE")
        page = context.new_page()
        page.set_default_timeout(10_000)
        if who is not None:
            sign_in(page, url, who)
        for shot in (shot for shot in shots if shot.who == who):
            for width in shot.widths:
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(url + shot.path)
                for link in shot.follow:
                    page.locator(f"main {link}").first.click()
                if shot.act is not None:
                    shot.act(page)
                picture = PICTURES / f"{shot.name}-{width}.png"
                page.screenshot(path=picture, full_page=True)
                with Image.open(picture) as drawn:  # flat colours: a quarter of the bytes, and the same to the eye
                    drawn.convert("RGB").quantize(128).save(picture, optimize=True)
                print(shot.name, width, page.title())  # noqa: T201
        context.close()


def main(names: list[str]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    chosen = tuple(shot for shot in SHOTS if not names or shot.name in names)
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("Chromium is missing on this machine: install the package chromium.")
    with demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        take(browser, url, chosen)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
