"""Read the values of a fund's terms strictly from tables, as TOML gives them; every fault names its key."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from fundapp.clock import STOCKHOLM
from fundapp.funds.values import (
    APPLICANT_TYPES,
    QUESTION_KINDS,
    AskedOtherwise,
    AttachmentItem,
    BadTerms,
    CheckItem,
    Contact,
    EligibilityItem,
    Item,
    OwnQuestion,
    RoundTerms,
    Sourced,
    Text,
)
from fundapp.languages import LANGUAGES

V = TypeVar("V")


class Table:
    """A TOML table whose keys are taken one by one, so that what is left over can be refused."""

    def __init__(self, file: str, where: str, content: dict[str, Any], *, is_edited: bool = False) -> None:
        """`is_edited`: it was typed here and not in a file; English may be missing."""
        self.file, self.where, self.content, self.is_edited = file, where, dict(content), is_edited

    def fault(self, key: str, what: str) -> BadTerms:
        return BadTerms(f"{self.file}: {self.where}{key} {what}")

    def has(self, key: str) -> bool:
        return key in self.content

    def take(self, key: str, kind: type[V]) -> V:
        if key not in self.content:
            raise self.fault(key, "is missing")
        value = self.content.pop(key)
        if type(value) is not kind:  # not isinstance: true is no number, an instant is no day
            raise self.fault(key, f"must be of the kind {kind.__name__}, not {type(value).__name__}")
        if value == "":
            raise self.fault(key, "must not be empty")
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str:
        value = self.take(key, str)
        if value not in allowed:
            raise self.fault(key, f"must be one of {', '.join(allowed)}")
        return value

    def table(self, key: str) -> "Table":
        return Table(self.file, f"{self.where}{key}.", self.take(key, dict), is_edited=self.is_edited)

    def tables(self, key: str) -> list["Table"]:
        rows = self.take(key, list)
        if not all(isinstance(row, dict) for row in rows):
            raise self.fault(key, "must be a list of tables")
        return [
            Table(self.file, f"{self.where}{key}[{n}].", row, is_edited=self.is_edited) for n, row in enumerate(rows, 1)
        ]

    def sourced(self, key: str, read: Callable[["Table"], V]) -> Sourced[V]:
        table = self.table(key)
        is_assumption = table.take("assumption", bool) if "assumption" in table.content else False
        kept = Sourced(read(table), table.take("source", str), is_assumption)
        table.close()
        return kept

    def optional(self, key: str, read: Callable[["Table"], V]) -> Sourced[V] | None:
        """As `sourced`; None for what is left out."""
        return self.sourced(key, read) if self.has(key) else None

    def close(self) -> None:
        for key in self.content:
            raise self.fault(key, "is not a key of these terms")


def plain(kind: type[V], *, least: int | None = None) -> Callable[[Table], V]:
    def read(table: Table) -> V:
        value = table.take("value", kind)
        if least is not None and isinstance(value, int) and value < least:
            raise table.fault("value", f"must be at least {least}")
        return value

    return read


def text(table: Table) -> Text:
    swedish = table.take("sv", str)
    english = table.take("en", str) if table.has("en") or not table.is_edited else ""
    others = [(code, table.take(code, str)) for code in LANGUAGES if table.has(code)]
    return Text(swedish, english, tuple(others))


def items(read: Callable[[Table], V]) -> Callable[[Table], tuple[V, ...]]:
    def read_all(table: Table) -> tuple[V, ...]:
        rows = table.tables("items")
        codes = [row.content.get("code") for row in rows]
        if len(set(codes)) < len(codes):
            raise table.fault("items", "must not use a code twice")
        return tuple(read(row) for row in rows)

    return read_all


def item(row: Table) -> Item:
    found = Item(row.take("code", str), text(row))
    row.close()
    return found


def check(row: Table) -> CheckItem:
    concerns = applicant_types("applicant_types")(row) if "applicant_types" in row.content else APPLICANT_TYPES
    found = CheckItem(row.take("code", str), text(row), concerns)
    row.close()
    return found


def attachment(row: Table) -> AttachmentItem:
    found = AttachmentItem(
        row.take("code", str), text(row), applicant_types("applicant_types")(row), row.take("is_required", bool)
    )
    row.close()
    return found


def eligibility(row: Table) -> EligibilityItem:
    concerns = applicant_types("applicant_types")(row) if row.has("applicant_types") else APPLICANT_TYPES
    words, reason, instead = (text(table) for table in (row, row.table("reason"), row.table("instead")))
    is_about_period = row.take("is_about_period", bool) if row.has("is_about_period") else False
    found = EligibilityItem(row.take("code", str), words, reason, instead, concerns, is_about_period)
    row.close()
    return found


def contact(table: Table) -> Contact:
    return Contact(table.take("address", str), table.take("email", str))


def applicant_types(key: str) -> Callable[[Table], tuple[str, ...]]:
    def read(table: Table) -> tuple[str, ...]:
        types = table.take(key, list)
        if not types or any(one not in APPLICANT_TYPES for one in types) or len(set(types)) < len(types):
            raise table.fault(key, f"must be some of {', '.join(APPLICANT_TYPES)}, each once")
        return tuple(types)

    return read


def days(table: Table) -> tuple[int, ...]:
    days = table.take("value", list)
    if any(type(day) is not int or day < 1 for day in days) or sorted(set(days), reverse=True) != days:
        raise table.fault("value", "must be whole days above 0, each once, the largest first")
    return tuple(days)


def percentages(table: Table) -> tuple[int, ...]:
    parts = table.take("value", list)
    if any(type(part) is not int or part <= 0 for part in parts) or sum(parts) != 100:
        raise table.fault("value", "must be whole per cents above 0 that make 100")
    return tuple(parts)


def _instant(table: Table) -> datetime:
    """A local time in Stockholm, as TOML writes it without an offset, as a UTC instant."""
    value = table.take("value", datetime)
    if value.tzinfo is not None:
        raise table.fault("value", "must be a local time without an offset")
    return value.replace(tzinfo=STOCKHOLM).astimezone(UTC)


def round_terms(table: Table) -> RoundTerms:
    one_round = RoundTerms(
        year=table.take("year", int),
        label=table.take("label", str),
        sum=table.sourced("sum", plain(int, least=0)),
        opens=table.sourced("opens", _instant),
        closes=table.sourced("closes", _instant),
        is_continuous=table.sourced("is_continuous", plain(bool)),
        period_start=table.sourced("period_start", plain(date)),
        period_end=table.sourced("period_end", plain(date)),
    )
    table.close()
    if one_round.closes.value <= one_round.opens.value:
        raise table.fault("closes", "must be later than opens")
    if one_round.period_end.value < one_round.period_start.value:
        raise table.fault("period_end", "must not be before period_start")
    return one_round


def asked_otherwise(row: Table) -> AskedOtherwise:
    found = AskedOtherwise(row.take("code", str), row.take("is_off", bool), row.take("is_needed", bool))
    row.close()
    return found


def own_question(row: Table) -> OwnQuestion:
    found = OwnQuestion(
        code=row.take("code", str),
        section=row.take("section", str),
        kind=row.choice("kind", QUESTION_KINDS),
        is_needed=row.take("is_needed", bool),
        hint=text(row.table("hint")) if row.has("hint") else None,
        options=tuple(item(option) for option in row.tables("options")) if row.has("options") else (),
        text=text(row),
    )
    row.close()
    if (found.kind == "choice") != (len(found.options) > 1):
        raise row.fault("options", "are two or more where the question is a choice, and else none")
    return found


def as_table(kept: dict[str, Any]) -> dict[str, Any]:
    """Terms as data, laid out as a file has them: without what is None, each value under its own key."""
    found: dict[str, Any] = {}
    for key, value in kept.items():
        if key == "rounds":
            found[key] = [_round_table(one) for one in value]
        elif isinstance(value, dict):
            found[key] = _sourced_table(value, has_items=key not in _PLAIN_LISTS)
        elif value is not None:
            found[key] = value
    return found


_PLAIN_LISTS = frozenset({"applicant_types", "instalments", "draft_reminders"})


def _sourced_table(kept: dict[str, Any], *, has_items: bool = False) -> dict[str, Any]:
    value = kept["value"]
    rest = {"source": kept["source"], "assumption": kept["is_assumption"]}
    if isinstance(value, dict):
        return value | rest
    if has_items and isinstance(value, list):
        return {"items": [_row(one) for one in value]} | rest
    return {"value": value} | rest


def _row(kept: dict[str, Any]) -> dict[str, Any]:
    row = {key: value for key, value in kept.items() if key != "text" and value not in (None, [])}
    if "options" in row:
        row["options"] = [_row(option) for option in row["options"]]
    return row | kept.get("text", {})


def _round_table(kept: dict[str, Any]) -> dict[str, Any]:
    found = {key: _sourced_table(value) if isinstance(value, dict) else value for key, value in kept.items()}
    for key in ("opens", "closes"):
        local = datetime.fromisoformat(kept[key]["value"]).astimezone(STOCKHOLM)
        found[key]["value"] = local.replace(tzinfo=None)
    for key in ("period_start", "period_end"):
        found[key]["value"] = date.fromisoformat(kept[key]["value"])
    return found
