"""Texts that are data: Swedish always, a translation where there is one, and a fallback that says what it is."""

import json
from pathlib import Path

import pytest

from fundapp import data_texts
from fundapp.data_texts import as_read, chosen, translations, with_swedish
from fundapp.languages import speaking

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
