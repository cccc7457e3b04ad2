"""Form fields for what this field of work asks: whole kronor, counts, days, Swedish numbers. Nothing typed is lost.

A field keeps what was typed beside what it means: an answer that cannot be read is shown again as it was.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from stdnum import luhn
from stdnum.exceptions import ValidationError as NumberError
from stdnum.se import orgnr
from wtforms import Field, FieldList, StringField, TextAreaField
from wtforms.validators import StopValidation
from wtforms.widgets import TextInput

from fundapp.composed import composed
from fundapp.languages import Lazy, _, _n

LARGEST_SUM = 1_000_000_000
_SPACE = re.compile(r"[\s\u00a0\u061c\u2000-\u200f\u202a-\u202f\u2066-\u2069\ufeff]+")
_UNSEEN = re.compile(r"[\u061c\u200b-\u200f\ufeff]")  # marks that come along when something is pasted
_DASHES = re.compile(r"[-\u2010-\u2013\u2212]")


class _Texts:
    """WTForms' own messages, from our catalogue."""

    def gettext(self, text: str) -> str:
        return _(text)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return _n(one, many, n)


class Form(FlaskForm):
    """Every form's base. The token against forgery is checked at the door, for every POST."""

    class Meta:
        csrf = False
        locales = False

        def get_translations(self, form: Any) -> _Texts:
            return _Texts()

    @property
    def status(self) -> int:
        """422 for a form that was sent and not accepted, else 200."""
        return 422 if request.method == "POST" else 200


class Needed:
    """The answer must be there. Says what to write, not that something is wrong."""

    field_flags = {"required": True}

    def __init__(self, what: Lazy) -> None:
        self.what = what

    def __call__(self, form: Any, field: Field) -> None:
        raw = getattr(field, "raw_data", None) or []
        if not any(str(value).strip() for value in raw if value is not None) and field.data in (None, "", [], False):
            field.errors = []
            raise StopValidation(str(self.what))


class AtMost:
    """A text of at most `letters` characters."""

    def __init__(self, letters: int) -> None:
        self.letters = letters

    def __call__(self, form: Any, field: Field) -> None:
        length = len(field.data or "")
        if length > self.letters:
            raise StopValidation(
                _("Shorten the text to %(most)s characters; it has %(length)s now.", most=self.letters, length=length)
            )


# Embeddings, overrides and isolates turn the words after them on a page; what a script needs (ZWNJ, LRM, RLM) stays.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _is_kept(character: str) -> bool:
    # A lone surrogate (Cs) is half a character, which no database takes.
    return unicodedata.category(character) not in ("Cc", "Cs") and character not in _TURNING


def western(text: str) -> str:
    """The text with digits of every script (٤, ۴) as 0–9."""
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _bare(text: str) -> str:
    """A number as typed, without blanks and dashes, in our digits."""
    return western(_DASHES.sub("", _SPACE.sub("", text)))


def tidy(text: str | None) -> str:
    """One line as it is kept: composed, without control and turning characters and outer blanks."""
    kept = composed(text or "")
    return "".join(c for c in kept if _is_kept(c) or c == "\t").strip()


def tidy_lines(text: str | None) -> str:
    """Several lines as they are kept: composed, without other control characters than line breaks."""
    kept = composed((text or "").replace("\r\n", "\n"))
    return "".join(c for c in kept if _is_kept(c) or c in "\n\t").strip()


class LineField(StringField):
    """One line of text."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = tidy(valuelist[0])


class TextField(TextAreaField):
    """Several lines of text."""

    data: Any

    def process_formdata(self, valuelist: list[Any]) -> None:
        if valuelist:
            self.data = tidy_lines(valuelist[0])


class ReadField(Field):
    """A field whose typed text is read by `read`; what cannot be read stays in the box, beside its message."""

    data: Any
    widget = TextInput()

    def read(self, text: str) -> Any:
        """Errors: ValueError with the sentence for the person."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        return str(value)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = tidy(valuelist[0]) if valuelist else ""
        if text:
            self.data = self.read(text)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data in (None, "") else self.write(self.data)  # a column that holds no number holds ""


def read_whole_number(text: str) -> int | None:
    """Digits of any script, with blanks, Arabic thousands signs and `kr` left out; None for what is no whole number."""
    bare = _SPACE.sub("", text).replace("\u066c", "")
    bare = re.sub(r"(?i)kr\.?$|:-$", "", bare)
    return int(bare) if re.fullmatch(r"\d{1,12}", bare) else None


