"""Forms of several assessments and of the second look. The one for an assessment follows the fund's criteria."""

from collections.abc import Iterable
from typing import Any

from flask import request
from wtforms import HiddenField
from wtforms.validators import StopValidation

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind, Submission
from fundapp.applications.questions.base import ChoiceField, ChoicesField, choices
from fundapp.assessments.forms import term_text
from fundapp.assessments.rules import PROPOSALS, proposal_faults
from fundapp.languages import _d, _dl
from fundapp.reviews.models import Review
from fundapp.reviews.rules import LONGEST_TEXT
from fundapp.web.fields import AtMost, Form, KronorField, LineField, Needed, TextField
from fundapp.workflow import Outcome

POINTS = choices(
    (
        ("", _dl("No points")),
        ("0", _dl("0 – not at all")),
        ("1", _dl("1 – a little")),
        ("2", _dl("2 – well")),
        ("3", _dl("3 – very well")),
    )
)


def whole(text: str | None) -> int:
    """A number from a hidden field; 0 for what is none."""
    typed = text or ""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def wants_to_send() -> bool:
    """Whether the button “Send” was pressed, and not “Save”."""
    return "send" in request.form


def agrees() -> bool:
    """Whether the button “I agree” was pressed."""
    return request.form.get("answer") == "agree"


class AskForm(Form):
    colleagues = ChoicesField(_dl("Colleagues"))

    def __init__(self, accounts: Iterable[Account]) -> None:
        super().__init__()
        self.by_public_id = {account.public_id: account for account in accounts}
        self.colleagues.choices = choices((key, each.name or each.email) for key, each in self.by_public_id.items())

    def validate_colleagues(self, field: Any) -> None:
        if not field.data:
            raise StopValidation(_d("Choose at least one colleague."))

    @property
    def chosen(self) -> list[Account]:
        return [self.by_public_id[key] for key in self.colleagues.data or [] if key in self.by_public_id]


class WithdrawForm(Form):
    reason = LineField(_dl("Why"), [Needed(_dl("Write why you do not wait any longer.")), AtMost(500)])


class ReviewForm(Form):
    """One's own assessment; `score_K1` … are points 0–3, or empty. Nothing must be there to save it."""

    codes: tuple[str, ...] = ()
    sought: int | None = None

    version = HiddenField(default="0")
    read = HiddenField(default="0")
    text = TextField(_dl("Your assessment"), [AtMost(LONGEST_TEXT)])
    proposed_outcome = ChoiceField(_dl("Proposed outcome"))
    proposed_amount = KronorField(_dl("Proposed amount"))

    def scores(self) -> list[tuple[str, Any]]:
        """Each criterion's code and field."""
        return [(code, self[f"score_{code}"]) for code in self.codes]

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        faults = proposal_faults(self.outcome, self.proposed_amount.data, sought=self.sought)
        for name, sentence in faults.items():
            self[name].errors = [str(sentence)]
        return not faults

    @property
    def outcome(self) -> Outcome | None:
        return Outcome[self.proposed_outcome.data] if self.proposed_outcome.data else None

    def values(self) -> dict[str, Any]:
        """What `actions.save` keeps."""
        return {
            "scores": {code: int(field.data) for code, field in self.scores() if field.data},
            "text": self.text.data or "",
            "proposed_outcome": self.outcome,
            "proposed_amount": self.proposed_amount.data,
        }


def review_form(application: Application, known: Review, newest: Submission | None) -> ReviewForm:
    """The form for the fund's criteria, filled with what is kept; what is read is the newest copy."""
    criteria = application.round.fund.terms["criteria"]["value"]
    fields = {f"score_{item['code']}": ChoiceField(term_text(item), choices=POINTS) for item in criteria}
    own = {"codes": tuple(item["code"] for item in criteria), "sought": application.amount_requested}
    made: type[ReviewForm] = type("ReviewForm", (ReviewForm,), fields | own)
    outcome = known.proposed_outcome
    kept = {f"score_{code}": str(points) for code, points in known.scores.items()}
    kept |= {"version": str(known.version), "read": str(newest.number if newest is not None else 0)}
    form = made(
        data=kept
        | {
            "text": known.text,
            "proposed_outcome": outcome.name if outcome else "",
            "proposed_amount": known.proposed_amount,
        }
    )
    proposals = PROPOSALS[application.kind.name]
    form.proposed_outcome.choices = choices([("", _dl("Not decided yet")), *((o.name, o.label) for o in proposals)])
    if application.kind is not ApplicationKind.GRANT:
        form.proposed_amount.label.text = _d("Proposed share of the year's sum")
    return form


class LookForm(Form):
    """Whom to ask to look at the report, and what to look at."""

    colleague = ChoiceField(_dl("Colleague"))
    question = TextField(_dl("What to look at"), [AtMost(1000)])

    def __init__(self, accounts: Iterable[Account]) -> None:
        super().__init__()
        self.by_public_id = {account.public_id: account for account in accounts}
        named = ((key, each.name or each.email) for key, each in self.by_public_id.items())
        self.colleague.choices = choices([("", _dl("Choose")), *named])

    def validate_colleague(self, field: Any) -> None:
        if field.data not in self.by_public_id:
            raise StopValidation(_d("Choose a colleague."))

    @property
    def chosen(self) -> Account:
        return self.by_public_id[self.colleague.data]


class AnswerForm(Form):
    """A colleague's answer; `version` is the assessment's that was read."""

    version = HiddenField(default="0")
    remark = TextField(_dl("Remark"), [AtMost(2000)])
