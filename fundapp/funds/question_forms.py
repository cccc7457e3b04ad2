"""Which questions of the form a fund asks, and questions of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.validators import StopValidation

from fundapp.applications.models import ApplicationKind
from fundapp.applications.questions import SECTIONS, SectionForm
from fundapp.applications.questions.asked import (
    ALL_STAY,
    TAKES_NO_OWN,
    changes_of,
    is_always_asked,
    own_questions,
)
from fundapp.applications.questions.base import OneRow, RowsField, choices
from fundapp.funds.editing_forms import ItemRow, text_of
from fundapp.funds.models import Fund, FundKind
from fundapp.languages import Lazy, _d, _dl
from fundapp.web.fields import AtMost, Form, LineField, Needed, TextField

SOURCE = {"source": "Formuläret, ändrat i administrationen", "is_assumption": False}
KIND_LABELS: dict[str, Lazy] = {
    "short": _dl("A line of text"),
    "long": _dl("A longer text"),
    "number": _dl("A number"),
    "yes_no": _dl("Yes or no"),
    "choice": _dl("One of several alternatives"),
}


@dataclass(frozen=True)
class Question:
    """A question of the form: `place` is section and code, `default` how all funds ask it ("needed", "may")."""

    place: str
    words: str
    default: str
    is_fixed: bool


@dataclass(frozen=True)
class Section:
    code: str
    title: str
    questions: tuple[Question, ...]
    own: tuple[Mapping[str, Any], ...]

    @property
    def takes_own(self) -> bool:
        return self.code not in TAKES_NO_OWN


def forms_of(fund: Fund) -> list[type[SectionForm]]:
    """The sections of the fund's forms, each once."""
    kinds = [ApplicationKind.GRANT]
    if fund.kind is not FundKind.FUND:
        kinds = [ApplicationKind.AWARD, ApplicationKind.NOMINATION]
    found = {form.section_code: form for kind in kinds for form in SECTIONS[kind]}
    return list(found.values())


def sections_of(fund: Fund, terms: Mapping[str, Any] | None = None) -> list[Section]:
    """Every section with all that can be asked in it, whether the fund asks it or not."""
    terms = fund.terms if terms is None else terms
    # Not an Application: a round of the fund that is never kept would hang on to it.
    blank: Any = SimpleNamespace(round=SimpleNamespace(fund=fund), terms=terms, organisation=None)
    found = []
    for form_class in forms_of(fund):
        code = form_class.section_code
        form = form_class.for_application(blank)(blank, {}) if code not in ALL_STAY else None
        questions = tuple(_question(code, field) for field in form) if form is not None else ()
        found.append(Section(code, str(form_class.section_title), questions, tuple(own_questions(terms, code))))
    return found


def _question(section: str, field: Any) -> Question:
    needed = any(isinstance(one, Needed | OneRow) for one in field.validators)
    place = f"{section}.{field.short_name}"
    fixed = is_always_asked(section, field.short_name)
    return Question(place, str(field.label.text), "needed" if needed else "may", fixed)


class QuestionsForm(Form):
    """A choice for each question that a fund may ask otherwise."""

    sections: Sequence[Section] = ()
    version = HiddenField()

    def rows(self, section: Section) -> list[tuple[Question, Any]]:
        """Each question of a section with its field; None for one that is always asked."""
        return [(question, None if question.is_fixed else self[question.place]) for question in section.questions]

    def changes(self) -> list[dict[str, Any]]:
        """What is asked otherwise than in all funds, as the terms keep it."""
        found = []
        for question in (each for section in self.sections for each in section.questions if not each.is_fixed):
            chosen = self[question.place].data
            if chosen in _CHOICES and chosen != question.default:
                is_needed = chosen == "needed"
                found.append({"code": question.place, "is_off": chosen == "off", "is_needed": is_needed})
        return found

    def validate(self, extra_validators: Any = None) -> bool:
        """In each part at least one question must stay."""
        is_right = bool(super().validate(extra_validators))
        for section in self.sections:
            open_ones = [question for question in section.questions if not question.is_fixed]
            is_empty = len(open_ones) == len(section.questions) and not section.own
            if open_ones and is_empty and all(self[question.place].data == "off" for question in open_ones):
                first = self[open_ones[0].place]
                first.errors = [_d("Ask at least one question in this part.")]
                is_right = False
        return is_right


_HOW = (("needed", _dl("Must be answered")), ("may", _dl("May be answered")), ("off", _dl("Not asked")))


_CHOICES = frozenset(value for value, _words in _HOW)


def _choice_of(question: Question) -> RadioField:
    return RadioField(question.words, choices=choices(_HOW), validate_choice=False)


def questions_form(fund: Fund) -> QuestionsForm:
    sections, changed = sections_of(fund), changes_of(fund.terms)
    places = [question for section in sections for question in section.questions if not question.is_fixed]
    fields: dict[str, Any] = {question.place: _choice_of(question) for question in places}
    made: type[QuestionsForm] = type("FundQuestionsForm", (QuestionsForm,), fields | {"sections": sections})
    given = {question.place: _now(question, changed.get(question.place)) for question in places}
    return made(data=given | {"version": str(fund.version)})


