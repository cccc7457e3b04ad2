"""The tree as it is kept: how large it is, and its nodes."""

from collections.abc import Sequence

from sqlalchemy import select, tuple_

from fundapp.db import db
from fundapp.record import rules
from fundapp.record.models import RecordEntry, RecordNode
from fundapp.record.rules import Nodes, Place


def size() -> int:
    """How many entries there are."""
    last = db.session.scalar(select(RecordEntry.number).order_by(RecordEntry.number.desc()).limit(1))
    return 0 if last is None else last + 1


def kept(places: Sequence[Place]) -> dict[Place, bytes]:
    """These nodes, asked for at once, as far as they are there."""
    if not places:
        return {}
    key = tuple_(RecordNode.level, RecordNode.place)
    rows = db.session.execute(select(RecordNode.level, RecordNode.place, RecordNode.hash).where(key.in_(list(places))))
    return {(level, place): bytes.fromhex(hashed) for level, place, hashed in rows}


def root(entries: int) -> bytes:
    """The root of the first `entries`. Errors: LookupError where a node is missing."""
    found = kept(rules.ranges(0, entries))
    return rules.root_of(lambda level, place: found[level, place], entries)


class Wanted:
    """A tree that only notes which nodes a proof needs, so that they are asked for at once."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    def __call__(self, level: int, place: int) -> bytes:
        self.places.append((level, place))
        return rules.EMPTY


def inclusion_proof(index: int, entries: int) -> list[bytes]:
    """Errors: ValueError, LookupError where a node is missing."""
    wanted = Wanted()
    rules.inclusion_proof(wanted, index, entries)
    return rules.inclusion_proof(_of(wanted), index, entries)


def consistency_proof(old: int, new: int) -> list[bytes]:
    """Errors: ValueError, LookupError where a node is missing."""
    wanted = Wanted()
    rules.consistency_proof(wanted, old, new)
    return rules.consistency_proof(_of(wanted), old, new)


def _of(wanted: Wanted) -> Nodes:
    found = kept(wanted.places)
    return lambda level, place: found[level, place]
