"""What a body's `sittings` may hold. Plain Python."""

from collections.abc import Mapping
from datetime import time
from typing import Any

NUMBERS = frozenset({"members", "substitutes", "notice_days"})
TEXTS = frozenset({"begins_at", "place", "kept_at", "source"})
LISTS = frozenset({"standing_items"})
OF_AN_ITEM = frozenset({"kind", "heading", "text"})


def fault_in_sittings(sittings: Mapping[str, Any]) -> str | None:
    """What is wrong with it, in one line; None where it holds. Empty for a body that does not sit here."""
    if not sittings:
        return None
    if unknown := sittings.keys() - NUMBERS - TEXTS - LISTS:
        return f"sittings has {', '.join(sorted(unknown))}, which nothing reads"
    if not sittings.get("source"):
        return "sittings has no source"
    for name in NUMBERS & sittings.keys():
        if not isinstance(sittings[name], int) or sittings[name] < (1 if name == "members" else 0):
            return f"sittings.{name} is no number of them"
    for name in TEXTS & sittings.keys():
        if not isinstance(sittings[name], str):
            return f"sittings.{name} is no text"
    return _fault_in_time(sittings.get("begins_at")) or _fault_in_items(sittings.get("standing_items", ()))


def _fault_in_time(written: str | None) -> str | None:
    try:
        time.fromisoformat(written or "00:00")
    except ValueError:
        return "sittings.begins_at is no time of day (13:00)"
    return None


def _fault_in_items(items: Any) -> str | None:
    for item in items:
        if item.keys() - OF_AN_ITEM or not item.get("kind") or not item.get("heading"):
            return "each of sittings.standing_items has a kind, a heading and perhaps a text"
    return None
