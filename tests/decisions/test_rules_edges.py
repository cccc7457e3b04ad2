"""The first krona that can be granted."""

import pytest

from fundapp.decisions.rules import faults_in
from fundapp.workflow import Outcome


@pytest.mark.parametrize("sought", [None, 1])
@pytest.mark.parametrize(("amount", "is_right"), [(1, True), (0, False), (-1, False), (None, False)])
def test_one_krona_is_the_least_that_is_granted(amount: int | None, is_right: bool, sought: int | None) -> None:
    faults = faults_in(Outcome.GRANT, amount=amount, sought=sought, reasons="")
    assert (faults == []) is is_right
    assert is_right or [fault.field for fault in faults] == ["amount"]
