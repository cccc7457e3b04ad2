"""What a fund or stipend offers and asks, read strictly from its TOML file; every value with its source."""

import tomllib
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

from fundapp.funds import tables
from fundapp.funds.tables import Table
from fundapp.funds.values import (
    APPLICANT_TYPES,
    KINDS,
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

__all__ = [
    "APPLICANT_TYPES",
    "TERMS",
    "BadTerms",
    "RoundTerms",
    "Terms",
    "Text",
    "as_data",
    "checked",
    "read_terms",
    "terms_of",
]

TERMS = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Terms:
    """All of one fund or stipend. What only a fund has (target groups, the priority of municipal projects, the months
    until the report, the instalments in per cent) is None for a stipend. What is not supported, the questions before
    one applies, and whom to ask may be left out: None. So may the days after the last day in which a draft can still be
    sent, as late; the days before it at which a draft is reminded of; and how many days after it a draft is kept;
    whether a colleague must have agreed before the officer's report is finished; the questions that are asked otherwise
    than in all funds, and those of the fund's own.
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
    second_look: Sourced[bool] | None
    asked_otherwise: Sourced[tuple[AskedOtherwise, ...]] | None
    own_questions: Sourced[tuple[OwnQuestion, ...]] | None
    rounds: tuple[RoundTerms, ...]

    def all_values(self) -> list[tuple[str, Sourced[Any]]]:
        """Every sourced value by its key, in the file's order; a round's as `rounds.2017.sum`."""
        return _sourced_in(self, "") + [
            pair for one_round in self.rounds for pair in _sourced_in(one_round, f"rounds.{one_round.year}.")
        ]


def as_data(value: Any) -> Any:
    """A value of terms as JSON can hold it: days and instants as ISO 8601, tuples as lists, dataclasses as tables."""
    if isinstance(value, Text):
        return value.texts
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
        top = Table(path.name, "", tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BadTerms(f"{path.name}: not readable as TOML: {fault}") from fault
    terms = _read(top)
    years = [one_round.year for one_round in terms.rounds]
    if not years or len(set(years)) < len(years):
        raise top.fault("rounds", "needs at least one round, and each year once")
    return terms


def checked(kept: dict[str, Any]) -> dict[str, Any]:
    """Terms as data (`as_data`) that were edited here, read by the rules of the files and given as data again. English
    may be missing, as may what a fund can do without, and there may be no round yet. Errors: BadTerms.
    """
    top = Table(kept["code"], "", tables.as_table(kept), is_edited=True)
    found = as_data(_read(top))
    labels = [one_round["label"] for one_round in found["rounds"]]
    if len(set(labels)) < len(labels):
        raise top.fault("rounds", "needs each label once")
    return dict(found)


def _read(top: Table) -> Terms:
    kind = top.choice("kind", KINDS)
    is_fund = kind == "fund"
    listed, whole = tables.items(tables.item), tables.plain(int, least=0)
    # A file of a fund names these; a fund that was made here may do without.
    is_named = {name: is_fund and (not top.is_edited or top.has(name)) for name in _OF_FUNDS}
    terms = Terms(
        code=top.take("code", str),
        municipality=top.take("municipality", str),
        kind=kind,
        name=top.sourced("name", tables.plain(str)),
        purpose=top.sourced("purpose", tables.text),
        handling=top.sourced("handling", tables.text),
        goals=top.sourced("goals", listed),
        target_groups=top.sourced("target_groups", listed) if is_named["target_groups"] else None,
        applicant_types=top.sourced("applicant_types", tables.applicant_types("value")),
        takes_nominations=top.sourced("takes_nominations", tables.plain(bool)),
        deciding_body=top.sourced("deciding_body", tables.plain(str)),
        statutes_body=top.sourced("statutes_body", tables.plain(str)),
        municipal_priority=top.sourced("municipal_priority", tables.text) if is_named["municipal_priority"] else None,
        report_months=top.sourced("report_months", tables.plain(int, least=1)) if is_fund else None,
        instalments=top.sourced("instalments", tables.percentages) if is_fund else None,
        conditions=top.sourced("conditions", listed),
        attachments=top.sourced("attachments", tables.items(tables.attachment)),
        formal_checks=top.sourced("formal_checks", tables.items(tables.check)),
        criteria=top.sourced("criteria", listed),
        not_supported=top.optional("not_supported", listed),
        eligibility=top.optional("eligibility", tables.items(tables.eligibility)),
        contact=top.optional("contact", tables.contact),
        late_days=top.optional("late_days", whole),
        draft_reminders=top.optional("draft_reminders", tables.days),
        draft_kept_days=top.optional("draft_kept_days", whole),
        second_look=top.optional("second_look", tables.plain(bool)),
        asked_otherwise=top.optional("asked_otherwise", tables.items(tables.asked_otherwise)),
        own_questions=top.optional("own_questions", tables.items(tables.own_question)),
        rounds=tuple(tables.round_terms(table) for table in top.tables("rounds")),
    )
    top.close()
    return terms


_OF_FUNDS = ("target_groups", "municipal_priority")
