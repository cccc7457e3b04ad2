"""What is asked at the table: who is disqualified, what is moved, put, voted and reserved, what is decided."""

from collections.abc import Sequence
from typing import Any

from wtforms import HiddenField, RadioField, SelectField
from wtforms.validators import ValidationError

from fundapp import meanwhile
from fundapp.languages import _d, _dl
from fundapp.meetings.proceedings import Choice, Ground, RemarkKind
from fundapp.meetings.proposing import WrittenMeanwhile
from fundapp.seats.models import Seat
from fundapp.web.fields import AtMost, Form, LineField, Needed, TextField
from fundapp.workflow import StepNotPossible


class TableForm(Form):
    """A form at the table; several stand on one page, so its fields are called after it."""

    own_name = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix=self.own_name, **kwargs)

    def refuse(self, refusal: StepNotPossible) -> None:
        """Say on the page why it was not done."""
        self.form_errors.append(refusal.reason)

    def offer(self, field: SelectField, seats: Sequence[Seat], nobody: str) -> None:
        """Let one of the seats be chosen; the first choice is nobody."""
        field.choices = [("", nobody), *((seat.public_id, named(seat)) for seat in seats)]


def named(seat: Seat) -> str:
    return f"{seat.name} ({seat.party})" if seat.party else seat.name


def _seat(seats: Sequence[Seat], chosen: str | None) -> Seat | None:
    return next((seat for seat in seats if seat.public_id == chosen), None)


class DisqualifyForm(TableForm):
    own_name = "disqualify"
    seat = SelectField(_dl("Who"), validate_choice=False)
    name = LineField(_dl("Or the name of somebody without a seat"), [AtMost(200)])
    ground = SelectField(_dl("How it is known"))
    replaced_by = SelectField(_dl("Substitute who serves instead"), validate_choice=False)

    def __init__(self, *, seats: Sequence[Seat], substitutes: Sequence[Seat], **rest: Any) -> None:
        super().__init__(**rest)
        self.seats, self.substitutes = seats, substitutes
        self.offer(self.seat, seats, _d("Choose"))
        self.offer(self.replaced_by, substitutes, _d("Nobody"))
        self.ground.choices = [(ground.value, str(ground.label)) for ground in Ground]

    def validate_name(self, name: LineField) -> None:
        if not name.data and _seat(self.seats, self.seat.data) is None:
            raise ValidationError(_d("Choose or write who is disqualified."))

    def facts(self) -> dict[str, Any]:
        return {
            "seat": _seat(self.seats, self.seat.data),
            "name": self.name.data or "",
            "ground": next(ground for ground in Ground if ground.value == self.ground.data),
            "replaced_by": _seat(self.substitutes, self.replaced_by.data),
        }


class SeatForm(TableForm):
    """A form about one who serves."""

    seat = SelectField(_dl("Who"), validate_choice=False)

    def __init__(self, *, seats: Sequence[Seat], **rest: Any) -> None:
        super().__init__(**rest)
        self.seats = seats
        self.offer(self.seat, seats, _d("Choose"))

    def validate_seat(self, seat: SelectField) -> None:
        if _seat(self.seats, seat.data) is None:
            raise ValidationError(_d("Choose who."))

    @property
    def chosen(self) -> Seat:
        found = _seat(self.seats, self.seat.data)
        if found is None:
            raise LookupError(self.seat.data)
        return found


class MotionForm(SeatForm):
    own_name = "motion"
    text = TextField(_dl("Motion"), [Needed(_dl("Write what is moved.")), AtMost(2000)])


class RemarkForm(SeatForm):
    own_name = "remark"
    kind = RadioField(_dl("What"), default=RemarkKind.RESERVATION.value)
    text = TextField(_dl("Text"), [AtMost(5000)])

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.kind.choices = [(kind.value, str(kind.label)) for kind in RemarkKind]

    def validate_text(self, text: TextField) -> None:
        if self.kind.data == RemarkKind.NOTE.value and not text.data:
            raise ValidationError(_d("Write the note."))

    @property
    def is_reservation(self) -> bool:
        return bool(self.kind.data == RemarkKind.RESERVATION.value)


class WrittenForm(TableForm):
    """One text that everybody at the table may write over. `seen`: the sign of the one that stood on the page;
    `theirs`: what somebody else put there meanwhile.
    """

    theirs: str | None = None
    seen = HiddenField()

    def refuse(self, refusal: StepNotPossible) -> None:
        super().refuse(refusal)
        if isinstance(refusal, WrittenMeanwhile):
            self.theirs, self.seen.data = refusal.theirs, meanwhile.sign(refusal.theirs)


class PropositionsForm(WrittenForm):
    own_name = "propositions"
    text = TextField(_dl("Order of propositions"), [AtMost(3000)])


class ResolutionForm(WrittenForm):
    own_name = "resolution"
    text = TextField(_dl("Decision"), [AtMost(5000)])


class VoteForm(TableForm):
    """An open vote. Each who serves has a choice of their own: `choice-` and the seat's public id."""

    own_name = "vote"
    yes_means = LineField(_dl("A yes means"), [Needed(_dl("Write what a yes means.")), AtMost(500)])
    no_means = LineField(_dl("A no means"), [Needed(_dl("Write what a no means.")), AtMost(500)])

    def __init__(self, *, seats: Sequence[Seat], typed: Any = None, **rest: Any) -> None:
        super().__init__(**rest)
        self.seats = seats
        known = {choice.value: choice for choice in Choice}
        self.choices = {
            seat: known[text] for seat in seats if (text := (typed or {}).get(f"choice-{seat.public_id}", "")) in known
        }

    def choice_of(self, seat: Seat) -> str:
        return self.choices[seat].value if seat in self.choices else ""
