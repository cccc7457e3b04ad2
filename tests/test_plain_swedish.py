"""What we write to applicants is plain Swedish, measured by LIX, sentence by sentence as each page shows it.

LIX (Björnsson 1968): words per sentence + per cent of words longer than six letters. Below 30 is a children's book,
40 a newspaper. Counted are our own sentences: what the Swedish catalogue says, as the page looks it up. Texts of the
plan, the funds and the statutes, names, figures and what somebody typed never pass through the catalogue, and a
placeholder is no word. Labels and headings are not sentences, and the frame that every page has counts for none.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import pytest
from flask import Flask

from fundapp import languages
from fundapp.accounts.actions import begin_session
from fundapp.applications.models import ApplicationKind
from fundapp.applications.questions import codes_of
from fundapp.db import db
from fundapp.funds.terms import terms_of
from fundapp.languages import LANGUAGES, catalogue
from tests.factories.applications import draft
from tests.factories.house import House
from tests.factories.people import applicant
from tests.ground.house import Restore, address_of, client_of, methods_of
from tests.test_house import PAGES
from tools import catalogues

MOST, MEDIAN = 40, 30
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_END = re.compile(r"[.:!?]+(?=\s|$)")
_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence; none of a text without an end mark, which is a label or a heading."""
    plain = _PLACEHOLDER.sub(" ", text)
    if not re.search(r"[.!?](?:\s|$)", plain):
        return []
    return [words for part in _END.split(plain) if (words := _WORD.findall(part))]


def lix(texts: Iterator[str] | set[str]) -> float | None:
    """The LIX of texts read one after the other; None where there is no sentence."""
    found = [words for text in sorted(texts) for words in sentences(text)]
    words = [word for sentence in found for word in sentence]
    if not words:
        return None
    return len(words) / len(found) + 100 * sum(len(word) > 6 for word in words) / len(words)


def frame() -> set[str]:
    """The source texts of what stands around every page."""
    template = catalogues.extract("messages")
    return {
        part
        for message in template
        if message.id and "fundapp/templates/layout.html" in {name for name, _line in message.locations}
        for part in ([message.id] if isinstance(message.id, str) else message.id)
    }


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch, around: set[str]) -> Iterator[set[str]]:
    """The texts of the messages catalogue that are looked up within, as the catalogue has them."""
    heard: set[str] = set()
    look_up, count = languages._text, languages._counted

    def text(domain: str, source: str, values: dict[str, Any]) -> str:
        if domain == "messages" and source not in around:
            heard.add(catalogue(languages.current().code, domain).texts.get(source, source))
        return look_up(domain, source, values)

    def counted(domain: str, one: str, many: str, n: int, values: dict[str, Any]) -> str:
        if domain == "messages" and one not in around:
            heard.update(catalogue(languages.current().code, domain).plurals.get(one, (one, many)))
        return count(domain, one, many, n, values)

    with monkeypatch.context() as patch:
        patch.setattr(languages, "_text", text)
        patch.setattr(languages, "_counted", counted)
        yield heard


def pages(app: Flask, house: House) -> list[tuple[str, str]]:
    """Who opens which address: everything that an applicant or anybody comes to, and every section of every form."""
    found = []
    for endpoint, people in PAGES.items():
        if "owner" in people and "GET" in methods_of(app, endpoint):
            found.append(("owner", address_of(app, house, endpoint)))
            if "nobody" in people:
                found.append(("nobody", address_of(app, house, endpoint)))
    found += [("nobody", path.replace("integration-fund", "integration-stipend")) for who, path in found if who != "x"]
    return [(who, path) for who, path in found if "/metrics" not in path] + _sections(app, house)


def _sections(app: Flask, house: House) -> list[tuple[str, str]]:
    """Every section of every form, of drafts that are made for it, and the pages around them."""
    paths = []
    with app.test_request_context():
        writer = applicant("Writer", "writer@forening.example")
        for kind in ApplicationKind:
            place = f"/sv/applications/{draft(by=writer, kind=kind).public_id}"
            paths += [place, f"{place}/check", *(f"{place}/sections/{code}" for code in codes_of(kind))]
        house.sessions["writer"] = begin_session(writer)
        db.session.commit()
    return [("writer", path) for path in paths]


def test_our_pages_are_plain_swedish(
    house: House, copied: tuple[Flask, Restore], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _restore = copied
    around, found = frame(), {}
    for who, path in pages(app, house):
        with listening(monkeypatch, around) as heard, client_of(app, house, who).get(path) as answer:
            assert answer.status_code < 500, path
            if answer.mimetype == "text/html" and answer.status_code == 200:
                found[path] = lix(heard)
    measured = {path: value for path, value in found.items() if value is not None}
    assert len(measured) > 40
    assert {path: round(value) for path, value in measured.items() if value > MOST} == {}
    assert median(measured.values()) <= MEDIAN


def test_our_mails_papers_and_error_pages_are_plain_swedish() -> None:
    texts: dict[str, set[str]] = {}
    known = catalogue("sv", "messages")
    for message in catalogues.extract("messages"):
        one = message.id if isinstance(message.id, str) or not message.id else message.id[0]
        for name, _line in message.locations:
            if one and any(part in name for part in ("/emails/", "papers", "/documents/", "/errors")):
                texts.setdefault(name, set()).update(known.plurals.get(one, (known.texts.get(one, one),)))
    measured = {name: value for name, found in texts.items() if (value := lix(found)) is not None}
    assert len(measured) > 10
    assert {name: round(value) for name, value in measured.items() if value > MOST} == {}
    assert median(measured.values()) <= MEDIAN


@pytest.mark.parametrize("code", sorted(terms.code for terms in terms_of("kalix")))
def test_the_questions_before_one_applies_are_plain_swedish(code: str) -> None:
    """They are data of the fund's, but the words are ours."""
    (terms,) = [terms for terms in terms_of("kalix") if terms.code == code]
    assert terms.eligibility is not None
    asked = {part.sv for item in terms.eligibility.value for part in (item.text, item.reason, item.instead)}
    value = lix(asked)
    assert value is not None
    assert value <= MEDIAN


def test_a_heavy_sentence_is_seen_and_a_label_is_none() -> None:
    heavy = "Kommunstyrelsens beredning av ansökningshandlingarna genomförs i enlighet med fastställda riktlinjer."
    assert (lix({heavy}) or 0) > 60
    assert lix({"Organisationsnummer"}) is None
    assert lix({"Du får %(sum)s. Vi hör av oss."}) == 3
    assert LANGUAGES["sv"].catalogue
