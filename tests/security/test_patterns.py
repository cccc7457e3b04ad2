"""No regular expression, field or way to compare words takes more than a tenth of a second for any text of 50 kB.

The texts are made from each pattern's own letters: what is repeated in it, repeated for long, and then broken off.
"""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import SelectField
from wtforms.fields.core import UnboundField

from fundapp import composed, files, readable, search
from fundapp.candidates import rules as candidates
from fundapp.papers import markup
from fundapp.public import masking
from fundapp.registry.versions import _WORD
from fundapp.web import fields
from fundapp.web.fields import Form
from tests.security.patterns import (
    LENGTH,
    Pattern,
    in_time,
    is_slow,
    kept_patterns,
    modules,
    texts_for,
    written_patterns,
)

# Patterns that are put together while the app runs: the words in them are escaped, so only the rest can be slow.
BUILT = {
    "fundapp.public.masking: f\"(?<!\\\\w)(?:{'|'.join(told)})s?(?!\\\\w)\"": masking._pattern(
        ["Anna Berg", "Anna"], masking.People(frozenset({"Anna Berg", "Bo Ek"}), frozenset({"Anna Bergs Vänner"}))
    ),
    "fundapp.readable: f'(?<!\\\\w){pattern}s?(?!\\\\w)'": re.compile(r"(?<!\w)anna\s+berg\s+anna+s?(?!\w)"),
    "fundapp.composed: f'[{marks}]{{{MOST_MARKS}}}(?=[{marks}])'": composed._too_many(),
    "fundapp.web.fields: f'[0-9]{{{self.shortest},8}}'": re.compile("[0-9]{2,8}"),
}
MARKS = "a" + "\N{COMBINING COMMA ABOVE RIGHT}\N{COMBINING GRAVE ACCENT}" * (LENGTH // 4)
LONG = {
    "one letter": "a" * LENGTH,
    "å": "å" * (LENGTH // 2),
    "words": "a " * (LENGTH // 2),
    "dots": "a." * (LENGTH // 2),
    "dots and @": "a@" + "a." * (LENGTH // 2) + "@",
    "@": "a@" * (LENGTH // 2),
    "quotes": '"' * LENGTH,
    "comments": "(" * LENGTH,
    "xn--": "a@" + "xn--a." * (LENGTH // 6),
    "digits": "7" * LENGTH,
    "Arabic digits": "٧" * (LENGTH // 2),
    "minus": "7-" * (LENGTH // 2),
    "blanks": " " * LENGTH + "x",
    "blank lines": " \n" * (LENGTH // 2) + "x",
    "http": "http://" * (LENGTH // 7),
    "slashes": "a/" * (LENGTH // 2) + " ",
    "bold": "**a " * (LENGTH // 4),
    "braces": "{a" * (LENGTH // 2),
    "marks": MARKS,
    "marks of an address": f"{MARKS}@exempel.example",
    "digits with marks": "٧" + "\u0315\u0300" * (LENGTH // 4),
    "surrogates": "\ud800" * (LENGTH // 3),
    "zero": "\0" * LENGTH,
}


def _all_patterns() -> list[Pattern]:
    found = [
        *kept_patterns(),
        *written_patterns()[0],
        *(Pattern(name, regex) for name, regex in BUILT.items() if regex),
    ]
    return list({(one.regex.pattern, one.regex.flags, one.use): one for one in found}.values())


def slow_texts(pattern: Pattern) -> list[str]:
    """The first that the pattern takes too long for."""
    slow = (text for text in texts_for(pattern) if is_slow(pattern.go, text))
    return [f"{text[:12]!r}…{text[-4:]!r}" for text in islice(slow, 1)]


def test_every_pattern_that_is_made_while_the_app_runs_is_known() -> None:
    kept, (written, unknown) = kept_patterns(), written_patterns()
    assert unknown == set(BUILT)
    assert len(kept) > 25
    assert len(written) > 40


@pytest.mark.parametrize("pattern", _all_patterns(), ids=lambda one: one.asked)
def test_no_pattern_is_slow_whatever_it_reads(pattern: Pattern) -> None:
    assert not slow_texts(pattern)


@pytest.mark.parametrize(
    "planted",
    [
        r"(a+)+$",
        r"[^\s@<>(),;:]+@[^\s@<>(),;:]+\.\w+",  # how addresses were sought before this test
        r"\*\*(?=\S)(.+?)(?<=\S)\*\*",  # how bold words were
        r"\s*\S+",
        r"^(\w+\s?)*$",
        r"(\d+|\d\d)*x",
    ],
)
def test_a_slow_pattern_is_found(planted: str) -> None:
    assert slow_texts(Pattern("planted", re.compile(planted)))


# --- fields -------------------------------------------------------------------------------------------------------


def _all_fields() -> dict[str, UnboundField]:
    """One of every kind of field with the same checks, over all forms."""
    found: dict[str, UnboundField] = {}
    kinds = {value for module in modules() for value in vars(module).values() if isinstance(value, type)}
    for kind in sorted(
        (kind for kind in kinds if issubclass(kind, Form)), key=lambda kind: (kind.__module__, kind.__qualname__)
    ):
        for name in dir(kind):
            field = getattr(kind, name, None)
            if isinstance(field, UnboundField):
                given = [field.kwargs.get("validators"), *field.args]
                checks = next((one for one in given if isinstance(one, list | tuple)), [])
                told = [getattr(check, "__qualname__", type(check).__qualname__) for check in checks]
                found.setdefault(f"{field.field_class.__name__} {' '.join(told)}".strip(), field)
    return found


FIELDS = _all_fields()


def slow_in(read: Callable[[str], Any]) -> list[str]:
    def reads(text: str) -> None:
        with suppress(ValueError):  # said in words, or half a letter that cannot be
            read(text)

    return [name for name, text in LONG.items() if is_slow(reads, text)]


def _read_by(field: UnboundField) -> Callable[[str], Any]:
    class One(Form):
        pass

    One.one = field

    def read(text: str) -> None:
        form = One(formdata=MultiDict({"one": text, "one-0": text, "one-0-name": text, "one-0-what": text}))
        if isinstance(form.one, SelectField) and form.one.choices is None:
            form.one.choices = [("ett", "ett")]
        form.validate()

    return read


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_no_field_is_slow_whatever_is_typed(app: Flask, name: str) -> None:
    with app.test_request_context("/sv/", method="POST"):
        read = _read_by(FIELDS[name])
        read("ett")  # what is imported and compiled at the first use is no fault of the text
        assert not slow_in(read)


COMPARING: dict[str, Callable[[str], Any]] = {
    "tidy": fields.tidy,
    "tidy_lines": fields.tidy_lines,
    "western": fields.western,
    "read_whole_number": fields.read_whole_number,
    "comparable": search.comparable,
    "sort_key": search.sort_key,
    "searchable": search.searchable,
    "near_words": search.near_words,
    "an association's name": candidates.folded,
    "a file's name": lambda text: files._safe_name(text, "pdf"),
    "masked": lambda text: masking.masked(text, ["Anna"], masking.People(frozenset({"Anna Berg"}))),
    "a template's facts": lambda text: (markup.facts_in(text), markup.has_loose_brace(text), markup.filled(text, {})),
    "a letter's blocks": markup.blocks_of,
    "a letter as mail": markup.plain,
    "words of a version": _WORD.findall,
    "words in a PDF": readable._folded,
}


@pytest.mark.parametrize("name", COMPARING)
def test_no_way_to_compare_or_fold_words_is_slow(name: str) -> None:
    COMPARING[name]("ett å")
    assert not slow_in(COMPARING[name])


def test_a_field_that_lets_a_million_marks_be_ordered_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "marks" not in slow_in(fields.tidy)
    monkeypatch.setattr(fields, "composed", lambda text: unicodedata.normalize("NFC", text))
    assert "marks" in slow_in(fields.tidy)


# --- marks over a letter ------------------------------------------------------------------------------------------


def test_two_megabytes_of_marks_are_composed_in_less_than_two_seconds() -> None:
    with in_time(2):
        told = composed.composed("a" + "\u0315\u0300" * 500_000)
    assert composed.JOINER in told


def test_a_text_that_somebody_would_write_is_composed_as_unicode_says() -> None:
    for text in (
        "A\u030arsmo\u0308te",
        "الن\u0651\u064eظام",
        "ሐሙስ",
        "q\u0307\u0323",
        "a" + "\u0301" * 30,
        "한국",
        "\ufb01",
    ):
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert composed.composed(text, form) == unicodedata.normalize(form, text)


def test_the_thirty_first_mark_over_a_letter_stands_after_a_joiner_and_none_is_lost() -> None:
    told = composed.composed("a" + "\u0315\u0300" * 100, "NFD")
    assert told.count(composed.JOINER) == 6
    assert sorted(told.replace(composed.JOINER, "")) == sorted("a" + "\u0315\u0300" * 100)
