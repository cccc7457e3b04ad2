"""What is asked when a day becomes a holiday, or is none any more."""

from typing import Any

from wtforms import RadioField

from fundapp.languages import _d, _dl
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed


class HolidayForm(Form):
    day = DayField(_dl("Day"), [Needed(_dl("Write the day."))])
    kind = RadioField(_dl("What it is"), validate_choice=True)
    source = LineField(_dl("The law that says so"), [Needed(_dl("Write the law that says so.")), AtMost(300)])

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(data={"kind": "holiday"}, **kwargs)
        self.kind.choices = [("holiday", _d("A holiday")), ("weekday", _d("No holiday"))]
