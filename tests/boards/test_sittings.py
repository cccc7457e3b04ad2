"""How a body sits, as data: what the file may hold, and Kalix's own."""

import tomllib
from typing import Any

import pytest

from fundapp.boards.actions import BOARDS
from fundapp.boards.rules import fault_in_sittings
from fundapp.meetings.models import ItemKind

GOOD: dict[str, Any] = {"members": 13, "source": "kalix.se"}


def test_kalix_says_how_its_two_bodies_sit_and_where_each_number_is_from() -> None:
    rows = tomllib.loads((BOARDS / "kalix.toml").read_text(encoding="utf-8"))["boards"]
    sits = {row["code"]: row["sittings"] for row in rows if row["is_deciding"]}
    assert (sits["KS"]["members"], sits["KS"]["substitutes"]) == (13, 13)
    assert "Antagande: nio ledamöter" in sits["FoK"]["source"]
    for sittings in sits.values():
        assert fault_in_sittings(sittings) is None
        kinds = [ItemKind(item["kind"]) for item in sittings["standing_items"]]
        assert kinds == [ItemKind.ROLL_CALL, ItemKind.CHECKER, ItemKind.AGENDA, ItemKind.DELEGATIONS]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"membres": 13}, "membres, which nothing reads"),
        ({"source": ""}, "no source"),
        ({"members": 0}, "members is no number"),
        ({"members": "13"}, "members is no number"),
        ({"place": 3}, "place is no text"),
        ({"begins_at": "one o'clock"}, "no time of day"),
        ({"standing_items": [{"kind": "roll_call"}]}, "a kind, a heading"),
    ],
)
def test_a_slip_in_the_file_is_named(more: dict[str, Any], told: str) -> None:
    assert told in (fault_in_sittings(GOOD | more) or "")
    assert fault_in_sittings(GOOD) is fault_in_sittings({}) is None
