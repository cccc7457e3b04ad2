"""What the list of cases is narrowed to: read from an address, told in words, and asked of the database."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, select
from werkzeug.datastructures import MultiDict

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationArea
from fundapp.assessments.models import CompletionRequest
from fundapp.decisions.models import Decision, DecisionTranslation
from fundapp.goals.models import GoalArea
from fundapp.languages import Lazy, _d, _dl, money
from fundapp.messages.queries import has_unread
from fundapp.permissions import Person
from fundapp.registry import choices as offered
from fundapp.registry import rules, sorting
from fundapp.registry.choices import Choices
from fundapp.remarks.models import FlagKind
from fundapp.remarks.queries import has_flag
from fundapp.workflow import OPEN_TO_OFFICIALS, ApplicationStatus

NOBODY, FORMER = "nobody", "former"
ANY_FLAG = "any"
MOST_KRONOR = 10**12
COLUMNS: dict[str, Lazy] = {
    "number": _dl("Number"),
    "applicant": _dl("Applicant"),
    "org": _dl("Org.nr"),
    "kind": _dl("Kind"),
    "fund": _dl("Fund"),
    "board": _dl("Body"),
    "sought": _dl("Sought"),
    "state": _dl("State"),
    "sent": _dl("Sent in on"),
    "age": _dl("Days"),
    "officer": _dl("Officer"),
    "language": _dl("Language"),
}
USUAL = ("number", "applicant", "kind", "sought", "state", "age", "officer", "language")
_YES_OR_NO = ("mine", "late", "unread", "translate", "text")
_CHOSEN = ("state", "fund", "officer", "area", "board", "year", "language", "flag", "sort")
_PLACES = ("before", "after")
_NAMES = frozenset({"q", "col", "least", "most", *_YES_OR_NO, *_CHOSEN, *_PLACES})


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; each is in the address under its own name. Sums in whole kronor, `text`: the
    search goes through what was written, `columns` are in the order of COLUMNS. `strange`: what the address asked for
    and nobody offers, as sentences; `typed` is what stood in a field that could not be read.
    """

    state: ApplicationStatus | None = None
    fund: str = ""
    officer: str = ""
    area: str = ""
    board: str = ""
    year: str = ""
    least: int | None = None
    most: int | None = None
    language: str = ""
    flag: str = ""
    mine: bool = False
    late: bool = False
    unread: bool = False
    translate: bool = False
    q: str = ""
    text: bool = False
    sort: str = ""
    columns: tuple[str, ...] = USUAL
    before: str = ""
    after: str = ""
    officer_name: str = ""
    strange: tuple[str, ...] = ()
    typed: tuple[tuple[str, str], ...] = ()

    def words(self) -> dict[str, Any]:
        """What is on, as the address writes it, without the page."""
        told: dict[str, Any] = {
            "state": self.state.value if self.state else "",
            **{name: getattr(self, name) for name in ("fund", "officer", "area", "board", "year")},
            "least": str(self.least) if self.least is not None else "",
            "most": str(self.most) if self.most is not None else "",
            "language": self.language,
            "flag": self.flag,
            **{name: "1" if getattr(self, name) else "" for name in _YES_OR_NO[:-1]},
            "q": self.q,
            "text": "1" if self.text and self.q else "",
            "sort": self.sort,
            "col": list(self.columns) if self.columns != USUAL else "",
        }
        return {name: value for name, value in told.items() if value}

    def narrowing(self) -> dict[str, Any]:
        """Those of the words that leave cases out."""
        return {name: value for name, value in self.words().items() if name not in ("sort", "col")}

    def typed_in(self, name: str) -> str:
        """What a field of the form holds: as it was typed where that could not be read."""
        value = dict(self.typed).get(name, getattr(self, name))
        return "" if value is None else str(value)


