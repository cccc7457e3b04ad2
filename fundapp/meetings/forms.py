"""What is asked when a sitting is planned and its agenda made."""

import re
from collections.abc import Sequence
from datetime import time
from typing import Any

from flask import request
from flask_login import current_user
from wtforms import BooleanField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError

from fundapp import clock
from fundapp.languages import _d, _dl
from fundapp.meetings import rules
from fundapp.meetings.queries import Sitting, deciding_boards
from fundapp.permissions import Permission, is_allowed
from fundapp.web.fields import (
    AtMost,
    DayField,
    Form,
    LineField,
    Needed,
    ReadField,
    TextField,
    read_whole_number,
    tidy,
    western,
)

EACH, TOGETHER = "each", "together"


class TimeField(ReadField):
    """A local time of day: `9`, `9.30`, `09:30` or `kl. 9.30`."""

    def read(self, text: str) -> time:
        match = re.fullmatch(r"(?:kl\.?)?(\d{1,2})(?:[.:]?(\d{2}))?", western(text).lower().replace(" ", ""))
        try:
            return time(int(match[1]), int(match[2] or 0)) if match else _no_time()
        except ValueError:
            raise ValueError(_d("Write the time as hour and minute, for example 09:30.")) from None

    def write(self, value: time) -> str:
        return value.isoformat("minutes")


def _no_time() -> time:
    raise ValueError


class ChangeMeetingForm(Form):
    """Day, time and place of a sitting."""

    held_on = DayField(_dl("Day of the sitting"), [Needed(_dl("Write the day of the sitting."))])
    begins_at = TimeField(_dl("Begins at"))
    place = LineField(_dl("Place"), [AtMost(200)])
    is_public = BooleanField(_dl("The sitting is open to the public"))

    def validate_held_on(self, held_on: DayField) -> None:
        reason = rules.why_not_on(held_on.data, clock.today()) if held_on.data else None
        if reason is not None:
            raise ValidationError(str(reason))


class MeetingForm(ChangeMeetingForm):
    """A new sitting; time and place are the body's usual ones where they are left empty."""

    board = SelectField(_dl("Body"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = (board for board in deciding_boards() if is_allowed(current_user, Permission.PREPARE_MEETING, board))
        self.boards = {board.code: board for board in own}
        self.board.choices = [(code, board.name) for code, board in self.boards.items()]

    @property
    def usual(self) -> str:
        """Each body's usual time and place, as a hint; empty where none is known."""
        found = []
        for board in self.boards.values():
            begins_at, place = rules.usual_begin(board.sittings), board.sittings.get("place")
            words = [begins_at.isoformat("minutes") if begins_at else "", place or ""]
            if any(words):
                found.append(f"{board.abbreviation} {', '.join(word for word in words if word)}")
        return "; ".join(found)


class OrderForm(Form):
    """A number at each paragraph, under its public id. `typed` is what stands in each box, `faults` beside which."""

    def __init__(self, keys: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.typed = {key: str(place) for place, key in enumerate(keys, 1)}
        self.places: dict[str, int] = {}
        self.faults: dict[str, str] = {}

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        for key in self.typed:
            if f"place-{key}" not in request.form:
                continue
            self.typed[key] = tidy(request.form[f"place-{key}"])[:12]
            place = read_whole_number(self.typed[key])
            if place is None:
                self.faults[key] = _d("Write a whole number, for example 3.")
            else:
                self.places[key] = place
        return not self.faults


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
