"""What was changed in a fund, version by version."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.funds.models import Fund, FundVersion
from fundapp.funds.queries import TermsValue, label_of, value_of
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _d, current, money, speaking

MOST = 100  # the newest of a fund's versions that the page shows


@dataclass(frozen=True)
class Difference:
    """One value before and after; None where there was or is none."""

    label: str
    old: TermsValue | None
    new: TermsValue | None


@dataclass(frozen=True)
class Change:
    number: int
    what: str
    who: str
    at: datetime
    differences: tuple[Difference, ...]


def changes_of(fund: Fund) -> list[Change]:
    """The newest first."""
    rows = db.session.execute(
        select(FundVersion, Account.name, Account.email)
        .outerjoin(Account, Account.id == FundVersion.made_by_id)
        .where(FundVersion.fund_id == fund.id)
        .order_by(FundVersion.number.desc())
        .limit(MOST + 1)
    ).all()
    olders: list[Any] = [version.terms for version, _name, _email in rows[1:]] + [None]
    found = [
        Change(
            version.number,
            _what(version.part),
            name or email or "fundapp",
            version.made_at,
            _differences(older, version.terms, _language_of(version.part)) if older is not None else (),
        )
        for (version, name, email), older in zip(rows, olders, strict=True)
    ]
    return found[:MOST]


def _what(part: str) -> str:
    if part.startswith("texts."):
        return _d("Texts in %(language)s", language=LANGUAGES[part.removeprefix("texts.")].own_name)
    return label_of(part)


def _language_of(part: str) -> str:
    """The language that a change of texts was about, else the reader's."""
    return part.removeprefix("texts.") if part.startswith("texts.") else current().code


def _differences(old: dict[str, Any], new: dict[str, Any], language: str) -> tuple[Difference, ...]:
    keys = [key for key in new if key != "rounds" and isinstance(new[key] or old.get(key), dict)]
    changed = [key for key in keys if old.get(key) != new[key]]
    labels = [label_of(key) for key in changed]
    with speaking(language):
        values = [(value_of(key, old.get(key)), value_of(key, new[key])) for key in changed]
    found = [Difference(label, *pair) for label, pair in zip(labels, values, strict=True)]
    if old["rounds"] != new["rounds"]:
        found.append(Difference(label_of("rounds"), _rounds(old["rounds"]), _rounds(new["rounds"])))
    return tuple(found)


def _rounds(kept: list[dict[str, Any]]) -> TermsValue:
    """Each round on a line: its name, the time to apply, its period and its sum."""
    lines = []
    for one in kept:
        last = datetime.fromisoformat(one["closes"]["value"]) - timedelta(microseconds=1)
        days = [datetime.fromisoformat(one["opens"]["value"]), last]
        opens, closes = (clock.local_day(day).isoformat() for day in days)
        period = f"{one['period_start']['value']} – {one['period_end']['value']}"
        lines.append(f"{one['label']}: {opens} – {closes}; {period}; {money(one['sum']['value'])}")
    return TermsValue(label_of("rounds"), lines, AUTHORITY_LANGUAGE, "", is_assumption=False)
