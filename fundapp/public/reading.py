"""What a fund's form asks, to be read before one signs in. It is read from the sections themselves."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape
from wtforms import Field, FieldList, SelectField
from wtforms.fields.choices import SelectFieldBase

from fundapp.applications.models import Application, ApplicationKind
from fundapp.applications.questions import SECTIONS, form_of
from fundapp.applications.questions.base import OneRow
from fundapp.data_texts import marked
from fundapp.funds.models import FundKind, Round
from fundapp.languages import AUTHORITY_LANGUAGE, Lazy, current
from fundapp.web.fields import Needed


@dataclass(frozen=True)
class Question:
    """`options` are what one chooses among; `parts` what is asked in each row of a list."""

    text: str
    is_needed: bool
    options: tuple[str, ...] = ()
    parts: tuple["Question", ...] = ()


@dataclass(frozen=True)
class Section:
    code: str
    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Paper:
    """One form that the fund has."""

    name: str
    sections: tuple[Section, ...]


def papers(round_: Round) -> list[Paper]:
    """Every form by which this can be applied for, in the language spoken now. Nothing is written."""
    kinds = [ApplicationKind.GRANT if round_.fund.kind is FundKind.FUND else ApplicationKind.AWARD]
    if round_.fund.terms["takes_nominations"]["value"]:
        kinds.append(ApplicationKind.NOMINATION)
    return [Paper(str(kind.label), _sections(round_, kind)) for kind in kinds]


def _sections(round_: Round, kind: ApplicationKind) -> tuple[Section, ...]:
    blank = Application(round=round_, kind=kind)  # never added to the session
    found = []
    for form_class in SECTIONS[kind]:
        form = form_of(blank, form_class)(blank, {})
        found.append(Section(form.section_code, str(form.section_title), tuple(_question(field) for field in form)))
    return tuple(found)


def _question(field: Field) -> Question:
    text = str(field.label.text)
    needed = any(isinstance(one, Needed | OneRow) for one in field.validators)
    if isinstance(field, FieldList):
        return Question(text, needed, parts=tuple(_question(part) for part in field.entries[0].form))
    if isinstance(field, SelectFieldBase) and field.choices:
        is_plan = field.short_name == "areas"  # the plan's areas are always named in Swedish
        return Question(text, needed, options=tuple(_options(field, is_plan=is_plan)))
    return Question(text, needed)


def _options(field: SelectField, *, is_plan: bool) -> Iterable[str]:
    """The options that say something; a text of the fund without a translation is marked as Swedish."""
    is_foreign = current().code != AUTHORITY_LANGUAGE
    for option in field.iter_choices():
        if not option.value:
            continue
        text, label = str(option.label), option.label
        is_swedish = is_plan or (isinstance(label, Lazy) and label.source == text and _is_fund_text(field))
        yield marked(text, AUTHORITY_LANGUAGE) if is_swedish and is_foreign else Markup(escape(text))  # noqa: S704  # nosec B704


def _is_fund_text(field: Field) -> bool:
    return field.short_name in ("fund_goals", "target_groups")
