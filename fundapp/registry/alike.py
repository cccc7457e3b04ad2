"""Whether two projects bear the same name, or names so near that somebody should look. Plain rules over words."""

import re

from fundapp.search import folded

SAME_STEM = 5  # letters from a word's beginning: `språkkafé`, `språkcafé` and `språket` begin alike
_WORD = re.compile(r"\w+")
# Words that so many names hold that they tell nothing.
_COMMON = frozenset(
    {"för", "och", "med", "vid", "till", "att", "som", "alla", "den", "det", "ett", "från", "mot", "ut", "in", "på",
     "av", "en", "projekt", "projektet", "kalix", "integration", "the", "and", "for", "with", "our", "we", "you"}
)  # fmt: skip
_MOST_STEMS = 6
_ALIKE_WORDS, _ALIKE_LETTERS = 0.6, 0.65


def words(title: str) -> list[str]:
    """The words of a name that tell something, each once, folded; where none does, all of them."""
    found = list(dict.fromkeys(_WORD.findall(folded(title))))
    telling = [word for word in found if len(word) > 1 and word not in _COMMON]
    return telling or found


def stems(title: str) -> list[str]:
    """How the telling words begin, the longest words first: what a database may look for before `is_alike` is asked."""
    by_length = sorted(words(title), key=len, reverse=True)
    return list(dict.fromkeys(word[:SAME_STEM] for word in by_length))[:_MOST_STEMS]


def is_same(one: str, other: str) -> bool:
    """Whether two names have the same telling words, in whatever order and case."""
    return bool(one.strip()) and set(words(one)) == set(words(other))


def is_alike(one: str, other: str) -> bool:
    """Whether most of the words are shared, or most of the letters in their threes. The same name is alike."""
    if not one.strip() or not other.strip():
        return False
    first, second = set(words(one)), set(words(other))
    shared = len(first & second)
    if shared and shared / len(first | second) >= _ALIKE_WORDS:
        return True
    return _likeness(_threes(first), _threes(second)) >= _ALIKE_LETTERS


def _threes(of: set[str]) -> set[str]:
    """Every three letters that follow each other, with a blank before and after each word."""
    return {padded[at : at + 3] for word in of for padded in (f"  {word} ",) for at in range(len(padded) - 2)}


def _likeness(one: set[str], other: set[str]) -> float:
    """Dice's measure: 1 where the sets are the same, 0 where nothing is shared."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
