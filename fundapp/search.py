"""Texts made comparable: what is kept to be searched, and what somebody typed to find it, are folded the same way."""

import re
import unicodedata

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false

MOST_WORDS = 8
_OWN_LETTERS = frozenset("åäö")
_WORD = re.compile(r"\w(?:\S*\w)?")
_PART = re.compile(r"\w+")
_THREE_LETTERS = re.compile(r"\w{3}")


def folded(text: str) -> str:
    """In small letters and without accents; å, ä and ö are letters of their own and stay."""
    small = unicodedata.normalize("NFKC", text).casefold()
    return small if small.isascii() else "".join(c if c in _OWN_LETTERS else _plain(c) for c in small)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


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
