"""The forms of referrals. That of the question has a row for each of the municipality's bodies, and some for others."""

from collections.abc import Sequence
from typing import Any

from flask_wtf.file import FileField
from markupsafe import Markup
from wtforms import BooleanField
from wtforms.validators import StopValidation

from fundapp import clock, files
from fundapp.applications.questions.base import ChoicesField, choices
from fundapp.boards.models import Board
from fundapp.languages import _d, _dl
from fundapp.referrals import rules
from fundapp.referrals.models import Referral
from fundapp.referrals.rules import Receiver
from fundapp.registry.models import Document
from fundapp.web.fields import AtMost, DayField, EmailField, Form, LineField, Needed, TextField


def name_of(board: Board) -> str:
    """A body of ours as a letter to it says: the board, and its administration."""
    return ", ".join(part for part in (board.name, board.administration) if part)


class ReferralForm(Form):
    """Who is asked what, by when, and what goes along: `ask_KS` and `email_KS` for each body, `name_1` … for others."""

    boards: tuple[Board, ...] = ()

    question = TextField(
        _dl("What you ask them to comment on"),
        [Needed(_dl("Write what you want to know.")), AtMost(rules.MOST_LETTERS)],
    )
    answer_by = DayField(_dl("Answer no later than"), [Needed(_dl("Write the last day for the answer."))])
    sent_along = ChoicesField(_dl("Documents that go along"))

    def own_rows(self) -> list[tuple[Board, Any, Any]]:
        """Each body of ours with its tick and its address."""
        return [(board, self[f"ask_{board.code}"], self[f"email_{board.code}"]) for board in self.boards]

    def other_rows(self) -> list[tuple[Any, Any, Any]]:
        """Name, e-mail and postal address of bodies that are none of ours."""
        names = ("name", "mail", "address")
        return [
            (self[f"{names[0]}_{n}"], self[f"{names[1]}_{n}"], self[f"{names[2]}_{n}"])
            for n in range(1, rules.MOST_OTHERS + 1)
        ]

    def validate_answer_by(self, field: DayField) -> None:
        if field.data and rules.is_too_early(field.data, clock.today()):
            raise StopValidation(_d("Write today's date or a later one."))

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        for board, tick, email in self.own_rows():
            if tick.data and not email.data and not email.errors:
                email.errors = [_d("Write the e-mail address of %(body)s.", body=board.name)]
        for name, email, address in self.other_rows():
            self._check_other(name, email, address)
        if not self.errors and not self.receivers():
            self.form_errors.append(_d("Choose who is asked, or write a name and an address."))
        return is_valid and not self.errors

    @staticmethod
    def _check_other(name: Any, email: Any, address: Any) -> None:
        if (email.data or address.data) and not name.data:
            name.errors = [_d("Write the name of the body too.")]
        if name.data and not (email.data or address.data) and not email.errors:
            email.errors = [_d("Write an e-mail address, or the postal address below.")]

    def receivers(self) -> list[Receiver]:
        """Who is asked, as `actions.refer` takes it."""
        ours = [
            Receiver(name_of(board), email.data, board_id=board.id)
            for board, tick, email in self.own_rows()
            if tick.data and email.data
        ]
        others = [
            Receiver(name.data, email.data or "", address.data or "")
            for name, email, address in self.other_rows()
            if name.data and (email.data or address.data)
        ]
        return ours + others

    def documents(self, offered: Sequence[Document]) -> list[Document]:
        return [document for document in offered if document.public_id in (self.sent_along.data or [])]


def referral_form(bodies: Sequence[tuple[Board, str]], offered: Sequence[Document]) -> ReferralForm:
    """The form for these bodies, each with its known address; the first document, the application, goes along."""
    fields: dict[str, Any] = {}
    kept: dict[str, Any] = {"sent_along": [document.public_id for document in offered[:1]]}
    for board, email in bodies:
        fields[f"ask_{board.code}"] = BooleanField(Markup('<bdi lang="sv">{}</bdi>').format(name_of(board)))
        fields[f"email_{board.code}"] = EmailField(
            Markup('{}: <bdi lang="sv">{}</bdi>').format(_d("E-mail"), board.name)
        )
        kept[f"email_{board.code}"] = email or None
    for n in range(1, rules.MOST_OTHERS + 1):
        fields[f"name_{n}"] = LineField(_dl("Name of the body"), [AtMost(200)])
        fields[f"mail_{n}"] = EmailField(_dl("E-mail"))
        fields[f"address_{n}"] = TextField(_dl("Postal address, where there is no e-mail"), [AtMost(400)])
    own = {"boards": tuple(board for board, _email in bodies)}
    made: type[ReferralForm] = type("ReferralForm", (ReferralForm,), fields | own)
    form = made(data=kept)
    form.sent_along.choices = choices((each.public_id, f"{each.number}. {each.subject}") for each in offered)
    return form


class ReplyForm(Form):
    """An answer in words, as a file or both; `checked` once the file is accepted."""

    text = TextField(_dl("The answer"), [AtMost(20_000)])
    file = FileField(_dl("File"))

    checked: files.Checked | None = None

    def validate_text(self, field: TextField) -> None:
        if not field.data and not self.file.data:
            raise StopValidation(_d("Write the answer, or choose the file that holds it."))

    def validate_file(self, field: FileField) -> None:
        if not field.data:
            return
        try:
            self.checked = files.accept([(field.data.filename or "", field.data.read(files.LARGEST + 1))])
        except files.NotAccepted as fault:
            raise StopValidation(str(fault.reason)) from fault


class AnswerForm(ReplyForm):
    """What an official writes down of an answer that came another way."""

    answered_by = LineField(_dl("From whom"), [Needed(_dl("Write who answered.")), AtMost(200)])
    came_on = DayField(_dl("Came in"), [Needed(_dl("Write the day the answer came in."))])
    asked_on: Any = None

    def validate_came_on(self, field: DayField) -> None:
        reason = field.data and rules.why_not_came(field.data, asked_on=self.asked_on, today=clock.today())
        if reason:
            raise StopValidation(str(reason))


def answer_form(referral: Referral) -> AnswerForm:
    form = AnswerForm(data={"answered_by": referral.body, "came_on": clock.today()})
    form.asked_on = clock.local_day(referral.asked_at)
    return form


class WithdrawForm(Form):
    """Why no answer is needed any more."""

    reason = TextField(_dl("Reason"), [Needed(_dl("Write why you need no answer any more.")), AtMost(1000)])
