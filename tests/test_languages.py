"""Texts come from the catalogue of the language spoken; figures and days are written the Swedish way."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from markupsafe import Markup

from fundapp import languages
from fundapp.languages import (
    LANGUAGES,
    Language,
    _,
    _d,
    _dl,
    _dn,
    _l,
    _n,
    day_and_time,
    direction_of,
    long_day,
    money,
    number,
    set_current,
    speaking,
)
from fundapp.web import filters

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: {plural};\\n"\n\n'
SWEDISH = """
msgid "Register"
msgstr "Registrera"

msgid "You applied for %(sum)s."
msgstr "Du sökte %(sum)s."

msgid "%(n)s file"
msgid_plural "%(n)s files"
msgstr[0] "%(n)s fil"
msgstr[1] "%(n)s filer"

#, fuzzy
msgid "Unsure"
msgstr "Osäker"

msgid "Empty"
msgstr ""
"""
ARABIC = """
msgid "%(n)s file"
msgid_plural "%(n)s files"
msgstr[0] "لا ملفات"
msgstr[1] "ملف واحد"
msgstr[2] "ملفان"
msgstr[3] "%(n)s ملفات"
msgstr[4] "%(n)s ملفًا"
msgstr[5] "%(n)s ملف"
"""
ARABIC_FORMS = (
    "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5)"
)


@pytest.fixture(autouse=True)
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small catalogues of Swedish and, as a language not released yet, Arabic."""
    for folder, domain, plural, texts in (
        ("sv", "messages", "nplurals=2; plural=(n != 1)", SWEDISH),
        ("sv", "desk", "nplurals=2; plural=(n != 1)", SWEDISH.replace("Registrera", "Diarieför")),
        ("ar", "messages", ARABIC_FORMS, ARABIC),
    ):
        path = tmp_path / folder / "LC_MESSAGES" / f"{domain}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD.format(plural=plural) + texts)
    monkeypatch.setattr(languages, "TRANSLATIONS", tmp_path)
    monkeypatch.setitem(LANGUAGES, "ar", Language("ar", "العربية", "ar", "rtl", "ar", "ar"))
    languages.catalogue.cache_clear()
    yield
    languages.catalogue.cache_clear()


def test_a_text_is_looked_up_in_its_own_domain() -> None:
    assert (_("Register"), _d("Register")) == ("Registrera", "Diarieför")
    with speaking("en"):
        assert (_("Register"), _d("Register")) == ("Register", "Register")


def test_what_has_no_sure_translation_is_shown_in_english() -> None:
    assert [_(text) for text in ("Nowhere", "Unsure", "Empty")] == ["Nowhere", "Unsure", "Empty"]


def test_values_are_filled_in_and_what_is_marked_up_stays_so() -> None:
    assert _("You applied for %(sum)s.", sum="45") == "Du sökte 45."
    assert _("100 % sure") == "100 % sure"  # without values a per cent sign is only a sign
    filled = _("You applied for %(sum)s.", sum=Markup("<bdi>45</bdi>"))
    assert filled == "Du sökte <bdi>45</bdi>."
    assert isinstance(filled, Markup)
    assert isinstance(_("You applied for %(sum)s.", sum="<script>"), str)
    mixed = _("%(a)s and %(b)s", a=Markup("<b>x</b>"), b="<script>")
    assert mixed == "<b>x</b> and &lt;script&gt;"


