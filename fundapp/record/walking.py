"""Walk the record from its first entry to its last, and see that every leaf and node is what it should be.

What is read is read as the database keeps it and not by the models: a damaged value is told of, and stops nobody.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, FromClause, Text, cast, column, func, select, table

from fundapp.record import rules
from fundapp.record.rules import Place
from fundapp.record.sealed import as_bytes

AT_ONCE = 1024  # a power of two, so that each part of the walk begins on a whole subtree

ENTRY = table("record_entry", *map(column, ("number", "table_name", "row_id", "entered_at", "salt", "hashes")))
NODE = table("record_node", column("level"), column("place"), column("hash"))
SALT = table("record_salt", column("number"), column("salt"))
DISPOSAL = table("record_disposal", column("number"))


@dataclass(frozen=True)
class Entry:
    """An entry as it is kept. `hashes` is empty where it cannot be read; `is_whole`: its leaf is in the tree."""

    number: int
    table_name: str
    row_id: Any
    entered_at: str
    salt: str
    hashes: dict[str, str]
    is_whole: bool = True

    @property
    def leaf(self) -> bytes:
        return rules.leaf_hash(
            rules.entry_content(self.number, self.table_name, self.row_id, self.entered_at, self.salt, self.hashes)
        )


@dataclass
class Walk:
    """What was found on the way: `roots` of the sizes that were asked for."""

    wanted: frozenset[int]
    size: int = 0
    edge: dict[Place, bytes] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def walk(connection: Connection, found: Walk) -> Iterator[list[Entry]]:
    """The entries, some at a time; their place in the tree is looked at on the way. Fills `found`."""
    last = connection.scalar(select(func.max(ENTRY.c.number)))
    end = 0 if last is None else int(last) + 1
    found.roots = {0: rules.EMPTY}
    for begin in range(0, end, AT_ONCE):
        upto = min(begin + AT_ONCE, end)
        entries = {each.number: each for each in entries_between(connection, begin, upto)}
        kept = _nodes(connection, begin, upto)
        yield list(_step(found, entries, kept, begin, upto))
    found.size = end
    found.faults += _beyond(connection, end)


def entries_between(connection: Connection, begin: int, end: int) -> Iterator[Entry]:
    asked = select(*[each for each in ENTRY.c if each.name != "hashes"], cast(ENTRY.c.hashes, Text).label("hashes"))
    asked = asked.where(ENTRY.c.number >= begin, ENTRY.c.number < end).order_by(ENTRY.c.number)
    for row in connection.execute(asked):
        at = (as_bytes(row.entered_at) or b"").decode(errors="replace")
        yield Entry(row.number, str(row.table_name), row.row_id, at, str(row.salt), _hashes(row.hashes))


def _hashes(text: Any) -> dict[str, str]:
    try:
        read = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return read if isinstance(read, dict) and all(isinstance(each, str) for each in read.values()) else {}


def _nodes(connection: Connection, begin: int, end: int) -> dict[Place, bytes | None]:
    """The nodes as they are kept that this part of the walk should end with; None where one cannot be read."""
    found: dict[Place, bytes | None] = {}
    level = 0
    while end >> level:
        asked = select(NODE.c.place, NODE.c.hash).where(NODE.c.level == level, NODE.c.place >= begin >> level)
        for place, hashed in connection.execute(asked.where(NODE.c.place < end >> level)):
            found[level, place] = _bytes(hashed)
        level += 1
    return found


def _bytes(text: Any) -> bytes | None:
    try:
        read = bytes.fromhex(text)
    except (ValueError, TypeError):
        return None
    return read if read.hex() == text else None  # a capital would be another text, though the same number


def _step(
    found: Walk, entries: dict[int, Entry], kept: dict[Place, bytes | None], begin: int, end: int
) -> Iterator[Entry]:
    """The entries of this part, each with whether it is whole; and the tree grown by their leaves."""
    leaves = []
    for number in range(begin, end):
        entry, leaf = entries.get(number), kept.get((0, number))
        is_whole = entry is not None and _is_whole(entry, leaf, kept)
        if entry is None:
            found.faults.append(f"record_entry {number}: the row was removed")
        else:
            yield entry if is_whole else Entry(**(vars(entry) | {"is_whole": False}))
        if is_whole and entry is not None:
            leaves.append(entry.leaf)
            if (0, number) in kept and leaf != entry.leaf:
                found.faults.append(f"record_node 0, {number}: column hash was changed")
        else:
            leaves.append(leaf or rules.EMPTY)
    _grow(found, leaves, kept, begin)


def _is_whole(entry: Entry, leaf: bytes | None, kept: dict[Place, bytes | None]) -> bool:
    """Whether the entry is what was entered. Where its leaf is another, the node above says which is right."""
    if leaf is None or entry.leaf == leaf:
        return True
    above, other = kept.get((1, entry.number // 2)), kept.get((0, entry.number ^ 1))
    if above is None or other is None:
        return False
    pair = (entry.leaf, other) if entry.number % 2 == 0 else (other, entry.leaf)
    return rules.node_hash(*pair) == above


def _grow(found: Walk, leaves: list[bytes], kept: dict[Place, bytes | None], begin: int) -> None:
    grown = rules.grown(begin, found.edge, leaves)
    for (level, place), hashed in sorted(grown.items()):
        if (level, place) not in kept:
            found.faults.append(f"record_node {level}, {place}: the row was removed")
        elif level and kept[level, place] != hashed:
            found.faults.append(f"record_node {level}, {place}: column hash was changed")
    known, end = found.edge | grown, begin + len(leaves)
    for size in found.wanted:
        if begin < size <= end:
            found.roots[size] = rules.root_of(lambda level, place: known[level, place], size)
    found.edge = {place: known[place] for place in rules.ranges(0, end)}


def _beyond(connection: Connection, size: int) -> list[str]:
    """Nodes that no entry stands under."""
    found = []
    for level, count in connection.execute(select(NODE.c.level, func.count()).group_by(NODE.c.level)):
        if not isinstance(level, int) or not 0 <= level < 64:
            found.append(f"record_node {level}: {count} rows were put in")
        elif count != size >> level:
            extra = select(NODE.c.place).where(NODE.c.level == level)
            extra = extra.where((NODE.c.place < 0) | (NODE.c.place >= size >> level)).limit(10)
            found += [f"record_node {level}, {place}: the row was put in" for place in connection.scalars(extra)]
    return found


def by_number(connection: Connection, source: FromClause, numbers: list[int]) -> dict[int, Any]:
    """Rows of one of the record's tables, by their entry."""
    asked = select(*source.c).where(source.c.number >= min(numbers), source.c.number <= max(numbers))
    return {row.number: row for row in connection.execute(asked)}
