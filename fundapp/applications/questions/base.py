"""What every section of a form has in common: built from texts as typed, read as facts and as answers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FormField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from fundapp import languages
from fundapp.applications.models import Application
from fundapp.data_texts import chosen
from fundapp.languages import Lazy, _
from fundapp.web.fields import CountField, DayField, Form, KronorField, Needed, ReadField, RowList

MOST_ROWS = 30
_NAME = re.compile(r"([^-]+)(?:-[0-9]{1,3}(?:-\w+)?)?", re.ASCII)  # a field, a row of it, and a field of the row


@dataclass(frozen=True)
class Answer:
    """A question and its answer as it is read: text, a list of texts, rows of answers, or None. `is_typed`: the words
    are the applicant's own; `is_figure`: a sum, a day or a number; `is_field`: it has a field on the section's page;
    `is_needed`: without it the form cannot be sent.
    """

    code: str
    question: str
    value: Any
    is_typed: bool = False
    is_figure: bool = False
    is_field: bool = True
    is_needed: bool = False

    @property
    def is_rows(self) -> bool:
        return isinstance(self.value, list) and bool(self.value) and isinstance(self.value[0], list)


class SectionForm(Form):
    """A section of a form. `answers` maps a field's name to the list of texts it was sent with."""

    section_code: ClassVar[str]
    section_title: ClassVar[Lazy]

    def __init__(self, application: Application, answers: dict[str, list[str]]) -> None:
        self.application = application
        self.typed = answers
        super().__init__(formdata=MultiDict([(name, text) for name, texts in answers.items() for text in texts]))
        self.fit()

    @classmethod
    def for_application(cls, _application: Application) -> "type[SectionForm]":
        """The class to use; a form whose fields follow the fund's terms makes its own."""
        return cls

    def fit(self) -> None:
        """Set choices that follow the fund or the plan."""

    def facts(self) -> dict[str, Any]:
        """The columns of the application that this section fills; only of a section without faults."""
        return {}

    def answers(self) -> list[Answer]:
        """Every question and its answer in the language spoken now."""
        return [_answer(field) for field in self]

    def faults(self) -> list[str]:
        """The questions that are not answered, or not so that they can be read, by their labels."""
        self.validate()
        return [str(field.label.text) for field in self if field.errors]

    @property
    def own_fields(self) -> list[Field]:
        """The questions that the fund has added, in their order."""
        return [field for field in self if field.short_name.startswith("own_")]

    def questions(self) -> list[tuple[str, str]]:
        """Code and words of each question that has a field, or a file, of its own."""
        return [(answer.code, answer.question) for answer in self.answers() if answer.is_field]

    def lock_all_but(self, opened: frozenset[str] | None) -> None:
        """Let nothing be written in the other fields on the page; None: all are open. What is posted for them all the
        same, `actions.save_section` leaves out.
        """
        if opened is not None:
            for field in self:
                if field.short_name not in opened:
                    _lock(field)

    def own_texts(self, posted: MultiDict[str, str]) -> dict[str, list[str]]:
        """What was posted for this section's fields and their rows, as typed, but for what PostgreSQL cannot hold in
        JSON: NUL, and half a character (a lone surrogate), which a script may send.
        """
        return {
            name: [text.replace("\x00", "").encode("utf-8", "ignore").decode() for text in posted.getlist(name)]
            for name in posted
            if (found := _NAME.fullmatch(name)) is not None and found[1] in self._fields
        }


def _lock(field: Field) -> None:
    field.render_kw = {"readonly": True}
    if isinstance(field, RowsField):
        for entry in field.entries:
            for part in entry.form:
                _lock(part)
    elif isinstance(field, (SelectField, SelectMultipleField, BooleanField)):
        field.render_kw = {"disabled": True}  # these know no readonly


