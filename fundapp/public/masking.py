"""What of a paper the public reads: private persons' names, addresses and numbers are taken out of the content itself,
so that nothing lies hidden behind a mark. Elected persons and officials act in office and keep their names.
"""

import re
from collections.abc import Iterable
from typing import Any

MASK = "[maskat]"

# Sought only from where a word begins, and then as far as one address runs into the next: a long word without @ would
# else be walked through once for each of its letters.
_SIGN = r"[^\s@<>(),;:]"
_ADDRESS = re.compile(rf"(?<!{_SIGN}){_SIGN}++@{_SIGN}+\.\w+(?:{_SIGN}*@{_SIGN}+\.\w+)*")
# A personal identity number: its third digit is a month's first, which an organisation's number never has (2 or more).
_PERSONAL = re.compile(r"(?<!\d)(?:\d{2})?\d{2}[01]\d[0-3]\d[-+ ]?\d{4}(?!\d)")
_PHONE = re.compile(r"(?<![\w:/.-])(?:\+46|0)[ ]?\d{1,3}[ -]{1,3}\d{2,3}(?:[ ]?\d{2}){1,3}(?!\d)")


def masked(content: Any, names: Iterable[str]) -> Any:
    """The content (text, list or dict of such) with the names, and every address, telephone and personal identity
    number, as MASK; keys and figures stay. A name is found whole, in any case, whatever blanks stand between its parts.
    """
    return _within(content, _pattern(names))


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
    return pattern.sub(MASK, text) if pattern is not None else text


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """All names at once, the longest first; a Swedish genitive goes with its name."""
    parts = {tuple(name.split()) for name in names if name.strip()}
    if not parts:
        return None
    longest_first = sorted(parts, key=lambda words: -len(" ".join(words)))
    told = [r"\s+".join(re.escape(word) for word in words) for words in longest_first]
    return re.compile(rf"(?<!\w)(?:{'|'.join(told)})s?(?!\w)", re.IGNORECASE)
