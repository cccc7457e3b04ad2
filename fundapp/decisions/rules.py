"""What an outcome must say, and which law tells how it can be tried: versions by day, kept as data."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from fundapp.languages import Lazy, _dl, money
from fundapp.workflow import Outcome

LEGAL = Path(__file__).parent / "data" / "legal.toml"


@dataclass(frozen=True)
class Fault:
    """A sentence for the person, and the form's field that it belongs to."""

    field: str
    text: Lazy


def faults_in(outcome: Outcome, *, amount: int | None, sought: int | None, reasons: str) -> list[Fault]:
    """What keeps an outcome from being recorded. `sought` in kronor; None for a stipend, which asks for no sum."""
    faults = []
    if outcome.gives_money:
        fault = _fault_in_amount(outcome, amount, sought)
        faults += [Fault("amount", fault)] if fault is not None else []
    elif amount is not None:
        faults.append(Fault("amount", _dl("Only a grant has a sum. Leave it empty.")))
    if outcome is Outcome.REFER_BACK and not reasons.strip():
        faults.append(Fault("reasons", _dl("Write what the case needs before it comes back to the board.")))
    return faults


def _fault_in_amount(outcome: Outcome, amount: int | None, sought: int | None) -> Lazy | None:
    if amount is None or amount <= 0:
        return _dl("Write the sum in whole kronor, above 0.")
    if sought is None:
        return _dl("A stipend has no sum sought. Choose granted.") if outcome is Outcome.GRANT_IN_PART else None
    if amount > sought:
        return _dl("The sum is above what was sought: %(sought)s. Write at most that.", sought=money(sought))
    if outcome is Outcome.GRANT_IN_PART and amount == sought:
        return _dl("The sum is all that was sought: %(sought)s. Write less, or choose granted.", sought=money(sought))
    if outcome is Outcome.GRANT and amount < sought:
        return _dl("The sum is below what was sought: %(sought)s. Choose granted in part.", sought=money(sought))
    return None


def names_in(text: str) -> list[str]:
    """One name a line, blank lines and repeated names left out."""
    return list(dict.fromkeys(name for line in text.splitlines() if (name := " ".join(line.split())[:200])))


def why_not_approved(approved_on: date, held_on: date, today: date) -> Lazy | None:
    """The minutes are approved on the sitting's day or later, and not in the future."""
    if approved_on < held_on:
        return _dl("Write the day of the sitting, %(day)s, or a later one.", day=held_on.isoformat())
    if approved_on > today:
        return _dl("Write today, %(day)s, or an earlier day.", day=today.isoformat())
    return None


@dataclass(frozen=True)
class Legal:
    """How a body's decision can be tried (laglighetsprövning): the rule of the law in force from a day, in Swedish."""

    begins: date
    law: str
    court: str
    weeks: int


@cache
def _versions() -> tuple[Legal, ...]:
    rows = tomllib.loads(LEGAL.read_text(encoding="utf-8"))["versions"]
    return tuple(
        Legal(row["begins"], row["law"]["value"], row["court"]["value"], row["weeks"]["value"]) for row in rows
    )


def legal_on(day: date) -> Legal:
    """The version in force on the day of the decision."""
    return [version for version in _versions() if version.begins <= day][-1]
