"""The forms of flags and notes. Their fields' names are their own: they stand on the case page beside others."""

from wtforms.validators import StopValidation

from fundapp.applications.questions.base import ChoiceField, choices
from fundapp.languages import _d, _dl
from fundapp.remarks import rules
from fundapp.remarks.models import FlagKind
from fundapp.web.fields import AtMost, Form, Needed, TextField


class FlagForm(Form):
    """Why the case is flagged, and whether that stops it."""

    flag_kind = ChoiceField(
        _dl("What the flag does"),
        choices=choices((kind.name, kind.label) for kind in FlagKind),
        default=FlagKind.LOOK.name,
    )
    flag_reason = TextField(
        _dl("Reason for the flag"),
        [Needed(_dl("Write why you raise the flag.")), AtMost(rules.MOST_LETTERS_OF_FLAG)],
    )


class ResolveForm(Form):
    """With what word a flag is resolved."""

    resolution = TextField(
        _dl("How it was resolved"),
        [Needed(_dl("Write in a few words how it was resolved.")), AtMost(rules.MOST_LETTERS_OF_FLAG)],
    )


class NoteForm(Form):
    """A note for the other officials; `original` is the text that a correction begins with."""

    note = TextField(_dl("Internal note"), [Needed(_dl("Write your note.")), AtMost(rules.MOST_LETTERS_OF_NOTE)])
    original: str | None = None

    def validate_note(self, field: TextField) -> None:
        if self.original is not None and field.data == self.original:
            raise StopValidation(_d("The text is the same as before. Change it, or leave the note as it is."))
