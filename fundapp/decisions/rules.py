"""What an outcome must say."""

from dataclasses import dataclass

from fundapp.languages import Lazy, _dl, money
from fundapp.workflow import Outcome


@dataclass(frozen=True)
class Fault:
    """A sentence for the person, and the form's field that it belongs to."""

    field: str
    text: Lazy


def faults_in(outcome: Outcome, *, amount: int | None, sought: int | None, reasons: str) -> list[Fault]:
    """What keeps an outcome from being recorded. `sought` in kronor; None for a stipend, which asks for no sum."""
    faults = []
    if outcome.gives_money:
        fault = _fault_in_amount(outcome, amount, sought)
        faults += [Fault("amount", fault)] if fault is not None else []
    elif amount is not None:
        faults.append(Fault("amount", _dl("Only a grant has a sum. Leave it empty.")))
    if outcome is Outcome.REFER_BACK and not reasons.strip():
        faults.append(Fault("reasons", _dl("Write what the case needs before it comes back to the board.")))
    return faults


def _fault_in_amount(outcome: Outcome, amount: int | None, sought: int | None) -> Lazy | None:
    if amount is None or amount <= 0:
        return _dl("Write the sum in whole kronor, above 0.")
    if sought is None:
        return _dl("A stipend has no sum sought. Choose granted.") if outcome is Outcome.GRANT_IN_PART else None
    if amount > sought:
        return _dl("The sum is above what was sought: %(sought)s. Write at most that.", sought=money(sought))
    if outcome is Outcome.GRANT_IN_PART and amount == sought:
        return _dl("The sum is all that was sought: %(sought)s. Write less, or choose granted.", sought=money(sought))
    if outcome is Outcome.GRANT and amount < sought:
        return _dl("The sum is below what was sought: %(sought)s. Choose granted in part.", sought=money(sought))
    return None
