"""What is asked when a sitting is planned and its agenda made."""

from typing import Any

from wtforms import SelectField, SelectMultipleField
from wtforms.validators import ValidationError

from fundapp import clock
from fundapp.languages import _d, _dl
from fundapp.meetings import rules
from fundapp.meetings.queries import Sitting, deciding_boards
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed, TextField

EACH, TOGETHER = "each", "together"


class MeetingForm(Form):
    board = SelectField(_dl("Body"))
    held_on = DayField(_dl("Day of the sitting"), [Needed(_dl("Write the day of the sitting."))])
    place = LineField(_dl("Place"), [AtMost(200)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.boards = {board.code: board for board in deciding_boards()}
        self.board.choices = [(code, board.name) for code, board in self.boards.items()]

    def validate_held_on(self, held_on: DayField) -> None:
        reason = rules.why_not_on(held_on.data, clock.today()) if held_on.data else None
        if reason is not None:
            raise ValidationError(str(reason))


class ItemForm(Form):
    heading = LineField(_dl("Heading"), [Needed(_dl("Write a heading.")), AtMost(300)])
    text = TextField(_dl("Text"), [AtMost(5000)])


class AgendaForm(Form):
    """Which of the ready cases come up, and under which paragraph."""

    cases = SelectMultipleField(
        _dl("Cases that are ready"), [Needed(_dl("Choose at least one case."))], validate_choice=False
    )
    place = SelectField(_dl("Under which paragraph"))

    def __init__(self, *args: Any, sitting: Sitting, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place.choices = [
            (EACH, _d("A new paragraph for each")),
            (TOGETHER, _d("One new paragraph for all")),
            *((row.item.public_id, self.name_of(number, row)) for number, row in enumerate(sitting.items, 1)),
        ]

    @staticmethod
    def name_of(number: int, row: Any) -> str:
        sign = f"§ {row.item.number}" if row.item.number is not None else f"{number}."
        return f"{sign} {row.item.heading}"
