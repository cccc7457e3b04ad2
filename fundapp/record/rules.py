"""The arithmetic of the record: RFC 9162's Merkle tree, and what an entry's leaf and a column's hash are made of.

A tree is asked for by `Nodes`: a function that gives the hash of a whole subtree by (level, place), level 0 being the
leaves. What is asked for never goes beyond the right edge of the tree's first `size` leaves.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Nodes = Callable[[int, int], bytes]
Place = tuple[int, int]  # level, place in it

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


# --- what is hashed ----------------------------------------------------------------------------------------------


def salt_hash(salt: bytes) -> str:
    """What an entry keeps of its salt, in hex: enough to know the salt again, nothing to find it by."""
    return hashlib.sha256(b"\x02" + salt).hexdigest()


def column_hash(salt: bytes, column: str, value: bytes | None) -> str:
    """The hash of one column's value, in hex.

    Each column has a salt of its own, derived from the entry's, so that one value can be shown to be the one that was
    entered without telling anything of the others.
    """
    own = hmac.digest(salt, column.encode(), "sha256")
    return hashlib.sha256(own + (b"\x00" if value is None else b"\x01" + value)).hexdigest()


def entry_content(
    number: int, table_name: str, row_id: int, entered_at: str, salt: str, hashes: dict[str, str]
) -> bytes:
    """What an entry's leaf is the hash of: JSON without blanks, the columns by name."""
    parts: list[Any] = [number, table_name, row_id, entered_at, salt, hashes]
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


# --- growing -----------------------------------------------------------------------------------------------------


def ranges(begin: int, end: int) -> list[Place]:
    """The whole subtrees that the leaves from `begin` up to `end` (not with it) fall into, from the left."""
    found = []
    while begin < end:
        level = (begin & -begin).bit_length() - 1 if begin else end.bit_length() - 1
        while begin + (1 << level) > end:
            level -= 1
        found.append((level, begin >> level))
        begin += 1 << level
    return found


def grown(size: int, edge: dict[Place, bytes], leaves: Iterable[bytes]) -> dict[Place, bytes]:
    """The nodes that come to a tree of `size` leaves with these; `edge`: its `ranges(0, size)`, with their hashes."""
    known, new = dict(edge), {}
    for leaf in leaves:
        level, place, hashed = 0, size, leaf
        while True:
            known[level, place] = new[level, place] = hashed
            if place % 2 == 0:
                break
            hashed = node_hash(known[level, place - 1], hashed)
            level, place = level + 1, place // 2
        size += 1
    return new


# --- roots and proofs --------------------------------------------------------------------------------------------


def _over(hashes: Sequence[bytes]) -> bytes:
    """One hash over whole subtrees that stand beside each other, the largest first."""
    *left, found = hashes
    for each in reversed(left):
        found = node_hash(each, found)
    return found


def subtree(nodes: Nodes, begin: int, end: int) -> bytes:
    """MTH of the leaves from `begin` up to `end`, where RFC 9162 makes a subtree of them."""
    return _over([nodes(*place) for place in ranges(begin, end)]) if begin < end else EMPTY


def root_of(nodes: Nodes, size: int) -> bytes:
    """RFC 9162, 2.1.1: the root of the first `size` leaves."""
    return subtree(nodes, 0, size)


def inclusion_proof(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """RFC 9162, 2.1.3.1: that leaf `index` is in the tree of `size`. Errors: ValueError."""
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _half(end - begin)
        if index < middle:
            path.append(subtree(nodes, middle, end))
            end = middle
        else:
            path.append(subtree(nodes, begin, middle))
            begin = middle
    return path[::-1]


def consistency_proof(nodes: Nodes, old: int, new: int) -> list[bytes]:
    """RFC 9162, 2.1.4.1: that the tree of `new` leaves begins with the tree of `old`. Errors: ValueError."""
    if not 0 <= old <= new:
        raise ValueError("the old tree is not within the new one")
    if old in (0, new):
        return []
    begin, end, path, is_known = 0, new, [], True
    while old != end:
        middle = begin + _half(end - begin)
        if old <= middle:
            path.append(subtree(nodes, middle, end))
            end = middle
        else:
            path.append(subtree(nodes, begin, middle))
            begin, is_known = middle, False
    if not is_known:
        path.append(subtree(nodes, begin, end))
    return path[::-1]


def _half(size: int) -> int:
    """The largest power of two that is smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: whether the proof shows that the leaf is in the tree with this root."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for each in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(each, found)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, each)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162, 2.1.4.2: whether the proof shows that the new tree begins with the old one."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY
    if not 0 < old < new:
        return False
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for each in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, each)
        place, last = place >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
