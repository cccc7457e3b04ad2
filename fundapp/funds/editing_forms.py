"""A form for each part of a fund's terms: its value, where it comes from, and whether it is an assumption."""

from collections.abc import Mapping
from typing import Any, ClassVar

from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.validators import StopValidation

from fundapp.accounts.models import OrganisationKind
from fundapp.applications.questions.base import ChoicesField, RowForm, RowsField, choices
from fundapp.boards.queries import boards_of
from fundapp.funds.models import Fund, FundKind
from fundapp.funds.queries import label_of
from fundapp.languages import _d, _dl
from fundapp.web.fields import AtMost, EmailField, Form, LineField, Needed, ReadField, TextField, read_whole_number

KINDS = choices((kind.value, kind.label) for kind in OrganisationKind)
_SWEDISH = Needed(_dl("Write the text in Swedish: it is the one that holds."))


class PartForm(Form):
    """One part of the terms. `seen` is the version of the fund that the page showed."""

    has_rows: ClassVar[bool] = False
    is_optional: ClassVar[bool] = False

    source = LineField(
        _dl("Where it comes from"), [Needed(_dl("Write which decision or text it comes from.")), AtMost(300)]
    )
    is_assumption = BooleanField(_dl("It is an assumption: nobody has decided it yet"))
    version = HiddenField()

    @property
    def is_blank(self) -> bool:
        """Whether a part that a fund can do without was left empty."""
        return False

    def validate(self, extra_validators: Any = None) -> bool:
        is_right = bool(super().validate(extra_validators))
        if self.is_optional and self.is_blank:
            self.source.errors = []
            return not self.errors
        return is_right

    @property
    def seen(self) -> int:
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def value(self, before: Any) -> Any:
        """What the terms keep. `before`: what they kept."""
        raise NotImplementedError

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        """The fields of a value that is kept."""
        raise NotImplementedError

    def kept(self, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """The value with its source."""
        if self.is_optional and self.is_blank:
            return None
        value = self.value(before["value"] if before else None)
        return {"value": value, "source": self.source.data, "is_assumption": bool(self.is_assumption.data)}


def text_of(swedish: str, english: str, before: Mapping[str, str] | None) -> dict[str, str]:
    """A text by language. What stands in other languages goes when the Swedish is changed: it says another thing."""
    others = {code: text for code, text in (before or {}).items() if code not in ("sv", "en")}
    kept = others if before and before["sv"] == swedish else {}
    return {"sv": swedish} | ({"en": english} if english else {}) | kept


class NameForm(PartForm):
    name = LineField(_dl("Name, in Swedish"), [Needed(_dl("Write the name of the fund.")), AtMost(200)])

    def value(self, before: Any) -> Any:
        return self.name.data

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"name": value}


class WordsForm(PartForm):
    sv = TextField(_dl("In Swedish"), [_SWEDISH, AtMost(2000)])
    en = TextField(_dl("In English"), [AtMost(2000)])

    def value(self, before: Any) -> Any:
        return text_of(self.sv.data, self.en.data, before)

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"sv": value["sv"], "en": value.get("en", "")}


class OptionalWordsForm(WordsForm):
    is_optional = True
    sv = TextField(_dl("In Swedish"), [AtMost(2000)])

    @property
    def is_blank(self) -> bool:
        return not self.sv.data


class ItemRow(RowForm):
    """A row is taken away by emptying its texts; its code stays with what was answered under it."""

    code = HiddenField()
    sv = TextField(_dl("In Swedish"), [_SWEDISH, AtMost(1000)])
    en = TextField(_dl("In English"), [AtMost(1000)])

    @property
    def is_empty(self) -> bool:
        return not any((field.data or "").strip() for field in self if isinstance(field, TextField))

    def value(self, before: Mapping[str, Any] | None) -> dict[str, Any]:
        return {"text": text_of(self.sv.data, self.en.data, before["text"] if before else None)}

    @staticmethod
    def typed(item: Mapping[str, Any]) -> dict[str, Any]:
        return {"code": item["code"], "sv": item["text"]["sv"], "en": item["text"].get("en", "")}


class CheckRow(ItemRow):
    applicant_types = ChoicesField(_dl("For whom"), choices=KINDS, default=[value for value, *_rest in KINDS])

    def validate_applicant_types(self, field: ChoicesField) -> None:
        if not field.data:
            raise StopValidation(_d("Choose at least one kind of organisation."))

    def value(self, before: Mapping[str, Any] | None) -> dict[str, Any]:
        return super().value(before) | {"applicant_types": self.applicant_types.data}

    @staticmethod
    def typed(item: Mapping[str, Any]) -> dict[str, Any]:
        return ItemRow.typed(item) | {"applicant_types": item["applicant_types"]}


