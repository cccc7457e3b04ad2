"""The small markup as tables: what is typed, and the blocks it becomes."""

from typing import Any

import pytest

from fundapp.papers import markup, rules
from fundapp.papers.models import PaperKind


def text(words: str) -> dict[str, Any]:
    return {"kind": "text", "text": words, "lang": "sv"}


BLOCKS = {
    "nothing": ("", []),
    "a paragraph keeps its lines": ("Hej,\nvi ses.", [text("Hej,\nvi ses.")]),
    "an empty line begins a new one": ("Ett.\n\n\nTvå.", [text("Ett."), text("Två.")]),
    "a heading": ("# Svar\nSkriv.", [{"kind": "heading", "text": "Svar"}, text("Skriv.")]),
    "a list goes on over an empty line": ("- a\n\n- b", [{"kind": "list", "items": ["a", "b"]}]),
    "a numbered list": ("1. a\n2) b", [{"kind": "numbered", "items": ["a", "b"]}]),
    "bold words": (
        "Senast **6 mars** kl 12",
        [{"kind": "runs", "runs": [["Senast ", False], ["6 mars", True], [" kl 12", False]], "lang": "sv"}],
    ),
    "stars that close nothing stay": ("2 ** 3 och **", [text("2 ** 3 och **")]),
    "a year at the start of a line is no list": ("2017 var bra.", [text("2017 var bra.")]),
    "a hash without a blank is no heading": ("#1", [text("#1")]),
    "typst's and HTML's own signs are words": ("#eval(1) <b> *x* $y$", [text("#eval(1) <b> *x* $y$")]),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_text_becomes_blocks(name: str) -> None:
    typed, wanted = BLOCKS[name]
    assert markup.blocks_of(typed) == wanted


def test_what_is_filled_in_is_never_markup() -> None:
    facts = {"rubrik": "**fet** - {kommun}\n# Rubrik"}
    found = markup.blocks_of("Om {rubrik}", lambda words: markup.filled(words, facts))
    assert found == [text("Om **fet** - {kommun}\n# Rubrik")]


def test_a_mail_shows_no_signs() -> None:
    assert markup.plain("# Svar\n**Senast** i dag\n- ett") == "Svar\nSenast i dag\n- ett"


FAULTS = {
    "known": ("{sökande} och { Diarienummer }", PaperKind.LETTER, []),
    "a slip is told with its neighbour": (
        "{sökanden}",
        PaperKind.LETTER,
        ["{sökanden} is not a fact we know. Perhaps you mean {sökande}."],
    ),
    "unknown": ("{xyz}", PaperKind.LETTER, ["{xyz} is not a fact we know. Choose one from the list."]),
    "of another kind": (
        "{sista dag}",
        PaperKind.CONFIRMATION,
        ["{sista dag} is not a fact we know. Choose one from the list."],
    ),
    "a loose brace": (
        "Hej {sökande",
        PaperKind.LETTER,
        ["A brace stands alone. Write a fact like this: {diarienummer}."],
    ),
    "a part within a line": (
        "Se {bedömning}.",
        PaperKind.OFFICER_REPORT,
        ["Let {bedömning} stand on a line of its own."],
    ),
    "empty braces": ("{}", PaperKind.LETTER, ["{} is not a fact we know. Choose one from the list."]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_facts_that_are_not_known_are_told_in_words(name: str) -> None:
    typed, kind, wanted = FAULTS[name]
    assert [sentence.source % sentence.values for sentence in rules.faults(typed, kind)] == wanted


def test_a_paper_that_lacks_what_it_is_for_is_told() -> None:
    (sentence,) = rules.missing("{länk}", PaperKind.COMPLETION)
    assert sentence.source % sentence.values == "The paper needs {vad som saknas}, {sista dag}."
    assert rules.missing("Hej", PaperKind.LETTER) == []


def test_a_fact_without_a_value_keeps_its_braces_and_is_told() -> None:
    left = markup.filled("{sökande}, {organisationsnummer}", {"sökande": "IF", "organisationsnummer": ""})
    assert left == "IF, {organisationsnummer}"
    assert len(rules.left_open(left)) == 1
