"""What can be applied for now, how the rounds stand, and whether totals and ledger agree. Sums in whole kronor."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, selectinload

from fundapp import clock
from fundapp.accounts.models import Account, OrganisationKind
from fundapp.applications.questions import SECTIONS
from fundapp.boards.queries import boards_of
from fundapp.config import settings
from fundapp.data_texts import chosen
from fundapp.db import db
from fundapp.funds.models import Fund, FundState, LedgerEntry, LedgerKind, Round
from fundapp.languages import Lazy, _d, _dl, current, day_and_time, listed, long_day, money, number
from fundapp.permissions import Person, Role

_PENDING = frozenset({LedgerKind.RESERVE, LedgerKind.UNRESERVE})


@dataclass(frozen=True)
class RoundSums:
    """A round's totals; `bound` is what the frame can never go below: granted and reserved, less released.

    Where pending outcomes are not shown, what they hold counts as left.
    """

    frame: int
    reserved: int
    granted: int
    released: int
    paid: int
    left: int
    shows_pending: bool = True

    @property
    def bound(self) -> int:
        return self.frame - self.left


@dataclass(frozen=True)
class LedgerRow:
    """One movement as it is read: `who` is empty for the installation itself."""

    at: datetime
    kind: LedgerKind
    amount: int
    decided_on: date | None
    reference: str
    who: str


@dataclass(frozen=True)
class TermsValue:
    """One value of a fund's terms as it is read; `lines` in `language`."""

    label: str
    lines: list[str]
    language: str
    source: str
    is_assumption: bool


@dataclass(frozen=True)
class LedgerFault:
    """A round's total that its ledger rows do not add up to."""

    fund: str
    round: str
    total: str
    kept: int
    in_ledger: int


def funds_here() -> list[Fund]:
    """Everything the municipality offers: funds first, then stipends, each with its rounds."""
    found = db.session.scalars(
        select(Fund)
        .where(Fund.municipality == settings().municipality, Fund.state == FundState.OPEN)
        .options(selectinload(Fund.rounds))
    )
    return sorted(found, key=lambda fund: (fund.kind.value, fund.name))


def funds_not_open() -> list[Fund]:
    """What an administrator is making; nobody else sees it."""
    found = select(Fund).where(Fund.municipality == settings().municipality, Fund.state != FundState.OPEN)
    return list(db.session.scalars(found.order_by(Fund.name)))


def fund_by_code(code: str) -> Fund | None:
    """An open fund of this municipality."""
    fund = any_fund(code)
    return fund if fund is not None and fund.state is FundState.OPEN else None


def any_fund(code: str) -> Fund | None:
    """A fund of this municipality in any state, for the administrator alone."""
    return db.session.scalar(select(Fund).where(Fund.code == code, Fund.municipality == settings().municipality))


def any_round(key: int | str) -> Round | None:
    """A round of this municipality's funds in any state, for the administrator alone."""
    return db.session.scalar(
        select(Round).join(Fund).where(Round.id == int(key), Fund.municipality == settings().municipality)
    )


def round_by_id(key: int | str) -> Round | None:
    """One round of this municipality's open funds."""
    round_ = any_round(key)
    return round_ if round_ is not None and round_.fund.state is FundState.OPEN else None


def open_rounds() -> list[Round]:
    """The rounds that take applications at this moment, the one that closes first before the others."""
    now = clock.now()
    return list(
        db.session.scalars(
            select(Round)
            .join(Fund)
            .where(
                Fund.municipality == settings().municipality,
                Fund.state == FundState.OPEN,
                Round.opens_at <= now,
                Round.closes_at > now,
            )
            .order_by(Round.closes_at, Round.id)
        )
    )


def round_sums(round_: Round) -> RoundSums:
    return RoundSums(
        frame=round_.frame,
        reserved=round_.reserved,
        granted=round_.granted,
        released=round_.released,
        paid=round_.paid,
        left=round_.left,
    )


