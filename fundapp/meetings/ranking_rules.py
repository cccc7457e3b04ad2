"""What an order of cases says: who comes where, what is left after each, and where the money ends. Plain Python.

Points are never counted together here: an order is what somebody laid by hand.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Place = Mapping[str, Any]


def merged(
    kept: Sequence[Place], cases: Sequence[str], amounts: Mapping[str, int | None], unseen: Collection[str]
) -> list[dict[str, Any]]:
    """The places of a new version: what its author does not see stays at its place of the version before."""
    mine = [{"case": case, "amount": amounts.get(case)} for case in cases if case not in unseen]
    for place, row in enumerate(kept):
        if row["case"] in unseen:
            mine.insert(min(place, len(mine)), dict(row))
    return mine


def in_order(cases: Sequence[str], kept: Sequence[Place]) -> list[str]:
    """The cases, those of a kept order first and in it; who came since follows as it stood."""
    known = [row["case"] for row in kept if row["case"] in cases]
    return known + [case for case in cases if case not in known]


def by_numbers(cases: Sequence[str], numbers: Mapping[str, int]) -> list[str]:
    """The cases by the number written at each: who is moved to a number that another has takes that place."""

    def key(place: int) -> tuple[int, int, int]:
        written = numbers.get(cases[place], place + 1)
        return written, (written > place + 1) - (written < place + 1), place

    return [cases[place] for place in sorted(range(len(cases)), key=key)]


def moved(cases: Sequence[str], case: str, *, up: bool) -> list[str]:
    """The cases with one of them a place higher or lower; at either end nothing happens."""
    row = list(cases)
    if case in row:
        place = row.index(case)
        other = place - 1 if up else place + 1
        if 0 <= other < len(row):
            row[place], row[other] = row[other], row[place]
    return row


def left_after(sums: Sequence[tuple[int, int]], left: Mapping[int, int]) -> list[int]:
    """What is left of its round after each case. `sums`: (round, kronor), in order; `left`: kronor by round."""
    rest = dict(left)
    told = []
    for key, amount in sums:
        rest[key] -= amount
        told.append(rest[key])
    return told
