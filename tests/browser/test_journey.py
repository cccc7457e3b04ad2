"""The whole journey in a real browser, as the README tells it: from the demo association's draft to the goal page.

In Swedish on both engines, in English, in Arabic (the officials then work in Swedish), without scripts, and the
applicant's part with the keyboard alone. Fields and buttons are found by what they do (names and addresses), the words
a person must read by their text, in the language of who reads.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from fundapp.languages import LANGUAGES, _, speaking
from tests.ground.browser import ROOT, LiveServer
from tests.ground.shared import once

TITLE = "Språkkafé i Töre"
AMINA, SECRETARY = "amina@tore.example", "secretary@kalix.example"
CHAIR, CHECKER = "chair@kalix.example", "checker@kalix.example"
REGISTRAR, OFFICER = "registrar@kalix.example", "officer@kalix.example"
OTHER_OFFICER = "officer2@kalix.example"
SENT, GRANTED, CLOSED = "We have received your application", "Granted", "Closed"
RESULT = "Vi nådde dem."
PROMISES = ("is_true", "knows_public", "knows_personal_data", "has_read_rules", "accepts_conditions")


@pytest.fixture
def served_with() -> dict[str, str]:
    return {"FUNDAPP_DEMO": "1"}


def load_demo(database_url: str, instance: Path) -> None:
    """The demo's people and cases, by its own command."""
    ours = {"FUNDAPP_ENV": "development", "FUNDAPP_DEMO": "1", "FUNDAPP_DATABASE_URL": database_url}
    command = [str(Path(sys.executable).parent / "fundapp"), "demo"]
    environment = os.environ | ours | {"FUNDAPP_INSTANCE": str(instance)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="session")
def demo_template(ground: Path, sqlite_template: Path) -> Path:
    """A folder with the demo in SQLite, loaded once a run; copy it."""

    def make() -> str:
        folder = ground / "demo"
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "fundapp.db")
        load_demo(f"sqlite:///{folder / 'fundapp.db'}", folder / "instance")
        connection = sqlite3.connect(folder / "fundapp.db")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return str(folder)

    return Path(once(ground, "the demo", make))


@pytest.fixture
def demo(request: pytest.FixtureRequest, engine_name: str, database_url: str, tmp_path: Path) -> None:
    """The demo, before the server starts."""
    if engine_name != "sqlite":
        load_demo(database_url, tmp_path / "instance")
        return
    made: Path = request.getfixturevalue("demo_template")
    shutil.copyfile(made / "fundapp.db", database_url.removeprefix("sqlite:///"))
    shutil.copytree(made / "instance", tmp_path / "instance")


class Walk:
    """One browser profile per person, all on the same server; officials in a language that the desk has."""

    def __init__(self, browser: Browser, url: str, language: str, *, has_scripts: bool = True) -> None:
        self.browser, self.url, self.language, self.has_scripts = browser, url, language, has_scripts
        self.pages: dict[str, Page] = {}
        self.spoken: dict[Page, str] = {}
        self.contexts: list[BrowserContext] = []

    def page_of(self, who: str | None) -> Page:
        """The person's page, signed in through the mailed code the first time."""
        if str(who) not in self.pages:
            is_official = who is not None and who.endswith("@kalix.example")
            language = self.language if not is_official or LANGUAGES[self.language].is_for_desk else "sv"
            context = self.browser.new_context(
                locale=language, java_script_enabled=self.has_scripts, viewport={"width": 360, "height": 800}
            )
            self.contexts.append(context)
            page = context.new_page()
            page.set_default_timeout(15_000)
            self.pages[str(who)], self.spoken[page] = page, language
            if who is not None:
                self._sign_in(page, who)
        return self.pages[str(who)]

    def _sign_in(self, page: Page, who: str) -> None:
        self.go(page, "/sign-in")
        page.fill("input[name=email]", who)
        press(page.locator("main form"))
        page.fill("input[name=code]", self.mailed_code(page, who))
        press(page.locator("main form").first)

    def mailed_code(self, page: Page, who: str) -> str:
        mail = page.context.new_page()
        mail.goto(f"{self.url}/demo/mail")
        letter = mail.locator("article").filter(has_text=who).first.inner_text()
        mail.close()
        code = re.search(r"\b\d{6}\b", letter)
        assert code is not None, letter
        return code.group()

    def word(self, page: Page, source: str) -> str:
        """What a text of ours reads in the language of the page."""
        with speaking(self.spoken[page]):
            return _(source)

    def go(self, page: Page, path: str) -> None:
        answer = page.goto(f"{self.url}/{self.spoken[page]}{path}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)

    def open(self, page: Page, text: str) -> None:
        page.locator("main a", has_text=text).first.click()

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def press(form: Locator, name: str | None = None) -> None:
    """Press the form's button (the one with the value `name`, where given); what follows must be a good page."""
    page = form.page
    button = form.locator("button[type=submit]:not([aria-hidden])" + (f"[value='{name}']" if name else "")).first
    # A script may save before the form itself goes.
    with page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.request.is_navigation_request()
    ) as waiting:
        button.click()
    assert waiting.value.status < 400, (waiting.value.url, waiting.value.status, page.locator("main").inner_text())
    page.wait_for_load_state()


