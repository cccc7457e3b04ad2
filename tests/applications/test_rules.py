"""What holds for an application, as tables."""

from types import SimpleNamespace

import pytest

from fundapp.accounts.models import OrganisationKind
from fundapp.applications import rules
from fundapp.applications.models import ApplicationKind
from fundapp.applications.rules import SectionState
from fundapp.clock import start_of
from fundapp.languages import speaking
from fundapp.workflow import ApplicationStatus
from tests.factories import DAY


def test_costs_minus_other_income_is_compared_with_the_amount() -> None:
    sums = rules.sums(costs=[15_000, None, 35_000], incomes=[5_000], amount=40_000)
    assert (sums.costs, sums.incomes, sums.to_cover, sums.difference) == (50_000, 5_000, 45_000, 5_000)


def test_without_an_amount_there_is_no_difference() -> None:
    assert rules.sums(costs=[100], incomes=[], amount=None).difference is None


def test_a_round_takes_the_last_instant_before_it_closes_and_not_the_closing_one() -> None:
    round_ = SimpleNamespace(opens_at=start_of(DAY), closes_at=start_of(DAY.replace(day=31)))
    assert rules.is_open_at(round_, start_of(DAY))
    assert rules.is_open_at(
        round_, round_.closes_at.replace(day=round_.closes_at.day, second=0) - (round_.closes_at.resolution)
    )
    assert not rules.is_open_at(round_, round_.closes_at)
    assert rules.last_day(round_) == DAY.replace(day=30)


def test_a_kind_of_organisation_that_the_terms_do_not_name_is_told_so() -> None:
    terms = {"applicant_types": {"value": ["association"]}}
    assert rules.why_not_apply(terms, OrganisationKind.ASSOCIATION) is None
    with speaking("en"):
        assert "Company" in str(rules.why_not_apply(terms, OrganisationKind.COMPANY))


@pytest.mark.parametrize(
    ("status", "states"),
    [
        (ApplicationStatus.DRAFT, ["now", "later", "later", "later", "later", "later"]),
        (ApplicationStatus.COMPLETION_REQUESTED, ["done", "done", "done", "now", "later", "later"]),
        (ApplicationStatus.ON_AGENDA, ["done", "done", "done", "done", "now", "later"]),
        (ApplicationStatus.REJECTED, ["done"] * 6),
        (ApplicationStatus.WITHDRAWN, ["later"] * 6),
    ],
)
def test_the_line_of_steps_shows_where_an_application_is(status: ApplicationStatus, states: list[str]) -> None:
    assert [station.state for station in rules.line_of(status)] == states


def test_every_status_has_a_sentence_for_the_applicant() -> None:
    for status in ApplicationStatus:
        assert rules.where_it_is(SimpleNamespace(status=status, kind=ApplicationKind.GRANT)).endswith(".")


def test_only_what_is_not_done_stands_in_the_way() -> None:
    done = SectionState("project", "The project", "done", (), None)
    begun = SectionState("budget", "Budget", "started", ("Amount",), None)
    assert rules.missing_parts([done, begun]) == [begun]
