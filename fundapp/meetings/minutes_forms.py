"""What is asked when a signature on paper is recorded."""

from typing import Any

from flask_wtf.file import FileField
from wtforms.validators import StopValidation

from fundapp import clock, files
from fundapp.languages import _d, _dl
from fundapp.meetings.minutes import Minutes
from fundapp.meetings.signing import why_not_signed_on
from fundapp.web.fields import DayField, Form, Needed


class SignedPageForm(Form):
    """The day and the signed page (`checked` once it is accepted)."""

    signed_on = DayField(_dl("Day of the signature"), [Needed(_dl("Write the day on the signed page."))])
    file = FileField(_dl("The signed page"))

    checked: files.Checked | None = None

    def __init__(self, minutes: Minutes, **rest: Any) -> None:
        super().__init__(**rest)
        self.minutes = minutes

    def validate_signed_on(self, field: DayField) -> None:
        if field.data is None:
            return
        reason = why_not_signed_on(field.data, self.minutes.meeting.held_on, clock.today())
        if reason is not None:
            raise StopValidation(str(reason))

    def validate_file(self, field: FileField) -> None:
        if not field.data:
            raise StopValidation(_d("Choose the file with the signed page."))
        try:
            self.checked = files.accept([(field.data.filename or "", field.data.read(files.LARGEST + 1))])
        except files.NotAccepted as fault:
            raise StopValidation(str(fault.reason)) from fault
