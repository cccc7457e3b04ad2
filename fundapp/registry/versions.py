"""Two versions of an application beside each other: answer by answer, with the words that came and went."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, Submission
from fundapp.assessments.models import WorkingTranslation
from fundapp.assessments.rules import answer_key
from fundapp.db import db
from fundapp.languages import Lazy, _d, _dl, listed
from fundapp.registry import words

# Words that both texts hold, each as often as it can be paired: more than this would take seconds to compare, and the
# texts stand whole instead, the one above the other.
MOST_PAIRS = 200_000
_WORD = re.compile(r"(?<!\s)\s*\S+")


class Piece(NamedTuple):
    """A part of a text: in both versions (''), gone ('del') or new ('ins')."""

    mark: str
    text: str


@dataclass(frozen=True)
class Change:
    """An answer that is not the same. `is_typed`: in the applicant's own words; `translations`: the desk's, of the
    earlier and of the later text, where there is one.
    """

    key: str
    question: str
    pieces: list[Piece]
    is_typed: bool
    note: Lazy | None = None
    translations: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class SectionChange:
    """The answers of a section that are not the same."""

    title: str
    changes: list[Change]


class Version(NamedTuple):
    """A frozen copy without its content."""

    number: int
    submitted_at: datetime
    language: str
    by: str


@dataclass(frozen=True)
class Difference:
    """What the page shows: every version, and between two of them what is not the same. `earlier` and `later` are None
    where there is only one; `text_languages` are those of what was typed; `fault`: what cannot be shown as asked.
    """

    versions: list[Version]
    fault: Lazy | None
    earlier: Version | None = None
    later: Version | None = None
    text_languages: tuple[str, str] = ("", "")
    sections: list[SectionChange] = field(default_factory=list)


def difference(application: Application, earlier: int | None, later: int | None) -> Difference:
    """Between two versions by their numbers, else the last two; the lower number is the earlier one."""
    versions = _versions(application)
    if len(versions) < 2:
        return Difference(versions, _dl("There is only one version, so there is nothing to compare."))
    numbers = [version.number for version in versions]
    pair, fault = _pair(numbers, earlier, later)
    one, other = (versions[numbers.index(number)] for number in pair)
    contents = _contents(application, pair)
    before, after = contents[one.number], contents[other.number]
    languages = (_text_language(before), _text_language(after))
    changed = differences(before, after, _translations(application))
    return Difference(versions, fault, one, other, languages, changed)


def _pair(numbers: list[int], earlier: int | None, later: int | None) -> tuple[tuple[int, int], Lazy | None]:
    """Two different numbers in their order, and a sentence where what was asked for cannot be had."""
    unknown = [number for number in (earlier, later) if number is not None and number not in numbers]
    if unknown:
        fault = _dl("There is no version %(number)s. The last two are shown.", number=unknown[0])
        return (numbers[-2], numbers[-1]), fault
    later = later if later is not None else numbers[-1]
    earlier = earlier if earlier is not None else numbers[max(numbers.index(later) - 1, 0)]
    if earlier == later:
        return (numbers[-2], numbers[-1]), _dl("Choose two different versions. The last two are shown.")
    return (min(earlier, later), max(earlier, later)), None


def _versions(application: Application) -> list[Version]:
    rows = db.session.execute(
        select(Submission.number, Submission.submitted_at, Submission.language, Account.name)
        .join(Account, Account.id == Submission.submitted_by_id)
        .where(Submission.application_id == application.id)
        .order_by(Submission.number)
    )
    return [Version(*row) for row in rows]


def _contents(application: Application, numbers: tuple[int, ...]) -> dict[int, dict[str, Any]]:
    found = select(Submission.number, Submission.content).where(
        Submission.application_id == application.id, Submission.number.in_(numbers)
    )
    return {row.number: row.content for row in db.session.execute(found)}


def _translations(application: Application) -> dict[tuple[str, str], str]:
    """The newest working translation of each text, by answer and text."""
    kept = WorkingTranslation
    rows = db.session.execute(
        select(kept.question, kept.original, kept.text).where(kept.application_id == application.id).order_by(kept.id)
    )
    return {(question, original): text for question, original, text in rows}


def _text_language(content: dict[str, Any]) -> str:
    return str(content.get("text_language", content["language"]))


# --- comparing --------------------------------------------------------------------------------------------------


def differences(
    earlier: dict[str, Any], later: dict[str, Any], translations: dict[tuple[str, str], str] | None = None
) -> list[SectionChange]:
    """The sections in which something changed, in the order of the later version; then those that are asked no more."""
    before = {part["code"]: part for part in earlier["sections"]}
    after = {part["code"]: part for part in later["sections"]}
    found = []
    for code in [*after, *(code for code in before if code not in after)]:
        old, new = before.get(code), after.get(code)
        changes = list(_answers(code, (old, earlier["language"]), (new, later["language"]), translations or {}))
        if code == "organisation":
            changes = [*_particulars(earlier.get("organisation"), later.get("organisation")), *changes]
        if code == "attachments":
            changes += _replaced_files(earlier, later)
        if changes:
            shown, language = (new, later["language"]) if new is not None else (old, earlier["language"])
            found.append(SectionChange(words.title_of(shown or {}, language), changes))
    return found


_Part = tuple[dict[str, Any] | None, str]


def _answers(section: str, earlier: _Part, later: _Part, translations: dict[tuple[str, str], str]) -> Iterator[Change]:
    old = {each["code"]: each for each in (earlier[0] or {"answers": []})["answers"]}
    new = {each["code"]: each for each in (later[0] or {"answers": []})["answers"]}
    for code in [*new, *(code for code in old if code not in new)]:
        before = as_text(words.answer_of(old[code], earlier[1]), earlier[1]) if code in old else ""
        after = as_text(words.answer_of(new[code], later[1]), later[1]) if code in new else ""
        if before.split() == after.split():
            continue  # the same words, whatever blanks stand between them
        key = answer_key(section, code)
        asked, language = (new[code], later[1]) if code in new else (old[code], earlier[1])
        yield Change(
            key,
            words.question_of(asked, language),
            pieces(before, after),
            is_typed=bool(asked.get("is_typed")) or _is_rows(asked["answer"]),
            note=None if code in new else _dl("Not asked in the later version"),
            translations=(translations.get((key, before), ""), translations.get((key, after), "")),
        )


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def as_text(value: Any, asked_in: str) -> str:
    """An answer as lines: of several texts each its own, of rows each row."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if _is_rows(value):
        return "\n".join(
            " · ".join(text for part in row if (text := as_text(words.answer_of(part, asked_in), asked_in)))
            for row in value
        )
    return "\n".join(str(part) for part in value)


