"""What changed between two published agendas, and what is left of one without the cases that a reader may not see.

`content` is that of a NoticeOfMeeting: {"municipality", "board", "abbreviation", "held_on", "begins_at", "place",
"is_public", "called": [{"seat", "name", "position", "party"}], "items": [{"id", "kind", "heading", "text", "cases":
[case]}]}; a case is {"id", "number", "applicant", "title", "sought", "outcome", "amount", "report", "application",
"files": [{"id", "name", "media_type", "size"}]}, where ids are public ids: of the paragraph, the application, the
papers and the stored files. Sums in whole kronor, days and times as ISO texts. Plain Python.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from fundapp.languages import LabelledEnum, _dl

Content = dict[str, Any]
_WHERE_AND_WHEN = ("held_on", "begins_at", "place", "is_public")


class Mark(LabelledEnum):
    """How a line of the agenda differs from the version before."""

    NEW = "new", _dl("New")
    CHANGED = "changed", _dl("Changed")
    MOVED = "moved", _dl("Moved")


@dataclass(frozen=True)
class Changes:
    """Marks by the public id of a paragraph and of a case's application; what is gone in words; `facts`: which of day,
    time, place and open doors changed.
    """

    facts: tuple[str, ...] = ()
    items: dict[str, Mark] = field(default_factory=dict)
    cases: dict[str, Mark] = field(default_factory=dict)
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.facts or self.items or self.cases or self.gone)


def case_ids(content: Content) -> set[str]:
    """The public ids of the applications that the content tells of."""
    return {case["id"] for item in content["items"] for case in item["cases"]}


def without(content: Content, hidden: Collection[str]) -> Content:
    """The content without the cases named; their paragraphs stay, whose headings are neutral."""
    items = [
        item | {"cases": [case for case in item["cases"] if case["id"] not in hidden]} for item in content["items"]
    ]
    return content | {"items": items}


def changes(old: Content, new: Content) -> Changes:
    """What differs in `new`. Both must be without what the reader may not see, or the marks would tell of it."""
    was_item = {item["id"]: item for item in old["items"]}
    is_item = {item["id"]: item for item in new["items"]}
    was_case = {case["id"]: (item["id"], case) for item in old["items"] for case in item["cases"]}
    is_case = {case["id"]: (item["id"], case) for item in new["items"] for case in item["cases"]}
    return Changes(
        facts=tuple(name for name in _WHERE_AND_WHEN if old[name] != new[name]),
        items=_moved([key for key in was_item if key in is_item], [key for key in is_item if key in was_item])
        | {key: mark for key, item in is_item.items() if (mark := _of_item(was_item.get(key), item))},
        cases={key: mark for key, found in is_case.items() if (mark := _of_case(was_case.get(key), found))},
        gone=(
            *(item["heading"] for key, item in was_item.items() if key not in is_item),
            *(f"{case['number']} {case['applicant']}" for key, (_, case) in was_case.items() if key not in is_case),
        ),
    )


def _moved(old: list[str], new: list[str]) -> dict[str, Mark]:
    """The fewest whose move makes one order the other; both hold the same keys."""
    kept: set[str] = set()
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        kept |= set(new[block.b : block.b + block.size])
    return {key: Mark.MOVED for key in new if key not in kept}


def _of_item(old: Content | None, new: Content) -> Mark | None:
    if old is None:
        return Mark.NEW
    return Mark.CHANGED if (old["heading"], old["text"]) != (new["heading"], new["text"]) else None


def _of_case(old: tuple[str, Content] | None, new: tuple[str, Content]) -> Mark | None:
    if old is None:
        return Mark.NEW
    if old[1] != new[1]:
        return Mark.CHANGED
    return Mark.MOVED if old[0] != new[0] else None
