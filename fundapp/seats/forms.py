"""What is asked when somebody gets a seat in a body, and when the seat changes or ends."""

from typing import Any

from wtforms import SelectField

from fundapp.languages import _d, _dl
from fundapp.seats.models import Position
from fundapp.web.fields import AtMost, DayField, EmailField, Form, LineField, Needed, ReadField, read_whole_number


class RankField(ReadField):
    """A place in the order of a list, from 0."""

    def read(self, text: str) -> int:
        value = read_whole_number(text)
        if value is None or value > 999:
            raise ValueError(_d("Write the place in the list with digits, for example 4."))
        return value


class GiveSeatForm(Form):
    """Somebody gets a seat; whose address is known keeps the name of the account."""

    name = LineField(_dl("Name"), [Needed(_dl("Write the name.")), AtMost(200)])
    email = EmailField(_dl("E-mail"), [Needed(_dl("Write the e-mail address. The person signs in with it."))])
    position = SelectField(_dl("Position"))
    party = LineField(_dl("Party"), [AtMost(60)])
    begins_on = DayField(_dl("First day"), [Needed(_dl("Write the first day of the term."))])
    ends_on = DayField(_dl("Last day"), [Needed(_dl("Write the last day of the term."))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("data", {"position": Position.MEMBER.name})
        super().__init__(*args, **kwargs)
        self.position.choices = [(position.name, str(position.label)) for position in Position]


class SeatForm(Form):
    """A seat's party, its place in the list, and its last day."""

    party = LineField(_dl("Party"), [AtMost(60)])
    rank = RankField(_dl("Place in the list"), [Needed(_dl("Write the place in the list."))])
    ends_on = DayField(_dl("Last day"), [Needed(_dl("Write the last day of the term."))])