def test_swedish_counts_in_two_forms_and_english_without_a_catalogue_too() -> None:
    assert [_n("%(n)s file", "%(n)s files", n) for n in (0, 1, 2)] == ["0 filer", "1 fil", "2 filer"]
    assert _dn("%(n)s file", "%(n)s files", 1200) == "1\xa0200 filer"
    with speaking("en"):
        assert [_n("%(n)s file", "%(n)s files", n) for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


@pytest.mark.parametrize(
    ("n", "text"), [(0, "لا ملفات"), (1, "ملف واحد"), (2, "ملفان"), (5, "5 ملفات"), (15, "15 ملفًا"), (100, "100 ملف")]
)
def test_arabic_counts_in_six_forms(n: int, text: str) -> None:
    with speaking("ar"):
        assert _n("%(n)s file", "%(n)s files", n) == text


def test_a_lazy_text_is_looked_up_when_it_is_shown() -> None:
    messages, desk, filled = _l("Register"), _dl("Register"), _l("You applied for %(sum)s.", sum="45")
    assert (str(messages), str(desk), str(filled)) == ("Registrera", "Diarieför", "Du sökte 45.")
    with speaking("en"):
        assert (str(messages), str(desk), str(filled)) == ("Register", "Register", "You applied for 45.")
    assert Markup("<b>%s</b>") % _l("<i>") == "<b>&lt;i&gt;</b>"
    assert _l("Register") + "!" == "Registrera!"


def test_a_language_is_spoken_within_and_the_one_before_comes_back() -> None:
    set_current("sv")
    with speaking("en") as outer:
        assert outer.code == "en"
        with speaking("xx") as unknown:  # what is not released is spoken in Swedish
            assert unknown.code == "sv"
        assert languages.current().code == "en"
    assert languages.current().code == "sv"
    with pytest.raises(KeyError):
        set_current("xx")


@pytest.mark.parametrize(
    ("kronor", "written"),
    [(0, "0 kr"), (999, "999 kr"), (45_000, "45 000 kr"), (3_000_000, "3 000 000 kr"), (-500_000, "−500 000 kr")],
)
@pytest.mark.parametrize("language", ["sv", "en", "ar"])
def test_money_is_written_the_swedish_way_and_never_breaks_in_two(kronor: int, written: str, language: str) -> None:
    with speaking(language):
        assert money(kronor) == written.replace(" ", "\N{NO-BREAK SPACE}")
        assert " " not in number(kronor)
        assert filters.kr(kronor) == f'<bdi dir="ltr">{money(kronor)}</bdi>'


def test_days_and_times_are_local_and_in_the_reader_s_words() -> None:
    assert long_day(date(2017, 3, 6)) == "6 mars 2017"
    summer, winter = datetime(2017, 6, 30, 22, 5, tzinfo=UTC), datetime(2017, 12, 31, 23, 30, tzinfo=UTC)
    assert day_and_time(summer) == "1 juli 2017\xa000:05"
    assert day_and_time(winter) == "1 januari 2018\xa000:30"
    with speaking("en"):
        assert long_day(date(2017, 3, 6)) == "6 March 2017"
        assert day_and_time(summer) == "1 July 2017\xa000:05"


@pytest.mark.parametrize(
    ("code", "day"), [("fit", "6 marsia 2017"), ("so", "6 Maarso 2017"), ("ti", "6 መጋቢት 2017"), ("prs", "6 مارچ 2017")]
)
def test_a_day_is_written_as_its_language_writes_it(code: str, day: str) -> None:
    with speaking(code):
        assert long_day(date(2017, 3, 6)) == day


@pytest.mark.parametrize("code", [code for code, language in LANGUAGES.items() if language.direction == "rtl"])
def test_a_year_and_a_time_do_not_change_places_from_right_to_left(code: str) -> None:
    with speaking(code):
        assert re.search(r"2017، \d\d:\d\d$", day_and_time(datetime(2017, 6, 30, 22, 5, tzinfo=UTC)))


def test_a_text_keeps_the_direction_of_its_own_language() -> None:
    found = {code: direction_of(code) for code in ("sv", "en", "ar", "fa", "so", "ti", "nonsense!")}
    assert {code for code, direction in found.items() if direction == "rtl"} == {"ar", "fa"}


def test_numbers_and_references_stand_in_an_isolate_of_their_own() -> None:
    assert filters.ltr("<b>") == '<bdi dir="ltr">&lt;b&gt;</bdi>'
    assert filters.org_number("8020015577") == '<bdi dir="ltr">802001-5577</bdi>'
    assert filters.giro("50501055") == '<bdi dir="ltr">5050-1055</bdi>'
    assert (filters.org_number(None), filters.giro(""), filters.kr(None), filters.day(None)) == ("–", "–", "–", "–")


def test_typed_text_keeps_its_breaks_and_nothing_else() -> None:
    assert filters.paragraphs("a\nb\r\n\r\n<i>c</i>\n\n\n") == "<p>a<br>b</p><p>&lt;i&gt;c&lt;/i&gt;</p>"
    assert filters.paragraphs(None) == ""


def test_what_is_listed_has_the_comma_of_the_language() -> None:
    found = {}
    for code in ("sv", "ar", "prs", "ti"):
        with languages.speaking(code):
            found[code] = languages.listed(["a", "b"])
    assert found == {"sv": "a, b", "ar": "a، b", "prs": "a، b", "ti": "a፣ b"}