def shown_sums(round_: Round, person: Person) -> RoundSums:
    """The totals as the person may know them: what the board has decided is its own until the minutes are approved."""
    sums = round_sums(round_)
    if _sees_pending(person):
        return sums
    return replace(sums, reserved=0, left=sums.left + sums.reserved, shows_pending=False)


def _sees_pending(person: Person) -> bool:
    return bool(person.roles & {Role.SECRETARY, Role.AUDITOR})


def ledger_of(round_: Round, person: Person) -> list[LedgerRow]:
    """The round's movements that the person may know of, newest first."""
    kinds = [kind for kind in LedgerKind if kind not in _PENDING or _sees_pending(person)]
    rows = db.session.execute(
        select(LedgerEntry, Account.name, Account.email)
        .outerjoin(Account, Account.id == LedgerEntry.by_id)
        .where(LedgerEntry.round_id == round_.id, LedgerEntry.kind.in_(kinds))
        .order_by(LedgerEntry.id.desc())
    )
    return [
        LedgerRow(entry.at, entry.kind, entry.amount, entry.decided_on, entry.reference, name or email or "")
        for entry, name, email in rows
    ]


def ledger_faults(session: Session) -> list[LedgerFault]:
    """Every total of every round that its ledger rows do not make; empty when the books are right.

    One statement, hence one moment: movements that are committed meanwhile are no faults.
    """
    kinds = list(LedgerKind)
    totals = ("frame", "reserved", "granted", "paid", "released")
    rows = session.execute(
        select(
            Fund.code,
            Round.label,
            *(getattr(Round, total) for total in totals),
            *(func.sum(case((LedgerEntry.kind == kind, LedgerEntry.amount), else_=0)) for kind in kinds),
        )
        .select_from(Round)
        .join(Fund)
        .outerjoin(LedgerEntry, LedgerEntry.round_id == Round.id)
        .group_by(Round.id, Fund.id)
        .order_by(Round.id)
    )
    found = []
    for fund, label, *sums in rows:
        moved = dict(zip(kinds, (int(amount) for amount in sums[len(totals) :]), strict=True))
        for total, kept, in_ledger in zip(totals, sums, _totals(moved), strict=False):
            if kept != in_ledger:
                found.append(LedgerFault(fund, label, total, kept, in_ledger))
    return found


def _totals(moved: dict[LedgerKind, int]) -> tuple[int, ...]:
    """What a round's totals must be by its rows: frame, reserved, granted, paid, released."""
    granted = moved[LedgerKind.GRANT]
    reserved = moved[LedgerKind.RESERVE] - moved[LedgerKind.UNRESERVE] - granted
    return moved[LedgerKind.FRAME], reserved, granted, moved[LedgerKind.PAY], moved[LedgerKind.RELEASE]


# --- the terms, read out ------------------------------------------------------------------------------------------

_LABELS: dict[str, Lazy] = {
    "name": _dl("Name"),
    "purpose": _dl("Purpose"),
    "handling": _dl("Handling"),
    "goals": _dl("Goals"),
    "target_groups": _dl("Target groups"),
    "applicant_types": _dl("Who may apply"),
    "takes_nominations": _dl("Takes nominations"),
    "deciding_body": _dl("Deciding body here"),
    "statutes_body": _dl("Body that the statutes name"),
    "municipal_priority": _dl("Priority of municipal projects"),
    "report_months": _dl("Months until the report"),
    "instalments": _dl("Instalments"),
    "conditions": _dl("Conditions"),
    "attachments": _dl("Attachments"),
    "formal_checks": _dl("Formal check"),
    "criteria": _dl("Criteria"),
    "not_supported": _dl("What is not supported"),
    "eligibility": _dl("Questions before one applies"),
    "contact": _dl("Contact"),
    "late_days": _dl("Days in which a late application is still taken"),
    "draft_reminders": _dl("Days before the last day at which a draft is reminded of"),
    "draft_kept_days": _dl("Days that a draft is kept after the last day"),
    "second_look": _dl("A colleague must agree before the report is finished"),
    "asked_otherwise": _dl("Questions asked otherwise"),
    "own_questions": _dl("The fund's own questions"),
    "rounds": _dl("Rounds"),
    "assumptions": _dl("Assumptions confirmed"),
    "new": _dl("A new fund"),
    "file": _dl("Loaded from its file"),
    "sum": _dl("Sum"),
    "opens": _dl("Opens"),
    "closes": _dl("Closes"),
    "is_continuous": _dl("Applied for continuously"),
    "period_start": _dl("Period begins"),
    "period_end": _dl("Period ends"),
}


