"""What an entry is made of, byte for byte: a root that somebody keeps must be reached by the same bytes for ever."""

import hashlib
import hmac

import pytest

from fundapp.record import rules

SALT = bytes(range(32))


def test_a_leaf_and_a_node_are_marked_apart() -> None:
    assert rules.leaf_hash(b"x") == hashlib.sha256(b"\x00x").digest()
    assert rules.node_hash(b"l", b"r") == hashlib.sha256(b"\x01lr").digest()


def test_a_salt_is_kept_as_a_hash_of_its_own_kind() -> None:
    assert rules.salt_hash(SALT) == hashlib.sha256(b"\x02" + SALT).hexdigest()


def test_a_column_is_hashed_under_its_name_and_nothing_is_marked() -> None:
    own = hmac.new(SALT, b"who", hashlib.sha256).digest()
    assert rules.column_hash(SALT, "who", b"Ada") == hashlib.sha256(own + b"\x01Ada").hexdigest()
    assert rules.column_hash(SALT, "who", None) == hashlib.sha256(own + b"\x00").hexdigest()


def test_an_entry_is_json_without_blanks_with_its_columns_by_name() -> None:
    """In ASCII, whatever the words of a name are."""
    content = rules.entry_content(7, "decision", 12, "2017-03-06T10:00:00", "ab", {"who": "2", "amount": "1", "å": "3"})
    assert content == (b'[7,"decision",12,"2017-03-06T10:00:00","ab",{"amount":"1","who":"2","\\u00e5":"3"}]')


@pytest.mark.parametrize(
    ("begin", "end", "whole"),
    [
        (0, 0, []),
        (0, 1, [(0, 0)]),
        (0, 7, [(2, 0), (1, 2), (0, 6)]),
        (1, 8, [(0, 1), (1, 1), (2, 1)]),
        (3, 4, [(0, 3)]),
        (4, 6, [(1, 2)]),
        (6, 6, []),
        (5, 16, [(0, 5), (1, 3), (3, 1)]),
    ],
)
def test_leaves_fall_into_whole_subtrees(begin: int, end: int, whole: list[tuple[int, int]]) -> None:
    assert rules.ranges(begin, end) == whole


def test_the_empty_tree_has_the_root_of_nothing() -> None:
    assert rules.root_of(lambda _level, _place: b"", 0) == hashlib.sha256(b"").digest()
