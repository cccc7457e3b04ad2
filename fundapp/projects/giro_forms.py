"""What an official fills in about a change of account numbers."""

from wtforms import BooleanField
from wtforms.validators import StopValidation

from fundapp.languages import _d, _dl
from fundapp.web.fields import AtMost, Form, Needed, TextField


class ApproveAccountForm(Form):
    has_called = BooleanField(_dl("I have called a number that we knew before, and they want this change"))
    verified = TextField(
        _dl("Whom you spoke with, and on which number"),
        [Needed(_dl("Write how you made sure that the organisation itself asks for this.")), AtMost(500)],
    )

    def validate_has_called(self, field: BooleanField) -> None:
        if not field.data:
            raise StopValidation(_d("Call first, and tick this when they have said yes."))


class RefuseAccountForm(Form):
    remark = TextField(_dl("Why not"), [Needed(_dl("Write why the account is not changed.")), AtMost(500)])
