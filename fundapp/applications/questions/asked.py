"""What one fund asks otherwise than all: questions left out, asked with another need, and questions of its own.

The terms keep it: `asked_otherwise` and `own_questions`. What the case cannot do without is always asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wtforms import Field
from wtforms.fields.core import UnboundField

from fundapp.applications.models import Application
from fundapp.applications.questions.base import ChoiceField, OneRow, RowsField, SectionForm, choices, fund_label
from fundapp.languages import _, _l
from fundapp.web.fields import AtMost, LineField, Needed, ReadField, TextField, read_whole_number

# Facts of the case, what the law or the diary needs, and what is vouched for. Of these sections every question stays.
ALWAYS: Mapping[str, frozenset[str]] = {
    "organisation": frozenset({"contact_name", "contact_email", "contact_phone", "particulars_right"}),
    "project": frozenset({"title", "summary", "starts_on", "ends_on"}),
    "participants": frozenset({"women", "men", "girls", "boys"}),
    "achievement": frozenset({"title", "summary"}),
    "nominator": frozenset({"nominator_name"}),
}
ALL_STAY = frozenset({"activities", "budget", "attachments", "declaration", "nominee"})
TAKES_NO_OWN = frozenset({"attachments", "declaration"})
OWN = "own_"
_NEEDED = _l("Answer this question.")


class NumberField(ReadField):
    """A whole number that is not negative."""

    def read(self, text: str) -> int:
        value = read_whole_number(text)
        if value is None:
            raise ValueError(_("Write a whole number with digits only, for example 25. Write 0 for none."))
        return value


def is_always_asked(section: str, code: str) -> bool:
    """Whether no fund can do without the question."""
    return section in ALL_STAY or code in ALWAYS.get(section, frozenset()) or code.startswith("result_")


def changes_of(terms: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is asked otherwise, by section and question: {"project.risks": {"is_off", "is_needed"}}."""
    kept = terms.get("asked_otherwise")
    return {item["code"]: item for item in kept["value"]} if kept else {}


def own_questions(terms: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    """The fund's own questions of a section, in their order."""
    kept = terms.get("own_questions")
    return [item for item in kept["value"] if item["section"] == section] if kept else []


def fitted(form_class: type[SectionForm], terms: Mapping[str, Any]) -> type[SectionForm]:
    """The section as the fund asks it; the class itself where it asks as all do."""
    section = form_class.section_code
    fields: dict[str, Any] = dict.fromkeys(_without_choices(section, terms))
    for place, change in changes_of(terms).items():
        of_section, _dot, code = place.partition(".")
        if of_section != section or is_always_asked(section, code) or not hasattr(form_class, code):
            continue
        field = getattr(form_class, code)
        fields[code] = None if change["is_off"] else _with_need(field, is_needed=change["is_needed"])
    fields |= {OWN + item["code"]: _own_field(item) for item in own_questions(terms, section)}
    return type(form_class.__name__, (form_class,), fields) if fields else form_class


def _without_choices(section: str, terms: Mapping[str, Any]) -> list[str]:
    """Questions that choose among items of which the fund has none."""
    if section != "goals":
        return []
    named = {"fund_goals": terms["goals"], "target_groups": terms["target_groups"]}
    return [code for code, kept in named.items() if not kept or not kept["value"]]


def _with_need(field: Any, *, is_needed: bool) -> Any:
    """The same question, needed or not; it keeps its place among the others."""
    if not isinstance(field, UnboundField):
        return field
    label, *rest = field.args
    known = list(rest[0] if rest else field.kwargs.get("validators") or ())
    others = [one for one in known if not isinstance(one, Needed | OneRow)]
    is_rows = issubclass(field.field_class, RowsField)
    own = OneRow(_NEEDED) if is_rows else Needed(_NEEDED)
    needed = [one for one in known if isinstance(one, Needed | OneRow)] or [own]
    made: Any = UnboundField(
        field.field_class,
        label,
        [*needed, *others] if is_needed else others,
        **{name: value for name, value in field.kwargs.items() if name != "validators"},
    )
    made.creation_counter = field.creation_counter
    return made


def _own_field(item: dict[str, Any]) -> Field:
    label, kind = fund_label(item), item["kind"]
    needed = [Needed(_NEEDED)] if item["is_needed"] else []
    hint = fund_label({"text": item["hint"]}) if item.get("hint") else ""
    if kind == "number":
        return NumberField(label, needed, description=hint)
    if kind in ("yes_no", "choice"):
        known = [("yes", _l("Yes")), ("no", _l("No"))]
        known = known if kind == "yes_no" else [(one["code"], fund_label(one)) for one in item["options"]]
        return ChoiceField(label, needed, choices=choices([("", _l("Choose")), *known]), description=hint)
    if kind == "short":
        return LineField(label, [*needed, AtMost(300)], description=hint)
    return TextField(label, [*needed, AtMost(4000)], description=hint)


@dataclass(frozen=True)
class Asked:
    """A question of a section as it is asked; by code, its words, and whether it must be answered."""

    section: str
    code: str
    words: str
    is_needed: bool


def asked_in(application: Application, terms: Mapping[str, Any], forms: tuple[type[SectionForm], ...]) -> list[Asked]:
    """Every question that the form of an application asks under the terms, in the language spoken now."""
    found = []
    for form_class in forms:
        if form_class.section_code in ALL_STAY:
            continue
        form = fitted(form_class.for_application(application), terms)(application, {})
        for field in form:
            needed = any(isinstance(one, Needed | OneRow) for one in field.validators)
            found.append(Asked(form.section_code, field.short_name, str(field.label.text), needed))
    return found
