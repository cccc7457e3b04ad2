"""The forms of templates, text blocks and papers written in a case."""

from collections.abc import Iterable
from typing import Any

from wtforms import Field, HiddenField
from wtforms.validators import StopValidation

from fundapp.applications.questions.base import ChoiceField, choices
from fundapp.funds.models import Fund
from fundapp.languages import LANGUAGES, _d, _dl
from fundapp.papers import queries, rules
from fundapp.papers.models import PaperKind, PaperTemplate, TextBlock, Way, WrittenPaper
from fundapp.papers.queries import Place
from fundapp.web.fields import AtMost, EmailField, Form, LineField, Needed, TextField


class _Versioned(Form):
    version = HiddenField(default="0")

    @property
    def read_version(self) -> int:
        """The version that was on the page; 0 where there was none."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


class TemplateForm(_Versioned):
    """Heading and body of a template; `case` is one to look at it with."""

    kind: PaperKind = PaperKind.LETTER

    heading = LineField(_dl("Heading"), [Needed(_dl("Write the paper's heading.")), AtMost(200)])
    body = TextField(_dl("Text"), [Needed(_dl("Write the template's text.")), AtMost(20_000)])
    case = LineField(_dl("Diary number of a case"), [AtMost(60)])

    def validate_heading(self, field: Field) -> None:
        for sentence in rules.faults(field.data or "", None):
            raise StopValidation(str(sentence))

    def validate_body(self, field: Field) -> None:
        found = rules.faults(field.data or "", self.kind) + rules.missing(field.data or "", self.kind)
        if found:
            raise StopValidation(" ".join(str(sentence) for sentence in found))

    def found_case(self) -> Any:
        """The case that was named, or None: then the facts are invented. Says so where there is no such case."""
        if not self.case.data:
            return None
        case = queries.case_numbered(self.case.data)
        if case is None:
            self.case.errors = [
                _d("There is no case with this number that you may read. Leave it empty for invented facts.")
            ]
        return case


def template_form(place: Place, start: PaperTemplate | None, version: int) -> TemplateForm:
    """The form for one place; `start`: the texts to begin from; `version`: what the place has now."""
    made: type[TemplateForm] = type("TemplateForm", (TemplateForm,), {"kind": place.kind})
    texts = {"heading": start.heading, "body": start.body} if start is not None else {}
    return made(data={**texts, "version": str(version)})


class BlockForm(_Versioned):
    """A text block."""

    topic = LineField(_dl("Topic"), [Needed(_dl("Write a topic, for example Reasons.")), AtMost(80)])
    title = LineField(_dl("Title"), [Needed(_dl("Write a title that you find it by.")), AtMost(120)])
    text = TextField(_dl("Text"), [Needed(_dl("Write the text.")), AtMost(4000)])
    kind = ChoiceField(_dl("Where it is offered"))
    fund = ChoiceField(_dl("Fund"))

    funds: tuple[Fund, ...] = ()

    def validate_text(self, field: Field) -> None:
        found = rules.faults(field.data or "", None)
        if found:
            raise StopValidation(" ".join(str(sentence) for sentence in found))

    def values(self) -> dict[str, Any]:
        """What `keeping.add_block` keeps."""
        ids = {fund.code: fund.id for fund in self.funds}
        return {
            "topic": self.topic.data,
            "title": self.title.data,
            "text": self.text.data,
            "kind": PaperKind[self.kind.data] if self.kind.data else None,
            "fund_id": ids.get(self.fund.data),
        }


# A text block goes into fields; the referral's and the officer's are the same desk's.
_PLACES = {
    PaperKind.OFFICER_REPORT: _dl("Assessment and proposal"),
    PaperKind.COMPLETION: _dl("Request for completion"),
    PaperKind.CONFIRMATION: _dl("Confirmation of receipt"),
    PaperKind.LETTER: _dl("Letter"),
}


def place_words(kind: PaperKind | None) -> Any:
    """Where a text block is offered, in words."""
    return _PLACES.get(kind, kind.label) if kind is not None else _dl("Everywhere")


def block_form(known: TextBlock | None, funds: Iterable[Fund]) -> BlockForm:
    """The form for a text block, filled with what is kept."""
    offered = tuple(funds)
    made: type[BlockForm] = type("BlockForm", (BlockForm,), {"funds": offered})
    kept = {}
    if known is not None:
        kept = {
            "topic": known.topic,
            "title": known.title,
            "text": known.text,
            "version": str(known.version),
            "kind": known.kind.name if known.kind else "",
            "fund": known.fund.code if known.fund else "",
        }
    form = made(data=kept)
    form.kind.choices = choices([("", _dl("Everywhere")), *((kind.name, words) for kind, words in _PLACES.items())])
    form.fund.choices = choices([("", _dl("Every fund")), *((fund.code, fund.name) for fund in offered)])
    return form


class PaperForm(_Versioned):
    """A paper of a case. Nothing but the shapes must be right to save it."""

    heading = LineField(_dl("Heading"), [AtMost(200)])
    text = TextField(_dl("Text"), [AtMost(20_000)])
    other_text = TextField(_dl("The same in the applicant's language"), [AtMost(20_000)])
    way = ChoiceField(_dl("How it goes"))
    to_name = LineField(_dl("To"), [AtMost(200)])
    to_email = EmailField(_dl("E-mail address"), [AtMost(254)])

    def values(self) -> dict[str, Any]:
        """What `actions.save` keeps."""
        return {
            "heading": self.heading.data or "",
            "text": self.text.data or "",
            "other_text": self.other_text.data or "",
            "way": Way[self.way.data],
            "to_name": self.to_name.data or "",
            "to_email": self.to_email.data or "",
        }


def paper_form(paper: WrittenPaper) -> PaperForm:
    """The form, filled with the paper as it is kept."""
    names = ("heading", "text", "other_text", "to_name", "to_email")
    kept = {name: getattr(paper, name) for name in names}
    form = PaperForm(data=kept | {"way": paper.way.name, "version": str(paper.version)})
    form.way.choices = choices((way.name, way.label) for way in Way)
    return form


class StartForm(Form):
    """Which paper to write."""

    kind = ChoiceField(_dl("What do you want to write?"), [Needed(_dl("Choose what to write."))])


def start_form(kinds: Iterable[PaperKind]) -> StartForm:
    """The form with these kinds to choose from."""
    form = StartForm()
    form.kind.choices = choices((kind.name, kind.label) for kind in kinds)
    return form


def desk_languages() -> list[tuple[str, str]]:
    """Every language a template can be in, by code and own name."""
    return [(language.code, language.own_name) for language in LANGUAGES.values()]