def read(args: MultiDict[str, str], choices: Choices) -> Filters:
    """Filters from an address. What nobody offers is left out and told of: an old link still shows a list."""
    strange = [name for name in args if name not in _NAMES]
    known = _offered(choices)
    found: dict[str, Any] = {name: args.get(name, "")[:12] for name in _PLACES}
    found |= {name: args.get(name) == "1" for name in _YES_OR_NO}
    for name in _CHOSEN:
        value = args.get(name, "")[:60]
        if name == "officer" and value and value not in known[name]:
            found["officer_name"] = offered.officer(value) or ""
        if value and value not in known.get(name, ()) and not found.get(f"{name}_name"):
            strange.append(name)
        else:
            found[name] = value
    found["state"] = _states().get(found.get("state", ""))
    columns = args.getlist("col")
    strange += ["col"] if set(columns) - COLUMNS.keys() else []
    sums, told = _sums(args)
    return Filters(
        **found,
        **sums,
        q=" ".join(args.get("q", "").split())[:100],
        columns=tuple(name for name in COLUMNS if name in columns) or USUAL,
        strange=(*(_is_strange(name, args) for name in strange), *told),
        typed=tuple(
            (name, args.get(name, "")[:60]) for name in ("least", "most") if args.get(name) and name not in sums
        ),
    )


def _offered(choices: Choices) -> dict[str, Any]:
    return {
        "state": _states(),
        "fund": {fund.code for fund in choices.funds},
        "officer": {NOBODY, FORMER, *(officer.public_id for officer in choices.officers)},
        "area": {str(area.number) for area in choices.areas},
        "board": choices.boards,
        "year": {str(year) for year in choices.years},
        "language": offered.text_languages(),
        "flag": {ANY_FLAG, *(kind.value for kind in FlagKind)} if choices.has_flags else set(),
        "sort": {sign + name for name in sorting.KEYS for sign in ("", "-")},
    }


def _states() -> dict[str, ApplicationStatus]:
    return {status.value: status for status in OPEN_TO_OFFICIALS}


def _is_strange(name: str, args: MultiDict[str, str]) -> str:
    asked = f"{name[:30]}={' '.join(args.getlist(name))[:60]}"
    return _d("The list has no filter “%(filter)s”. It was left out.", filter=asked)