class RowForm(Form):
    """One row among several. A row with nothing in it is left out and never wrong."""

    @property
    def is_empty(self) -> bool:
        return not any(str(text).strip() for field in self for text in field.raw_data or [])

    def validate(self, extra_validators: Any = None) -> bool:
        return self.is_empty or bool(super().validate(extra_validators))


class RowsField(RowList):
    """Rows of one kind; always one to write in, at most MOST_ROWS."""

    def __init__(self, row: type[RowForm], label: Lazy, validators: Any = None, *, at_first: int = 2, **rest: Any):
        super().__init__(FormField(row), label, validators, min_entries=at_first, max_entries=MOST_ROWS, **rest)

    @property
    def filled(self) -> list[RowForm]:
        return [entry.form for entry in self.entries if not entry.form.is_empty]

    def add_row(self) -> None:
        """One more empty row to write in, unless there are as many as there can be."""
        if len(self.entries) < MOST_ROWS:
            self.append_entry()


class OneRow:
    """At least one row must be filled in."""

    def __init__(self, what: Lazy) -> None:
        self.what = what

    def __call__(self, form: Any, field: RowsField) -> None:
        if not field.filled:
            raise StopValidation(str(self.what))


class ChoiceField(SelectField):
    """One of several; a choice that is no longer offered is asked for again."""

    def pre_validate(self, form: Any) -> None:
        if self.data is not None and self.data not in {value for value, *_rest in self.iter_choices()}:
            raise StopValidation(_("Choose one of the alternatives."))


class ChoicesField(SelectMultipleField):
    """Any number of several; a choice that is no longer offered is asked for again."""

    def pre_validate(self, form: Any) -> None:
        if set(self.data or []) - {value for value, *_rest in self.iter_choices()}:
            raise StopValidation(_("Choose among the alternatives shown."))


def choices(pairs: Iterable[tuple[str, Lazy | str]]) -> list[SelectChoice]:
    """Value and label as options of a choice field."""
    return [SelectChoice(value, label) for value, label in pairs]


def _answer(field: Field) -> Answer:
    question = str(field.label.text)
    if isinstance(field, RowsField):
        is_needed = any(isinstance(validator, OneRow) for validator in field.validators)
        rows = [[_answer(part) for part in row] for row in field.filled]
        return Answer(field.short_name, question, rows, is_needed=is_needed)
    value, is_typed = _value(field)
    is_figure = isinstance(field, ReadField) and not is_typed
    is_needed = any(isinstance(validator, Needed) for validator in field.validators)
    return Answer(field.short_name, question, value, is_typed, is_figure, is_needed=is_needed)


def _value(field: Field) -> tuple[Any, bool]:
    """The answer as it is read, and whether its words are the applicant's own."""
    if isinstance(field, SelectMultipleField):
        return [str(option.label) for option in field.iter_choices() if option.selected], False
    if isinstance(field, SelectField):
        chosen = [str(option.label) for option in field.iter_choices() if option.value and option.selected]
        return (chosen[0] if chosen else None), False
    if isinstance(field, BooleanField):
        return (_("Yes") if field.data else None), False
    if field.process_errors:
        return str(field.raw_data[0]), True
    if field.data is None or field.data == "":
        return None, False
    return (_written(field), False) if isinstance(field, ReadField) else (str(field.data), True)


def _written(field: ReadField) -> str:
    if isinstance(field, KronorField):
        return languages.money(field.data)
    if isinstance(field, DayField):
        return languages.long_day(field.data)
    if isinstance(field, CountField):
        return languages.number(field.data)
    return field.write(field.data)


def fund_label(item: dict[str, Any]) -> Lazy:
    """`fund_text` for a label, which is looked up anew in each language that one form is read in."""
    return Lazy(lambda _source: fund_text(item), item["text"]["sv"], {})


def fund_text(item: dict[str, Any]) -> str:
    """The text of an item of the fund's terms in the language spoken now; Swedish where there is no translation."""
    return chosen(item["text"])[1]
