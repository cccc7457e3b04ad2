"""Two people with the same page open, or one person in two windows: what each of them wrote is kept, and where both
wrote the same text neither is overwritten unseen.

Plain rules. A page carries short signs of the texts that it showed; what a person left as it stood is not their wish.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Texts = Mapping[str, Sequence[str]]
_LETTERS = 12


def plain(texts: Sequence[str]) -> list[str]:
    """As it reads: a browser sends an empty field as an empty text, and ends lines in its own way."""
    return [text.replace("\r\n", "\n") for text in texts] if any(texts) else []


def sign(*texts: str) -> str:
    """A short sign of what was written, to tell whether it is the same."""
    return hashlib.sha256("\x1f".join(plain(texts)).encode(errors="surrogatepass")).hexdigest()[:_LETTERS]


def signs(texts: Texts) -> str:
    """The signs of several fields, as a page carries them: `women:3a….men:9c…`."""
    return ".".join(f"{name}:{sign(*each)}" for name, each in sorted(texts.items()))


def read_signs(text: str) -> dict[str, str]:
    """The signs by field; what is not one is left out."""
    pairs = (part.partition(":") for part in text.split("."))
    return {name: each for name, _colon, each in pairs if name and each}


@dataclass(frozen=True)
class Basis:
    """What a save stands on. `seen`: the signs of what its page showed; `shown`: the fields of which it showed two
    texts; `choices`: a field's name → "mine" or "theirs".
    """

    seen: Mapping[str, str] = field(default_factory=dict)
    shown: frozenset[str] = frozenset()
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Merged:
    """`kept` is what both wrote together; `asked` the person's own texts where one of two must be chosen."""

    kept: dict[str, list[str]]
    asked: dict[str, list[str]]


def merged(typed: Texts, now: Texts, basis: Basis) -> Merged:
    """What was typed, put together with what is kept `now`. A field that the page says nothing of counts as changed by
    somebody else where there is something in it.
    """
    kept, asked = {name: list(texts) for name, texts in now.items()}, {}
    for name, own in typed.items():
        theirs, seen = now.get(name, []), basis.seen.get(name, sign())
        choice = basis.choices.get(name) if name in basis.shown else "mine"
        if plain(own) == plain(theirs) or choice == "theirs":
            continue
        if choice == "mine" and seen == sign(*theirs):
            kept[name] = list(own)
        elif name in basis.shown or seen != sign(*own) or name not in basis.seen:
            asked[name] = list(own)
    return Merged(kept, asked)
