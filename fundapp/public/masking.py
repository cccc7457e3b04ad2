"""What of a paper the public reads: private persons' names, addresses and numbers are taken out of the content itself,
so that nothing lies hidden behind a mark. Elected persons and officials act in office and keep their names.

What somebody outside writes as a name blanks nothing else: it must look like a person's name, it counts in that
person's own case alone (`people`), the parties and the fixed words of the case stay whatever lies in them, and in what
officials wrote it is found only as a name is written.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MASK = "[maskat]"

# Sought only from where a word begins, and then as far as one address runs into the next: a long word without @ would
# else be walked through once for each of its letters.
_SIGN = r"[^\s@<>(),;:]"
_ADDRESS = re.compile(rf"(?<!{_SIGN}){_SIGN}++@{_SIGN}+\.\w+(?:{_SIGN}*@{_SIGN}+\.\w+)*")
# A personal identity number: its third digit is a month's first, which an organisation's number never has (2 or more).
_PERSONAL = re.compile(r"(?<!\d)(?:\d{2})?\d{2}[01]\d[0-3]\d[-+ ]?\d{4}(?!\d)")
_PHONE = re.compile(r"(?<![\w:/.-])(?:\+46|0)[ ]?\d{1,3}[ -]{1,3}\d{2,3}(?:[ ]?\d{2}){1,3}(?!\d)")

# Small words within a name, which need no capital; a name is never made of them alone.
_PARTICLES = frozenset(
    ("abu", "af", "al", "av", "bin", "bint", "da", "de", "del", "den", "der", "di", "do", "du", "el", "ibn", "la", "le")
) | {"van", "von"}
_LETTERS = re.compile(r"[^\W\d_]{2}")
_FIGURE = re.compile(r"\d")
# In a pattern that minds no capitals: here a word begins, and not with a small letter.
_CAPITAL = "(?-i:(?![a-zß-öø-ÿ]))"


@dataclass(frozen=True)
class People:
    """Names of private persons behind a case, and what is never masked in it: its parties' names and fixed words."""

    names: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def __or__(self, other: "People") -> "People":
        return People(self.names | other.names, self.kept | other.kept)


def is_name(text: str) -> bool:
    """Whether this may be a person's whole name: two words of letters at least, and no figure."""
    words = [word for word in text.split() if _LETTERS.search(word) and word.lower() not in _PARTICLES]
    return len(words) >= 2 and _FIGURE.search(text) is None


def masked(content: Any, words: Iterable[str] = (), people: People | None = None, *, is_own: bool = False) -> Any:
    """The content (text, list or dict of such) with the words, the people's names, and every address, telephone and
    personal identity number, as MASK; keys and figures stay.

    A word is found whole, in any case, whatever blanks stand between its parts; a name so too in the people's own text
    (`is_own`), and elsewhere with its capitals: who calls themselves “avslår ansökan” blanks no decision.
    """
    return _within(content, _pattern(words, people or People(), is_own=is_own))


def _within(content: Any, pattern: re.Pattern[str] | None) -> Any:
    if isinstance(content, str):
        return _text(content, pattern)
    if isinstance(content, dict):
        return {key: _within(value, pattern) for key, value in content.items()}
    if isinstance(content, list):
        return [_within(value, pattern) for value in content]
    return content


def _text(text: str, pattern: re.Pattern[str] | None) -> str:
    for rule in (_ADDRESS, _PERSONAL, _PHONE):
        text = rule.sub(MASK, text)
    return pattern.sub(_instead, text) if pattern is not None else text


def _instead(found: re.Match[str]) -> str:
    return found[0] if found.lastgroup == "kept" else MASK


def _pattern(words: Iterable[str], people: People = People(), *, is_own: bool = False) -> re.Pattern[str] | None:
    """All at once, the words before what stays, and that before the names; a Swedish genitive goes with its name."""
    groups = {
        "word": [_told(word) for word in _longest_first(words)],
        "kept": [_told(name) for name in _longest_first(people.kept)],
        "name": [_told(name, is_any_case=is_own) for name in _longest_first(people.names)],
    }
    if not groups["word"] and not groups["name"]:
        return None
    told = [f"(?P<{kind}>{'|'.join(found)})" for kind, found in groups.items() if found]
    return re.compile(rf"(?<!\w)(?:{'|'.join(told)})s?(?!\w)", re.IGNORECASE)


def _longest_first(texts: Iterable[str]) -> list[list[str]]:
    parts = {tuple(text.split()) for text in texts if text.strip()}
    return [list(words) for words in sorted(parts, key=lambda words: (-len(" ".join(words)), words))]


def _told(words: list[str], *, is_any_case: bool = True) -> str:
    """The words as a pattern, each but the particles with its capital where the case is minded."""
    begins = ["" if is_any_case or word.lower() in _PARTICLES else _CAPITAL for word in words]
    return r"\s+".join(begin + re.escape(word) for begin, word in zip(begins, words, strict=True))
