"""The form for a document that came or went another way than through these pages."""

from flask_wtf.file import FileField
from wtforms.validators import StopValidation

from fundapp import clock, files
from fundapp.applications.questions.base import ChoiceField, choices
from fundapp.languages import _d, _dl
from fundapp.registry.models import Direction
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed


class DocumentForm(Form):
    """What OSL 5:2 asks of an entry in the diary, and the file where there is one (`checked` once it is accepted)."""

    direction = ChoiceField(
        _dl("How it came to be"),
        choices=choices((direction.name, direction.label) for direction in Direction),
        default=Direction.RECEIVED.name,
    )
    dated = DayField(_dl("Date"), [Needed(_dl("Write the day it came in, was drawn up or was sent."))])
    counterpart = LineField(_dl("From or to whom"), [Needed(_dl("Write who it is from or to.")), AtMost(200)])
    subject = LineField(_dl("What it concerns"), [Needed(_dl("Write briefly what it concerns.")), AtMost(400)])
    file = FileField(_dl("File"))

    checked: files.Checked | None = None

    def validate_dated(self, field: DayField) -> None:
        if field.data and field.data > clock.today():
            raise StopValidation(_d("Write today's date or an earlier one."))

    def validate_file(self, field: FileField) -> None:
        if not field.data:
            return
        try:
            self.checked = files.accept([(field.data.filename or "", field.data.read(files.LARGEST + 1))])
        except files.NotAccepted as fault:
            raise StopValidation(str(fault.reason)) from fault
