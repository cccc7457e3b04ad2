"""Forms about a document's secrecy: the mark, its end, a masked copy, and who got what."""

from flask_wtf.file import FileField
from wtforms import BooleanField
from wtforms.validators import StopValidation

from fundapp import clock, files
from fundapp.languages import _d, _dl
from fundapp.web.fields import AtMost, DayField, Form, LineField, Needed, TextField

MOST_WORDS, LONGEST, SHORTEST = 200, 100, 2


class MarkForm(Form):
    paragraph = LineField(
        _dl("Which paragraph may make it secret"),
        [Needed(_dl("Write the paragraph, for example OSL 26:1.")), AtMost(100)],
    )
    reason = TextField(_dl("Why it must be examined"), [Needed(_dl("Write briefly why.")), AtMost(1000)])
    hides_case = BooleanField(_dl("Hide the case's subject and parties from the public too"))


class LiftForm(Form):
    reason = TextField(_dl("Why the mark is lifted"), [Needed(_dl("Write briefly why.")), AtMost(1000)])


class CopyForm(Form):
    """`wanted`: the words, each once. `checked`: the file, where one is sent."""

    words = TextField(_dl("Words that must not be in the copy"), [AtMost(5000)])
    paragraph = LineField(
        _dl("Under which paragraph"), [Needed(_dl("Write the paragraph, for example OSL 26:1.")), AtMost(100)]
    )
    file = FileField(_dl("The masked copy"))

    checked: files.Checked | None = None
    needs_file = False

    @property
    def wanted(self) -> list[str]:
        lines = (" ".join(line.split()) for line in (self.words.data or "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def validate_words(self, field: TextField) -> None:
        if not self.wanted:
            raise StopValidation(_d("Write the words, one name or word on each line."))
        if len(self.wanted) > MOST_WORDS:
            raise StopValidation(_d("Write at most %(most)s lines.", most=MOST_WORDS))
        odd = [word for word in self.wanted if not SHORTEST <= len(word) <= LONGEST]
        if odd:
            raise StopValidation(_d("Write a whole word or name instead of “%(word)s”.", word=odd[0][:LONGEST]))

    def validate_file(self, field: FileField) -> None:
        if not self.needs_file:
            return
        if not field.data:
            raise StopValidation(_d("Choose the file in which you have masked the words."))
        try:
            self.checked = files.accept([(field.data.filename or "", field.data.read(files.LARGEST + 1))])
        except files.NotAccepted as fault:
            raise StopValidation(str(fault.reason)) from fault


class GiveOutForm(Form):
    recipient = LineField(
        _dl("Who got it"), [Needed(_dl("Write who got it, or that nobody said who they are.")), AtMost(200)]
    )
    given_on = DayField(_dl("Day"), [Needed(_dl("Write the day it was given out."))])

    def validate_given_on(self, field: DayField) -> None:
        if field.data and field.data > clock.today():
            raise StopValidation(_d("Write today's date or an earlier one."))
