"""What an official fills in about payments."""

import re
from datetime import date
from typing import Any

from flask_login import current_user
from wtforms import FormField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from fundapp import clock
from fundapp.decisions.force import why_not_paid
from fundapp.languages import _d, _dl, _l
from fundapp.projects import actions, changes, rules
from fundapp.projects.models import Instalment, Project
from fundapp.projects.rules import Part
from fundapp.web.fields import AtMost, DayField, Form, KronorField, LineField, Needed, RowList, TextField

ROWS = 6


class PaymentForm(Form):
    """A payment as it is proposed."""

    paid_on = DayField(_dl("Paid on"), [Needed(_dl("Write the day it was paid, for example 2017-03-06."))])
    reference = LineField(
        _dl("Payment reference"),
        [Needed(_dl("Write the payment's reference in the accounts, so that it can be found.")), AtMost(100)],
    )

    def __init__(self, instalment: Instalment, **rest: Any) -> None:
        super().__init__(data={"paid_on": clock.today()}, **rest)
        self.decision = instalment.project.decision

    def validate_paid_on(self, field: DayField) -> None:
        day: date | None = field.data
        if day is None:
            return
        decided_on = self.decision.item.meeting.held_on
        fault = rules.fault_in_payment_day(day, decided_on=decided_on, today=clock.today())
        fault = fault or why_not_paid(self.decision, paid_on=day, by=current_user)
        if fault is not None:
            raise ValidationError(str(fault))


class ApprovalForm(Form):
    """The payment as the person read it: a changed one is read again first."""

    seen = HiddenField()

    def __init__(self, instalment: Instalment, **rest: Any) -> None:
        super().__init__(data={"seen": str(instalment.version)}, **rest)

    @property
    def version(self) -> int:
        """What was sent, 0 where it is no number: that is no version."""
        typed = self.seen.data or ""
        return int(typed) if re.fullmatch(r"[0-9]{1,9}", typed) else 0


class SendBackForm(ApprovalForm):
    """Why a payment is not approved; who proposed it reads it."""

    reason = LineField(_dl("Why"), [Needed(_dl("Write why the payment is sent back.")), AtMost(300)])


class PartForm(Form):
    amount = KronorField(_dl("Sum"))
    planned_on = DayField(_dl("Planned for"))


class PlanForm(Form):
    """The instalments that are neither paid nor proposed; a row with neither sum nor day is no instalment. `seen`:
    which plan stood on the page when it was opened.
    """

    parts = RowList(FormField(PartForm), max_entries=ROWS)
    seen = HiddenField()

    def __init__(self, project: Project, **rest: Any) -> None:
        rows = [{"amount": part.amount, "planned_on": part.planned_on} for part in actions.planned_parts(project)]
        super().__init__(data={"parts": rows, "seen": actions.seen_of(project)}, **rest)
        while len(self.parts) < ROWS:
            self.parts.append_entry()
        self.left = project.to_plan
        self.decided_on = project.decision.item.meeting.held_on

    @property
    def seen_plan(self) -> str:
        """What was sent; a form that says nothing has seen nothing."""
        return str(next(iter(self.seen.raw_data or []), ""))

    @property
    def plan(self) -> list[Part]:
        """The rows that are filled in."""
        rows = [row.form for row in self.parts if row.form.amount.data is not None]
        return [Part(row.amount.data, row.planned_on.data) for row in rows]

    def validate(self, extra_validators: object = None) -> bool:
        """Each row by itself, then the whole plan against what is left of the grant."""
        is_valid = super().validate(extra_validators)
        for row in self.parts:
            is_valid = _is_whole(row.form) and is_valid
        if not is_valid:
            return False
        fault = rules.fault_in_plan(self.plan, left=self.left, decided_on=self.decided_on)
        if fault is not None:
            self.form_errors.append(str(fault))
        return fault is None


def _is_whole(row: PartForm) -> bool:
    """Sum and day come together; a row with one of them says what is missing."""
    if row.errors or (row.amount.data is None) == (row.planned_on.data is None):
        return True
    missing, text = (
        (row.amount, _d("Write the sum for this day, or take the day away."))
        if row.amount.data is None
        else (row.planned_on, _d("Write the day for this sum, for example 2017-03-06."))
    )
    missing.errors = [*missing.errors, text]
    return False


class ChangeForm(Form):
    """What the project asks to have changed."""

    what = TextField(_l("What do you want to change?"), [Needed(_l("Write what you want to change.")), AtMost(3000)])
    why = TextField(_l("Why?"), [Needed(_l("Write why you want to change it.")), AtMost(3000)])
    new_ends_on = DayField(_l("New last day"))

    def __init__(self, project: Project, **rest: Any) -> None:
        super().__init__(**rest)
        self.project = project

    def validate_new_ends_on(self, field: DayField) -> None:
        if field.data == self.project.ends_on:
            field.data = None
        fault = changes.fault_in_new_end(self.project, field.data) if field.data else None
        if fault:
            raise ValidationError(str(fault))


class AnswerForm(Form):
    """Yes or no to a change; a no says why."""

    is_approved = RadioField(
        _dl("May the project change this?"), [Needed(_dl("Choose yes or no."))], choices=[], validate_choice=False
    )
    answer = TextField(_dl("Your words to the project"), [AtMost(3000)])

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.is_approved.choices = [SelectChoice("yes", str(_l("Yes"))), SelectChoice("no", str(_l("No")))]

    def validate_is_approved(self, field: RadioField) -> None:
        if field.data not in ("yes", "no"):
            raise ValidationError(_d("Choose yes or no."))

    def validate_answer(self, field: TextField) -> None:
        if self.is_approved.data == "no" and not field.data:
            raise ValidationError(_d("Write why not. The project reads it."))
