"""What a formal check covers, what a proposal must hold, and what is missing before the officer's report. Plain Python.

`terms` is the fund's, as `funds.terms.as_data` gives it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

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


def opened(sections: Iterable[str], questions: Iterable[str]) -> dict[str, frozenset[str] | None]:
    """The sections that a request for completion opens, and of each the questions; None: the whole section."""
    found: dict[str, frozenset[str] | None] = dict.fromkeys(sections)
    for each in questions:
        section, _dot, question = each.partition(".")
        found[section] = (found.get(section) or frozenset()) | {question}
    return found


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
    needs_amount: bool = True,
) -> list[Lazy]:
    """What must be done before the officer's report can be finished, each as a sentence. `needs_amount`: another case
    does not carry the sum.
    """
    missing = []
    if unchecked_items:
        missing.append(_dl("Finish the formal check: %(n)s items have no answer yet.", n=unchecked_items))
    if not text.strip():
        missing.append(_dl("Write the assessment."))
    if outcome is None:
        missing.append(_dl("Choose what you propose that the board decides."))
    elif outcome.gives_money and amount is None and needs_amount:
        missing.append(_dl("Write the amount that you propose."))
    if needs_objective and not has_objective and not serves_no_objective:
        missing.append(_dl("Link the application to the plan's objectives, or say that it serves none of them."))
    return missing


class TypedAnswer(NamedTuple):
    """An answer in the applicant's own words: which one, its question in Swedish, and the words."""

    key: str
    question: str
    text: str


def answer_key(section: str, answer: str, row: int | None = None, part: str = "") -> str:
    """What an answer of a frozen copy is called: `project.title`, in a row `budget.costs-0-what`."""
    return f"{section}.{answer}" if row is None else f"{section}.{answer}-{row}-{part}"


def typed_answers(content: Mapping[str, Any]) -> list[TypedAnswer]:
    """What there is to translate in a submission's content: everything typed that has a letter in it."""
    return [
        TypedAnswer(key, answer["question_sv"], answer["answer"])
        for key, answer in _placed(content)
        if answer.get("is_typed") and isinstance(answer["answer"], str) and any(c.isalpha() for c in answer["answer"])
    ]


def _placed(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every answer, those in rows each on its own, with its key."""
    for section in content["sections"]:
        for answer in section["answers"]:
            value, code = answer["answer"], answer["code"]
            if value and isinstance(value, list) and isinstance(value[0], list):
                for number, row in enumerate(value):
                    yield from ((answer_key(section["code"], code, number, part["code"]), part) for part in row)
            else:
                yield answer_key(section["code"], code), answer