def _now(question: Question, change: Mapping[str, Any] | None) -> str:
    if change is None:
        return question.default
    return "off" if change["is_off"] else "needed" if change["is_needed"] else "may"


class OptionRow(ItemRow):
    """One alternative, on a line."""

    sv = LineField(_dl("In Swedish"), [Needed(_dl("Write the alternative in Swedish.")), AtMost(150)])
    en = LineField(_dl("In English"), [AtMost(150)])

    @property
    def is_empty(self) -> bool:
        return not (self.sv.data or self.en.data)


class OwnQuestionForm(Form):
    """A question that the fund adds to a part of the form."""

    section = SelectField(_dl("Part of the form"))
    sv = LineField(_dl("The question, in Swedish"), [Needed(_dl("Write the question in Swedish.")), AtMost(300)])
    en = LineField(_dl("The question, in English"), [AtMost(300)])
    kind = RadioField(
        _dl("How it is answered"),
        [Needed(_dl("Choose how it is answered."))],
        choices=choices(KIND_LABELS.items()),
        validate_choice=False,
    )
    hint_sv = TextField(_dl("A word of help, in Swedish"), [AtMost(500)])
    hint_en = TextField(_dl("A word of help, in English"), [AtMost(500)])
    options = RowsField(OptionRow, _dl("Alternatives"), at_first=3)
    is_needed = BooleanField(_dl("It must be answered"))
    version = HiddenField()

    def validate_options(self, field: RowsField) -> None:
        if self.kind.data == "choice" and len(field.filled) < 2:
            raise StopValidation(_d("Write at least two alternatives."))

    def validate_hint_en(self, field: TextField) -> None:
        if field.data and not self.hint_sv.data:
            raise StopValidation(_d("Write the help in Swedish too: it is the one that holds."))

    def item(self, code: str, before: Mapping[str, Any] | None) -> dict[str, Any]:
        """The question as the terms keep it."""
        known = before or {}
        hint = text_of(self.hint_sv.data, self.hint_en.data, known.get("hint")) if self.hint_sv.data else None
        return {
            "code": code,
            "text": text_of(self.sv.data, self.en.data, known.get("text")),
            "section": self.section.data,
            "kind": self.kind.data,
            "hint": hint,
            "options": self._options(known) if self.kind.data == "choice" else [],
            "is_needed": bool(self.is_needed.data),
        }

    def _options(self, known: Mapping[str, Any]) -> list[dict[str, Any]]:
        before = {option["code"]: option for option in known.get("options", [])}
        found: dict[str, dict[str, Any]] = {}
        for row in self.options.filled:
            code = row.code.data
            if code not in before or code in found:
                code = next(f"o{n}" for n in range(1, 1000) if f"o{n}" not in {*before, *found})
            old = before.get(code)
            found[code] = {"code": code, "text": text_of(row.sv.data, row.en.data, old["text"] if old else None)}
        return list(found.values())


def own_question_form(fund: Fund, item: Mapping[str, Any] | None, section: str | None) -> OwnQuestionForm:
    """The form of a question that is there, or of a new one in a section."""
    given: dict[str, Any] = {"version": str(fund.version), "section": section, "kind": None}
    if item is not None:
        hint = item.get("hint") or {}
        given |= {
            "section": item["section"],
            "sv": item["text"]["sv"],
            "en": item["text"].get("en", ""),
            "kind": item["kind"],
            "hint_sv": hint.get("sv", ""),
            "hint_en": hint.get("en", ""),
            "options": [ItemRow.typed(option) for option in item["options"]],
            "is_needed": item["is_needed"],
        }
    form = OwnQuestionForm(data=given)
    offered = [form_class for form_class in forms_of(fund) if form_class.section_code not in TAKES_NO_OWN]
    form.section.choices = choices((each.section_code, each.section_title) for each in offered)
    return form


def with_question(terms: Mapping[str, Any], item: Mapping[str, Any] | None, code: str) -> dict[str, Any] | None:
    """The fund's own questions with one put in the place of the one with its code, or last; None takes it away."""
    kept = terms.get("own_questions")
    known = list(kept["value"]) if kept else []
    if item is None:
        found = [one for one in known if one["code"] != code]
    elif any(one["code"] == code for one in known):
        found = [item if one["code"] == code else one for one in known]
    else:
        found = [*known, item]
    return {"value": found} | SOURCE if found else None


def free_code(terms: Mapping[str, Any]) -> str:
    """A code that none of the fund's own questions has."""
    kept = terms.get("own_questions")
    taken = {one["code"] for one in kept["value"]} if kept else set()
    return next(f"q{n}" for n in range(1, 1000) if f"q{n}" not in taken)
