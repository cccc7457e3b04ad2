"""What the values of a fund's terms are made of: texts, items, questions, a round; each value with its source."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from fundapp.data_texts import chosen

KINDS = ("fund", "stipend")
APPLICANT_TYPES = (
    "association",
    "faith_community",
    "study_association",
    "other_organisation",
    "municipal_unit",
    "company",
)

QUESTION_KINDS = ("short", "long", "number", "yes_no", "choice")

V = TypeVar("V")


class BadTerms(Exception):
    """A file of terms has a fault; the message is one line that names the file and the key."""


@dataclass(frozen=True)
class Sourced(Generic[V]):
    """A value, where it comes from, and whether Kalix never published it."""

    value: V
    source: str
    is_assumption: bool


@dataclass(frozen=True)
class Text:
    """A text an applicant reads. The Swedish one governs; English stands beside it, other languages in data_texts, or,
    where they were typed here, in `others` as pairs of code and text.
    """

    sv: str
    en: str
    others: tuple[tuple[str, str], ...] = ()

    @property
    def texts(self) -> dict[str, str]:
        """By language, those that there are."""
        return {code: text for code, text in (("sv", self.sv), ("en", self.en), *self.others) if text}

    def shown_in(self, language: str) -> tuple[str, str]:
        """The code of the language the text is given in, and the text: Swedish where there is no translation."""
        return chosen(self.texts, language)


@dataclass(frozen=True)
class Item:
    """A numbered text: a goal, target group, condition or criterion. `code` is ours."""

    code: str
    text: Text


@dataclass(frozen=True)
class CheckItem(Item):
    """An item of the formal check, and whom it concerns; for others it does not apply."""

    applicant_types: tuple[str, ...]


@dataclass(frozen=True)
class AttachmentItem(Item):
    """An attachment that is asked for, and from whom."""

    applicant_types: tuple[str, ...]
    is_required: bool


@dataclass(frozen=True)
class EligibilityItem(Item):
    """A question that tells whether one may apply: yes is needed. `reason` and `instead` are for who answers no; the
    round's period is shown beside what `is_about_period`.
    """

    reason: Text
    instead: Text
    applicant_types: tuple[str, ...]
    is_about_period: bool


@dataclass(frozen=True)
class AskedOtherwise:
    """A question of the form that this fund leaves out, or asks with another need than all funds; `code` is the
    section's and the question's (`project.risks`).
    """

    code: str
    is_off: bool
    is_needed: bool


@dataclass(frozen=True)
class OwnQuestion(Item):
    """A question that this fund adds to a section; `kind` is one of QUESTION_KINDS, `options` are of a choice."""

    section: str
    kind: str
    hint: Text | None
    options: tuple[Item, ...]
    is_needed: bool


@dataclass(frozen=True)
class Contact:
    """Whom to ask: where they sit, as a line of an address, and their e-mail."""

    address: str
    email: str


@dataclass(frozen=True)
class RoundTerms:
    """`sum` in whole kronor; `opens` and `closes` as UTC instants, `closes` being the first one that is too late;
    the period as local days, both included.
    """

    year: int
    label: str
    sum: Sourced[int]
    opens: Sourced[datetime]
    closes: Sourced[datetime]
    is_continuous: Sourced[bool]
    period_start: Sourced[date]
    period_end: Sourced[date]
