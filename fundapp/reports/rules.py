"""What a project's account leads to in money. Whole kronor."""

from collections.abc import Sequence
from dataclasses import dataclass

from fundapp.languages import Lazy, _l

CARRIED_OUT: dict[str, Lazy] = {
    "yes": _l("Yes, as planned"),
    "partly": _l("Partly"),
    "no": _l("No"),
}
DAYS_TO_REPAY = 30  # assumption: Kalix has not published any number; a month is what a bill usually gives


@dataclass(frozen=True)
class Settlement:
    """What happens with the money when a report is approved.

    `still_to_pay` stays planned, `cancelled` of the plan is never paid, `repay` was paid but not used. Never-paid money
    is released to the frame at once, repaid money when it has come in; together they are granted − used.
    """

    still_to_pay: int
    cancelled: int
    repay: int

    @property
    def released_now(self) -> int:
        return self.cancelled


def settle(granted: int, used: int, paid: int, planned: int) -> Settlement:
    """The association keeps what it used, but never more than the grant.

    Paid less than that: the rest of the plan up to it is still to be paid, the plan beyond it is cancelled. Paid more:
    the whole plan is cancelled, and the difference is to be repaid. Errors: ValueError where paid and planned are not
    the grant together, or a sum is negative.
    """
    if min(granted, used, paid, planned) < 0 or paid + planned != granted:
        raise ValueError("paid and planned must be the grant together, and nothing negative")
    worth = min(used, granted)
    still_to_pay = max(worth - paid, 0)
    return Settlement(still_to_pay=still_to_pay, cancelled=planned - still_to_pay, repay=max(paid - worth, 0))


def keep_first(amounts: Sequence[int], keep: int) -> list[int]:
    """The planned parts in their order, cut so that they sum to `keep`: 0 is a part that is cancelled whole."""
    kept = []
    for amount in amounts:
        kept.append(min(amount, keep))
        keep -= kept[-1]
    return kept
