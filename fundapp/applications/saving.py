"""Keep a section that several may be writing in, or one person in two windows: what each changed goes together, and
where both changed the same text neither is overwritten unseen; the one who comes last is asked which one to keep.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast, delete, func, or_, select
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FieldList, FormField, SelectMultipleField

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications import actions
from fundapp.applications.models import Application, Section, SectionAside, SectionChange
from fundapp.applications.questions import SectionForm
from fundapp.db import db, new_public_id
from fundapp.languages import _

Texts = dict[str, list[str]]
CHANGES_KEPT = 200
HEAVIEST = 5_000_000  # letters of a section's changes; as many as 200 of a full answer in a script that is kept escaped
_SWEEP_EVERY = 20
KEPT_FOR = timedelta(days=8)  # a browser keeps what it could not send for seven


@dataclass(frozen=True)
class Basis:
    """What a save stands on. `version`: the one its page showed, None where the page did not say; `page`: which page,
    each time it is opened another, so that its steps are those of one window, in order; `step` which of its saves;
    `shown`: the fields of which it showed two texts; `choices`: a field's name → "mine" or "theirs".
    """

    version: int | None = None
    page: str = ""
    step: int = 0
    shown: frozenset[str] = frozenset()
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A section as one person sees it: `answers` with the person's own words where `asked` waits for a choice."""

    answers: Texts
    version: int
    saved_at: datetime | None = None
    asked: tuple[str, ...] = ()
    page: str = field(default_factory=new_public_id)
    step: int = 0


@dataclass(frozen=True)
class Question:
    """Two texts for one field: the reader's own, and what is kept, written by somebody at some time."""

    name: str
    label: str
    mine: tuple[str, ...]
    theirs: tuple[str, ...]
    by: str | None
    at: datetime | None


def as_written(application: Application, code: str, *, by: Account) -> Written:
    """The section as it is kept, with the person's own words where there are two."""
    section = next((each for each in application.sections if each.code == code), None)
    if section is None:
        return Written({}, 0)
    return _as_seen(section, _aside(section, by))


def _as_seen(section: Section, aside: SectionAside | None) -> Written:
    own = aside.answers if aside else {}
    return Written(section.answers | own, section.version, section.saved_at, tuple(own))


def _aside(section: Section, by: Account) -> SectionAside | None:
    of_person = SectionAside.section_id == section.id, SectionAside.account_id == by.id
    return db.session.scalars(select(SectionAside).where(*of_person)).one_or_none()


def save(application: Application, code: str, typed: Texts, form: SectionForm, basis: Basis, *, by: Account) -> Written:
    """Keep what was typed, together with what others have saved since. Errors: as in actions.save_section."""
    section = _held(application, code)
    if section is None:
        return _as_seen(actions.save_section(application, code, typed, by=by, page=basis.page, step=basis.step), None)
    aside, is_heavy = _aside(section, by), len(json.dumps(section.answers)) > HEAVIEST // _SWEEP_EVERY
    if basis.version is None and section.saved_by_id == by.id and aside is None:
        merged, asked = (
            typed,
            dict[str, list[str]](),
        )  # a page from before there were versions; what stood there is kept among the changes
    else:
        merged, asked = _merged(section, typed, form, basis, aside.answers if aside else {})
    section = actions.save_section(application, code, merged, by=by, page=basis.page, step=basis.step)
    if is_heavy or section.version % _SWEEP_EVERY == 0:
        forget_changes(section)
    return _as_seen(section, _put_aside(section, aside, asked, by=by))


def basis_of(posted: MultiDict[str, str]) -> Basis:
    """What the page said of itself beside the answers."""
    version, step = posted.get("version", ""), posted.get("step", "")
    return Basis(
        version=int(version) if _is_count(version) else None,
        page=posted.get("page", "")[:12],
        step=int(step) if _is_count(step) else 0,
        shown=frozenset(posted.getlist("shown")),
        choices={name.removeprefix("keep:"): text for name, text in posted.items() if name.startswith("keep:")},
    )


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _held(application: Application, code: str) -> Section | None:
    """The section as it is now; nobody else saves in this application until the transaction ends."""
    db.session.execute(select(Application.id).where(Application.id == application.id).with_for_update())
    found = select(Section).where(Section.application_id == application.id, Section.code == code)
    return db.session.scalars(found.execution_options(populate_existing=True)).one_or_none()


def _put_aside(section: Section, aside: SectionAside | None, asked: Texts, *, by: Account) -> SectionAside | None:
    if aside is None and asked:
        aside = SectionAside(section_id=section.id, account_id=by.id, answers=asked)
        db.session.add(aside)
    elif aside is not None and asked:
        aside.answers = asked
    elif aside is not None:
        db.session.delete(aside)
        aside = None
    db.session.flush()
    return aside


