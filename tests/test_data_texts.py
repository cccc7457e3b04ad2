"""Texts that are data: Swedish always, a translation where there is one, and a fallback that says what it is."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fundapp import data_texts
from fundapp.data_texts import as_read, chosen, shortened, titled, translations, with_swedish
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, speaking

TEXTS = {"sv": "Stadgar & annat", "en": "Statutes & more"}


def test_a_text_is_given_in_the_language_spoken() -> None:
    with speaking("en"):
        assert chosen(TEXTS) == ("en", "Statutes & more")
        assert as_read(TEXTS) == "Statutes &amp; more"


def test_without_a_translation_it_is_swedish_and_says_so() -> None:
    with speaking("en"):
        assert chosen({"sv": "Bara svenska"}) == ("sv", "Bara svenska")
        assert as_read("Bara <svenska>") == '<span lang="sv" dir="ltr">Bara &lt;svenska&gt;</span>'


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two texts of a plan have a translation."""
    known = {"Språk": "Language", "Alla ska kunna tala svenska.": "Everybody shall be able to speak Swedish."}
    (tmp_path / "plan.en.json").write_text(json.dumps(known))
    monkeypatch.setattr(data_texts, "translations", lambda code: translations(code, (tmp_path,)))


@pytest.mark.usefixtures("in_english")
def test_the_swedish_name_stands_beside_its_translation() -> None:
    with speaking("en"):
        beside = with_swedish("Språk")
        assert beside == '<bdi dir="ltr">Language (<span lang="sv" dir="ltr">Språk</span>)</bdi>'
        below = with_swedish("Språk", is_below=True)
        assert below == 'Language <small class="in-swedish"><span lang="sv" dir="ltr">Språk</span></small>'
        assert with_swedish("Attityd") == '<span lang="sv" dir="ltr">Attityd</span>'
    with speaking("sv"):
        assert with_swedish("Språk") == with_swedish("Språk", is_below=True) == "Språk"


@pytest.mark.usefixtures("in_english")
def test_a_title_and_a_shortened_text_are_in_the_readers_language_or_say_that_they_are_swedish() -> None:
    text = "Alla ska kunna tala svenska."
    with speaking("en"):
        assert titled(text) == 'title="Everybody shall be able to speak Swedish." lang="en"'
        assert titled('Stöd "nu"') == 'title="Stöd &#34;nu&#34;" lang="sv"'
        assert shortened(text, 20) == "Everybody shall be…"
        assert shortened("Bara på svenska", 10) == '<span lang="sv" dir="ltr">Bara på…</span>'
    with speaking("sv"):
        assert shortened(text, 100) == text


HOUSE = Path(data_texts.__file__).parent
TRANSLATED = [code for code in LANGUAGES if code not in (AUTHORITY_LANGUAGE, "en")]  # English stands in the data


def _with_both(found: Any) -> Iterator[str]:
    """The Swedish of every text that the data gives in Swedish and English."""
    if isinstance(found, dict):
        if isinstance(found.get("sv"), str) and isinstance(found.get("en"), str):
            yield found["sv"]
        for value in found.values():
            yield from _with_both(value)
    elif isinstance(found, list):
        for value in found:
            yield from _with_both(value)


def _texts(folder: str) -> set[str]:
    """The Swedish texts of Kalix's data in a folder: what must be there in every language."""
    if folder == "funds/data":
        terms = [tomllib.loads(path.read_text()) for path in (HOUSE / folder).glob("kalix*.toml")]
        assert len(terms) == 2
        return {text for term in terms for text in _with_both(term)} | {term["name"]["value"] for term in terms}
    if folder == "boards/data":
        boards = tomllib.loads((HOUSE / folder / "kalix.toml").read_text())["boards"]
        return {board["name"] for board in boards}
    plan = json.loads((HOUSE / folder / "kalix.json").read_text())
    areas = {area["name"] for area in plan["areas"]}
    return areas | {objective["text"] for area in plan["areas"] for objective in area["objectives"]}


def _known(folder: str, code: str) -> dict[str, str]:
    return json.loads((HOUSE / folder / "translations" / f"kalix.{code}.json").read_text())


PLACES = ("funds/data", "goals/plans", "boards/data")


@pytest.mark.parametrize("code", TRANSLATED)
@pytest.mark.parametrize("folder", PLACES)
def test_every_text_of_the_data_is_translated(folder: str, code: str) -> None:
    known = _known(folder, code)
    assert not {text for text in _texts(folder) if not known.get(text, "").strip()}


@pytest.mark.parametrize("code", TRANSLATED)
@pytest.mark.parametrize("folder", PLACES)
def test_no_translation_is_of_a_text_that_is_gone(folder: str, code: str) -> None:
    everything = " ".join(path.read_text() for path in (HOUSE / folder).glob("kalix*") if path.is_file())
    assert not {text for text in _known(folder, code) if json.dumps(text, ensure_ascii=False)[1:-1] not in everything}


@pytest.mark.parametrize("code", TRANSLATED)
def test_two_different_texts_are_not_the_same_in_another_language(code: str) -> None:
    """A line that slipped would give an objective the words of another."""
    known = {swedish: text for folder in PLACES for swedish, text in _known(folder, code).items()}
    assert len(set(known.values())) == len(known)
