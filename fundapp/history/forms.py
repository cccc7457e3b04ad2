"""What the auditor may ask the history for."""

from fundapp.languages import _dl
from fundapp.web.fields import DayField, Form, LineField


class HistoryFilter(Form):
    """All may be empty; read from the address."""

    person = LineField(_dl("Person"))
    day = DayField(_dl("Day"))
    thread = LineField(_dl("Reference"))