def _sums(args: MultiDict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The sums that could be read, and sentences about those that could not."""
    found: dict[str, Any] = {}
    told = []
    for name in ("least", "most"):
        typed = args.get(name, "").strip()[:60]
        digits = re.sub(r"[\s.]|kr$", "", typed)
        if digits.isascii() and digits.isdigit() and int(digits) <= MOST_KRONOR:
            found[name] = int(digits)
        elif typed:
            told.append(_d("Write the sum in whole kronor, for example 45 000. “%(typed)s” was left out.", typed=typed))
    if found.get("least", 0) > found.get("most", MOST_KRONOR):
        told.append(_d("The lowest sum is above the highest, so no case fits."))
    return found, told


def removable(filters: Filters, choices: Choices) -> list[tuple[str, dict[str, Any]]]:
    """Each filter that is on, as a word, and the address's arguments without it."""
    words = filters.words()
    labels = {
        "state": str(rules.desk_words(filters.state)) if filters.state else "",
        "fund": next((fund.name for fund in choices.funds if fund.code == filters.fund), filters.fund),
        "officer": _officer_words(filters, choices),
        "area": next((area.name for area in choices.areas if str(area.number) == filters.area), ""),
        "board": choices.boards.get(filters.board, ""),
        "year": _d("Sent in %(year)s", year=filters.year),
        "least": _d("At least %(sum)s", sum=money(filters.least or 0)),
        "most": _d("At most %(sum)s", sum=money(filters.most or 0)),
        "language": offered.text_languages().get(filters.language, ""),
        "flag": str(flag_words().get(filters.flag, "")),
        "mine": _d("Mine only"),
        "late": _d("Late completions"),
        "unread": _d("Messages to read"),
        "translate": _d("Decisions to translate"),
        "q": f"“{filters.q}”",
        "text": _d("In what was written"),
    }
    kept = [name for name in words if name in labels]
    return [(labels[name], {other: words[other] for other in words if other != name}) for name in kept]


def _officer_words(filters: Filters, choices: Choices) -> str:
    if filters.officer == NOBODY:
        return _d("No officer")
    if filters.officer == FORMER:
        return _d("A former officer")
    names = (officer.name for officer in choices.officers if officer.public_id == filters.officer)
    return next(names, _d("%(name)s (not an officer now)", name=filters.officer_name))


def flag_words() -> dict[str, Lazy]:
    """The choices of flags, in words."""
    return {ANY_FLAG: _dl("With a flag"), **{kind.value: kind.label for kind in FlagKind}}


def is_late(today: date) -> ColumnElement[bool]:
    """Whether a completion was due before today and has not come."""
    return and_(
        Application.status == ApplicationStatus.COMPLETION_REQUESTED,
        exists().where(
            CompletionRequest.application_id == Application.id,
            CompletionRequest.ended_at.is_(None),
            CompletionRequest.due_on < today,
        ),
    )


def waits_for_translation() -> ColumnElement[bool]:
    """Whether the applicant has asked for the decision in another language and nobody has translated it yet."""
    asked = DecisionTranslation.decision_id == Decision.id
    return exists().where(asked, Decision.application_id == Application.id, DecisionTranslation.made_at.is_(None))


def has_former_officer() -> ColumnElement[bool]:
    """Whether the case's officer is nobody who could work on it today."""
    return exists().where(Account.id == Application.officer_id, not_(offered.works_as_officer())).correlate(Application)


def conditions(person: Person, filters: Filters, choices: Choices) -> list[ColumnElement[bool]]:
    """What the filters ask of a case; what may be seen at all and what was typed to be searched are asked elsewhere."""
    found: list[ColumnElement[bool]] = []
    if filters.state:
        found.append(Application.status == filters.state)
    for name, value in (("code", filters.fund), ("board", filters.board)):
        if value:
            rounds = [key for fund in choices.funds if getattr(fund, name) == value for key in fund.rounds]
            found.append(Application.round_id.in_(rounds))
    if filters.officer:
        found.append(_has_officer(filters.officer))
    if filters.mine:
        found.append(Application.officer_id == person.id)
    if filters.area:
        found.append(_has_area(int(filters.area)))
    if filters.language:
        found.append(Application.text_language == filters.language)
    return [*found, *_within(filters), *_waiting(filters)]


def _has_officer(officer: str) -> ColumnElement[bool]:
    if officer == NOBODY:
        return Application.officer_id.is_(None)
    if officer == FORMER:
        return has_former_officer()
    return Application.officer_id == select(Account.id).where(Account.public_id == officer).scalar_subquery()


def _has_area(number: int) -> ColumnElement[bool]:
    chosen = select(ApplicationArea.application_id).join(GoalArea, GoalArea.id == ApplicationArea.goal_area_id)
    return Application.id.in_(chosen.where(GoalArea.number == number))


def _within(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.year:
        year = int(filters.year)
        first, next_first = clock.start_of(date(year, 1, 1)), clock.start_of(date(year + 1, 1, 1))
        found += [Application.submitted_at >= first, Application.submitted_at < next_first]
    if filters.least is not None:
        found.append(Application.amount_requested >= filters.least)
    if filters.most is not None:
        found.append(Application.amount_requested <= filters.most)
    return found


def _waiting(filters: Filters) -> list[ColumnElement[bool]]:
    kinds = {kind.value: kind for kind in FlagKind}
    asked = (
        (filters.late, lambda: is_late(clock.today())),
        (filters.translate, waits_for_translation),
        (filters.unread, lambda: has_unread(for_applicant=False)),
        (filters.flag, lambda: has_flag(kinds.get(filters.flag))),
    )
    return [condition() for is_on, condition in asked if is_on]
