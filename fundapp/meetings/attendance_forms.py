"""What is asked about who is there: the roll, comings and goings, the chair, the checker. § are chosen from a list."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, FormField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError

from fundapp.languages import _d, _dl
from fundapp.meetings.proceedings import Presence
from fundapp.seats.models import Seat
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed, RowList

ABSENT, IN_ORDER, IDLE = "", "in_order", "idle"


def _named(seat: Seat) -> str:
    parts = [seat.name, str(seat.position.label) if not seat.is_member or seat.position.value != "member" else ""]
    return ", ".join(part for part in (*parts, seat.party) if part)


def _people(seats: Sequence[Seat], first: str) -> list[tuple[str, str]]:
    return [("", first), *((seat.public_id, _named(seat)) for seat in seats)]


def _paragraphs(numbers: Sequence[int], first: str | None = None) -> list[tuple[str, str]]:
    return [*([("", first)] if first is not None else []), *((str(number), f"§ {number}") for number in numbers)]


def _latest(field: str, numbers: Sequence[int]) -> dict[str, Any]:
    """The § that is being dealt with is the likeliest answer."""
    return {"data": {field: str(numbers[-1])} if numbers else {}}


class OtherForm(Form):
    """Somebody there who is not of the body."""

    name = LineField(_dl("Name"), [AtMost(200)])
    title = LineField(_dl("Title"), [AtMost(100)])


class RollForm(Form):
    """Who is there from the beginning: all members until somebody is unticked; each substitute answers for itself."""

    present = SelectMultipleField(_dl("Members present"), validate_choice=False)
    chair = SelectField(_dl("In the chair"))
    others = RowList(FormField(OtherForm), _dl("Others present"), min_entries=3, max_entries=12)

    def __init__(self, *args: Any, seats: Sequence[Seat], called: Sequence[Presence] = (), **kwargs: Any) -> None:
        """`called`: the attendance so far, where the roll was called before."""
        kwargs.setdefault("data", _roll_so_far(called) or {"present": [seat.public_id for seat in seats]})
        super().__init__(*args, **kwargs)
        self.seats = {seat.public_id: seat for seat in seats}
        members = [seat for seat in seats if seat.is_member]
        self.present.choices = [(seat.public_id, _named(seat)) for seat in members]
        self.chair.choices = _people(members + self.substitutes, _d("The first of the presidium who is there"))

    def validate_present(self, field: SelectMultipleField) -> None:
        """Somebody may have lost the seat since the page was opened."""
        if not set(field.data or ()) <= self.seats.keys():
            raise ValidationError(_d("The list of members has changed. Open the page again."))

    @property
    def substitutes(self) -> list[Seat]:
        return [seat for seat in self.seats.values() if not seat.is_member]


def _roll_so_far(called: Sequence[Presence]) -> dict[str, Any]:
    if not called:
        return {}
    others = [{"name": row.name, "title": row.title} for row in called if row.seat is None]
    return {"present": [row.seat.public_id for row in called if row.seat is not None], "others": others}


def answer_so_far(seat: Seat, called: Sequence[Presence]) -> str:
    """What a substitute was there as; the first of several lines."""
    row = next((row for row in called if row.seat_id == seat.id), None)
    if row is None:
        return ABSENT
    return row.in_place_of.public_id if row.in_place_of is not None else IDLE


class SubstituteForm(Form):
    """What a substitute is there as; bound to a prefix of its own by the roll's page."""

    serves = SelectField(_dl("Present as"), default=ABSENT)

    def __init__(self, *args: Any, members: Sequence[Seat], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.serves.choices = [
            (ABSENT, _d("Absent")),
            (IN_ORDER, _d("Present: serves if a place is empty")),
            (IDLE, _d("Present: does not serve")),
            *((seat.public_id, _d("Serves for %(name)s", name=seat.name)) for seat in members),
        ]


class ArriveForm(Form):
    who = SelectField(_dl("Who comes"), [Needed(_dl("Choose who comes."))])
    first = SelectField(_dl("There from"))
    in_place_of = SelectField(_dl("A substitute serves for"))
    is_idle = BooleanField(_dl("A substitute who does not serve"))

    def __init__(self, *args: Any, seats: Sequence[Seat], numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **(_latest("first", numbers) | kwargs))
        self.who.choices = _people(seats, _d("Choose"))
        self.first.choices = _paragraphs(numbers)
        self.in_place_of.choices = _people([each for each in seats if each.is_member], _d("The first empty place"))


class LeaveForm(Form):
    who = SelectField(_dl("Who leaves"), [Needed(_dl("Choose who leaves."))])
    last = SelectField(_dl("There to the end of"))
    replaced_by = SelectField(_dl("Whose place is taken by"))

    def __init__(self, *args: Any, seats: Sequence[Seat], numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **(_latest("last", numbers) | kwargs))
        self.who.choices = _people(seats, _d("Choose"))
        self.last.choices = _paragraphs(numbers)
        self.replaced_by.choices = [
            *_people([seat for seat in seats if not seat.is_member], _d("The first substitute in the room")),
            (IDLE, _d("Nobody")),
        ]


class ChairForm(Form):
    who = SelectField(_dl("In the chair"), [Needed(_dl("Choose who is in the chair."))])
    first = SelectField(_dl("From"))
    last = SelectField(_dl("To the end of"))

    def __init__(self, *args: Any, seats: Sequence[Seat], numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **(_latest("first", numbers) | kwargs))
        self.who.choices = _people(seats, _d("Choose"))
        self.first.choices = _paragraphs(numbers)
        self.last.choices = _paragraphs(numbers, _d("the sitting"))


class PresentForm(OtherForm):
    """One more who is there, for all of the sitting or from one § to another."""

    name = LineField(_dl("Name"), [Needed(_dl("Write the name.")), AtMost(200)])
    first = SelectField(_dl("From"))
    last = SelectField(_dl("To the end of"))

    def __init__(self, *args: Any, numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first.choices = _paragraphs(numbers, _d("the beginning"))
        self.last.choices = _paragraphs(numbers, _d("the sitting"))


class CorrectForm(Form):
    """From and to which § somebody was there."""

    first = SelectField(_dl("From"))
    last = SelectField(_dl("To the end of"))

    def __init__(self, *args: Any, presence: Presence, numbers: Sequence[int], **kwargs: Any) -> None:
        kwargs.setdefault("data", {"first": str(presence.first or ""), "last": str(presence.last or "")})
        super().__init__(*args, **kwargs)
        self.first.choices = _paragraphs(numbers, _d("the beginning"))
        self.last.choices = _paragraphs(numbers, _d("the sitting"))


class CheckerForm(Form):
    who = SelectField(_dl("Who checks the minutes"), [Needed(_dl("Choose who checks the minutes."))])
    signing_on = DayField(_dl("Day"))
    place = LineField(_dl("Place"), [AtMost(200)])

    def __init__(self, *args: Any, seats: Sequence[Seat], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.who.choices = _people(seats, _d("Choose"))


def number_of(field: SelectField) -> int | None:
    """The § chosen, or None where the sitting's own end is."""
    return int(field.data) if field.data else None