def form_to(page: Page, ending: str) -> Locator:
    return page.locator(f"main form[action$='{ending}']").first


def apply(walk: Walk) -> str:
    """The association finishes its draft and sends it; gives the application's own part of the address."""
    page = walk.page_of(AMINA)
    walk.go(page, "/applications")
    walk.open(page, TITLE)
    page.locator("main a[href$='/sections/declaration']").first.click()
    for name in PROMISES:
        page.check(f"input[name={name}]")
    page.fill("input[name=signatory_name]", "Amina Warsame")
    page.fill("input[name=signatory_role]", "Ordförande")
    page.fill("input[name=decided_on]", "2017-02-20")
    press(page.locator("main form.form").first)
    public_id = re.search(r"/applications/(\w{12})", page.url)
    assert public_id is not None, page.url
    walk.go(page, f"/applications/{public_id.group(1)}/check")
    press(form_to(page, "/submit"))
    expect(page.locator("h1")).to_contain_text(walk.word(page, SENT))
    return public_id.group(1)


def register(walk: Walk, public_id: str) -> None:
    page = walk.page_of(REGISTRAR)
    walk.go(page, f"/cases/{public_id}")
    press(form_to(page, "/register"))
    expect(page.locator("main")).to_contain_text("KS 2017:6")


def assess(walk: Walk, public_id: str) -> None:
    page = walk.page_of(OFFICER)
    walk.go(page, f"/cases/{public_id}")
    press(form_to(page, "/take-up"))
    walk.go(page, f"/cases/{public_id}/formal-check")
    for choice in page.locator("select[name^=finding_]").all():
        choice.select_option("YES")
    press(form_to(page, "/formal-check"))
    walk.go(page, f"/cases/{public_id}/objectives")
    page.get_by_label(re.compile(r"^2\.2 ")).check()
    press(form_to(page, "/objectives"))
    walk.go(page, f"/cases/{public_id}/assessment")
    page.fill("textarea[name=summary]", "Föreningen vill ha språkkafé varje vecka.")
    page.fill("textarea[name=text]", "Projektet möter fondens mål.")
    page.select_option("select[name=proposed_outcome]", "GRANT")
    page.fill("input[name=proposed_amount]", "35 000")
    page.fill("textarea[name=reasons]", "Det ger möten mellan nya och gamla Törebor.")
    press(form_to(page, "/assessment"))
    walk.go(page, f"/cases/{public_id}/officers-report")
    press(form_to(page, "/officers-report"))


def decide(walk: Walk, public_id: str) -> None:
    """The secretary makes the agenda, opens the sitting, records the outcome and marks the minutes as approved."""
    page = walk.page_of(SECRETARY)
    walk.go(page, "/sittings")
    walk.open(page, "2017")
    sitting = page.url
    page.check(f"#choose-{public_id}")
    press(form_to(page, "/agenda"))
    page.goto(sitting)
    press(form_to(page, "/open"))
    attend(page, sitting)
    page.goto(sitting)
    page.locator(f"main a[href*='/cases/{public_id}'][href*='/items/']").first.click()
    page.check("input[name=outcome][value=grant]")
    page.fill("input[name=amount]", "35000")
    press(page.locator("main form.form").first)
    assert_pending_is_hidden(walk, public_id)
    approve(walk, sitting)


