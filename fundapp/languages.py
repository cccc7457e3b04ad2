"""Every language, its catalogues, and the current one.

The catalogues are read from the .po files themselves: what a translator saved is what a reader sees, with no
compile step. Two domains: `messages` (applicant, public, mail; `_`, `_n`, `_l`) and `desk` (officials, board,
administration; `_d`, `_dn`, `_dl`). The current language is a context variable, so that a mail, a PDF or a command
speaks its receiver's language without a request around it.
"""

from __future__ import annotations

import enum
import gettext as gettext_rules
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

from fundapp import clock
from fundapp.paths import TRANSLATIONS

NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Language:
    """A language as a reader meets it; `formats` is the Babel locale that dates and numbers follow."""

    code: str
    own_name: str
    html_lang: str
    direction: str
    formats: str
    catalogue: str | None
    is_for_desk: bool = False
    is_preliminary: bool = False


# In the order of the menu: Swedish, then the two languages that the municipality is an administrative area for
# (lag 2009:724). Babel knows neither fit nor prs; their formats are those of Finnish and of Persian in Afghanistan.
LANGUAGES = {
    language.code: language
    for language in (
        Language("sv", "svenska", "sv", "ltr", "sv_SE", "sv", is_for_desk=True),
        Language("fi", "suomi", "fi", "ltr", "fi", "fi", is_preliminary=True),
        Language("fit", "meänkieli", "fit", "ltr", "fi", "fi@fit", is_preliminary=True),
        Language("en", "English", "en", "ltr", "en_SE", None, is_for_desk=True),
        Language("ar", "العربية", "ar", "rtl", "ar", "ar", is_preliminary=True),
        Language("prs", "دری", "prs", "rtl", "fa_AF", "fa_AF", is_preliminary=True),
        Language("so", "Soomaali", "so", "ltr", "so", "so", is_preliminary=True),
        Language("ti", "ትግርኛ", "ti", "ltr", "ti", "ti", is_preliminary=True),
    )
}
AUTHORITY_LANGUAGE = "sv"  # språklagen 2009:600 10 §
OTHER_LANGUAGE = "und"  # BCP 47 for a text whose language nobody has named: a person may write in any

_current: ContextVar[str] = ContextVar("language", default=AUTHORITY_LANGUAGE)


def current() -> Language:
    return LANGUAGES[_current.get()]


def set_current(code: str) -> None:
    """Speak `code` from here on in this context. Errors: KeyError for a language that is not released."""
    _current.set(LANGUAGES[code].code)


@contextmanager
def speaking(code: str) -> Iterator[Language]:
    """Speak `code` within; an unreleased language falls back to Swedish."""
    language = LANGUAGES.get(code, LANGUAGES[AUTHORITY_LANGUAGE])
    token = _current.set(language.code)
    try:
        yield language
    finally:
        _current.reset(token)


@dataclass(frozen=True)
class Catalogue:
    texts: dict[str, str]
    plurals: dict[str, tuple[str, ...]]
    form_of: Callable[[int], int]


@cache
def catalogue(code: str, domain: str) -> Catalogue:
    """The texts of one language and domain by English source text; English itself is an empty one."""
    folder = LANGUAGES[code].catalogue
    path = TRANSLATIONS / (folder or "") / "LC_MESSAGES" / f"{domain}.po"
    if folder is None or not path.exists():
        return Catalogue({}, {}, lambda n: int(n != 1))
    with path.open("rb") as file:
        catalog = read_po(file, locale=folder.partition("@")[0], domain=domain)
    texts: dict[str, str] = {}
    plurals: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        if not message.id or message.fuzzy or not message.string:
            continue
        if isinstance(message.id, str):
            texts[message.id] = str(message.string)
        elif all(message.string):
            plurals[message.id[0]] = tuple(message.string)
    return Catalogue(texts, plurals, gettext_rules.c2py(catalog.plural_expr))


def _fill(text: str, values: dict[str, Any]) -> str:
    if not values:
        return text
    if any(isinstance(value, Markup) for value in values.values()):
        return escape(text) % values
    return text % values


def _text(domain: str, source: str, values: dict[str, Any]) -> str:
    return _fill(catalogue(_current.get(), domain).texts.get(source, source), values)


def _counted(domain: str, one: str, many: str, n: int, values: dict[str, Any]) -> str:
    known = catalogue(_current.get(), domain)
    forms = known.plurals.get(one)
    text = forms[known.form_of(n)] if forms else (one if n == 1 else many)
    return _fill(text, {"n": number(n)} | values)


def _(source: str, /, **values: Any) -> str:
    """`source` in the current language (messages)."""
    return _text("messages", source, values)


def _n(one: str, many: str, n: int, /, **values: Any) -> str:
    """The form for `n` in the current language (messages); `%(n)s` is filled."""
    return _counted("messages", one, many, n, values)


def _d(source: str, /, **values: Any) -> str:
    """`source` in the current language (desk)."""
    return _text("desk", source, values)


def _dn(one: str, many: str, n: int, /, **values: Any) -> str:
    """The form for `n` in the current language (desk); `%(n)s` is filled."""
    return _counted("desk", one, many, n, values)