class AttachmentRow(CheckRow):
    is_required = BooleanField(_dl("Must be sent along"))

    def value(self, before: Mapping[str, Any] | None) -> dict[str, Any]:
        return super().value(before) | {"is_required": bool(self.is_required.data)}

    @staticmethod
    def typed(item: Mapping[str, Any]) -> dict[str, Any]:
        return CheckRow.typed(item) | {"is_required": item["is_required"]}


class EligibilityRow(CheckRow):
    """A question that must be answered with yes, why, and what to do instead for who answers no."""

    reason_sv = TextField(_dl("Why, in Swedish"), [_SWEDISH, AtMost(1000)])
    reason_en = TextField(_dl("Why, in English"), [AtMost(1000)])
    instead_sv = TextField(_dl("What to do instead, in Swedish"), [_SWEDISH, AtMost(1000)])
    instead_en = TextField(_dl("What to do instead, in English"), [AtMost(1000)])
    is_about_period = BooleanField(_dl("Show the period of the round beside it"))

    def value(self, before: Mapping[str, Any] | None) -> dict[str, Any]:
        known = before or {}
        return super().value(before) | {
            "reason": text_of(self.reason_sv.data, self.reason_en.data, known.get("reason")),
            "instead": text_of(self.instead_sv.data, self.instead_en.data, known.get("instead")),
            "is_about_period": bool(self.is_about_period.data),
        }

    @staticmethod
    def typed(item: Mapping[str, Any]) -> dict[str, Any]:
        texts = {f"{name}_{code}": item[name].get(code, "") for name in ("reason", "instead") for code in ("sv", "en")}
        return CheckRow.typed(item) | texts | {"is_about_period": item["is_about_period"]}


class ItemsForm(PartForm):
    """Texts in a list, each with a code that it keeps."""

    has_rows = True
    row: ClassVar[type[ItemRow]] = ItemRow
    letter: ClassVar[str] = ""

    items = RowsField(ItemRow, _dl("Texts"))

    @property
    def is_blank(self) -> bool:
        return not self.items.filled

    def value(self, before: Any) -> Any:
        known = {item["code"]: item for item in before or []}
        found: list[dict[str, Any]] = []
        for row in self.items.filled:
            code, used = row.code.data, {item["code"] for item in found}
            if code not in known or code in used:
                code = self._next_code({*known, *used})
            found.append({"code": code} | row.value(known.get(code)))
        return found

    def _next_code(self, taken: set[str]) -> str:
        return next(f"{self.letter}{n}" for n in range(1, 1000) if f"{self.letter}{n}" not in taken)

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"items": [ItemRow.typed(item) for item in value]}


def _items_form(letter: str, row: type[ItemRow] = ItemRow, *, is_optional: bool = False) -> type[PartForm]:
    own = {
        "letter": letter,
        "is_optional": is_optional,
        "items": RowsField(row, _dl("Texts"), at_first=0),
        "typed": staticmethod(lambda value: {"items": [row.typed(item) for item in value]}),
    }
    made: type[PartForm] = type("ItemsForm", (ItemsForm,), own)
    return made


class TypesForm(PartForm):
    types = ChoicesField(
        _dl("Who may apply"), [Needed(_dl("Choose at least one kind of organisation."))], choices=KINDS
    )

    def value(self, before: Any) -> Any:
        return self.types.data

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"types": value}


class YesNoForm(PartForm):
    answer = RadioField(
        _dl("Yes or no"),
        [Needed(_dl("Choose yes or no."))],
        choices=choices([("yes", _dl("Yes")), ("no", _dl("No"))]),
        validate_choice=False,
    )

    def value(self, before: Any) -> Any:
        return self.answer.data == "yes"

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"answer": "yes" if value else "no"}


class BodyForm(PartForm):
    body = SelectField(_dl("Body"))

    def __init__(self, *args: Any, municipality: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.body.choices = choices((board.code, board.name) for board in boards_of(municipality))

    def value(self, before: Any) -> Any:
        return self.body.data

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"body": value}


class DaysField(ReadField):
    """A whole number of days or months."""

    def read(self, text: str) -> int:
        value = read_whole_number(text)
        if value is None or value > 999:
            raise ValueError(_d("Write a whole number with digits only, for example 30."))
        return value