def attend(page: Page, sitting: str) -> None:
    """The roll is called as it is proposed, and somebody is chosen to check the minutes."""
    page.goto(f"{sitting}/roll")
    press(form_to(page, "/roll"))
    page.goto(f"{sitting}/attendance")
    checker = page.locator("#checker option", has_text="Jon Isaksson").first.get_attribute("value")
    page.locator("#checker select").first.select_option(value=checker)
    press(form_to(page, "/attendance/checker"))


def approve(walk: Walk, sitting: str) -> None:
    """The sitting is ended, its minutes are drawn up, signed by the chair and the checker, and marked as approved; the
    letters are released.
    """
    page = walk.page_of(SECRETARY)
    page.goto(sitting)
    press(form_to(page, "/end"))
    page.goto(f"{sitting}/minutes")
    press(form_to(page, "/minutes"))
    for email in (CHAIR, CHECKER):
        signer = walk.page_of(email)
        pdf = page.locator("main a[href$='/minutes.pdf']").first.get_attribute("href")
        signer.goto(f"{walk.url}{(pdf or '').removesuffix('/minutes.pdf')}")
        press(form_to(signer, "/sign"))
    page.goto(f"{sitting}/minutes")
    press(form_to(page, "/minutes/approve"))
    page.goto(f"{sitting}/letters")
    press(form_to(page, "/letters"))


def assert_pending_is_hidden(walk: Walk, public_id: str) -> None:
    page = walk.page_of(AMINA)
    walk.go(page, f"/applications/{public_id}")
    expect(page.locator("main")).not_to_contain_text(walk.word(page, GRANTED))


def allow_payment(walk: Walk, project: str) -> None:
    """The secretary lets it be paid before the decision is in force."""
    secretary = walk.page_of(SECRETARY)
    walk.go(secretary, project)
    secretary.locator("main a[href$='/early-payment']").click()
    secretary.fill("textarea[name=reason]", "Kursen börjar på måndag.")
    press(form_to(secretary, "/early-payment"))


def approve_payment(walk: Walk, project: str) -> None:
    """Neither who proposed it nor who let it be paid early may; the other officer does."""
    other = walk.page_of(OTHER_OFFICER)
    walk.go(other, project)
    other.locator("main a[href*='/instalments/'][href$='/approve']").first.click()
    press(form_to(other, "/approve"))


def pay_and_report(walk: Walk, public_id: str) -> str:
    """The officer pays a part, the association reports, the officer approves; gives the project's address."""
    officer, amina = walk.page_of(OFFICER), walk.page_of(AMINA)
    walk.go(officer, "/projects")
    walk.open(officer, TITLE)
    project = officer.url.removeprefix(f"{walk.url}/{walk.spoken[officer]}")
    allow_payment(walk, project)
    walk.go(officer, project)
    officer.locator("main a[href*='/instalments/'][href$='/pay']").first.click()
    officer.fill("input[name=paid_on]", "2017-03-06")
    officer.fill("input[name=reference]", "LEV-77")
    press(officer.locator("main form.form").first)
    approve_payment(walk, project)
    walk.go(amina, f"/applications/{public_id}")
    expect(amina.locator("main")).to_contain_text(walk.word(amina, GRANTED))
    walk.go(amina, f"{project}/report")
    amina.check("input[name=carried_out][value=yes]")
    for name, text in {
        "what_was_done": "Trettio kvällar.",
        "women": "20",
        "men": "15",
        "girls": "6",
        "boys": "7",
        "used": "17 500",
        "result_2_2": RESULT,
        "lives_on": "Kaféet fortsätter.",
    }.items():
        amina.fill(f"[name={name}]", text)
    press(amina.locator("main form.form").first, "check")
    press(form_to(amina, "/report/submit"))
    walk.go(officer, f"{project}/report/review")
    press(form_to(officer, "/review"), "approve")
    walk.go(officer, project)
    expect(officer.locator("main")).to_contain_text(walk.word(officer, CLOSED))
    return project


