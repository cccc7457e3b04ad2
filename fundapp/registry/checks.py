"""What can be checked of an application without a person: each with the answer, why, and what the rule comes from.

Plain rules over the latest frozen copy and what stands in the case. A check helps whoever reads; it decides nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from stdnum import luhn

from fundapp.data_texts import chosen
from fundapp.languages import LabelledEnum, Lazy, _dl, listed, long_day, money

Content = Mapping[str, Any]


class Verdict(LabelledEnum):
    """Whether a rule holds. Cannot be told: a person must look."""

    NO = "no", _dl("Does not hold")
    UNKNOWN = "unknown", _dl("Look at this")
    YES = "yes", _dl("Holds")


@dataclass(frozen=True)
class Check:
    """One check. `source`: what asks for it, in words of ours, or as the fund's terms have it, in Swedish (a str)."""

    code: str
    label: Lazy
    verdict: Verdict
    words: Lazy
    source: Lazy | str

    @property
    def is_source_swedish(self) -> bool:
        return isinstance(self.source, str)


@dataclass(frozen=True)
class Facts:
    """What the rules look at. Sums in kronor, days local; None where it is not known or has no meaning.

    `content`: of the latest `Submission`; `terms`: the fund's; `attached`: the kinds of the files there now; `left`:
    what can still be granted, None where the board has decided; `late_reports` and `same_projects`: diary numbers of
    the applicant's other cases; `looks_alike`: how many projects of others have a name like this one's.
    """

    kind: str
    content: Content
    terms: Mapping[str, Any]
    organisation_kind: str | None
    org_number: str | None
    title: str
    starts_on: date | None
    ends_on: date | None
    sought: int | None
    sent_on: date
    today: date
    is_decided: bool
    period: tuple[date, date]
    round_label: str
    left: int | None
    attached: frozenset[str]
    late_reports: tuple[str, ...] = ()
    same_projects: tuple[str, ...] = ()
    looks_alike: int = 0


def checks(facts: Facts) -> list[Check]:
    """Every check that has a meaning here: what does not hold first, then what a person must look at."""
    made = [rule(facts) for rule in _RULES]
    order = list(Verdict)
    return sorted((check for check in made if check is not None), key=lambda check: order.index(check.verdict))


# --- reading a frozen copy --------------------------------------------------------------------------------------


def answer(content: Content, section: str, code: str) -> Any:
    """An answer in Swedish where it was chosen, as typed where it was typed; None where it was not asked or given."""
    for part in content["sections"]:
        if part["code"] == section:
            for each in part["answers"]:
                if each["code"] == code:
                    return each["answer"] if each.get("is_typed") else each.get("answer_sv", each["answer"])
    return None


def rows(content: Content, section: str, code: str) -> list[dict[str, str]]:
    """The rows of an answer, each as its parts by their codes, in Swedish where they were chosen."""
    found = answer(content, section, code) or []
    return [
        {each["code"]: each.get("answer_sv") or each["answer"] or "" for each in row}
        for row in found
        if isinstance(row, list)
    ]


def kronor(text: str) -> int:
    """A sum as a frozen copy writes it: `45 000 kr`; nothing readable is nothing."""
    digits = re.sub(r"\D", "", text)
    return int(digits) if digits else 0


def other_funding(content: Content) -> list[dict[str, str]]:
    """The rows of income that name who else gives money: {"kind", "funder", "kronor"}. Own money is not among them."""
    named = (row for row in rows(content, "budget", "incomes") if row.get("funder"))
    return [row for row in named if row.get("kind") not in _OWN]


# The applicant's own money and the participants' fees, as the Swedish form calls them.
_OWN = frozenset({"Egna pengar", "Deltagaravgifter"})


def _text(item: Mapping[str, Any]) -> str:
    return chosen(item["text"])[1]


def _terms_say(facts: Facts, name: str) -> Lazy | str:
    """Where the fund's terms have it from."""
    part = facts.terms.get(name)
    return str(part["source"]) if part else _dl("The fund's terms")


# --- the rules --------------------------------------------------------------------------------------------------

# What the first digit of an organisation number tells, and which digits an applicant of a kind may have.
_FORMS = {
    "1": _dl("an estate"),
    "2": _dl("a public body or a congregation"),
    "3": _dl("a foreign company"),
    "5": _dl("a limited company"),
    "7": _dl("an economic association"),
    "8": _dl("a non-profit association or a foundation"),
    "9": _dl("a partnership"),
}
_DIGITS = {"association": "78", "faith_community": "28", "study_association": "8", "company": "3579"}


