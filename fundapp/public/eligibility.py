"""Five questions that tell whether one may apply: who applies, and four from the fund's terms. Nothing is kept."""

from dataclasses import dataclass
from typing import Any

from wtforms import RadioField
from wtforms.validators import StopValidation

from fundapp.accounts.models import OrganisationKind
from fundapp.applications.questions.base import choices
from fundapp.applications.rules import why_not_apply
from fundapp.data_texts import as_read, chosen
from fundapp.languages import _, _l, listed
from fundapp.web.fields import Form, Needed

PERSON = "person"  # no kind of organisation
_ONLY_ORGANISATIONS = _l("Only an organisation can apply.")
_ASK_ONE = _l("Ask an association to apply with you.")
_SEE_OTHERS = _l("Look at the other grants on the start page.")


@dataclass(frozen=True)
class Refusal:
    """Why one may not apply, and what to do instead."""

    reason: Any
    instead: Any


class EligibilityForm(Form):
    """`kind` and one yes or no for each question of the fund (`q_<code>`)."""

    kind = RadioField(_l("Who applies?"), [Needed(_l("Choose who applies."))], validate_choice=False)

    def validate_kind(self, field: RadioField) -> None:
        if field.data not in {value for value, *_rest in field.iter_choices()}:
            raise StopValidation(_("Choose one of the alternatives."))


class _Answered:
    """Yes or no; who is not asked need not answer."""

    def __init__(self, item: dict[str, Any]) -> None:
        self.item = item

    def __call__(self, form: EligibilityForm, field: RadioField) -> None:
        if field.data not in ("yes", "no") and form.kind.data in (*self.item["applicant_types"], None):
            field.errors = []
            question = chosen(self.item["text"])[1]  # the summary of faults names no field
            told = _("Answer yes or no.")
            raise StopValidation(f"{question} {told}")


def form_for(terms: dict[str, Any], given: Any) -> EligibilityForm:
    """The form with the answers of an address (a MultiDict); empty where the address asks nothing."""
    fields = {
        f"q_{item['code']}": RadioField(
            as_read(item["text"]),
            [_Answered(item)],
            choices=choices([("yes", _l("Yes")), ("no", _l("No"))]),
            validate_choice=False,
        )
        for item in questions(terms)
    }
    form: EligibilityForm = type("FundEligibilityForm", (EligibilityForm,), fields)(formdata=given)
    kinds = [(kind.value, kind.label) for kind in OrganisationKind]
    form.kind.choices = choices([*kinds, (PERSON, _l("A private person, without an organisation"))])
    return form


def questions(terms: dict[str, Any]) -> list[dict[str, Any]]:
    """The fund's own questions: {"code", "text", "reason", "instead", "applicant_types"}."""
    found: list[dict[str, Any]] = (terms.get("eligibility") or {"value": []})["value"]
    return found


def refusals(terms: dict[str, Any], form: EligibilityForm) -> list[Refusal]:
    """Every reason why who answered so may not apply; none where they may. The form must be valid."""
    found = []
    if form.kind.data == PERSON:
        found.append(Refusal(_ONLY_ORGANISATIONS, _ASK_ONE))
    else:
        reason = why_not_apply(terms, OrganisationKind[form.kind.data.upper()])
        if reason is not None:
            found.append(Refusal(reason, _SEE_OTHERS))
    return found + [
        Refusal(as_read(item["reason"]), as_read(item["instead"]))
        for item in questions(terms)
        if form[f"q_{item['code']}"].data == "no" and form.kind.data in (*item["applicant_types"], PERSON)
    ]


def who_skips(item: dict[str, Any]) -> str:
    """The kinds of organisation that a question does not concern, in words; empty where it concerns all."""
    return listed(str(kind.label).lower() for kind in OrganisationKind if kind.value not in item["applicant_types"])
