"""What the formal check covers, what a proposal must hold, and what a report needs."""

from datetime import date

import pytest

from fundapp.assessments.rules import (
    PROPOSALS,
    check_items,
    conditions_in,
    is_too_early,
    missing_for_report,
    proposal_faults,
    standard_conditions,
    unchecked,
)
from fundapp.funds.terms import TERMS, as_data, read_terms
from fundapp.workflow import Outcome

FUND = as_data(read_terms(TERMS / "kalix-integration-fund.toml"))


def codes(applicant_type: str | None) -> set[str]:
    return {item["code"] for item in check_items(FUND, applicant_type)}


def test_an_association_is_asked_of_its_board_and_a_company_of_exceptional_reasons() -> None:
    assert "F2" in codes("association")
    assert "F14" not in codes("association")
    assert "F14" in codes("company")
    assert "F2" not in codes("company")


def test_a_municipal_unit_needs_no_number_and_no_giro() -> None:
    assert not codes("municipal_unit") & {"F1", "F2", "F3", "F4", "F5", "F6", "F14"}


def test_an_unknown_applicant_is_asked_everything() -> None:
    assert codes(None) == {item["code"] for item in FUND["formal_checks"]["value"]}


def test_what_is_not_checked_is_listed_in_order() -> None:
    assert unchecked([{"code": "F1"}, {"code": "F2"}, {"code": "F3"}], ["F2"]) == ["F1", "F3"]


def test_the_funds_conditions_are_numbered_and_read_back_without_numbers() -> None:
    text = standard_conditions(FUND)
    assert text.startswith("1. Anslaget får bara användas till det som står i beslutet.\n2. ")
    assert conditions_in(text) == [item["text"]["sv"] for item in FUND["conditions"]["value"]]
    assert conditions_in("\n  3) Redovisa\n\n2017 ska allt vara klart\n") == ["Redovisa", "2017 ska allt vara klart"]


def test_a_completion_may_be_due_today_but_not_yesterday() -> None:
    today = date(2017, 3, 6)
    assert is_too_early(date(2017, 3, 5), today)
    assert not is_too_early(today, today)


@pytest.mark.parametrize(
    ("outcome", "amount", "sought", "field"),
    [
        (Outcome.GRANT, 45_000, 45_000, None),
        (Outcome.GRANT_IN_PART, 20_000, 45_000, None),
        (Outcome.GRANT, None, 45_000, None),
        (Outcome.REJECT, None, 45_000, None),
        (None, None, 45_000, None),
        (Outcome.GRANT, 10_000, None, None),
        (Outcome.GRANT, 45_001, 45_000, "proposed_amount"),
        (Outcome.GRANT_IN_PART, 45_001, 45_000, "proposed_amount"),
        (Outcome.GRANT, 44_999, 45_000, "proposed_outcome"),
        (Outcome.GRANT_IN_PART, 45_000, 45_000, "proposed_outcome"),
        (Outcome.GRANT, 0, 45_000, "proposed_amount"),
        (Outcome.REJECT, 100, 45_000, "proposed_amount"),
        (None, 100, 45_000, "proposed_amount"),
    ],
)
def test_a_proposal_fits_together(
    outcome: Outcome | None, amount: int | None, sought: int | None, field: str | None
) -> None:
    faults = proposal_faults(outcome, amount, sought=sought)
    assert list(faults) == ([field] if field else [])


def test_no_officer_proposes_to_refer_back_or_table() -> None:
    for outcomes in PROPOSALS.values():
        assert not set(outcomes) & {Outcome.REFER_BACK, Outcome.TABLE}


READY = {
    "unchecked_items": 0,
    "text": "Bra.",
    "outcome": Outcome.GRANT,
    "amount": 1,
    "needs_objective": True,
    "has_objective": True,
    "serves_no_objective": False,
}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 0),
        ({"unchecked_items": 2}, 1),
        ({"text": " \n"}, 1),
        ({"outcome": None, "amount": None}, 1),
        ({"amount": None}, 1),
        ({"outcome": Outcome.REJECT, "amount": None}, 0),
        ({"has_objective": False}, 1),
        ({"has_objective": False, "serves_no_objective": True}, 0),
        ({"has_objective": False, "needs_objective": False}, 0),
        ({"unchecked_items": 1, "text": "", "outcome": None, "has_objective": False}, 4),
    ],
)
def test_a_report_needs_check_text_proposal_and_an_answer_about_objectives(
    change: dict[str, object], count: int
) -> None:
    assert len(missing_for_report(**(READY | change))) == count  # type: ignore[arg-type]  # a table of cases
