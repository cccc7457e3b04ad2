"""What is asked when an outcome is recorded, and of who translates a decision."""

from typing import Any

from wtforms import HiddenField, RadioField
from wtforms.validators import ValidationError

from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.models import Assessment
from fundapp.decisions import rules
from fundapp.decisions.models import Decision, DecisionTranslation
from fundapp.decisions.recording import proposed
from fundapp.languages import _d, _dl
from fundapp.web.fields import AtMost, Form, KronorField, Needed, TextField
from fundapp.workflow import Outcome


class OutcomeForm(Form):
    """The outcome of one case. It begins with what is recorded, else with the officer's proposal."""

    outcome = RadioField(_dl("What the board decided"), [Needed(_dl("Choose what the board decided."))])
    amount = KronorField(_dl("Sum granted"))
    reasons = TextField(_dl("Reasons"), [AtMost(5000)])
    conditions = TextField(_dl("Conditions"), [AtMost(5000)])
    version = HiddenField()

    def __init__(
        self, application: Application, decision: Decision | None, assessment: Assessment | None, **rest: Any
    ) -> None:
        super().__init__(data=_recorded(decision) if decision else _proposed(application, assessment), **rest)
        self.application, self.assessment = application, assessment
        is_grant = application.kind is ApplicationKind.GRANT
        self.outcome.choices = [
            (outcome.value, outcome.label) for outcome in Outcome if is_grant or outcome is not Outcome.GRANT_IN_PART
        ]

    def validate(self, extra_validators: Any = None) -> bool:
        chosen = self.chosen
        if chosen is not None and not chosen.gives_money:
            # What stands in the box is the proposal, or does not matter any more.
            self.amount.data, self.amount.process_errors = None, ()
        if not super().validate(extra_validators) or chosen is None:
            return False
        faults = rules.faults_in(
            chosen,
            amount=self.amount.data,
            sought=self.application.amount_requested,
            reasons=self.reasons.data or "",
        )
        for fault in faults:
            self[fault.field].errors = [fault.text]
        return not faults and self._reasons_are_the_boards(chosen)

    def _reasons_are_the_boards(self, chosen: Outcome) -> bool:
        """The officer's reasons are for the officer's proposal; another outcome needs reasons of its own."""
        officers = self.assessment.reasons.strip() if self.assessment is not None else ""
        proposed = self.assessment.proposed_outcome if self.assessment is not None else None
        if not officers or (self.reasons.data or "").strip() != officers:
            return True
        if proposed is None or proposed is chosen or (proposed.gives_money and chosen.gives_money):
            return True
        if chosen is Outcome.TABLE:
            self.reasons.data = ""
            return True
        self.reasons.errors = [_d("These are the officer's reasons for the proposal. Write why the board decided so.")]
        return False

    @property
    def chosen(self) -> Outcome | None:
        known = {outcome.value: outcome for outcome in Outcome}
        return known.get(self.outcome.data)

    def facts(self) -> dict[str, Any]:
        """What `record_outcome` takes."""
        version = self.version.data or "0"
        return {
            "outcome": self.chosen,
            "amount": self.amount.data,
            "reasons": self.reasons.data or "",
            "conditions": self.conditions.data or "",
            "version": int(version) if version.isdecimal() and len(version) < 10 else 0,
        }


def _recorded(decision: Decision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome.value,
        "amount": decision.amount,
        "reasons": decision.reasons,
        "conditions": decision.conditions,
        "version": str(decision.version),
    }


def _proposed(application: Application, assessment: Assessment | None) -> dict[str, Any]:
    facts = proposed(application, assessment)
    outcome = facts.get("outcome")
    return facts | {"outcome": outcome.value if outcome is not None else None, "version": "0"}


class TranslationForm(Form):
    """The board's own words in another language; each is needed where there is something to translate."""

    reasons = TextField(_dl("Reasons"), [AtMost(10_000)])
    conditions = TextField(_dl("Conditions"), [AtMost(10_000)])
    seen = HiddenField(default="0")

    def __init__(self, decision: Decision, known: DecisionTranslation | None, conditions: str, **rest: Any) -> None:
        kept = {"conditions": conditions} if known is None or not known.is_made else _translated(known)
        super().__init__(data=kept, **rest)
        self.decision = decision

    @property
    def seen_version(self) -> int:
        text = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0

    def validate_reasons(self, field: TextField) -> None:
        _demand_translated(self.decision.reasons, field)

    def validate_conditions(self, field: TextField) -> None:
        if not self.decision.conditions:  # the page has no such field then
            field.data = ""
        _demand_translated(self.decision.conditions, field)


def _translated(known: DecisionTranslation) -> dict[str, Any]:
    return {"reasons": known.reasons, "conditions": known.conditions, "seen": str(known.number)}


def _demand_translated(original: str, field: TextField) -> None:
    if original.strip() and not field.data:
        raise ValidationError(_d("Write the translation of the text beside."))