def _org_number(facts: Facts) -> Check | None:
    if facts.organisation_kind == "municipal_unit":
        return None
    who = facts.content.get("organisation") or {}
    written = who.get("org_number") or answer(facts.content, "nominee", "nominee_org_number") or ""
    number = re.sub(r"\D", "", written)
    label, source = _dl("Organisation number"), _dl("The number's check digit (Luhn), and its first digit (SKV 709)")
    if not number:
        return Check("org_number", label, Verdict.UNKNOWN, _dl("No organisation number is written."), source)
    verdict, words = _number_verdict(number, facts)
    return Check("org_number", label, verdict, words, source)


def _number_verdict(number: str, facts: Facts) -> tuple[Verdict, Lazy]:
    shown = f"{number[:6]}-{number[6:]}"
    if len(number) != 10 or not luhn.is_valid(number):
        return Verdict.NO, _dl("%(number)s is not a number that can exist: a digit is wrong.", number=shown)
    if facts.org_number and facts.org_number != number:
        now = f"{facts.org_number[:6]}-{facts.org_number[6:]}"
        return Verdict.NO, _dl(
            "The application says %(number)s, the organisation's number is now %(now)s.", number=shown, now=now
        )
    is_person = number[2] in "01"  # a sole trader's number is a personal identity number
    form = None if is_person else _FORMS.get(number[0])
    if form is not None and number[0] not in _DIGITS.get(facts.organisation_kind or "", number[0]):
        return Verdict.UNKNOWN, _dl(
            "%(number)s is the number of %(form)s. Does that fit the applicant?", number=shown, form=form
        )
    return Verdict.YES, _dl("%(number)s can exist, and fits the kind of organisation.", number=shown)


def _may_apply(facts: Facts) -> Check | None:
    if facts.organisation_kind is None:
        return None
    may = facts.organisation_kind in facts.terms["applicant_types"]["value"]
    return Check(
        "may_apply",
        _dl("May apply"),
        Verdict.YES if may else Verdict.NO,
        _dl("The fund is open to this kind of applicant.")
        if may
        else _dl("The fund is not for this kind of applicant."),
        _terms_say(facts, "applicant_types"),
    )


def _period(facts: Facts) -> Check | None:
    if facts.kind != "GRANT":
        return None
    label, source = _dl("Time of the project"), _dl("The fund's round %(label)s", label=facts.round_label)
    if facts.starts_on is None or facts.ends_on is None:
        return Check("period", label, Verdict.UNKNOWN, _dl("The first or the last day is not known."), source)
    first, last = facts.period
    if facts.ends_on < facts.starts_on:
        return Check("period", label, Verdict.NO, _dl("It ends before it begins."), source)
    days = {"first": long_day(first), "last": long_day(last)}
    if first <= facts.starts_on and facts.ends_on <= last:
        return Check(
            "period", label, Verdict.YES, _dl("All of it lies between %(first)s and %(last)s.", **days), source
        )
    words = _dl("It is not all between %(first)s and %(last)s.", **days)
    return Check("period", label, Verdict.NO, words, source)


def _budget(facts: Facts) -> Check | None:
    if facts.kind != "GRANT":
        return None
    costs = sum(kronor(row.get("kronor", "")) for row in rows(facts.content, "budget", "costs"))
    incomes = sum(kronor(row.get("kronor", "")) for row in rows(facts.content, "budget", "incomes"))
    label, source = _dl("The budget adds up"), _dl("Added from the rows of the application's budget")
    if not costs or facts.sought is None:
        words = _dl("There are no costs to add up, or no sum is sought.")
        return Check("budget", label, Verdict.UNKNOWN, words, source)
    verdict, words = _budget_verdict(costs, incomes, facts.sought)
    return Check("budget", label, verdict, words, source)


def _budget_verdict(costs: int, incomes: int, sought: int) -> tuple[Verdict, Lazy]:
    sums = {"costs": money(costs), "incomes": money(incomes), "sought": money(sought)}
    lacks = costs - incomes - sought
    if lacks > 0:
        return Verdict.NO, _dl(
            "Costs %(costs)s, other income %(incomes)s, sought %(sought)s: %(lacks)s of the costs nobody pays.",
            lacks=money(lacks),
            **sums,
        )
    if lacks < 0:
        return Verdict.NO, _dl(
            "Costs %(costs)s, other income %(incomes)s, sought %(sought)s: %(more)s more than it costs.",
            more=money(-lacks),
            **sums,
        )
    return Verdict.YES, _dl("Costs %(costs)s less other income %(incomes)s is what is sought: %(sought)s.", **sums)


