"""What an outcome must say."""

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
