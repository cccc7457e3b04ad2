"""The tree is RFC 9162's: roots and proofs are those of the reference vectors of Certificate Transparency."""

import pytest

from fundapp.record import rules
from fundapp.record.rules import EMPTY, Nodes

LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
B = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
C = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
D = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
E = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
G = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
INCLUSION = [
    (0, 1, []),
    (0, 8, [E, A, B]),
    (5, 8, [C, D, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], A, C]),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [E, A, B]),
    (2, 8, [A, B]),
    (6, 8, [F, D, ROOTS[4]]),
    (2, 5, [A, C]),
    (6, 7, [F, G, ROOTS[4]]),
]
MANY = 40


def grown(leaves: list[bytes], at_once: int = 1) -> Nodes:
    """A tree to which the leaves came so many at once."""
    tree: dict[tuple[int, int], bytes] = {}
    for start in range(0, len(leaves), at_once):
        edge = {place: tree[place] for place in rules.ranges(0, start)}
        tree |= rules.grown(start, edge, leaves[start : start + at_once])
    return lambda level, place: tree[level, place]


@pytest.fixture(scope="module")
def many() -> tuple[list[bytes], Nodes]:
    leaves = [rules.leaf_hash(bytes([number])) for number in range(MANY)]
    return leaves, grown(leaves)


@pytest.mark.parametrize("at_once", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size: int, at_once: int) -> None:
    nodes = grown([rules.leaf_hash(leaf) for leaf in LEAVES], at_once)
    assert rules.root_of(nodes, size).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_those_of_the_reference(index: int, size: int, path: list[str]) -> None:
    nodes = grown([rules.leaf_hash(leaf) for leaf in LEAVES])
    found = rules.inclusion_proof(nodes, index, size)
    assert [each.hex() for each in found] == path
    assert rules.is_included(rules.leaf_hash(LEAVES[index]), index, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_consistency_proofs_are_those_of_the_reference(old: int, new: int, path: list[str]) -> None:
    nodes = grown([rules.leaf_hash(leaf) for leaf in LEAVES])
    found = rules.consistency_proof(nodes, old, new)
    assert [each.hex() for each in found] == path
    assert rules.is_consistent(old, new, found, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))


def test_every_leaf_of_every_size_has_a_proof_and_no_other_leaf_has_it(many: tuple[list[bytes], Nodes]) -> None:
    leaves, nodes = many
    for size in range(1, MANY + 1):
        root = rules.root_of(nodes, size)
        for index in range(size):
            path = rules.inclusion_proof(nodes, index, size)
            assert rules.is_included(leaves[index], index, size, path, root)
            assert not rules.is_included(leaves[index - 1], index, size, path, root) or size == 1
            assert not rules.is_included(leaves[index], index, size, [*path, root], root)
            assert not rules.is_included(root, index, size, [], root) or size == 1
            assert not path or not rules.is_included(leaves[index], index, size, path[:-1], root)


def test_every_pair_of_sizes_is_consistent_and_another_root_is_not(many: tuple[list[bytes], Nodes]) -> None:
    _leaves, nodes = many
    roots = [rules.root_of(nodes, size) for size in range(MANY + 1)]
    for new in range(MANY + 1):
        for old in range(new + 1):
            path = rules.consistency_proof(nodes, old, new)
            assert rules.is_consistent(old, new, path, roots[old], roots[new])
            assert not rules.is_consistent(old, new, [*path, EMPTY], roots[old], roots[new])
            if 0 < old < new:
                assert not rules.is_consistent(old, new, path, roots[old - 1], roots[new])
                assert not rules.is_consistent(old, new, path, roots[old], roots[new - 1])


def test_a_proof_outside_the_tree_is_refused(many: tuple[list[bytes], Nodes]) -> None:
    for ask in (lambda: rules.inclusion_proof(many[1], 5, 5), lambda: rules.consistency_proof(many[1], 6, 5)):
        with pytest.raises(ValueError, match="tree"):
            ask()


def test_growing_asks_only_for_the_right_edge() -> None:
    """A million entries have an edge of twenty nodes at the most."""
    assert len(rules.ranges(0, 2**20 - 1)) == 20
    assert rules.ranges(0, 2**20) == [(20, 0)]


def test_a_column_is_hashed_with_a_salt_of_its_own_and_nothing_is_not_an_empty_text() -> None:
    salt = bytes(32)
    assert rules.column_hash(salt, "who", b"x") != rules.column_hash(salt, "what", b"x")
    assert rules.column_hash(salt, "who", b"") != rules.column_hash(salt, "who", None)
    assert rules.column_hash(salt, "who", b"x") != rules.column_hash(bytes(31) + b"\x01", "who", b"x")


def test_a_place_outside_the_tree_is_not_included(many: tuple[list[bytes], Nodes]) -> None:
    leaves, nodes = many
    root = rules.root_of(nodes, 1)
    for index, size in ((1, 1), (-1, 1), (0, 0), (5, 5)):
        assert rules.is_included(leaves[0], index, size, [], root) is False


def test_a_path_that_is_too_long_or_of_no_tree_is_plainly_false(many: tuple[list[bytes], Nodes]) -> None:
    leaves, nodes = many
    roots = [rules.root_of(nodes, size) for size in range(8)]
    assert rules.is_included(leaves[0], 0, 1, [EMPTY], roots[1]) is False
    assert rules.is_consistent(6, 5, [roots[6]], roots[6], roots[5]) is False  # the old one is the larger
    assert rules.is_consistent(-1, 5, [roots[5]], roots[5], roots[5]) is False
    assert rules.is_consistent(3, 5, [], roots[3], roots[5]) is False  # nothing is shown
    assert rules.is_consistent(2, 4, [*rules.consistency_proof(nodes, 2, 4), EMPTY, EMPTY], roots[2], roots[4]) is False
