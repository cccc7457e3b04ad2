"""What a fund that is made from scratch begins with. Everything in it is an assumption until an administrator confirms
it: what another fund of the same kind here asks of everybody, and else as little as a fund can have.
"""

from typing import Any

from fundapp.funds.models import Fund
from fundapp.funds.values import APPLICANT_TYPES

_AS_IN_THE_OTHER = (
    *("applicant_types", "conditions", "attachments", "formal_checks", "report_months", "instalments"),
    *("late_days", "draft_reminders", "draft_kept_days"),
)
_HANDLING = {
    "sv": "Ansökningarna behandlas när den sista ansökningsdagen har varit.",
    "en": "Applications are handled when the last day to apply has passed.",
}
_LEAST: dict[str, Any] = {
    "handling": _HANDLING,
    "goals": [],
    "applicant_types": list(APPLICANT_TYPES),
    "takes_nominations": False,
    "conditions": [],
    "attachments": [],
    "formal_checks": [],
    "criteria": [],
    "late_days": 0,
    "draft_reminders": [7, 1],
    "draft_kept_days": 90,
}
_LEAST_OF_A_FUND: dict[str, Any] = {"report_months": 2, "instalments": [100]}


def beginning(kind: str, other: Fund | None) -> dict[str, Any]:
    """The terms, but for name, purpose and body; `other`: a fund of the same kind, None where there is none."""
    least = _LEAST | (_LEAST_OF_A_FUND if kind == "fund" else {})
    assumed = {"source": "Antagande: förval när fonden lades upp", "is_assumption": True}
    terms = {key: {"value": value} | assumed for key, value in least.items()}
    if other is None:
        return terms
    source = {"source": f"Antagande: som i {other.name}", "is_assumption": True}
    known = {key: other.terms.get(key) for key in _AS_IN_THE_OTHER}
    return terms | {key: {"value": kept["value"]} | source for key, kept in known.items() if kept is not None}
