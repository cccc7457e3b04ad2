"""What an official fills in about the plan."""

from wtforms.validators import ValidationError

from fundapp.languages import Lazy, _d, _dl
from fundapp.web.fields import Form, LineField

# What a board may answer about an objective: the value in the form, its meaning in the table, and its word.
ANSWERS: dict[str, tuple[bool | None, Lazy]] = {
    "yes": (True, _dl("Yes, it answers for it")),
    "no": (False, _dl("No")),
    "undecided": (None, _dl("Not decided")),
}


class AnswerForm(Form):
    answer = LineField(_dl("Does the board answer for this objective?"))

    def validate_answer(self, field: LineField) -> None:
        if field.data not in ANSWERS:
            raise ValidationError(_d("Choose yes, no or not decided."))
