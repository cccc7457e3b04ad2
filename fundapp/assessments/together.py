"""Two officials at the same page: what each of them changed is kept, and what both changed differently is asked.

Plain rules. A page carries what stood in the case when it was opened (`seen`); what a person left as it stood is not
the person's wish.
"""

import hashlib
from collections.abc import Mapping, Set

Written = tuple[str, str]  # a finding's name and its note


def mark(written: Written) -> str:
    """A short sign of what was written, to tell whether it is the same."""
    return hashlib.sha256("\n".join(written).encode()).hexdigest()[:12]


def marks(written: Mapping[str, Written]) -> str:
    """The signs of all items, as a page carries them: `F1:3a…  F2:…`."""
    return " ".join(f"{code}:{mark(each)}" for code, each in sorted(written.items()))


def read_marks(text: str) -> dict[str, str]:
    """The signs by item; what is not one is left out."""
    pairs = (part.partition(":") for part in text.split())
    return {code: sign for code, _colon, sign in pairs if code and sign}


def own_changes(mine: Mapping[str, Written], seen: Mapping[str, str]) -> dict[str, Written]:
    """What the person wrote that did not stand on the page when it was opened."""
    return {code: written for code, written in mine.items() if mark(written) != seen.get(code)}


def clashes(changed: Mapping[str, Written], now: Mapping[str, Written], seen: Mapping[str, str]) -> list[str]:
    """The items that the person changed and somebody else changed otherwise meanwhile."""
    return [
        code
        for code, written in changed.items()
        if code in now and mark(now[code]) != seen.get(code) and now[code] != written
    ]


def merged(mine: Set[int], seen: Set[int], now: Set[int]) -> set[int]:
    """What is ticked when both have had their way: what I added and took away since `seen`, done to what is now."""
    return set(now | (mine - seen)) - set(seen - mine)