def _not_retroactive(facts: Facts) -> Check | None:
    if facts.kind != "GRANT":
        return None
    label, source = _dl("Has not begun"), _terms_say(facts, "not_supported")
    if facts.starts_on is None:
        return Check("retroactive", label, Verdict.UNKNOWN, _dl("The first day is not known."), source)
    days = {"first": long_day(facts.starts_on), "sent": long_day(facts.sent_on)}
    if facts.starts_on < facts.sent_on:
        words = _dl("It begins %(first)s, before it was sent %(sent)s.", **days)
        return Check("retroactive", label, Verdict.NO, words, source)
    if facts.starts_on <= facts.today and not facts.is_decided:
        words = _dl("It was to begin %(first)s, and the board has not decided yet. Ask whether it has begun.", **days)
        return Check("retroactive", label, Verdict.UNKNOWN, words, source)
    words = _dl("It begins %(first)s, after it was sent %(sent)s.", **days)
    return Check("retroactive", label, Verdict.YES, words, source)


def _attachments(facts: Facts) -> Check | None:
    asked = [
        item
        for item in facts.terms["attachments"]["value"]
        if item.get("is_required") and facts.organisation_kind in item["applicant_types"]
    ]
    if not asked:
        return None
    label, source = _dl("Attachments that are needed"), _terms_say(facts, "attachments")
    missing = [item for item in asked if item["code"] not in facts.attached]
    if not missing:
        names = listed(_text(item) for item in asked)
        return Check("attachments", label, Verdict.YES, _dl("All are there: %(names)s.", names=names), source)
    promised = [item for item in missing if answer(facts.content, "attachments", item["code"])]
    names = listed(_text(item) for item in missing)
    if len(promised) == len(missing):
        words = _dl("Not there yet, but the applicant has said when: %(names)s.", names=names)
        return Check("attachments", label, Verdict.UNKNOWN, words, source)
    return Check("attachments", label, Verdict.NO, _dl("Missing: %(names)s.", names=names), source)


def _company(facts: Facts) -> Check | None:
    if facts.organisation_kind != "company":
        return None
    return Check(
        "company",
        _dl("The applicant is a company"),
        Verdict.UNKNOWN,
        _dl("Support to a single business needs exceptional reasons. Write in the assessment which they are."),
        _dl("The Local Government Act, chapter 2 section 8 (2017:725; before 2018 the act of 1991)"),
    )


def _earlier_reports(facts: Facts) -> Check | None:
    if facts.organisation_kind is None:
        return None
    label, source = _dl("Earlier grants are reported on"), _terms_say(facts, "formal_checks")
    if facts.late_reports:
        words = _dl("The report is late in %(cases)s.", cases=listed(facts.late_reports))
        return Check("reports", label, Verdict.NO, words, source)
    return Check("reports", label, Verdict.YES, _dl("No report is late."), source)


def _not_funded(facts: Facts) -> Check | None:
    if facts.kind != "GRANT":
        return None
    label, source = _dl("Not paid for by somebody else"), _terms_say(facts, "not_supported")
    if facts.same_projects:
        words = _dl("The same applicant has the same project in %(cases)s.", cases=listed(facts.same_projects))
        return Check("funded", label, Verdict.NO, words, source)
    others = other_funding(facts.content)
    if others:
        told = listed(f"{row['funder']} {money(kronor(row.get('kronor', '')))}" for row in others)
        words = _dl("The budget names others who pay: %(others)s.", others=told)
        return Check("funded", label, Verdict.UNKNOWN, words, source)
    if facts.looks_alike:
        words = _dl("Somebody else's project has a name like this one's. It stands under “The applicant”.")
        return Check("funded", label, Verdict.UNKNOWN, words, source)
    words = _dl("The budget names nobody else, and no other application looks like it.")
    return Check("funded", label, Verdict.YES, words, source)


def _within_left(facts: Facts) -> Check | None:
    if facts.kind != "GRANT" or facts.sought is None or facts.left is None:
        return None
    label, source = _dl("There is money for it"), _dl("The fund's ledger")
    if facts.sought > facts.left:
        words = _dl("More is sought than is left. Left: %(left)s.", left=money(facts.left))
        return Check("left", label, Verdict.NO, words, source)
    return Check("left", label, Verdict.YES, _dl("%(left)s is left.", left=money(facts.left)), source)


_RULES = (
    _org_number,
    _may_apply,
    _attachments,
    _period,
    _not_retroactive,
    _budget,
    _not_funded,
    _earlier_reports,
    _company,
    _within_left,
)
