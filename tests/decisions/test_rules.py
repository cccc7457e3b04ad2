"""What an outcome must say, and which law tells how it can be tried."""

import tomllib
from datetime import date

import pytest

from fundapp.decisions import rules
from fundapp.workflow import Outcome

GRANT, PART = Outcome.GRANT, Outcome.GRANT_IN_PART


@pytest.mark.parametrize(
    ("outcome", "amount", "sought", "is_right"),
    [
        (GRANT, 45_000, 45_000, True),
        (GRANT, 45_001, 45_000, False),
        (GRANT, 44_999, 45_000, False),
        (GRANT, 0, 45_000, False),
        (GRANT, -1, 45_000, False),
        (GRANT, None, 45_000, False),
        (GRANT, 7_000, None, True),
        (PART, 44_999, 45_000, True),
        (PART, 45_000, 45_000, False),
        (PART, 45_001, 45_000, False),
        (PART, 1, 45_000, True),
        (PART, 7_000, None, False),
        (Outcome.REJECT, None, 45_000, True),
        (Outcome.REJECT, 1, 45_000, False),
        (Outcome.TABLE, None, 45_000, True),
        (Outcome.DISMISS, None, 45_000, True),
        (Outcome.WRITE_OFF, None, 45_000, True),
    ],
)
def test_the_sum_fits_the_outcome(outcome: Outcome, amount: int | None, sought: int | None, is_right: bool) -> None:
    faults = rules.faults_in(outcome, amount=amount, sought=sought, reasons="")
    assert [fault.field for fault in faults] == ([] if is_right else ["amount"])


def test_only_a_referral_needs_its_reason() -> None:
    for outcome in Outcome:
        faults = rules.faults_in(outcome, amount=45_000 if outcome is GRANT else None, sought=45_000, reasons=" ")
        assert ("reasons" in [fault.field for fault in faults]) is (outcome is Outcome.REFER_BACK)
    assert not rules.faults_in(Outcome.REFER_BACK, amount=None, sought=45_000, reasons="Budgeten saknas.")


@pytest.mark.parametrize(
    ("day", "is_possible"), [("2017-03-05", False), ("2017-03-06", True), ("2017-03-09", True), ("2017-03-10", False)]
)
def test_minutes_are_approved_from_the_sitting_until_today(day: str, is_possible: bool) -> None:
    reason = rules.why_not_approved(date.fromisoformat(day), date(2017, 3, 6), date(2017, 3, 9))
    assert (reason is None) is is_possible


@pytest.mark.parametrize(
    ("day", "law"),
    [
        ("2016-06-13", "10 kap. kommunallagen (1991:900)"),
        ("2017-12-31", "10 kap. kommunallagen (1991:900)"),
        ("2018-01-01", "13 kap. kommunallagen (2017:725)"),
        ("2018-12-31", "13 kap. kommunallagen (2017:725)"),
    ],
)
def test_the_law_is_the_one_of_the_decisions_day(day: str, law: str) -> None:
    legal = rules.legal_on(date.fromisoformat(day))
    assert (legal.law, legal.weeks, legal.court) == (law, 3, "Förvaltningsrätten i Luleå")


def test_every_legal_value_has_its_source_and_the_court_is_an_assumption() -> None:
    versions = tomllib.loads(rules.LEGAL.read_text(encoding="utf-8"))["versions"]
    assert [version["begins"] for version in versions] == sorted(version["begins"] for version in versions)
    for version in versions:
        assert all(version[key]["source"] for key in ("law", "weeks", "court"))
        assert version["court"]["assumption"] is True


def test_names_stand_one_a_line() -> None:
    assert rules.names_in("Eva  Ek \n\n Bo Alm\nEva Ek\n") == ["Eva Ek", "Bo Alm"]
