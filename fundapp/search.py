"""Texts made comparable: what is kept to be searched, and what somebody typed to find it, are folded the same way."""

import itertools
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false

from fundapp.composed import composed

MOST_WORDS = 8
SHORT, LONG = 3, 8  # letters: up to so many no letter may be wrong, from so many two
SORTED_BY = 60  # signs of a text that lists are sorted by
_OWN_LETTERS = frozenset("åäö")
# The Swedish alphabet ends in å, ä and ö, with which Danish and Norwegian letters go.
_LAST_LETTERS = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"})
_WORD = re.compile(r"\w(?:\S*\w)?")
_PART = re.compile(r"\w+")
_THREE_LETTERS = re.compile(r"\w{3}")


def folded(text: str) -> str:
    """In small letters and without accents; å, ä and ö are letters of their own and stay."""
    small = composed(text, "NFKC").casefold()
    return small if small.isascii() else "".join(map(_own_or_plain, small))


@lru_cache(4096)
def _own_or_plain(letter: str) -> str:
    return letter if letter in _OWN_LETTERS else _plain(letter)


def _plain(text: str) -> str:
    return "".join(c for c in composed(text, "NFKD") if not unicodedata.combining(c))


def comparable(text: str) -> str:
    """A person's or an organisation's name, or an address, as it is compared: folded, each blank once."""
    return folded(" ".join(text.split()))


def sort_key(text: str | None) -> str:
    """What a text is sorted by, sign by sign: its words without quotes and dashes, in the Swedish alphabet's order."""
    return " ".join(_PART.findall(folded(text or ""))).translate(_LAST_LETTERS)[:SORTED_BY]


def searchable(*texts: str | None) -> str:
    """Every word of the texts once, each after a space: as written, its parts (`2017:4` has two), and with a and o
    for å, ä and ö, for whoever has no Swedish keyboard.
    """
    words: dict[str, None] = {}
    for word in _WORD.findall(folded(" ".join(text for text in texts if text))):
        for form in (word, *_PART.findall(word)):
            words[form] = words[_plain(form)] = None
    return "".join(f" {word}" for word in words)


def holds(column: SQLColumnExpression[str | None], typed: str) -> ColumnElement[bool]:
    """Whether a `searchable` text holds every word that was typed: anywhere in a word, but one of one or two letters
    only where a word begins. So each has the three signs that PostgreSQL's trigram index goes by.
    """
    words = _WORD.findall(folded(typed))[:MOST_WORDS]
    if not words:
        return false()
    sought = dict.fromkeys(word if _THREE_LETTERS.search(word) else f" {word}" for word in words)
    return and_(*(column.contains(word, autoescape=True) for word in sought))


def near_words(typed: str) -> tuple[list[str], list[str]]:
    """The words that may be spelled almost so, and those that must stand as they were typed: numbers, short words."""
    words = _WORD.findall(folded(typed))[:MOST_WORDS]
    near = [word for word in words if len(word) > SHORT and word.isalpha()]
    return near, [word for word in words if word not in near]


def near_among(typed: str, words: Iterable[str]) -> dict[str, int]:
    """Those of the words that are near to what was typed, each with how many letters are wrong (see `distance`)."""
    most = _most_wrong(typed)
    # One letter changed, or two swapped, spoil two pieces next to each other at most: of 2 * most + 1 one is left, and
    # stands no further than `most` from its place. To look for pieces is ten times as fast as to count letters.
    ends = [len(typed) * number // (2 * most + 1) for number in range(2 * most + 2)]
    pieces = [
        (typed[begin:end], max(0, begin - most), end + most) for begin, end in itertools.pairwise(ends) if begin < end
    ]
    near = {}
    for word in words:
        if any(word.find(piece, first, last) >= 0 for piece, first, last in pieces):
            wrong = distance(typed, word)
            if wrong is not None:
                near[word] = wrong
    return near


def _most_wrong(typed: str) -> int:
    return 2 if len(typed) >= LONG else 1


def distance(typed: str, word: str) -> int | None:
    """How many letters are wrong, missing, too many or swapped in a word, or in how a compound word begins; None for
    more than one, in a long word two.
    """
    most = _most_wrong(typed)
    if len(word) < len(typed) - most:
        return None
    before: list[int] = []
    last = list(range(len(word) + 1))
    for row, letter in enumerate(typed, 1):
        now = [row]
        for column, other in enumerate(word, 1):
            least = min(last[column] + 1, now[column - 1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == word[column - 2] and typed[row - 2] == other:
                least = min(least, before[column - 2] + 1)
            now.append(least)
        if min(now) > most:
            return None
        before, last = last, now
    found = min(last)
    return found if found <= most else None
