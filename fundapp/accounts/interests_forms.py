"""Forms of the register of interests."""

from typing import Any

from wtforms.validators import StopValidation

from fundapp.languages import _d, _dl
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed, OrgNumberField, TextField


class ChangeForm(Form):
    """What may be said anew of an interest."""

    role = LineField(_dl("Your role there"), [Needed(_dl("Write what you do there.")), AtMost(200)])
    begins_on = DayField(_dl("From"), [Needed(_dl("Write the first day."))])
    ends_on = DayField(_dl("Until"))
    note = TextField(_dl("Note"), [AtMost(500)])

    def validate_ends_on(self, field: Any) -> None:
        if field.data and self.begins_on.data and field.data < self.begins_on.data:
            raise StopValidation(_d("The last day is before the first. Write a later one."))

    def values(self) -> dict[str, Any]:
        """What `interests.keep` and `interests.change` take."""
        return {
            "role": self.role.data,
            "begins_on": self.begins_on.data,
            "ends_on": self.ends_on.data,
            "note": self.note.data or "",
        }


class InterestForm(ChangeForm):
    """A new interest."""

    name = LineField(_dl("Organisation"), [Needed(_dl("Write the name of the organisation.")), AtMost(200)])
    org_number = OrgNumberField(_dl("Organisation number"))
