"""A first-time visitor with an old phone: from the start page to the receipt, the connection is lost twice on the way,
and nothing is typed twice.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.factories.applications import GRANT, PDF
from tests.ground.browser import PATIENCE, LiveServer

VISITOR = "salma@nya.example"
ORGANISATION = {
    "kind": "ASSOCIATION",
    "name": "Nya Kalix kvinnor",
    "address": "Strandgatan 1",
    "postal_code": "952 31",
    "city": "Kalix",
    "email": "styrelsen@nya.example",
    "phone": "0923-123 45",
    "org_number": "802001-5577",
    "bankgiro": "5050-1055",
    "signatories-0-name": "Salma Haddad",
}


@pytest.fixture
def served_with() -> dict[str, str]:
    """The demo's clock, on which the fund is open, and its page of mails; none of its people."""
    return {"FUNDAPP_DEMO": "1"}


class Phone:
    """A phone of 360 px in one language; `typed` counts what its owner has written, each field once."""

    def __init__(self, browser: Browser, url: str, language: str) -> None:
        self.url, self.language = url, language
        self.context = browser.new_context(locale=language, viewport={"width": 360, "height": 740}, has_touch=True)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.typed: set[tuple[str, str]] = set()

    def type(self, name: str, text: str) -> None:
        place = (self.page.url.partition("?")[0], name)
        assert place not in self.typed, f"{name} is typed twice"
        self.typed.add(place)
        for field in self.page.locator(f"main [name='{name}']:not([type=hidden])").all():
            kind = field.evaluate("each => each.type")
            if kind in ("checkbox", "radio"):
                if field.get_attribute("value") == text:
                    field.check()
            elif kind == "select-one":
                field.select_option(text)
            else:
                field.fill(text)

    def press(self, form: Locator | None = None) -> None:
        """The main button of the form; a new page follows."""
        form = form or self.page.locator("main form.form").first
        with self.page.expect_navigation():
            form.locator("button[type=submit]:not([aria-hidden])").last.click()

    def go_on(self) -> None:
        """ "Save and go on": the next section follows."""
        before = self.page.url
        self.button.click()
        self.page.wait_for_url(lambda now: now.partition("?")[0] != before.partition("?")[0])

    @property
    def button(self) -> Locator:
        return self.page.locator("main form.form button[name=next]:not([aria-hidden])")

    @property
    def line(self) -> Locator:
        return self.page.locator(".saving")

    def words(self, name: str) -> str:
        return self.line.get_attribute(f"data-{name}") or ""


@pytest.fixture(params=[pytest.param("sv", marks=pytest.mark.slow), "ar"])
def phone(request: pytest.FixtureRequest, live_server: LiveServer, browser: Browser) -> Iterator[Phone]:
    phone = Phone(browser, live_server.url, request.param)
    yield phone
    phone.context.close()


def sign_in(phone: Phone) -> None:
    """From the start page's own link to the page that was wanted."""
    page = phone.page
    page.goto(f"{phone.url}/{phone.language}/")
    page.locator("main a[href*='/applications/new']").first.click()
    page.wait_for_url("**/sign-in?**")
    phone.type("email", VISITOR)
    phone.press()
    mail = phone.context.new_page()
    mail.goto(f"{phone.url}/demo/mail")
    letter = mail.locator("article").filter(has_text=VISITOR).first.inner_text()
    mail.close()
    code = re.search(r"\b\d{6}\b", letter)
    assert code is not None, letter
    phone.type("code", code.group())
    phone.press()
    phone.type("name", "سلمى حداد")
    phone.press()


def begin(phone: Phone) -> None:
    """The organisation is added on the way, and the draft begun."""
    page = phone.page
    page.locator("main a[href*='/organisations/new']").first.click()
    page.wait_for_url("**/organisations/new**")
    for name, text in ORGANISATION.items():
        phone.type(name, text)
    phone.press()
    for name in ("offer", "organisation"):
        page.locator(f"main input[name={name}]").first.check()
    phone.press()
    page.locator("main a[href$='/sections/organisation']").click()
    page.wait_for_url("**/sections/organisation")


def write(phone: Phone, code: str) -> None:
    """The section's answers, each into its field; a row that is not there is asked for."""
    expect(phone.page).to_have_url(re.compile(f"/sections/{code}"))
    for name, texts in GRANT[code].items():
        for text in texts:
            if len(texts) > 1:
                phone.page.locator(f"main input[name='{name}'][value='{text}']").check()
            else:
                phone.type(name, text)


def press_slowly(phone: Phone) -> None:
    """A finger that rests on the button until the line has said what became of the words: the button stays there."""
    phone.button.scroll_into_view_if_needed()
    box = phone.button.bounding_box()
    assert box is not None
    phone.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2)
    phone.page.mouse.down()
    expect(phone.line).to_have_text(phone.words("kept"))
    phone.page.mouse.up()


def lose_and_find(phone: Phone) -> None:
    """Without a line the button loses nothing and says so; when the line is back it goes on by itself."""
    phone.context.set_offline(True)
    before = phone.page.url
    press_slowly(phone)
    expect(phone.line).to_have_text(phone.words("kept"))
    assert phone.page.url == before
    phone.context.set_offline(False)
    phone.page.wait_for_url(lambda now: now.partition("?")[0] != before.partition("?")[0])


def lose_and_reload(phone: Phone) -> None:
    """The phone is turned off in the middle of a section, and the page opened anew when there is a line again."""
    phone.context.set_offline(True)
    phone.page.locator("main textarea").first.press_sequentially(" Och mer.")
    expect(phone.line).to_have_text(phone.words("kept"))
    address = phone.page.url
    phone.page.goto("about:blank")
    phone.context.set_offline(False)
    phone.page.goto(address)
    expect(phone.page.locator("main textarea").first).to_have_value(re.compile(r" Och mer\.$"))
    expect(phone.line).not_to_have_text(phone.words("kept"))


def attach(phone: Phone) -> None:
    """A file for each kind that is asked for."""
    form = phone.page.locator("main form[enctype]")
    kinds = [each.get_attribute("value") for each in form.locator("option").all()]
    for kind in [kind for kind in kinds if kind and kind != "other"]:
        form.locator("select").select_option(kind)
        form.locator("input[type=file]").set_input_files(
            {"name": f"{kind}.pdf", "mimeType": "application/pdf", "buffer": PDF}
        )
        phone.press(form)
    phone.page.locator("main a.button[href$='/sections/declaration']").click()


def test_a_first_time_visitor_reaches_the_receipt_though_the_connection_is_lost_twice(phone: Phone) -> None:
    page = phone.page
    sign_in(phone)
    begin(phone)
    for code in ("organisation", "project", "goals", "participants", "activities", "budget"):
        write(phone, code)
        if code == "project":
            lose_and_find(phone)
            continue
        if code == "participants":
            lose_and_reload(phone)
        phone.go_on()
    attach(phone)
    write(phone, "declaration")
    phone.go_on()
    expect(page).to_have_url(re.compile("/check$"))
    assert page.locator("#missing").all_inner_texts() == []
    for text in (GRANT["project"]["purpose"][0], GRANT["participants"]["reach"][0] + " Och mer."):
        expect(page.locator("main")).to_contain_text(text)
    with page.expect_navigation():
        page.locator("main form[action$='/submit'] button").last.click()
    expect(page).to_have_url(re.compile("/receipt$"))
    html = page.locator("html")
    expect(html).to_have_attribute("dir", "rtl" if phone.language == "ar" else "ltr")
    assert page.evaluate("Object.keys(localStorage).filter(key => !key.endsWith(':seen'))") == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
