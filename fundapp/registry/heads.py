"""The heads of the list's columns: each sorts by its column, and once more the other way round."""

from dataclasses import dataclass
from typing import Any

from fundapp.languages import Lazy, _dl
from fundapp.registry.filters import COLUMNS, Filters

TITLE = "title"
# What a column sorts by first, as the address says it: sums and days from the largest and the newest.
_FIRST = {
    "number": "number",
    TITLE: "title",
    "applicant": "applicant",
    "sought": "-sought",
    "state": "state",
    "sent": "-sent",
    "age": "-sent",
    "officer": "officer",
}
_AMOUNTS = frozenset({"sought", "age"})


@dataclass(frozen=True)
class Head:
    """`words` are the address's for the list sorted by it, None where it does not sort; `order` is what the list has
    now, as aria-sort says it, or nothing.
    """

    label: Lazy
    words: dict[str, Any] | None
    order: str
    is_amount: bool


def of(filters: Filters) -> list[Head]:
    """The heads of the columns that are shown, in their order; the title, which is always there, comes second."""
    shown = [name for name in COLUMNS if name in filters.columns]
    place = 1 if shown[:1] == ["number"] else 0
    return [_head(name, filters) for name in (*shown[:place], TITLE, *shown[place:])]


def _head(name: str, filters: Filters) -> Head:
    label = COLUMNS.get(name) or _dl("Subject")
    first = _FIRST.get(name)
    if first is None:
        return Head(label, None, "", is_amount=False)
    is_by_it = filters.sort.removeprefix("-") == first.removeprefix("-")
    following = _turned(first) if filters.sort == first else first
    is_down = filters.sort.startswith("-") is not (name == "age")  # the newest has the fewest days
    order = ("descending" if is_down else "ascending") if is_by_it else ""
    return Head(label, filters.words() | {"sort": following}, order, is_amount=name in _AMOUNTS)


def _turned(sort: str) -> str:
    return sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
