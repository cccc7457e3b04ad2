"""What a formal check covers, what a proposal must hold, and what is missing before the officer's report. Plain Python.

`terms` is the fund's, as `funds.terms.as_data` gives it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from fundapp.languages import Lazy, _dl, money
from fundapp.workflow import ApplicationStatus, Outcome

# The statuses in which the officer's own work may change.
OPEN_FOR_WORK = frozenset({ApplicationStatus.UNDER_ASSESSMENT, ApplicationStatus.COMPLETION_REQUESTED})
PROPOSALS = {
    "GRANT": (Outcome.GRANT, Outcome.GRANT_IN_PART, Outcome.REJECT, Outcome.DISMISS, Outcome.WRITE_OFF),
    "AWARD": (Outcome.GRANT, Outcome.REJECT, Outcome.DISMISS, Outcome.WRITE_OFF),
    "NOMINATION": (Outcome.GRANT, Outcome.REJECT, Outcome.DISMISS, Outcome.WRITE_OFF),
}
HIGHEST_POINT = 3


def check_items(terms: Mapping[str, Any], applicant_type: str | None) -> list[dict[str, Any]]:
    """The items of the formal check that concern such an applicant; all where the type is not known (a nomination)."""
    return [
        item
        for item in terms["formal_checks"]["value"]
        if applicant_type is None or applicant_type in item["applicant_types"]
    ]


def unchecked(items: Iterable[Mapping[str, Any]], done: Iterable[str]) -> list[str]:
    """The codes of the items without a finding."""
    known = set(done)
    return [item["code"] for item in items if item["code"] not in known]


def standard_conditions(terms: Mapping[str, Any]) -> str:
    """The fund's conditions as numbered lines in Swedish, the way an assessment begins."""
    return "\n".join(f"{number}. {item['text']['sv']}" for number, item in enumerate(terms["conditions"]["value"], 1))


def conditions_in(text: str) -> list[str]:
    """The conditions in an assessment's text: one on each line, without the number it may begin with."""
    lines = (re.sub(r"^\s*\d+[.)]\s+", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def is_too_early(due_on: date, today: date) -> bool:
    """Whether a completion would be due before anybody can read of it; the same day is allowed."""
    return due_on < today


def proposal_faults(outcome: Outcome | None, amount: int | None, *, sought: int | None) -> dict[str, Lazy]:
    """What does not fit in a proposal, by the field to change; `sought` is None for the stipend. Sums in kronor."""
    if outcome is None or not outcome.gives_money:
        return {"proposed_amount": _dl("Leave the amount empty, or propose to grant.")} if amount is not None else {}
    if amount is None:
        return {}
    if amount <= 0:
        return {"proposed_amount": _dl("Write an amount above 0, or propose to reject.")}
    if sought is None:
        return {}
    if amount > sought:
        return {
            "proposed_amount": _dl(
                "The board cannot grant more than was sought: %(sought)s. Write at most that.", sought=money(sought)
            )
        }
    if outcome is Outcome.GRANT and amount < sought:
        return {"proposed_outcome": _dl("The amount is less than what was sought. Choose “Granted in part”.")}
    if outcome is Outcome.GRANT_IN_PART and amount >= sought:
        return {"proposed_outcome": _dl("The amount is all that was sought. Choose “Granted”.")}
    return {}


def missing_for_report(
    *,
    unchecked_items: int,
    text: str,
    outcome: Outcome | None,
    amount: int | None,
    needs_objective: bool,
    has_objective: bool,
    serves_no_objective: bool,
) -> list[Lazy]:
    """What must be done before the officer's report can be finished, each as a sentence."""
    missing = []
    if unchecked_items:
        missing.append(_dl("Finish the formal check: %(n)s items have no answer yet.", n=unchecked_items))
    if not text.strip():
        missing.append(_dl("Write the assessment."))
    if outcome is None:
        missing.append(_dl("Choose what you propose that the board decides."))
    elif outcome.gives_money and amount is None:
        missing.append(_dl("Write the amount that you propose."))
    if needs_objective and not has_objective and not serves_no_objective:
        missing.append(_dl("Link the application to the plan's objectives, or say that it serves none of them."))
    return missing