class KronorField(ReadField):
    """Whole kronor: `45 000`, `45000 kr` or `٤٥٠٠٠`; never a comma, an öre or a minus."""

    def read(self, text: str) -> int:
        value = read_whole_number(text)
        if value is None:
            raise ValueError(_("Write whole kronor with digits only, for example 45000."))
        if value > LARGEST_SUM:
            raise ValueError(_("Write a sum below one billion kronor."))
        return value


class CountField(ReadField):
    """A number of people: 0 or more."""

    def read(self, text: str) -> int:
        value = read_whole_number(text)
        if value is None or value > 100_000:
            raise ValueError(_("Write a number of people with digits only, for example 25. Write 0 for none."))
        return value


class DayField(ReadField):
    """A local day, written 2017-03-06, in the years 1900 to 2199: days that every calendar and database can hold."""

    def read(self, text: str) -> date:
        digits = _DASHES.sub("-", western(_SPACE.sub("", text)))
        match = re.fullmatch(r"((?:19|20|21)\d{2})[-/.]?(\d{2})[-/.]?(\d{2})", digits)
        try:
            return date(*(int(part) for part in match.groups())) if match else _no_day()
        except ValueError:
            raise ValueError(_("Write the date as year, month and day, for example 2017-03-06.")) from None

    def write(self, value: date) -> str:
        return value.isoformat()


def _no_day() -> date:
    raise ValueError


class OrgNumberField(ReadField):
    """An organisation number; kept as ten digits. Source of the check: python-stdnum."""

    def read(self, text: str) -> str:
        digits = _bare(text)
        if len(digits) == 12 and digits.startswith("16"):
            digits = digits[2:]
        try:
            return str(orgnr.validate(digits))
        except NumberError:
            raise ValueError(
                _("Write the organisation number with ten digits, for example 802001-5577. Check each digit.")
            ) from None

    def write(self, value: str) -> str:
        return f"{value[:6]}-{value[6:]}"


class GiroField(ReadField):
    """A bankgiro (7–8 digits) or plusgiro (2–8 digits) with its check digit; kept as digits."""

    def __init__(self, label: Any = None, validators: Any = None, shortest: int = 7, **rest: Any) -> None:
        super().__init__(label, validators, **rest)
        self.shortest = shortest

    def read(self, text: str) -> str:
        digits = _bare(text)
        if not re.fullmatch(rf"[0-9]{{{self.shortest},8}}", digits) or not luhn.is_valid(digits):
            raise ValueError(_("Check the number against a bill or your bank: a digit seems to be wrong."))
        return digits

    def write(self, value: str) -> str:
        return f"{value[:-4]}-{value[-4:]}" if self.shortest == 7 else f"{value[:-1]}-{value[-1:]}"


class RowList(FieldList):
    """Rows of a form. A name is a row's where its number is one that a page of ours writes: WTForms asks for a digit of
    whatever kind, and fails where it is `²`.
    """

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        for name in formdata:
            found = _ROW.match(name.removeprefix(prefix)) if name.startswith(prefix) else None
            if found is not None:
                yield int(found[1])


_ROW = re.compile(r"-([0-9]{1,3})(?:-|$)", re.ASCII)
_LONGEST_ADDRESS = 254  # RFC 5321
_MOST_LOOKED_AT = 20_000  # signs, seen and unseen: to tidy a megabyte takes a second


def address_in(text: str) -> str | None:
    """A typed e-mail address as it is kept: in lower case, without signs that nobody sees. None: it is no address."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  dear to import, seldom typed

    if len(text) > _MOST_LOOKED_AT:
        return None
    seen = _UNSEEN.sub("", tidy(text))
    if len(seen) > _LONGEST_ADDRESS:
        return None
    try:
        return validate_email(seen, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


class EmailField(ReadField):
    """An e-mail address, kept in lower case."""

    def read(self, text: str) -> str:
        address = address_in(text)
        if address is None:
            raise ValueError(_("Write an e-mail address, for example name@example.org."))
        return address


class PhoneField(ReadField):
    """A phone number, kept as +46…; Swedish where no country is given."""

    def read(self, text: str) -> str:
        import phonenumbers  # noqa: PLC0415  dear to import, seldom typed

        try:
            number = phonenumbers.parse(western(_UNSEEN.sub("", text)), "SE")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValueError(_("Write a phone number, for example 070-123 45 67."))
        return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


class PostalCodeField(ReadField):
    """A Swedish postal code, kept as five digits."""

    def read(self, text: str) -> str:
        digits = _bare(text)
        if not re.fullmatch(r"[1-9][0-9]{4}", digits):
            raise ValueError(_("Write the postal code with five digits, for example 952 81."))
        return digits

    def write(self, value: str) -> str:
        return f"{value[:3]} {value[3:]}"
