"""Every page in every language: its title, its language and direction, nothing left in English, no letter without a
font, and the Swedish names there to be seen."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from bs4.element import PreformattedString, Tag
from flask import Flask

from fundapp.languages import LANGUAGES, _, catalogue, speaking
from tests.factories.house import House
from tests.ground.house import Restore, client_of
from tests.ground.sights import ALL, Sight, font_parts, sights

# Names that are the same in every language: units, files, authorities, the languages' own, an example of an office.
SAME_IN_ALL = {
    "kr",
    "Kalix",
    "Digg",
    "PDF",
    "CSV",
    "Excel",
    "Version",
    "Plusgiro",
    "Bankgiro",
    *(one.own_name for one in LANGUAGES.values()),
}
SAME_IN_ALL |= {"Fritids", "och", "kulturförvaltningen", "Fritidsgården"}
SYSTEM_HAS = {0x2192}  # an arrow, in the history alone, which officials read at their desks
# It tells in the code's own words what was recorded; nobody but the auditor reads it.
IN_CODE_WORDS = {"history.list"}
SPOKEN = ("aria-label", "title", "alt", "placeholder")
# What page shows which names in Swedish, whatever language it is in.
SWEDISH_NAMES = {
    "public.start": {"Kalix kommuns integrationsfond", "Kalix kommuns integrationsstipendium", "Kommunstyrelsen"},
    "goals.show": {"Utbildning och Språk", "Socialt deltagande & Inflytande"},
    "applications.show": {"Kalix kommuns integrationsfond"},
}


def page_in(app: Flask, house: House, sight: Sight, code: str) -> BeautifulSoup | None:
    """The page, or None where it does not come."""
    with client_of(app, house, sight.who).get(sight.in_language(code)) as answer:
        return BeautifulSoup(answer.text, "html.parser") if answer.status_code == 200 else None


def texts_of(page: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    """Everything that is read or spoken, with the element it stands in."""
    for text in page.find_all(string=True):
        if not isinstance(text, PreformattedString) and text.parent and text.parent.name not in ("script", "style"):
            yield text.parent, " ".join(text.split())
    for element in page.find_all(True):
        for name in SPOKEN:
            if element.get(name):
                yield element, str(element[name])


def is_in_page_language(element: Tag) -> bool:
    """Whether no element around it says that it is in another language."""
    for one in (element, *element.parents):
        if one.name == "html":
            return True
        if one.get("lang"):
            return False
    return True


def words_of(text: str) -> str:
    """A text without what no language changes: figures, references, addresses, signs."""
    text = re.sub(r"\S+@\S+|\S+\.(?:se|pdf|png|example)\S*|\bK[SF] [\d:-]+|§|[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2}", " ", text)
    return " ".join(re.findall(r"[^\W\d_][\w'’-]+", text))


def kept_texts(file: Path) -> str:
    """Everything in the database: what people wrote, and the names that are data."""
    connection = sqlite3.connect(file)
    dump = "\n".join(connection.iterdump())
    connection.close()
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), dump)
    return "\n".join([plain, words_of(plain)])


def frame_faults(page: BeautifulSoup, code: str) -> Iterator[str]:
    """Language, direction, title, heading, and whether a translation that nobody has read says so."""
    language, frame = LANGUAGES[code], page.html
    if frame is None or (frame.get("lang"), frame.get("dir")) != (language.html_lang, language.direction):
        yield "language or direction"
    if page.title is None or not page.title.text.strip(" –"):
        yield "no title"
    if len(page.find_all("h1")) != 1:
        yield "not one heading"
    with speaking(code):
        told = _("Preliminary translation. The Swedish text applies.")
    if (told in page.text) != language.is_preliminary:
        yield "preliminary or not"


def lacking_letters(texts: list[tuple[Tag, str]]) -> Iterator[str]:
    letters = set().union(*font_parts().values())
    for _element, text in texts:
        for letter in text:
            if letter.isprintable() and ord(letter) not in letters | SYSTEM_HAS:
                yield f"no font has {ord(letter):04X}: {text[:60]}"


def left_in_english(texts: list[tuple[Tag, str]], english: set[str], code: str, kept: str) -> Iterator[str]:
    """What reads the same in English, and is neither data nor translated with the same word, was never translated."""
    translated = {name: catalogue(code, name).texts for name in ("messages", "desk")}
    for element, text in texts:
        if text not in english or not is_in_page_language(element):
            continue
        parts = [words_of(part) for part in re.sub(r" – Kalix kommun$", "", text).split(", ")]
        is_data = text in kept or all(part in kept or set(part.split()) <= SAME_IN_ALL for part in parts)
        if not is_data and text not in (known.get(text) for known in translated.values()):
            yield f"in English: {text}"


@pytest.mark.parametrize(
    "code", [pytest.param(code, marks=() if code in ("sv", "ar") else pytest.mark.slow) for code in ALL]
)
def test_every_page_in_every_language(house: House, copied: tuple[Flask, Restore], tmp_path: Path, code: str) -> None:
    app, faults = copied[0], set()
    kept = kept_texts(tmp_path / "copy.db")
    for sight in (sight for sight in sights(app, house) if sight.is_in(code)):
        page, in_english = page_in(app, house, sight, code), page_in(app, house, sight, "en")
        if page is None or in_english is None:
            faults.add((sight.endpoint, "no page"))
            continue
        texts = list(texts_of(page))
        found = [*frame_faults(page, code), *lacking_letters(texts)]
        if code != "en" and sight.endpoint not in IN_CODE_WORDS:
            found += left_in_english(texts, {text for _element, text in texts_of(in_english)}, code, kept)
        read = " ".join(page.text.split())
        found += [f"not there: {name}" for name in SWEDISH_NAMES.get(sight.endpoint, ()) if name not in read]
        faults |= {(sight.endpoint, fault) for fault in found}
    assert not faults, "\n".join(map(str, sorted(faults)))