def _merged(section: Section, typed: Texts, form: SectionForm, basis: Basis, aside: Texts) -> tuple[Texts, Texts]:
    """What is kept now, and what is put aside until the person has chosen."""
    since = _changes_since(section, basis.version)
    if basis.step and not basis.shown and any(_is_later(change, basis) for change in since or ()):
        return section.answers, aside  # its answer was lost on the way, or a later save of the page overtook it
    kept, asked = dict(section.answers), {n: texts for n, texts in aside.items() if n not in basis.shown}
    for name in {**section.answers, **typed, **aside}:
        theirs = section.answers.get(name, [])
        touched = [change for change in since or () if name in change.before]
        was = touched[0].before[name] if touched else theirs
        is_shown = name in aside and name in basis.shown
        own = typed.get(name, [] if _may_be_left_out(form, name) and not is_shown else was)
        choice = basis.choices.get(name) if is_shown else "mine"
        if is_same(own, theirs) or choice == "theirs":
            continue
        is_seen = since is not None and all(basis.page and change.page == basis.page for change in touched)
        is_untouched = since is not None and is_same(own, was)
        if choice == "mine" and (is_seen or not (_plain(theirs) or is_untouched)):
            kept[name] = own
        elif is_shown or not is_untouched:
            asked[name] = own
    return kept, asked


def _changes_since(section: Section, version: int | None) -> Sequence[SectionChange] | None:
    """The saves after `version`, the oldest first; None where they are not all kept any more."""
    if version is None:
        return None
    newer = select(SectionChange).where(SectionChange.section_id == section.id, SectionChange.version > version)
    found = db.session.scalars(newer.order_by(SectionChange.version)).all()
    return found if len(found) == section.version - version else None


def _is_later(change: SectionChange, basis: Basis) -> bool:
    return change.page == basis.page and change.step >= basis.step


def is_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether both say the same; a browser sends an empty field as an empty text, and ends lines in its own way."""
    return _plain(one) == _plain(other)


def _plain(texts: Sequence[str]) -> list[str]:
    return [text.replace("\r\n", "\n") for text in texts] if any(text for text in texts) else []


def _may_be_left_out(form: SectionForm, name: str) -> bool:
    """Whether a browser sends nothing for the field when nothing is chosen in it."""
    return isinstance(form._fields.get(name), (BooleanField, SelectMultipleField))


def questions(application: Application, form: SectionForm, written: Written) -> list[Question]:
    """The two texts of each field that waits for a choice."""
    section = next((each for each in application.sections if each.code == form.section_code), None)
    if section is None or not written.asked:
        return []
    changes = db.session.scalars(
        select(SectionChange).where(SectionChange.section_id == section.id).order_by(SectionChange.version.desc())
    ).all()
    found = []
    for name in written.asked:
        last = next((change for change in changes if name in change.before), None)
        label, input_field = _named(form, name)
        found.append(
            Question(
                name,
                label,
                _readable(input_field, written.answers[name]),
                _readable(input_field, section.answers.get(name, [])),
                (last.saved_by.name or last.saved_by.email) if last else None,
                last.saved_at if last else None,
            )
        )
    return found


def _named(form: SectionForm, name: str) -> tuple[str, Field | None]:
    """A field's label by its posted name, with its row where it stands in one."""
    first, _dash, rest = name.partition("-")
    found = form._fields.get(first)
    if not isinstance(found, FieldList):
        return (str(found.label.text) if found is not None else name), found
    row, _dash, part = rest.partition("-")
    list_name = str(found.label.text)
    for entry in found.entries:
        if isinstance(entry, FormField) and entry.short_name == f"{first}-{row}" and part in entry.form:
            label = str(entry.form[part].label.text)
            return _("%(list)s, row %(number)s: %(error)s", list=list_name, number=int(row) + 1, error=label), entry[
                part
            ]
    return list_name, None


def _readable(input_field: Field | None, texts: Sequence[str]) -> tuple[str, ...]:
    """The texts as they are read: what was chosen by its label."""
    if isinstance(input_field, BooleanField):
        return (_("Yes") if any(texts) else _("No"),)
    if input_field is not None and hasattr(input_field, "iter_choices"):
        labels: dict[str, Any] = {str(each.value): each.label for each in input_field.iter_choices()}
        return tuple(str(labels.get(text, text)) for text in texts if text)
    return tuple(text for text in texts if text)


def forget_changes(section: Section) -> None:
    """Remove what is too old or too much to be merged with, by number or by weight."""
    is_old = or_(
        SectionChange.version <= max(section.version - CHANGES_KEPT, _too_heavy(section)),
        SectionChange.saved_at < clock.now() - KEPT_FOR,
    )
    db.session.execute(
        delete(SectionChange)
        .where(SectionChange.section_id == section.id, is_old)
        .execution_options(synchronize_session=False)
    )


def _too_heavy(section: Section) -> int:
    """The newest version whose change, with all later ones, has more letters than are kept; 0 where none has."""
    letters = func.length(cast(SectionChange.before, Text))
    found = select(SectionChange.version, letters).where(SectionChange.section_id == section.id)
    total = 0
    for version, weight in db.session.execute(found.order_by(SectionChange.version.desc())):
        total += weight
        if total > HEAVIEST:
            return int(version)
    return 0
