"""The form of a report: one field per fact, and one per objective that the project serves."""

from collections.abc import Sequence
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import Field, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from fundapp import clock, meanwhile
from fundapp.applications.saving import Question
from fundapp.goals.models import Objective
from fundapp.languages import _d, _dl, _l
from fundapp.meanwhile import Basis
from fundapp.reports.actions import Answers, ReportFacts
from fundapp.reports.rules import CARRIED_OUT
from fundapp.web.fields import AtMost, CountField, DayField, Form, KronorField, LineField, Needed, TextField

_COUNT = _l("Write how many. Write 0 for none.")


class ReportForm(Form):
    carried_out = RadioField(
        _l("Was the project carried out?"),
        [Needed(_l("Choose whether the project was carried out."))],
        choices=[],
        validate_choice=False,
    )
    what_was_done = TextField(_l("What was done"), [Needed(_l("Write what you did.")), AtMost(5000)])
    women = CountField(_l("Women"), [Needed(_COUNT)])
    men = CountField(_l("Men"), [Needed(_COUNT)])
    girls = CountField(_l("Girls"), [Needed(_COUNT)])
    boys = CountField(_l("Boys"), [Needed(_COUNT)])
    used = KronorField(_l("Used of the grant"), [Needed(_l("Write how much of the grant you used, in whole kronor."))])
    deviations = TextField(_l("What differed from the application"), [AtMost(5000)])
    lives_on = TextField(
        _l("What lives on"), [Needed(_l("Write what lives on after the project, or that nothing does.")), AtMost(5000)]
    )

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.carried_out.choices = [SelectChoice(code, str(label)) for code, label in CARRIED_OUT.items()]

    def validate_carried_out(self, field: RadioField) -> None:
        if field.data not in CARRIED_OUT:
            raise ValidationError(str(_l("Choose whether the project was carried out.")))


def result_name(objective: Objective) -> str:
    """The field of an objective: `result_2_3` for 2.3."""
    return f"result_{objective.code.replace('.', '_')}"


def report_form(objectives: list[Objective], answers: Answers | None = None) -> ReportForm:
    """The form with a field per objective. `answers`: a draft as it was typed; else what the request holds."""
    fields: dict[str, Any] = {
        result_name(objective): TextField(
            _l("What you reached for objective %(code)s", code=objective.code),
            [Needed(_l("Write what you reached for this objective, or that nothing was reached.")), AtMost(5000)],
        )
        for objective in objectives
    }
    form: ReportForm = type("ReportFormOfProject", (ReportForm,), fields)(
        formdata=MultiDict([(name, text) for name, texts in answers.items() for text in texts])
        if answers is not None
        else request.form
    )
    return form


def answers_sent(form: ReportForm) -> Answers:
    """What the request holds for the form's fields, exactly as typed."""
    return {field.name: request.form.getlist(field.name) for field in form}


def signs_of(form: ReportForm, answers: Answers) -> str:
    """The signs of what the page shows, for its hidden field: also of a field that nothing is written in."""
    return meanwhile.signs({field.name: answers.get(field.name, []) for field in form})


def basis_sent() -> Basis:
    """What the page said of itself beside the answers."""
    return Basis(
        seen=meanwhile.read_signs(request.form.get("seen", "")),
        shown=frozenset(request.form.getlist("shown")),
        choices={name.removeprefix("keep:"): text for name, text in request.form.items() if name.startswith("keep:")},
    )


def two_texts(form: ReportForm, mine: Answers, theirs: Answers) -> list[Question]:
    """The two texts of each field that waits for a choice."""
    return [
        Question(
            name=field.name,
            label=str(field.label.text),
            mine=_readable(field, mine[field.name]),
            theirs=_readable(field, theirs.get(field.name, [])),
            by=None,
            at=None,
        )
        for field in form
        if field.name in mine
    ]


def _readable(field: Field, texts: Sequence[str]) -> tuple[str, ...]:
    """What was chosen by its label."""
    labels = CARRIED_OUT if isinstance(field, RadioField) else {}
    return tuple(str(labels.get(text, text)) for text in texts if text)


def facts_of(form: ReportForm, objectives: list[Objective]) -> ReportFacts:
    """What a form that was accepted says."""
    return ReportFacts(
        carried_out=form.carried_out.data,
        what_was_done=form.what_was_done.data,
        deviations=form.deviations.data or "",
        lives_on=form.lives_on.data,
        women=form.women.data,
        men=form.men.data,
        girls=form.girls.data,
        boys=form.boys.data,
        used=form.used.data,
        results={objective.id: form[result_name(objective)].data for objective in objectives},
    )


class AdditionsForm(Form):
    note = TextField(
        _dl("What must be added"), [Needed(_dl("Write what the association should add or explain.")), AtMost(2000)]
    )


class RepaidForm(Form):
    received_on = DayField(_dl("Received on"), [Needed(_dl("Write the day the money came in."))])
    reference = LineField(
        _dl("Reference"), [Needed(_dl("Write the payment's reference in the accounts.")), AtMost(100)]
    )

    def __init__(self, **rest: Any) -> None:
        super().__init__(data={"received_on": clock.today()}, **rest)

    def validate_received_on(self, field: DayField) -> None:
        if field.data and field.data > clock.today():
            raise ValidationError(_d("Write the day the money came in; it cannot be a day that is still to come."))
