"""Form fields: what may be typed, what it means, what is told where it cannot be read; nothing is lost."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Field

from fundapp.languages import speaking
from fundapp.web.fields import (
    AtMost,
    CountField,
    DayField,
    EmailField,
    Form,
    GiroField,
    KronorField,
    LineField,
    Needed,
    OrgNumberField,
    PhoneField,
    PostalCodeField,
    TextField,
    tidy,
)


class Every(Form):
    kronor = KronorField("Sum")
    count = CountField("People")
    day = DayField("Day")
    org_number = OrgNumberField("Number")
    bankgiro = GiroField("Bankgiro")
    plusgiro = GiroField("Plusgiro", shortest=2)
    email = EmailField("E-mail")
    phone = PhoneField("Phone")
    postal_code = PostalCodeField("Postal code")
    line = LineField("Line", [AtMost(10)])
    text = TextField("Text")
    needed = LineField("Needed", [Needed("Write it.")])  # type: ignore[arg-type]


def filled(name: str, typed: str) -> Field:
    """The field after `typed` was sent in it, checked."""
    with speaking("en"):
        form = Every(formdata=MultiDict({name: typed}))
        form.validate()
        return form[name]


KRONOR = "Write whole kronor with digits only, for example 45000."
PEOPLE = "Write a number of people with digits only, for example 25. Write 0 for none."
DAY = "Write the date as year, month and day, for example 2017-03-06."
NUMBER = "Write the organisation number with ten digits, for example 802001-5577. Check each digit."
GIRO = "Check the number against a bill or your bank: a digit seems to be wrong."
EMAIL = "Write an e-mail address, for example name@example.org."
PHONE = "Write a phone number, for example 070-123 45 67."
POSTAL = "Write the postal code with five digits, for example 952 81."


@pytest.mark.parametrize(
    ("name", "typed", "meant"),
    [
        ("kronor", "45 000", 45_000),
        ("kronor", "45000 kr", 45_000),
        ("kronor", "45 000 KR.", 45_000),
        ("kronor", "45000:-", 45_000),
        ("kronor", "45\u00a0000\u202fkr", 45_000),
        ("kronor", "٤٥٠٠٠", 45_000),
        ("kronor", "\u2067٤٥ ٠٠٠\u2069", 45_000),
        ("kronor", "۴۵۰۰۰", 45_000),
        ("kronor", "0", 0),
        ("kronor", "1000000000", 1_000_000_000),
        ("count", "25", 25),
        ("count", "٠", 0),
        ("day", "2017-03-06", date(2017, 3, 6)),
        ("day", "20170306", date(2017, 3, 6)),
        ("day", "2017/03/06", date(2017, 3, 6)),
        ("day", "2017.03.06", date(2017, 3, 6)),
        ("day", "2016-02-29", date(2016, 2, 29)),
        ("day", "٢٠١٧-٠٣-٠٦", date(2017, 3, 6)),
        ("org_number", "802001-5577", "8020015577"),
        ("org_number", "8020015577", "8020015577"),
        ("org_number", "16802001-5577", "8020015577"),
        ("org_number", " 802001 5577 ", "8020015577"),
        ("bankgiro", "5050-1055", "50501055"),
        ("bankgiro", "50501055", "50501055"),
        ("plusgiro", "18-2", "182"),
        ("email", "Amina@Exempel.Example", "amina@exempel.example"),
        ("email", "åsa@kalix.example", "åsa@kalix.example"),
        ("phone", "070-123 45 67", "+46701234567"),
        ("phone", "+46 70 123 45 67", "+46701234567"),
        ("phone", "+358 40 1234567", "+358401234567"),
        ("postal_code", "952 81", "95281"),
        ("postal_code", "95281", "95281"),
        ("line", "A\u030asa\x00\x07", "Åsa"),
        ("line", "", ""),
        ("text", "ett\r\n\r\ntvå\x0b", "ett\n\ntvå"),
    ],
)
def test_what_is_typed_is_read_as_it_was_meant(name: str, typed: str, meant: Any) -> None:
    field = filled(name, typed)
    assert (field.data, list(field.errors)) == (meant, [])


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("kronor", "45,5", KRONOR),
        ("kronor", "45.50", KRONOR),
        ("kronor", "-5", KRONOR),
        ("kronor", "−5", KRONOR),
        ("kronor", "45 tusen", KRONOR),
        ("kronor", "1e5", KRONOR),
        ("kronor", "1234567890123", KRONOR),
        ("kronor", "½", KRONOR),
        ("kronor", "²", KRONOR),
        ("kronor", "kr", KRONOR),
        ("kronor", "1000000001", "Write a sum below one billion kronor."),
        ("count", "-1", PEOPLE),
        ("count", "about ten", PEOPLE),
        ("count", "2.5", PEOPLE),
        ("count", "100001", PEOPLE),
        ("day", "2017-02-29", DAY),
        ("day", "2017-13-01", DAY),
        ("day", "6 mars 2017", DAY),
        ("day", "06/03/2017", DAY),
        ("day", "17-03-06", DAY),
        ("day", "0001-01-01", DAY),
        ("day", "9999-12-31", DAY),
        ("org_number", "802001-5578", NUMBER),
        ("org_number", "802001-557", NUMBER),
        ("org_number", "17802001-5577", NUMBER),
        ("org_number", "Kalix", NUMBER),
        ("bankgiro", "5050-1056", GIRO),
        ("bankgiro", "18-2", GIRO),
        ("bankgiro", "5050505050", GIRO),
        ("plusgiro", "18-3", GIRO),
        ("email", "amina", EMAIL),
        ("email", "amina@", EMAIL),
        ("email", "a@b@c.example", EMAIL),
        ("phone", "seven", PHONE),
        ("phone", "12", PHONE),
        ("postal_code", "0123", POSTAL),
        ("postal_code", "01234", POSTAL),
        ("postal_code", "AB 123", POSTAL),
        ("line", "x" * 11, "Shorten the text to 10 characters; it has 11 now."),
        ("needed", "  ", "Write it."),
        ("needed", "", "Write it."),
    ],
)
def test_what_cannot_be_read_is_told_in_words_and_stays_in_the_box(name: str, typed: str, told: str) -> None:
    field = filled(name, typed)
    assert [str(error) for error in field.errors] == [told]
    if typed.strip():
        assert field._value() == typed


@pytest.mark.parametrize(
    ("name", "kept", "shown"),
    [
        ("day", date(2017, 3, 6), "2017-03-06"),
        ("org_number", "8020015577", "802001-5577"),
        ("bankgiro", "50501055", "5050-1055"),
        ("plusgiro", "182", "18-2"),
        ("postal_code", "95281", "952 81"),
        ("kronor", 45_000, "45000"),
        ("kronor", 0, "0"),
        ("kronor", None, ""),
    ],
)
def test_what_is_kept_is_shown_in_the_box_and_read_back_as_the_same(name: str, kept: Any, shown: str) -> None:
    form = Every(formdata=None, data={name: kept})
    assert form[name]._value() == shown
    assert filled(name, shown).data == kept


def test_an_empty_answer_means_nothing_and_is_no_fault_where_it_is_not_needed() -> None:
    for name in ("kronor", "count", "day", "org_number", "bankgiro", "email", "phone", "postal_code"):
        for typed in ("", "   ", "\t"):
            field = filled(name, typed)
            assert (field.data, list(field.errors)) == (None, []), name


@pytest.mark.parametrize("name", [name for name in Every(formdata=MultiDict())._fields if name != "needed"])
@given(typed=st.text(max_size=40))
def test_nothing_that_can_be_typed_breaks_a_field_or_is_lost(name: str, typed: str) -> None:
    field = filled(name, typed)
    assert isinstance(list(field.errors), list)
    if field.errors:
        assert field.raw_data == [typed]
    show: Callable[[], str] = field._value
    assert isinstance(show(), str)


@given(st.text(max_size=60))
def test_a_tidy_line_is_one_line_and_tidying_again_changes_nothing(text: str) -> None:
    kept = tidy(text)
    assert "\n" not in kept
    assert "\x00" not in kept
    assert tidy(kept) == kept
