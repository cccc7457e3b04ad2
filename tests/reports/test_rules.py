"""What a report leads to in money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundapp.reports.rules import keep_first, settle


@pytest.mark.parametrize(
    ("granted", "used", "paid", "planned", "still_to_pay", "cancelled", "repay"),
    [
        # everything paid and used: nothing moves
        (100, 100, 100, 0, 0, 0, 0),
        # used more than granted: the grant is all there is
        (100, 130, 100, 0, 0, 0, 0),
        (100, 130, 50, 50, 50, 0, 0),
        # everything used, half of it paid: the rest is still to be paid
        (100, 100, 50, 50, 50, 0, 0),
        # less used than paid: the plan is cancelled and the difference repaid
        (100, 30, 50, 50, 0, 50, 20),
        (100, 30, 100, 0, 0, 0, 70),
        # more used than paid, less than granted: a part of the plan is still to be paid
        (100, 70, 50, 50, 20, 30, 0),
        # exactly what was paid was used
        (100, 50, 50, 50, 0, 50, 0),
        # nothing used
        (100, 0, 0, 100, 0, 100, 0),
        (100, 0, 50, 50, 0, 50, 50),
        # nothing paid yet, something used
        (100, 60, 0, 100, 60, 40, 0),
    ],
)
def test_settlement(
    granted: int, used: int, paid: int, planned: int, still_to_pay: int, cancelled: int, repay: int
) -> None:
    found = settle(granted, used, paid, planned)
    assert (found.still_to_pay, found.cancelled, found.repay) == (still_to_pay, cancelled, repay)


@given(st.integers(0, 3_000_000), st.integers(0, 4_000_000), st.data())
def test_the_association_ends_with_what_it_used_and_the_frame_gets_the_rest(
    granted: int, used: int, data: st.DataObject
) -> None:
    paid = data.draw(st.integers(0, granted))
    found = settle(granted, used, paid, granted - paid)
    worth = min(used, granted)
    assert paid + found.still_to_pay - found.repay == worth
    assert found.released_now + found.repay == granted - worth
    assert min(found.still_to_pay, found.cancelled, found.repay) >= 0


@pytest.mark.parametrize("sums", [(100, 50, 60, 50), (100, -1, 50, 50), (100, 10, -50, 150)])
def test_sums_that_contradict_each_other_are_refused(sums: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="together"):
        settle(*sums)


@pytest.mark.parametrize(
    ("amounts", "keep", "expected"),
    [([50, 50], 100, [50, 50]), ([50, 50], 70, [50, 20]), ([50, 50], 30, [30, 0]), ([50, 50], 0, [0, 0]), ([], 0, [])],
)
def test_the_plan_is_cut_from_its_end(amounts: list[int], keep: int, expected: list[int]) -> None:
    assert keep_first(amounts, keep) == expected
