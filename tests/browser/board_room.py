"""A secretary's way with assessed cases through a sitting, its minutes, the noticeboard and the letters, in a browser.

After three standing paragraphs come cases together under one §, then each of the others under its own, and last the
report of delegated decisions.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from flask import Flask, session
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from stdnum import luhn

from fundapp.accounts.actions import account_by_email, begin_session
from fundapp.accounts.sessions import open_door_for
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.models import Decision, Letter
from fundapp.funds.queries import ledger_faults
from fundapp.mail import Message, MessageStatus
from fundapp.meetings.minutes import BoardNotice
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.workflow import MeetingStatus, Outcome
from tests.browser.test_journey import form_to, press
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.people import applicant, official, organisation
from tests.factories.seats import full_house
from tests.ground.browser import PATIENCE

SECRETARY = "siv@kommun.example"
CHAIR, CHECKER, BIASED = "ks0@namnd.example", "ks7@namnd.example", "ks5@namnd.example"
PLACES = ("Töre", "Kalix", "Båtskärsnäs", "Nyborgs", "Sangis", "Risögrunds")
KINDS = ("idrottsförening", "bygdeförening", "kulturförening", "odlarlag", "pensionärsförening")
NAMES = [f"{place} {kind}" for kind in KINDS for place in PLACES]
SOUGHT = 45_000
PROPOSALS = (  # what the officer proposed, in turn
    (Outcome.GRANT, SOUGHT),
    (Outcome.GRANT_IN_PART, 7_500),
    (Outcome.REJECT, None),
    (Outcome.GRANT_IN_PART, 12_000),
    (Outcome.DISMISS, None),
)
REASONS = "Styrelsen vill att pengarna räcker till fler föreningar."
NEEDED = "Handläggaren behöver veta vilka som hyr lokalen."
IN_FOCUS = "selector => document.activeElement !== null && document.activeElement.matches(selector)"


@dataclass
class Keyboard:
    """Somebody at the keyboard, whose key presses are counted."""

    page: Page
    presses: int = 0

    def press(self, key: str) -> None:
        self.presses += 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.presses += len(text)
        self.page.keyboard.type(text)

    def go(self, key: str) -> None:
        """Press what leads to another page."""
        with self.page.expect_navigation():
            self.press(key)

    def is_on(self, selector: str) -> bool:
        return bool(self.page.evaluate(IN_FOCUS, selector))

    def wait_on(self, selector: str) -> None:
        """The page puts the focus there by itself."""
        self.page.wait_for_function(IN_FOCUS, arg=selector)

    def reach(self, selector: str) -> None:
        for _step in range(60):
            self.press("Tab")
            if self.is_on(selector):
                return
        pytest.fail(f"the keyboard does not reach {selector} on {self.page.url}")

    def send(self) -> None:
        """Press the button of the form that is open."""
        self.reach("details[open] form button[type=submit]")
        self.go("Enter")


@dataclass
class BoardRoom:
    """Everybody at the sitting, each with a browser of their own; `took` is in seconds, for each part."""

    app: Flask
    browser: Browser
    url: str
    has_scripts: bool = True
    took: dict[str, float] = field(default_factory=dict)
    pages: dict[str, Page] = field(default_factory=dict)
    sitting: str = ""

    def page_of(self, who: str) -> Page:
        if who not in self.pages:
            context = self.browser.new_context(
                locale="sv", java_script_enabled=self.has_scripts, viewport={"width": 1280, "height": 900}
            )
            self.pages[who] = context.new_page()
            self.pages[who].set_default_timeout(PATIENCE)
            if who:
                self._sign_in(context, who)
        return self.pages[who]

    def _sign_in(self, context: BrowserContext, who: str) -> None:
        with self.app.test_request_context():
            account = account_by_email(who)
            assert account is not None
            token = begin_session(account)
            db.session.commit()
            open_door_for(token)
            signing = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
            value = signing.dumps(dict(session))
        context.add_cookies([{"name": "fundapp", "value": value, "url": self.url}])

    def go(self, path: str, who: str = SECRETARY) -> Page:
        """Open a page; `path` after the language, or after the sitting's own address where it begins with a dot."""
        page = self.page_of(who)
        answer = page.goto(f"{self.sitting}{path[1:]}" if path.startswith(".") else f"{self.url}/sv{path}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)
        return page

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.took[name] = round(time.monotonic() - begun, 1)

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


@dataclass(frozen=True)
class Agenda:
    """The cases by their public ids: together under one §, and each of the others with what is to happen in it."""

    together: list[str]
    alone: list[tuple[str, str]]

    @property
    def ids(self) -> list[str]:
        return self.together + [public_id for public_id, _kind in self.alone]

    @property
    def paragraphs(self) -> int:
        """How many § the sitting has: three standing ones before the cases, and one after them."""
        return 3 + bool(self.together) + len(self.alone) + 1


def make_agenda(app: Flask, together: int, alone: list[str]) -> Agenda:
    """Cases whose report is finished. One is of an association that a member of the board acts for."""
    on_day()
    with app.app_context():
        house = {seat.account.email: seat.account for seat in full_house()}
        official(Role.SECRETARY, name="Siv Innala", email=SECRETARY)
        officer, made = official(Role.OFFICER), []
        for place, kind in enumerate(["together"] * together + alone):
            language = "en" if place == 1 else "sv"
            by = house[BIASED] if kind == "disqualified" else applicant(language=language)
            bare = f"80201{place:04}"
            organisation(by, name=NAMES[place], org_number=bare + luhn.calc_check_digit(bare))
            is_plain = kind in ("together", "plain")
            outcome, amount = PROPOSALS[place % len(PROPOSALS)] if is_plain else (Outcome.GRANT_IN_PART, 10_000)
            title = f"Möten i {PLACES[place % len(PLACES)]}"
            made.append(
                assessed(by=by, officer=officer, outcome=outcome, amount=amount, title=title, language=language)
            )
        db.session.commit()
        ids = [application.public_id for application in made]
        return Agenda(ids[:together], list(zip(ids[together:], alone, strict=True)))


def prepare(room: BoardRoom, agenda: Agenda) -> None:
    """The sitting is planned, the cases come on its agenda, and its notice is published."""
    page = room.go("/meetings/new")
    page.select_option("select[name=board]", "KS")
    page.fill("input[name=held_on]", "2017-03-06")
    press(form_to(page, "/meetings/new"))
    room.sitting = page.url.split("#")[0]
    for place, ids in (("together", agenda.together), ("each", [public_id for public_id, _kind in agenda.alone])):
        if ids:
            for public_id in ids:
                page.check(f"#choose-{public_id}")
            page.select_option("#ready select[name=place]", place)
            press(form_to(page, "/agenda"))
    room.go("./notice")
    press(form_to(page, "/notice"))
    expect(page.locator("main")).to_contain_text("16")


def open_sitting(room: BoardRoom) -> None:
    """Opened, the roll called with everybody there, the checker chosen."""
    page = room.go(".")
    press(form_to(page, "/open"))
    room.go("./roll")
    press(form_to(page, "/roll"))
    room.go("./attendance")
    checker = page.locator("#checker option", has_text="Ledamot 7 KS").first.get_attribute("value")
    page.locator("#checker select").first.select_option(value=checker)
    press(form_to(page, "/attendance/checker"))


def record_by_keyboard(room: BoardRoom, agenda: Agenda) -> dict[str, list[int]]:
    """All outcomes, one § after the other; gives the key presses of each case by what happened in it."""
    page, keys = room.go("."), Keyboard(room.page_of(SECRETARY))
    keys.reach("a[href*='/items/'].button-primary")
    keys.go("Enter")
    presses: dict[str, list[int]] = {}
    expect(page.locator("textarea[name=resolution-text]")).to_have_value("Kommunstyrelsen godkänner ärendelistan.")
    presses["agenda"] = [_record_plain(keys)]
    if agenda.together:
        presses["together"] = [_record_plain(keys)]
    for _public_id, kind in agenda.alone:
        presses.setdefault(kind, []).append(RECORD[kind](keys))
    return presses


def _record_plain(keys: Keyboard) -> int:
    """As proposed, and on to the next §: the focus is where it is needed."""
    before = keys.presses
    keys.wait_on("[data-key=a]")
    keys.go("Enter")
    _go_on(keys)
    return keys.presses - before


def _go_on(keys: Keyboard) -> None:
    keys.wait_on("[data-key=j]")
    keys.go("Enter")


def _record_disqualified(keys: Keyboard) -> int:
    """The system asks about the member who acts for the association; that member takes no part."""
    before = keys.presses
    keys.reach("#conflicts form[action$='/disqualify'] button")
    keys.go("Enter")
    return keys.presses - before + _record_plain(keys)


def _record_other(keys: Keyboard, wanted: Outcome = Outcome.REJECT, reasons: str = REASONS) -> int:
    """Not as proposed."""
    before = keys.presses
    keys.press("o")
    keys.wait_on("input[name=outcome]")
    for _choice in range(len(Outcome)):
        if keys.is_on(f"[value={wanted.value}]:checked"):
            break
        keys.press("ArrowDown")
    if reasons:
        keys.reach("textarea[name=reasons]")
        keys.press("Control+A")
        keys.type(reasons)
    keys.send()
    _go_on(keys)
    return keys.presses - before


def _record_vote(keys: Keyboard) -> int:
    """A motion; six against six, one abstains, and the chair's casting vote; the mover's reservation."""
    before = keys.presses
    keys.press("m")
    keys.wait_on("select[name=motion-seat]")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.reach("textarea[name=motion-text]")
    keys.type("Avslag på ansökan.")
    keys.send()
    keys.press("v")
    keys.wait_on("input[name=vote-yes_means]")
    keys.type("bifall till förslaget")
    keys.reach("input[name=vote-no_means]")
    keys.type("bifall till yrkandet om avslag")
    for place in range(13):
        keys.reach("input[type=radio][name^=choice-]")
        keys.press("Space")
        for _further in range(0 if place < 6 else 1 if place < 12 else 2):
            keys.press("ArrowRight")
    keys.send()
    keys.press("r")
    keys.reach("select[name=remark-seat]")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.reach("textarea[name=remark-text]")
    keys.type("Pengarna borde ha gått till fler.")
    keys.send()
    return keys.presses - before + _record_plain(keys)


RECORD = {
    "plain": _record_plain,
    "disqualified": _record_disqualified,
    "other": _record_other,
    "tabled": partial(_record_other, wanted=Outcome.TABLE, reasons=""),
    "referred": partial(_record_other, wanted=Outcome.REFER_BACK, reasons=NEEDED),
    "vote": _record_vote,
}


def end_and_approve(room: BoardRoom) -> None:
    """The sitting ends; its minutes are drawn up, signed by the chair and the checker, and approved."""
    with room.part("minutes drawn up"):
        page = room.go(".")
        press(form_to(page, "/end"))
        room.go("./minutes")
        press(form_to(page, "/minutes"))
    pdf = page.locator("main a[href$='/minutes.pdf']").first.get_attribute("href") or ""
    with room.part("minutes signed"):
        for email in (CHAIR, CHECKER):
            signer = room.page_of(email)
            assert signer.request.get(f"{room.url}{pdf}").headers["content-type"] == "application/pdf"
            signer.goto(f"{room.url}{pdf.removesuffix('/minutes.pdf')}")
            press(form_to(signer, "/sign"))
    with room.part("minutes approved"):
        room.go("./minutes")
        press(form_to(page, "/minutes/approve"))


def announce(room: BoardRoom) -> None:
    page = room.go("./announce")
    press(form_to(page, "/announce"))
    expect(page.locator("#announced")).to_contain_text("27 mars 2017")


def release(room: BoardRoom, agenda: Agenda) -> None:
    """Each letter is read, and then all leave."""
    page = room.go("./letters")
    links = page.locator("tr[id^=letter-] th a").evaluate_all("all => all.map(one => one.href)")
    assert len(links) >= len(agenda.ids)
    for link in links:
        page.goto(link)
        expect(page.locator("pre").first).to_contain_text("KS 2017:")
    room.go("./letters")
    press(form_to(page, "/letters"))


def hold_sitting(room: BoardRoom, agenda: Agenda) -> dict[str, list[int]]:
    """From the ready cases to the letters; gives the key presses at the table, in each case by what happened in it."""
    with room.part("prepared"):
        prepare(room, agenda)
    with room.part("opened"):
        open_sitting(room)
    with room.part("recorded"):
        presses = record_by_keyboard(room, agenda)
    assert_public(room, agenda, is_told=False)
    end_and_approve(room)
    with room.part("announced"):
        announce(room)
    with room.part("letters read and released"):
        release(room, agenda)
    assert_public(room, agenda, is_told=True)
    return presses


def assert_public(room: BoardRoom, agenda: Agenda, *, is_told: bool) -> None:
    """Nobody reads a § before the minutes are approved; everybody reads each afterwards."""
    page = room.page_of("")
    for number in range(1, agenda.paragraphs + 1):
        answer = page.goto(f"{room.url}/sv/decisions/KS/2017/{number}")
        assert answer is not None
        assert answer.status == (200 if is_told else 404), number
        if is_told:
            expect(page.locator("main")).to_contain_text(f"KS 2017-03-06 § {number}")
    page.goto(f"{room.url}/sv/noticeboard")
    assert ("27 mars 2017" in page.locator("main").inner_text()) is is_told


def kept(app: Flask, agenda: Agenda) -> dict[str, Decision]:
    """The decisions by their cases, after the books and the outbox were looked through."""
    found = {decision.application.public_id: decision for decision in db.session.scalars(select(Decision))}
    assert sorted(found) == sorted(agenda.ids)
    assert all(decision.is_final for decision in found.values())
    assert db.session.scalars(select(Meeting)).one().status is MeetingStatus.APPROVED
    assert db.session.scalars(select(BoardNotice)).one().is_physical
    granted = {each: decision.amount for each, decision in found.items() if decision.amount}
    round_ = db.session.get_one(Application, next(iter(found.values())).application_id).round
    assert ledger_faults(db.session) == []
    assert (round_.granted, round_.reserved) == (sum(granted.values()), 0)
    projects = db.session.scalars(select(Project)).all()
    assert {project.application.public_id: project.granted for project in projects} == granted
    letters = db.session.scalars(select(Letter)).all()
    assert {letter.decision.application.public_id for letter in letters} == set(agenda.ids)
    assert all(letter.released_at for letter in letters)
    assert MessageStatus.HELD not in set(db.session.scalars(select(Message.status)))
    return found
