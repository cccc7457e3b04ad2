"""The automatic checks: for each rule, what the application says and what is answered."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask

from fundapp.applications.answers import all_sections, frozen
from fundapp.applications.questions.grant import INCOME_KINDS
from fundapp.db import db
from fundapp.languages import speaking
from fundapp.registry import checks
from fundapp.registry.checks import Facts, Verdict
from tests.factories import DAY, on_day
from tests.factories.applications import submitted

NO, UNKNOWN, YES = Verdict.NO, Verdict.UNKNOWN, Verdict.YES
SOURCE = "Antagande"
_ALL = ["association", "faith_community", "company", "municipal_unit"]
TERMS = {
    "applicant_types": {"value": _ALL, "source": SOURCE},
    "attachments": {
        "source": SOURCE,
        "value": [
            {"code": "statutes", "text": {"sv": "Stadgar"}, "applicant_types": ["association"], "is_required": True},
            {"code": "minutes", "text": {"sv": "Protokoll"}, "applicant_types": ["association"], "is_required": True},
            {"code": "other", "text": {"sv": "Annat"}, "applicant_types": _ALL, "is_required": False},
        ],
    },
    "not_supported": {"value": [], "source": SOURCE},
    "formal_checks": {"value": [], "source": SOURCE},
}


def part(code: str, text: Any) -> dict[str, Any]:
    return {"code": code, "answer": text, "answer_sv": text, "is_typed": False}


def content(
    costs: tuple[str, ...] = ("30 000 kr", "20\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr"),
    incomes: tuple[tuple[str, str, str], ...] = (("Egna pengar", "Föreningen", "5 000 kr"),),
    later: tuple[str, ...] = (),
    org_number: str | None = "8020015577",
) -> dict[str, Any]:
    """As much of a frozen copy as the rules read."""
    return {
        "organisation": {"org_number": org_number},
        "sections": [
            {
                "code": "budget",
                "answers": [
                    part("costs", [[part("category", "Lokal"), part("kronor", text)] for text in costs]),
                    part("incomes", [
                        [part("kind", kind), part("funder", funder), part("kronor", text)]
                        for kind, funder, text in incomes
                    ]),
                ],
            },
            {"code": "attachments", "answers": [part(code, ["Kommer senare, senast 3 april"]) for code in later]},
        ],
    }  # fmt: skip


GOOD = Facts(
    kind="GRANT",
    content=content(),
    terms=TERMS,
    organisation_kind="association",
    org_number="8020015577",
    title="Språkkafé",
    starts_on=date(2017, 4, 3),
    ends_on=date(2017, 12, 15),
    sought=45_000,
    sent_on=DAY,
    today=DAY,
    is_decided=False,
    period=(date(2016, 1, 1), date(2018, 12, 31)),
    round_label="2016–2018",
    left=100_000,
    attached=frozenset({"statutes", "minutes"}),
)
GRANTED = ("Annat bidrag, beviljat", "Länsstyrelsen", "5 000 kr")
CASES: dict[str, tuple[str, dict[str, Any], Verdict | None, str]] = {
    "the number is right": ("org_number", {}, YES, "802001-5577"),
    "the number lacks a digit": ("org_number", {"content": content(org_number="802001557")}, NO, "a digit is wrong"),
    "a digit of the number is wrong": ("org_number", {"content": content(org_number="8020015578")}, NO, "a digit"),
    "there is no number": ("org_number", {"content": content(org_number=None)}, UNKNOWN, "No organisation number"),
    "the organisation has another number now": ("org_number", {"org_number": "8020015585"}, NO, "is now 802001-5585"),
    "the number is a limited company's": (
        "org_number",
        {"content": content(org_number="5560360793"), "org_number": "5560360793"},
        UNKNOWN,
        "the number of a limited company",
    ),
    "a sole trader's number is a person's": (
        "org_number",
        {"content": content(org_number="8112189876"), "org_number": None, "organisation_kind": "company"},
        YES,
        "811218-9876",
    ),
    "a municipal unit has no number": ("org_number", {"organisation_kind": "municipal_unit"}, None, ""),
    "the fund is for such": ("may_apply", {}, YES, "open to this kind"),
    "the fund is not for such": ("may_apply", {"organisation_kind": "study_association"}, NO, "not for this kind"),
    "a nomination has no applicant": ("may_apply", {"kind": "NOMINATION", "organisation_kind": None}, None, ""),
    "the time is within the round's": ("period", {}, YES, "1 January 2016"),
    "it ends on the round's last day": ("period", {"ends_on": date(2018, 12, 31)}, YES, "31 December 2018"),
    "it ends the day after": ("period", {"ends_on": date(2019, 1, 1)}, NO, "not all between"),
    "it begins the day before": ("period", {"starts_on": date(2015, 12, 31)}, NO, "not all between"),
    "it ends before it begins": ("period", {"ends_on": date(2017, 4, 2)}, NO, "ends before it begins"),
    "a day is not known": ("period", {"ends_on": None}, UNKNOWN, "not known"),
    "the stipend has no time": ("period", {"kind": "AWARD"}, None, ""),
    "the budget adds up": ("budget", {}, YES, "45 000 kr"),
    "a thousand is not covered": ("budget", {"sought": 44_000}, NO, "1 000 kr of the costs nobody pays"),
    "a thousand too much is sought": ("budget", {"sought": 46_000}, NO, "1 000 kr more than it costs"),
    "there are no costs": ("budget", {"content": content(costs=())}, UNKNOWN, "no costs to add up"),
    "no sum is sought": ("budget", {"sought": None}, UNKNOWN, "no sum is sought"),
    "it begins after it was sent": ("retroactive", {}, YES, "after it was sent"),
    "it begins the day it was sent": ("retroactive", {"starts_on": DAY}, UNKNOWN, "Ask whether it has begun"),
    "it began before": ("retroactive", {"starts_on": date(2017, 3, 5)}, NO, "before it was sent 6 March 2017"),
    "it was to begin and nobody has decided": ("retroactive", {"today": date(2017, 4, 3)}, UNKNOWN, "has not decided"),
    "it was decided meanwhile": ("retroactive", {"today": date(2017, 5, 3), "is_decided": True}, YES, "3 April 2017"),
    "the first day is not known": ("retroactive", {"starts_on": None}, UNKNOWN, "not known"),
    "all attachments are there": ("attachments", {}, YES, "Stadgar, Protokoll"),
    "one is missing": ("attachments", {"attached": frozenset({"statutes"})}, NO, "Missing: Protokoll."),
    "one is missing and promised": (
        "attachments",
        {"attached": frozenset({"statutes"}), "content": content(later=("minutes",))},
        UNKNOWN,
        "has said when: Protokoll",
    ),
    "two are missing and one promised": (
        "attachments",
        {"attached": frozenset(), "content": content(later=("minutes",))},
        NO,
        "Missing: Stadgar, Protokoll.",
    ),
    "none is asked of a unit": ("attachments", {"organisation_kind": "municipal_unit"}, None, ""),
    "nobody else pays": ("funded", {}, YES, "names nobody else"),
    "somebody else pays": ("funded", {"content": content(incomes=(GRANTED,))}, UNKNOWN, "Länsstyrelsen 5 000 kr"),
    "the same project is in another case": ("funded", {"same_projects": ("KS 2017:4",)}, NO, "KS 2017:4"),
    "a project of others looks like it": ("funded", {"looks_alike": 1}, UNKNOWN, "a name like this one's"),
    "no report is late": ("reports", {}, YES, "No report is late."),
    "a report is late": ("reports", {"late_reports": ("KS 2016:9",)}, NO, "late in KS 2016:9"),
    "an association is no company": ("company", {}, None, ""),
    "a company needs reasons": ("company", {"organisation_kind": "company"}, UNKNOWN, "exceptional reasons"),
    "there is money": ("left", {}, YES, "100 000 kr is left"),
    "there is exactly enough": ("left", {"left": 45_000}, YES, "45 000 kr is left"),
    "a krona is lacking": ("left", {"left": 44_999}, NO, "More is sought than is left."),
    "the board has decided": ("left", {"left": None}, None, ""),
}


@pytest.mark.parametrize(("code", "changes", "verdict", "words"), CASES.values(), ids=CASES)
def test_rules(code: str, changes: dict[str, Any], verdict: Verdict | None, words: str) -> None:
    with speaking("en"):
        made = {check.code: check for check in checks.checks(replace(GOOD, **changes))}
        found = made.get(code)
        assert (found.verdict if found else None) is verdict
        if found is not None:
            assert words in str(found.words).replace("\N{NO-BREAK SPACE}", " ")
            assert str(found.source)


def test_what_does_not_hold_stands_first_and_what_holds_last() -> None:
    made = checks.checks(replace(GOOD, sought=44_000, content=content(org_number=None)))
    assert [check.verdict for check in made] == sorted((c.verdict for c in made), key=list(Verdict).index)
    assert made[0].code == "budget"


def test_nothing_written_on_paper_breaks_a_rule() -> None:
    """A paper application may lack every answer: then a person must look."""
    empty = {"organisation": None, "sections": []}
    bare = replace(GOOD, content=empty, org_number=None, starts_on=None, ends_on=None, sought=None, title="")
    assert {check.verdict for check in checks.checks(bare) if check.code in ("org_number", "period", "budget")} == {
        UNKNOWN
    }


def test_own_money_is_what_the_form_calls_so_in_swedish() -> None:
    with speaking("sv"):
        own = {str(label) for value, label in INCOME_KINDS if value in ("own", "fees")}
    assert own == checks._OWN


def test_a_real_frozen_copy_is_read_in_whatever_language_it_was_written(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        for language in ("sv", "ar"):
            sent = submitted(language=language)
            copy = frozen(sent, all_sections(sent), by=sent.created_by)
            costs = [checks.kronor(row["kronor"]) for row in checks.rows(copy, "budget", "costs")]
            assert costs == [15_000, 12_000, 23_000], language
            assert checks.other_funding(copy) == []
        db.session.rollback()
