"""What is typed of a new fund, of a round, of texts in another language, and before a fund opens."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField
from wtforms.validators import StopValidation

from fundapp.applications.questions.base import choices
from fundapp.boards.queries import boards_of
from fundapp.config import settings
from fundapp.funds.models import Fund, FundKind
from fundapp.funds.places import Place
from fundapp.funds.rounds import RoundFacts
from fundapp.languages import _d, _dl
from fundapp.web.fields import AtMost, DayField, Form, KronorField, LineField, Needed, TextField


def version_in(field: HiddenField) -> int:
    """The version of the fund that the page showed; 0 where it showed none."""
    text = field.data or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class NewFundForm(Form):
    copy_of = SelectField(_dl("Begin with"))
    name = LineField(_dl("Name, in Swedish"), [Needed(_dl("Write the name of the fund.")), AtMost(150)])
    sv = TextField(_dl("Purpose, in Swedish"), [Needed(_dl("Write what the fund is for.")), AtMost(2000)])
    en = TextField(_dl("Purpose, in English"), [AtMost(2000)])
    kind = RadioField(
        _dl("What is given"), choices=choices((kind.value, kind.label) for kind in FundKind), default="fund"
    )
    board = SelectField(_dl("Who decides"))
    source = LineField(
        _dl("Which decision it rests on"), [Needed(_dl("Write the body, the day and the paragraph.")), AtMost(300)]
    )

    def __init__(self, funds: Sequence[Fund], **rest: Any) -> None:
        super().__init__(**rest)
        self.funds = {fund.code: fund for fund in funds}
        self.boards = {board.code: board for board in boards_of(settings().municipality) if board.is_deciding}
        copies = [(code, _d("A copy of %(fund)s", fund=fund.name)) for code, fund in self.funds.items()]
        self.copy_of.choices = choices([("", _d("An empty fund, with values to check")), *copies])
        self.board.choices = choices((code, board.name) for code, board in self.boards.items())

    @property
    def original(self) -> Fund | None:
        return self.funds.get(self.copy_of.data or "")

    @property
    def chosen_kind(self) -> FundKind:
        """Of a copy it is that of the fund it is copied from."""
        return self.original.kind if self.original is not None else FundKind[(self.kind.data or "fund").upper()]


class RoundForm(Form):
    """The days of a round; all are local days and included."""

    label = LineField(
        _dl("Name of the round"), [Needed(_dl("Write what the round is called, for example 2022.")), AtMost(40)]
    )
    opens_on = DayField(_dl("First day to apply"), [Needed(_dl("Write the first day to apply."))])
    last_day = DayField(_dl("Last day to apply"), [Needed(_dl("Write the last day to apply."))])
    is_continuous = BooleanField(_dl("Applications are handled as they come in, not all after the last day"))
    period_start = DayField(_dl("First day of the period"), [Needed(_dl("Write the first day a project may have."))])
    period_end = DayField(_dl("Last day of the period"), [Needed(_dl("Write the last day a project may have."))])
    source = LineField(
        _dl("Which decision the days rest on"), [Needed(_dl("Write the body, the day and the paragraph.")), AtMost(300)]
    )
    version = HiddenField()

    def validate_last_day(self, field: Field) -> None:
        if field.data and self.opens_on.data and field.data < self.opens_on.data:
            raise StopValidation(_d("Write a last day that is not before the first."))

    def validate_period_end(self, field: Field) -> None:
        if field.data and self.period_start.data and field.data < self.period_start.data:
            raise StopValidation(_d("Write a last day that is not before the first."))

    def facts(self) -> RoundFacts:
        names = ("label", "opens_on", "last_day", "period_start", "period_end", "source")
        return RoundFacts(is_continuous=bool(self.is_continuous.data), **{name: self[name].data for name in names})


class NewRoundForm(RoundForm):
    frame = KronorField(_dl("Frame"), [Needed(_dl("Write the frame in whole kronor. Write 0 if it is not decided."))])
    decision = LineField(
        _dl("Which decision sets the frame"),
        [Needed(_dl("Write the body, the day and the paragraph.")), AtMost(200)],
    )


class TextsForm(Form):
    """The fund's texts in one language, each beside the Swedish one."""

    places: Sequence[Place] = ()
    version = HiddenField()

    def rows(self) -> list[tuple[Place, Any]]:
        return [(place, self[place.name]) for place in self.places]

    def texts(self) -> dict[str, str]:
        return {place.name: field.data or "" for place, field in self.rows()}


def texts_form(fund: Fund, places: Sequence[Place], language: str) -> TextsForm:
    fields: dict[str, Any] = {place.name: TextField(place.texts["sv"], [AtMost(2000)]) for place in places}
    made: type[TextsForm] = type("FundTextsForm", (TextsForm,), fields | {"places": tuple(places)})
    return made(data={place.name: place.in_language(language) for place in places} | {"version": str(fund.version)})


class SeenForm(Form):
    """A button that says something of the fund as it was on the page."""

    version = HiddenField()