_PARTICULARS: dict[str, Lazy] = {
    "name": _dl("Name"),
    "org_number": _dl("Organisation number"),
    "administration": _dl("Administration"),
    "internal_account": _dl("Internal account"),
    "address": _dl("Address"),
    "postal_code": _dl("Postal code"),
    "city": _dl("Town"),
    "email": _dl("E-mail"),
    "phone": _dl("Phone"),
    "website": _dl("Website"),
    "bankgiro": _dl("Bankgiro"),
    "plusgiro": _dl("Plusgiro"),
    "signatories": _dl("May sign"),
    "signs_jointly": _dl("How they sign"),
}


def _particulars(earlier: dict[str, Any] | None, later: dict[str, Any] | None) -> Iterator[Change]:
    for name, label in _PARTICULARS.items():
        before, after = (_particular(name, (who or {}).get(name)) for who in (earlier, later))
        if before != after:
            yield Change(f"organisation-{name}", str(label), pieces(before, after), is_typed=False)


def _particular(name: str, value: Any) -> str:
    if name == "signatories":
        return listed(each["name"] for each in value or [])
    if name == "signs_jointly":
        return _d("jointly") if value else _d("each on their own")
    return str(value or "")


def _replaced_files(earlier: dict[str, Any], later: dict[str, Any]) -> Iterator[Change]:
    """Files whose names are the same and whose contents are not; others show in the answers."""
    before, after = (
        {(file["kind"], file["name"]): file["sha256"] for file in content.get("attachments", [])}
        for content in (earlier, later)
    )
    for kind, name in after:
        if before.get((kind, name), after[kind, name]) != after[kind, name]:
            note = _dl("Another file with the same name")
            yield Change(f"file-{kind}", _d("File"), [Piece("", name)], is_typed=False, note=note)


def pieces(before: str, after: str) -> list[Piece]:
    """The later text with what went out and what came in, word by word; what both have stands once."""
    old, new = split(before), split(after)
    before_words, after_words = [word.strip() for word in old], [word.strip() for word in new]
    counted = Counter(before_words)
    if sum(counted[word] for word in after_words) > MOST_PAIRS:
        return [piece for piece in (Piece("del", before), Piece("ins", after)) if piece.text]
    found: list[Piece] = []
    for kind, i, j, k, m in SequenceMatcher(None, before_words, after_words, autojunk=False).get_opcodes():
        if kind == "equal":
            text = "".join(new[k:m])
            # What was the first word of the later text alone stands behind what went: with a blank between.
            found.append(Piece("", f" {text}" if found and not text[0].isspace() else text))
            continue
        found += [Piece(mark, "".join(part)) for mark, part in (("del", old[i:j]), ("ins", new[k:m])) if part]
    return found


def split(text: str) -> list[str]:
    """Words, each with the blanks before it, so that together they are the text but for blanks at its end."""
    return _WORD.findall(text.replace("\r\n", "\n"))