def label_of(key: str) -> str:
    """What a value of the terms is called; of a part of the page that is none, that part."""
    return str(_LABELS.get(key, key))


def value_of(key: str, kept: dict[str, Any] | None) -> TermsValue | None:
    """One value as it is read; None where the fund has none."""
    return _shown(key, kept) if kept is not None else None


def values_of(fund: Fund) -> list[TermsValue]:
    """Every value of the fund's terms with its source, in the file's order; its rounds' after them."""
    return [_shown(key, kept) for key, kept in fund.terms.items() if isinstance(kept, dict)]


def values_of_round(round_: Round) -> list[TermsValue]:
    """Every value of the terms that one round began with."""
    for terms in round_.fund.terms["rounds"]:
        if terms["label"] == round_.label:
            return [_shown(key, kept) for key, kept in terms.items() if isinstance(kept, dict)]
    return []


def _shown(key: str, kept: dict[str, Any]) -> TermsValue:
    language, lines = _lines(key, kept["value"])
    return TermsValue(str(_LABELS[key]), lines, language, kept["source"], kept["is_assumption"])


def _lines(key: str, value: Any) -> tuple[str, list[str]]:
    """The language a value is in and its lines; none where a list is empty."""
    if key == "contact":
        return "sv", [value["address"], value["email"]]
    if isinstance(value, dict):
        language, text = chosen(value)
        return language, [text]
    if key == "name":
        return "sv", [value]
    if key in ("deciding_body", "statutes_body"):
        return "sv", [next((b.name for b in boards_of(settings().municipality) if b.code == value), value)]
    if key == "applicant_types":
        return current().code, [_kinds(value)]
    if key == "draft_reminders":
        return current().code, [", ".join(str(days) for days in value)]
    if key == "instalments":
        return current().code, [" + ".join(f"{part} %" for part in value)]
    if key == "asked_otherwise":
        return current().code, [_asked_otherwise(item) for item in value]
    if isinstance(value, list):
        return _items(value)
    return current().code, [_plain(key, value)]


def _asked_otherwise(item: dict[str, Any]) -> str:
    how = _d("not asked") if item["is_off"] else _d("must be answered") if item["is_needed"] else _d("may be answered")
    section, _dot, code = item["code"].partition(".")
    asked = [form for forms in SECTIONS.values() for form in forms if form.section_code == section]
    words = next((str(getattr(form, code).args[0]) for form in asked if hasattr(form, code)), item["code"])
    return _d("%(what)s: %(how)s", what=words, how=how)


def _items(items: list[dict[str, Any]]) -> tuple[str, list[str]]:
    language, lines = current().code, []
    for item in items:
        language, text = chosen(item["text"])
        required = item.get("is_required")
        rest = [] if required is None else [_d("required") if required else _d("if there is one")]
        if len(item.get("applicant_types", OrganisationKind)) < len(OrganisationKind):
            rest.append(_d("for: %(kinds)s", kinds=_kinds(item["applicant_types"])))
        lines.append(f"{text} ({'; '.join(rest)})" if rest else text)
    return language, lines


def _kinds(codes: list[str]) -> str:
    return listed(OrganisationKind[code.upper()].label for code in codes)


def _plain(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _d("Yes") if value else _d("No")
    if key == "sum":
        return money(value)
    if isinstance(value, int):
        return number(value)
    if key in ("opens", "closes"):
        return day_and_time(datetime.fromisoformat(value))
    return long_day(date.fromisoformat(value))