def look_at_what_came_of_it(walk: Walk, project: str) -> None:
    """Anybody: from the goal to the project, its § and what was reached."""
    page = walk.page_of(None)
    walk.go(page, "/goals/2.2")
    walk.open(page, TITLE)
    assert page.url.endswith(project.replace("/projects/", "/funded-projects/"))
    main = page.locator("main")
    expect(main).to_contain_text(RESULT)
    expect(main).to_contain_text("KS 2017-03-06 § 4")
    page.locator("main a[href*='/decisions/KS/2017/4']").first.click()
    expect(page.locator("main")).to_contain_text(TITLE)


def walk_through(browser: Browser, server: LiveServer, language: str, *, has_scripts: bool = True) -> None:
    walk = Walk(browser, server.url, language, has_scripts=has_scripts)
    try:
        public_id = apply(walk)
        steps: list[Callable[[Walk, str], None]] = [register, assess, decide]
        for step in steps:
            step(walk, public_id)
        look_at_what_came_of_it(walk, pay_and_report(walk, public_id))
    finally:
        walk.close()


@pytest.mark.parametrize("both_engines", [pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"], indirect=True)
def test_the_whole_journey_in_swedish(both_engines: str, demo: None, live_server: LiveServer, browser: Browser) -> None:
    walk_through(browser, live_server, "sv")


@pytest.mark.slow
@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "sv"])
def test_the_whole_journey_in_another_language(
    demo: None, live_server: LiveServer, browser: Browser, language: str
) -> None:
    walk_through(browser, live_server, language)


def test_the_whole_journey_without_scripts(demo: None, live_server: LiveServer, browser: Browser) -> None:
    walk_through(browser, live_server, "sv", has_scripts=False)


def reach(page: Page, selector: str, text: str = "") -> None:
    """Step with Tab until the focus is on what is looked for, and is seen to be there."""
    is_there = """([selector, text]) => document.activeElement.matches(selector) &&
      document.activeElement.textContent.includes(text)"""
    for _step in range(150):
        page.keyboard.press("Tab")
        if page.evaluate(is_there, [selector, text]):
            return
    pytest.fail(f"the keyboard does not reach {selector} {text} on {page.url}")


def follow(page: Page, selector: str, text: str = "") -> None:
    reach(page, selector, text)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def sign_in_by_keyboard(walk: Walk, page: Page, who: str) -> None:
    walk.go(page, "/")
    follow(page, "a[href*='/sign-in']")
    reach(page, "input[name=email]")
    page.keyboard.type(who)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    reach(page, "input[name=code]")
    page.keyboard.type(walk.mailed_code(page, who))
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("language", ["sv", "ar"])
def test_an_application_is_sent_with_the_keyboard_alone(
    demo: None, live_server: LiveServer, browser: Browser, language: str
) -> None:
    walk = Walk(browser, live_server.url, language)
    try:
        page = walk.page_of(None)
        sign_in_by_keyboard(walk, page, AMINA)
        follow(page, ".menu a[href$='/applications']")
        follow(page, "main a", TITLE)
        follow(page, "main a[href$='/sections/declaration']")
        for name in PROMISES:
            reach(page, f"input[name={name}]")
            page.keyboard.press("Space")
        for name, text in (("signatory_name", "Amina Warsame"), ("signatory_role", "Ordförande")):
            reach(page, f"input[name={name}]")
            page.keyboard.type(text)
        reach(page, "input[name=decided_on]")
        page.keyboard.type("2017-02-20")
        follow(page, "main form.form button[name=leave]")
        follow(page, "main a[href$='/check']")
        follow(page, "main form[action$='/submit'] button")
        expect(page.locator("h1")).to_contain_text(walk.word(page, SENT))
    finally:
        walk.close()
