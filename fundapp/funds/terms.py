"""What a fund or stipend offers and asks, read strictly from its TOML file; every value with its source."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from fundapp.clock import STOCKHOLM
from fundapp.data_texts import chosen

TERMS = Path(__file__).parent / "data"
KINDS = ("fund", "stipend")
APPLICANT_TYPES = (
    "association",
    "faith_community",
    "study_association",
    "other_organisation",
    "municipal_unit",
    "company",
)

V = TypeVar("V")


class BadTerms(Exception):
    """A file of terms has a fault; the message is one line that names the file and the key."""


@dataclass(frozen=True)
class Sourced(Generic[V]):
    """A value, where it comes from, and whether Kalix never published it."""

    value: V
    source: str
    is_assumption: bool


@dataclass(frozen=True)
class Text:
    """A text an applicant reads. The Swedish one governs; English stands beside it, other languages in data_texts."""

    sv: str
    en: str

    def shown_in(self, language: str) -> tuple[str, str]:
        """The code of the language the text is given in, and the text: Swedish where there is no translation."""
        return chosen({"sv": self.sv, "en": self.en}, language)


@dataclass(frozen=True)
class Item:
    """A numbered text: a goal, target group, condition or criterion. `code` is ours."""

    code: str
    text: Text


@dataclass(frozen=True)
class CheckItem(Item):
    """An item of the formal check, and whom it concerns; for others it does not apply."""

    applicant_types: tuple[str, ...]


@dataclass(frozen=True)
class AttachmentItem(Item):
    """An attachment that is asked for, and from whom."""

    applicant_types: tuple[str, ...]
    is_required: bool


@dataclass(frozen=True)
class EligibilityItem(Item):
    """A question that tells whether one may apply: yes is needed. `reason` and `instead` are for who answers no; the
    round's period is shown beside what `is_about_period`.
    """

    reason: Text
    instead: Text
    applicant_types: tuple[str, ...]
    is_about_period: bool


@dataclass(frozen=True)
class Contact:
    """Whom to ask: where they sit, as a line of an address, and their e-mail."""

    address: str
    email: str


@dataclass(frozen=True)
class RoundTerms:
    """`sum` in whole kronor; `opens` and `closes` as UTC instants, `closes` being the first one that is too late;
    the period as local days, both included.
    """

    year: int
    label: str
    sum: Sourced[int]
    opens: Sourced[datetime]
    closes: Sourced[datetime]
    is_continuous: Sourced[bool]
    period_start: Sourced[date]
    period_end: Sourced[date]


@dataclass(frozen=True)
class Terms:
    """All of one fund or stipend. What only a fund has (target groups, the priority of municipal projects, the months
    until the report, the instalments in per cent) is None for a stipend. What is not supported, the questions before
    one applies, and whom to ask may be left out: None. So may the days after the last day in which a draft can still be
    sent, as late; the days before it at which a draft is reminded of; and how many days after it a draft is kept.
    """

    code: str
    municipality: str
    kind: str
    name: Sourced[str]
    purpose: Sourced[Text]
    handling: Sourced[Text]
    goals: Sourced[tuple[Item, ...]]
    target_groups: Sourced[tuple[Item, ...]] | None
    applicant_types: Sourced[tuple[str, ...]]
    takes_nominations: Sourced[bool]
    deciding_body: Sourced[str]
    statutes_body: Sourced[str]
    municipal_priority: Sourced[Text] | None
    report_months: Sourced[int] | None
    instalments: Sourced[tuple[int, ...]] | None
    conditions: Sourced[tuple[Item, ...]]
    attachments: Sourced[tuple[AttachmentItem, ...]]
    formal_checks: Sourced[tuple[CheckItem, ...]]
    criteria: Sourced[tuple[Item, ...]]
    not_supported: Sourced[tuple[Item, ...]] | None
    eligibility: Sourced[tuple[EligibilityItem, ...]] | None
    contact: Sourced[Contact] | None
    late_days: Sourced[int] | None
    draft_reminders: Sourced[tuple[int, ...]] | None
    draft_kept_days: Sourced[int] | None
    rounds: tuple[RoundTerms, ...]

    def all_values(self) -> list[tuple[str, Sourced[Any]]]:
        """Every sourced value by its key, in the file's order; a round's as `rounds.2017.sum`."""
        return _sourced_in(self, "") + [
            pair for one_round in self.rounds for pair in _sourced_in(one_round, f"rounds.{one_round.year}.")
        ]


def as_data(value: Any) -> Any:
    """A value of terms as JSON can hold it: days and instants as ISO 8601, tuples as lists, dataclasses as tables."""
    if is_dataclass(value):
        return {field.name: as_data(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [as_data(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def _sourced_in(holder: Terms | RoundTerms, prefix: str) -> list[tuple[str, Sourced[Any]]]:
    values = [(prefix + field.name, getattr(holder, field.name)) for field in fields(holder)]
    return [(name, value) for name, value in values if isinstance(value, Sourced)]


def terms_of(municipality: str, own: Path | None = None) -> list[Terms]:
    """The terms of everything that can be applied for in a municipality: those shipped, and those in the folder `own`,
    where a fund's code stands for the whole of it: the town's own file is used instead of ours. Errors: BadTerms.
    """
    if own is not None and not own.is_dir():
        raise BadTerms(f"{own} is not a folder")
    shipped = [read_terms(path) for path in sorted(TERMS.glob("*.toml"))]
    every = {terms.code: terms for terms in shipped}
    for path in sorted(own.glob("*.toml")) if own is not None else ():
        every |= {(terms := read_terms(path)).code: terms}
    return [terms for terms in every.values() if terms.municipality == municipality]


def read_terms(path: Path) -> Terms:
    """The terms in one TOML file. Errors: BadTerms for a missing or unknown key, a wrong kind of value, or values
    that contradict each other.
    """
    try:
        top = _Table(path.name, "", tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadTerms(f"{path.name}: not readable as TOML: {fault}") from fault
    kind = top.choice("kind", KINDS)
    is_fund = kind == "fund"
    terms = Terms(
        code=top.take("code", str),
        municipality=top.take("municipality", str),
        kind=kind,
        name=top.sourced("name", _value(str)),
        purpose=top.sourced("purpose", _text),
        handling=top.sourced("handling", _text),
        goals=top.sourced("goals", _items(_item)),
        target_groups=top.sourced("target_groups", _items(_item)) if is_fund else None,
        applicant_types=top.sourced("applicant_types", _applicant_types("value")),
        takes_nominations=top.sourced("takes_nominations", _value(bool)),
        deciding_body=top.sourced("deciding_body", _value(str)),
        statutes_body=top.sourced("statutes_body", _value(str)),
        municipal_priority=top.sourced("municipal_priority", _text) if is_fund else None,
        report_months=top.sourced("report_months", _value(int, least=1)) if is_fund else None,
        instalments=top.sourced("instalments", _percentages) if is_fund else None,
        conditions=top.sourced("conditions", _items(_item)),
        attachments=top.sourced("attachments", _items(_attachment)),
        formal_checks=top.sourced("formal_checks", _items(_check)),
        criteria=top.sourced("criteria", _items(_item)),
        not_supported=top.sourced("not_supported", _items(_item)) if top.has("not_supported") else None,
        eligibility=top.sourced("eligibility", _items(_eligibility)) if top.has("eligibility") else None,
        contact=top.sourced("contact", _contact) if top.has("contact") else None,
        late_days=top.sourced("late_days", _value(int, least=0)) if top.has("late_days") else None,
        draft_reminders=top.sourced("draft_reminders", _days) if top.has("draft_reminders") else None,
        draft_kept_days=top.sourced("draft_kept_days", _value(int, least=0)) if top.has("draft_kept_days") else None,
        rounds=tuple(_round(table) for table in top.tables("rounds")),
    )
    top.close()
    years = [one_round.year for one_round in terms.rounds]
    if not years or len(set(years)) < len(years):
        raise top.fault("rounds", "needs at least one round, and each year once")
    return terms


class _Table:
    """A TOML table whose keys are taken one by one, so that what is left over can be refused."""

    def __init__(self, file: str, where: str, content: dict[str, Any]) -> None:
        self.file, self.where, self.content = file, where, dict(content)

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

    def table(self, key: str) -> "_Table":
        return _Table(self.file, f"{self.where}{key}.", self.take(key, dict))

    def tables(self, key: str) -> list["_Table"]:
        rows = self.take(key, list)
        if not all(isinstance(row, dict) for row in rows):
            raise self.fault(key, "must be a list of tables")
        return [_Table(self.file, f"{self.where}{key}[{n}].", row) for n, row in enumerate(rows, 1)]

    def sourced(self, key: str, read: Callable[["_Table"], V]) -> Sourced[V]:
        table = self.table(key)
        is_assumption = table.take("assumption", bool) if "assumption" in table.content else False
        kept = Sourced(read(table), table.take("source", str), is_assumption)
        table.close()
        return kept

    def close(self) -> None:
        for key in self.content:
            raise self.fault(key, "is not a key of these terms")


def _value(kind: type[V], *, least: int | None = None) -> Callable[[_Table], V]:
    def read(table: _Table) -> V:
        value = table.take("value", kind)
        if least is not None and isinstance(value, int) and value < least:
            raise table.fault("value", f"must be at least {least}")
        return value

    return read


def _text(table: _Table) -> Text:
    return Text(table.take("sv", str), table.take("en", str))


def _items(read: Callable[[_Table], V]) -> Callable[[_Table], tuple[V, ...]]:
    def read_all(table: _Table) -> tuple[V, ...]:
        rows = table.tables("items")
        codes = [row.content.get("code") for row in rows]
        if len(set(codes)) < len(codes):
            raise table.fault("items", "must not use a code twice")
        return tuple(read(row) for row in rows)

    return read_all


def _item(row: _Table) -> Item:
    item = Item(row.take("code", str), _text(row))
    row.close()
    return item


def _check(row: _Table) -> CheckItem:
    concerns = _applicant_types("applicant_types")(row) if "applicant_types" in row.content else APPLICANT_TYPES
    item = CheckItem(row.take("code", str), _text(row), concerns)
    row.close()
    return item


def _attachment(row: _Table) -> AttachmentItem:
    item = AttachmentItem(
        row.take("code", str), _text(row), _applicant_types("applicant_types")(row), row.take("is_required", bool)
    )
    row.close()
    return item


def _eligibility(row: _Table) -> EligibilityItem:
    concerns = _applicant_types("applicant_types")(row) if row.has("applicant_types") else APPLICANT_TYPES
    text, reason, instead = (_text(table) for table in (row, row.table("reason"), row.table("instead")))
    is_about_period = row.take("is_about_period", bool) if row.has("is_about_period") else False
    item = EligibilityItem(row.take("code", str), text, reason, instead, concerns, is_about_period)
    row.close()
    return item


def _contact(table: _Table) -> Contact:
    return Contact(table.take("address", str), table.take("email", str))


def _applicant_types(key: str) -> Callable[[_Table], tuple[str, ...]]:
    def read(table: _Table) -> tuple[str, ...]:
        types = table.take(key, list)
        if not types or any(one not in APPLICANT_TYPES for one in types) or len(set(types)) < len(types):
            raise table.fault(key, f"must be some of {', '.join(APPLICANT_TYPES)}, each once")
        return tuple(types)

    return read


def _days(table: _Table) -> tuple[int, ...]:
    days = table.take("value", list)
    if any(type(day) is not int or day < 1 for day in days) or sorted(set(days), reverse=True) != days:
        raise table.fault("value", "must be whole days above 0, each once, the largest first")
    return tuple(days)


def _percentages(table: _Table) -> tuple[int, ...]:
    parts = table.take("value", list)
    if any(type(part) is not int or part <= 0 for part in parts) or sum(parts) != 100:
        raise table.fault("value", "must be whole per cents above 0 that make 100")
    return tuple(parts)


def _instant(table: _Table) -> datetime:
    """A local time in Stockholm, as TOML writes it without an offset, as a UTC instant."""
    value = table.take("value", datetime)
    if value.tzinfo is not None:
        raise table.fault("value", "must be a local time without an offset")
    return value.replace(tzinfo=STOCKHOLM).astimezone(UTC)


def _round(table: _Table) -> RoundTerms:
    one_round = RoundTerms(
        year=table.take("year", int),
        label=table.take("label", str),
        sum=table.sourced("sum", _value(int, least=0)),
        opens=table.sourced("opens", _instant),
        closes=table.sourced("closes", _instant),
        is_continuous=table.sourced("is_continuous", _value(bool)),
        period_start=table.sourced("period_start", _value(date)),
        period_end=table.sourced("period_end", _value(date)),
    )
    table.close()
    if one_round.closes.value <= one_round.opens.value:
        raise table.fault("closes", "must be later than opens")
    if one_round.period_end.value < one_round.period_start.value:
        raise table.fault("period_end", "must not be before period_start")
    return one_round
