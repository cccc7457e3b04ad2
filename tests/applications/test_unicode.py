"""Everything that Unicode holds: read, kept, or refused with a clear word, and never turning what stands beside it."""

import unicodedata
from typing import Any

import pytest
from bs4 import BeautifulSoup, NavigableString, Tag
from flask import Flask
from werkzeug.datastructures import MultiDict

from fundapp.applications import actions, rules
from fundapp.applications import answers as reading
from fundapp.applications.questions import section_form
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.web.fields import (
    CountField,
    DayField,
    EmailField,
    Form,
    GiroField,
    KronorField,
    OrgNumberField,
    PhoneField,
    PostalCodeField,
)
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.assessments import under_assessment
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn

ME, OFFICER = "jag@exempel.example", "officer@kommun.example"
RLO, RLM, ALM = "\u202e", "\u200f", "\u061c"
HOSTILE = f"{RLO}سلام ሰላም ﷽ Z͑͗ͬ😀 123)("
SEEN = unicodedata.normalize("NFC", HOSTILE).replace(RLO, "")


BLOCKS = ("p", "h1", "h2", "h3", "td", "th", "dd", "li", "div")


class Everything(Form):
    amount = KronorField("")
    count = CountField("")
    day = DayField("")
    org = OrgNumberField("")
    bankgiro = GiroField("")
    phone = PhoneField("")
    postal = PostalCodeField("")
    email = EmailField("")


@pytest.mark.parametrize(
    ("field", "typed", "read"),
    [
        ("amount", "٤٥ ٠٠٠", 45_000),
        ("amount", "۴۵٬۰۰۰", 45_000),
        ("amount", f"{RLM}٤٥٠٠٠{ALM} kr", 45_000),
        ("count", "۱۲", 12),
        ("day", "٢٠١٧-٠٣-٠٦", "2017-03-06"),
        ("day", "۲۰۱۷−۰۳−۰۶", "2017-03-06"),
        ("org", "٨٠٢٠٠١-٥٥٧٧", "8020015577"),
        ("org", f"802001\u20135577{RLM}", "8020015577"),
        ("bankgiro", "٥٠٥٠-١٠٥٥", "50501055"),
        ("phone", "٠٧٠-١٢٣ ٤٥ ٦٧", "+46701234567"),
        ("phone", f"{RLM}+۴۶۷۰۱۲۳۴۵۶۷", "+46701234567"),
        ("postal", "۹۵۲ ۸۱", "95281"),
        ("email", f"amina@forening.example{RLM}", "amina@forening.example"),
    ],
)
def test_digits_of_every_script_are_read(app: Flask, field: str, typed: str, read: Any) -> None:
    with app.test_request_context("/sv/"):
        found = Everything(formdata=MultiDict({field: typed}))[field]
        assert not found.process_errors, found.process_errors
        assert (str(found.data) if field == "day" else found.data) == read


@pytest.mark.parametrize(
    ("field", "typed"),
    [("amount", "٤٥٫٥"), ("amount", "½"), ("amount", "٤٥²"), ("amount", "-٤٥"), ("org", "٨٠٢٠٠١-٥٥٧٨"), ("count", "x")],
)
def test_what_is_no_number_is_refused_with_words_and_stays_in_the_box(app: Flask, field: str, typed: str) -> None:
    with app.test_request_context("/sv/"):
        found = Everything(formdata=MultiDict({field: typed}))[field]
        assert found.process_errors
        assert typed in found()


def test_a_text_is_kept_composed_and_without_what_turns_the_words_after_it(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft(title=f"{RLO}Cafe\u0301 😀\x00", place="سلام")
        actions.submit(application, by=application.created_by)
        assert application.title == "Café 😀"


@pytest.mark.usefixtures("both_engines")
def test_what_no_database_holds_is_left_out_and_the_rest_is_kept(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft()
        posted = MultiDict([("title", "Ka\x00fé \ud83d"), ("summary", "😀" * 100)])
        typed = section_form(application, "project", {}).own_texts(posted)
        actions.save_section(application, "project", typed, by=application.created_by)
        db.session.commit()
        db.session.expire_all()
        kept = next(section.answers for section in application.sections if section.code == "project")
        assert (kept["title"], kept["summary"]) == (["Kafé "], ["😀" * 100])


def test_ten_thousand_letters_are_kept_and_said_to_be_too_many(app: Flask) -> None:
    on_day()
    with app.app_context():
        application = draft(background="ሀ" * 10_000)
        kept = next(section.answers for section in application.sections if section.code == "project")
        assert len(kept["background"][0]) == 10_000
        with pytest.raises(rules.NotComplete) as refused:
            actions.submit(application, by=application.created_by)
        assert [state.code for state in refused.value.missing] == ["project"]
        form = next(form for form in reading.all_sections(application) if form.section_code == "project")
        assert not form.validate()
        assert "4000" in form["background"].errors[0]


def _not_isolated(html: str) -> list[str]:
    """Where the hostile text stands on a page without a direction of its own."""
    page = BeautifulSoup(html, "html.parser")
    return [
        str(node.parent)[:200]
        for node in page.find_all(string=lambda text: SEEN in text)
        if isinstance(node, NavigableString) and not _is_isolated(node)
    ]


def _is_isolated(node: NavigableString) -> bool:
    alone = node.strip() == SEEN
    for above in node.parents:
        if not isinstance(above, Tag) or above.name == "body":
            return False
        if above.name in ("bdi", "title", "textarea", "option") or above.get("dir") == "auto":
            return True
        # An element of its own that is a block, with nothing else in it, turns nobody's words.
        if alone and above.name in BLOCKS and above.get_text(strip=True) == SEEN:
            return True
    return False


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_hostile_name_turns_nothing_on_any_page(app: Flask, signed_in: SignIn, language: str) -> None:
    on_day()
    with app.app_context():
        me = applicant(name=HOSTILE, email=ME)
        ours = organisation(me, name=SEEN)
        officer = official(Role.OFFICER, email=OFFICER)
        mine = draft(by=me, organisation=ours, title=HOSTILE, signatory_name=HOSTILE).public_id
        sent = under_assessment(by=me, organisation=ours, officer=officer, title=HOSTILE).public_id
        db.session.commit()
    own = [f"applications/{mine}", f"applications/{mine}/check", f"applications/{mine}/sections/project"]
    own += [f"applications/{mine}/sections/organisation", f"applications/{mine}/sections/declaration"]
    own += ["applications", "applications/new", f"applications/{sent}", f"applications/{sent}/receipt"]
    own += [f"applications/{sent}/withdraw", "account"]
    desk = [f"cases/{sent}", "cases", "desk"]
    found: dict[str, list[str]] = {}
    for who, paths in ((ME, own), (OFFICER, desk)):
        client = signed_in(who)
        for path in paths:
            answer = client.get(f"/{language}/{path}", follow_redirects=True)
            assert answer.status_code == 200, path
            assert RLO not in BeautifulSoup(answer.text, "html.parser").get_text().replace(HOSTILE, ""), path
            assert SEEN in answer.text or path in ("account", "desk"), path
            if wrong := _not_isolated(answer.text):
                found[path] = wrong
    assert not found


def test_the_walk_finds_a_name_that_is_not_isolated() -> None:
    assert _not_isolated(f"<body><p>Av {SEEN}, igår</p></body>")
    right = f'<p>Av <bdi>{SEEN}</bdi>, igår</p><p>{SEEN}</p><div dir="auto">{SEEN} a</div>'
    assert not _not_isolated(f"<body>{right}</body>")
