"""What the secretary fills in when a decision changes a frame."""

from datetime import date

from wtforms import Field
from wtforms.validators import StopValidation

from fundapp import clock
from fundapp.funds.models import Round
from fundapp.funds.queries import round_sums
from fundapp.languages import _d, _dl, money
from fundapp.web.fields import AtMost, DayField, Form, KronorField, LineField, Needed, read_whole_number


class FrameForm(Form):
    """A new frame, and the decision that sets it: body, day and paragraph."""

    frame = KronorField(_dl("New frame"), [Needed(_dl("Write the new frame in whole kronor."))])
    body = LineField(_dl("Who decided"), [Needed(_dl("Write which body decided.")), AtMost(100)])
    decided_on = DayField(_dl("Date of the decision"), [Needed(_dl("Write the date of the decision."))])
    paragraph = LineField(_dl("Paragraph (§)"), [Needed(_dl("Write the number of the paragraph, for example 45."))])

    def __init__(self, round_: Round, today: date | None = None) -> None:
        super().__init__()
        self.round_, self.today = round_, today or clock.today()
        if not self.is_submitted():
            self.body.data = round_.fund.board.name

    def validate_frame(self, field: Field) -> None:
        bound = round_sums(self.round_).bound
        if field.data is not None and field.data < bound:
            raise StopValidation(
                _d("%(bound)s is granted or reserved already. Write that sum or more.", bound=money(bound))
            )
        if field.data == self.round_.frame:
            raise StopValidation(_d("This is the frame already. Write the new one."))

    def validate_decided_on(self, field: Field) -> None:
        if field.data is not None and field.data > self.today:
            raise StopValidation(_d("The decision must have been made. Write a date that is not in the future."))

    def validate_paragraph(self, field: Field) -> None:
        number = read_whole_number((field.data or "").removeprefix("§"))
        if not number or number > 9999:
            raise StopValidation(_d("Write the number of the paragraph, for example 45."))

    @property
    def reference(self) -> str:
        """`Kommunstyrelsen 2017-03-06 § 45`, as the ledger keeps it."""
        number = read_whole_number(self.paragraph.data.removeprefix("§"))
        return f"{self.body.data} {self.decided_on.data.isoformat()} § {number}"