class Lazy:
    """A text that is looked up when it is shown, in the language spoken then."""

    def __init__(self, look_up: Callable[..., str], source: str, values: dict[str, Any]) -> None:
        self.look_up, self.source, self.values = look_up, source, values

    def __str__(self) -> str:
        return self.look_up(self.source, **self.values)

    def __html__(self) -> str:
        return str(escape(str(self)))

    def __repr__(self) -> str:
        return f"Lazy({self.source!r})"

    def __mod__(self, values: Any) -> str:
        return str(self) % values

    def __add__(self, other: str) -> str:
        return str(self) + other


def _l(source: str, /, **values: Any) -> Lazy:
    return Lazy(_, source, values)


def _dl(source: str, /, **values: Any) -> Lazy:
    return Lazy(_d, source, values)


class LabelledEnum(enum.Enum):
    """Members written as `NAME = "code", _l("Label")`."""

    label: Lazy

    def __new__(cls, code: str, label: Lazy) -> LabelledEnum:
        member = object.__new__(cls)
        member._value_ = code
        member.label = label
        return member


# --- how figures and days are written ---------------------------------------------------------------------------


def number(value: int) -> str:
    """A whole number the Swedish way in every language: `45 000`, with no-break spaces and a real minus."""
    # By hand: Babel takes 15 µs for the same against 0.3, and a list writes a hundred of them.
    return f"{value:,}".replace(",", NBSP).replace("-", "\N{MINUS SIGN}")


def money(kronor: int) -> str:
    """Whole kronor the Swedish way in every language: `45 000 kr`."""
    return f"{number(kronor)}{NBSP}kr"


_SEPARATORS = {"ar": "، ", "prs": "، ", "ti": "፣ "}


def listed(texts: Iterable[object]) -> str:
    """Texts one after the other, with the comma of the language spoken now."""
    return _SEPARATORS.get(_current.get(), ", ").join(str(text) for text in texts)


# What CLDR lacks or writes otherwise than authorities here: Meänkieli's months, and the day before the month.
_MONTHS = {
    "fit": (
        *("januaaria", "fepruaaria", "marsia", "aprillia", "majia", "jyyniä"),
        *("jyyliä", "aukustia", "septemperiä", "oktooperia", "novemperiä", "tesemperiä"),
    )
}
_DAY_FIRST = {"so": "d MMMM y", "ti": "d MMMM y"}


def long_day(day: date) -> str:
    """A local day in words: `6 March 2017`, `6 mars 2017`."""
    return _long_day(day, current().code)


@lru_cache(maxsize=4096)
def _long_day(day: date, code: str) -> str:
    if code in _MONTHS:
        return f"{day.day} {_MONTHS[code][day.month - 1]} {day.year}"
    return str(format_date(day, _DAY_FIRST.get(code, "long"), locale=LANGUAGES[code].formats))


def day_and_time(instant: datetime) -> str:
    """An instant as a local day and time: `6 mars 2017 14:02`."""
    # From the right to the left a year and a time beside each other would change places.
    between = NBSP if current().direction == "ltr" else _SEPARATORS[current().code]
    return f"{long_day(clock.local_day(instant))}{between}{time_of_day(instant)}"


def time_of_day(instant: datetime) -> str:
    """An instant as a local time: `14:02`."""
    return f"{instant.astimezone(clock.STOCKHOLM):%H:%M}"


def language_name(code: str) -> str:
    """A language's own name; for one that nobody has named, that it is another than those of the menu."""
    return LANGUAGES[code].own_name if code in LANGUAGES else _("Another language")


_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# A sum, a number, an address or a Swedish name: `45 000 kr`, `§ 12`, `KS 2017:4`, `Förvaltningsrätten i Luleå`.
_WORD = r"\+?[A-Za-zÀ-ɏ0-9](?:[A-Za-zÀ-ɏ0-9\u00a0.:/@+_–-]*[A-Za-zÀ-ɏ0-9])?"
_PIECE = re.compile(rf"(?:§[ \u00a0]?)?{_WORD}(?:[.,:]?[ \u00a0]\(?{_WORD}\)?)*")


def plain_lines(text: str, code: str) -> str:
    """Plain text that keeps its order where the language runs from right to left: a line that begins with a Swedish
    name is still read from the right, and each such piece is isolated. Lines with a link stay as they are.
    """
    if direction_of(code) == "ltr":
        return text
    return "\n".join(_from_the_right(line) for line in text.split("\n"))


def _from_the_right(line: str) -> str:
    if "://" in line or not _RIGHT_TO_LEFT.search(line):
        return line
    isolated = _PIECE.sub(lambda piece: f"\N{LEFT-TO-RIGHT ISOLATE}{piece[0]}\N{POP DIRECTIONAL ISOLATE}", line)
    return isolated if _RIGHT_TO_LEFT.match(line) else f"\N{RIGHT-TO-LEFT MARK}{isolated}"


def direction_of(text_language: str) -> str:
    """`rtl` or `ltr` for a text kept in a language, released or not."""
    if text_language in LANGUAGES:
        return LANGUAGES[text_language].direction
    try:
        return str(Locale.parse(text_language).text_direction)
    except (UnknownLocaleError, ValueError):
        return "ltr"