class CountForm(PartForm):
    count = DaysField(_dl("Number"), [Needed(_dl("Write a number."))])

    def value(self, before: Any) -> Any:
        return self.count.data

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"count": value}


class MonthsForm(CountForm):
    def validate_count(self, field: DaysField) -> None:
        if field.data == 0:
            raise StopValidation(_d("Write 1 month or more."))


class NumbersField(ReadField):
    """Whole numbers after each other, with whatever stands between them."""

    def read(self, text: str) -> list[int]:
        parts = "".join(sign if sign.isdecimal() else " " for sign in text).split()
        if not parts or any(len(part) > 3 for part in parts):
            raise ValueError(_d("Write whole numbers with a comma between them, for example 50, 50."))
        return [int(part) for part in parts]

    def write(self, value: list[int]) -> str:
        return ", ".join(str(number) for number in value)


class InstalmentsForm(PartForm):
    parts = NumbersField(
        _dl("Instalments in per cent"), [Needed(_dl("Write how the grant is paid, for example 50, 50."))]
    )

    def validate_parts(self, field: NumbersField) -> None:
        if field.data and (sum(field.data) != 100 or 0 in field.data):
            raise StopValidation(_d("Write per cents above 0 that make 100 together, for example 50, 50."))

    def value(self, before: Any) -> Any:
        return self.parts.data

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"parts": value}


class RemindersForm(PartForm):
    days = NumbersField(_dl("Days before the last day"), [Needed(_dl("Write on which days, for example 7, 1."))])

    def validate_days(self, field: NumbersField) -> None:
        if field.data and (0 in field.data or max(field.data) > 60):
            raise StopValidation(_d("Write numbers of days from 1 to 60."))

    def value(self, before: Any) -> Any:
        return sorted(set(self.days.data), reverse=True)

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"days": value}


class ContactForm(PartForm):
    address = LineField(_dl("Where they sit"), [Needed(_dl("Write where they sit, as one line.")), AtMost(200)])
    email = EmailField(_dl("E-mail"), [Needed(_dl("Write the e-mail address that applicants write to."))])

    def value(self, before: Any) -> Any:
        return {"address": self.address.data, "email": self.email.data}

    @staticmethod
    def typed(value: Any) -> dict[str, Any]:
        return {"address": value["address"], "email": value["email"]}


_OF_ALL: dict[str, type[PartForm]] = {
    "name": NameForm,
    "purpose": WordsForm,
    "handling": WordsForm,
    "goals": _items_form("G"),
    "applicant_types": TypesForm,
    "not_supported": _items_form("N", is_optional=True),
    "eligibility": _items_form("E", EligibilityRow, is_optional=True),
    "conditions": _items_form(""),
    "attachments": _items_form("file_", AttachmentRow),
    "formal_checks": _items_form("F", CheckRow),
    "criteria": _items_form("K"),
    "contact": ContactForm,
    "deciding_body": BodyForm,
    "statutes_body": BodyForm,
    "late_days": CountForm,
    "draft_reminders": RemindersForm,
    "draft_kept_days": CountForm,
    "second_look": YesNoForm,
}
_OF_FUNDS: dict[str, type[PartForm]] = {
    "target_groups": _items_form("T", is_optional=True),
    "municipal_priority": OptionalWordsForm,
    "report_months": MonthsForm,
    "instalments": InstalmentsForm,
}
_OF_STIPENDS: dict[str, type[PartForm]] = {"takes_nominations": YesNoForm}


def parts_of(fund: Fund) -> dict[str, type[PartForm]]:
    """The parts that are edited, each with its form, in the order of the page."""
    own = _OF_FUNDS if fund.kind is FundKind.FUND else _OF_STIPENDS
    return _OF_ALL | own


def part_form(fund: Fund, part: str) -> PartForm:
    """The form of a part, with what is kept and two rows to write in. Errors: KeyError for a part there is not."""
    made, kept = parts_of(fund)[part], fund.terms.get(part)
    given: dict[str, Any] = {"version": str(fund.version)}
    if kept is not None:
        given |= made.typed(kept["value"]) | {"source": kept["source"], "is_assumption": kept["is_assumption"]}
    rest = {"municipality": fund.municipality} if issubclass(made, BodyForm) else {}
    form = made(data=given, **rest)
    for field in (form[name] for name in ("sv", "name", "types", "answer", "body", "count") if name in form):
        if made not in (WordsForm, OptionalWordsForm):
            field.label.text = label_of(part)
    if form.has_rows and not form.is_submitted():
        form["items"].add_row()
        form["items"].add_row()
    return form
