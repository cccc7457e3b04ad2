"""Texts that are data: Swedish always, a translation where there is one, and a fallback that says what it is."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fundapp import data_texts
from fundapp.data_texts import as_read, chosen, translations, with_swedish
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


def test_the_swedish_name_stands_before_its_translation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "plan.en.json").write_text(json.dumps({"Språk": "Language"}))
    monkeypatch.setattr(data_texts, "translations", lambda code: translations(code, (tmp_path,)))
    with speaking("en"):
        shown = with_swedish("Språk")
    assert shown == '<span lang="sv" dir="ltr">Språk</span> <span class="translation">Language</span>'
    with speaking("sv"):
        assert with_swedish("Språk") == "Språk"


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
