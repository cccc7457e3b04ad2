"""What stands on the case page: rows read with the page's one statement, and the pages that lead on from it."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_login import current_user
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import aliased

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.remarks import rules
from fundapp.remarks.forms import FlagForm, NoteForm
from fundapp.remarks.models import Flag, Note

_Resolver = aliased(Account)


def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """Queries by name, with bindparam("application"), ("case") or ("person"); columns need own names."""
    return {"flags": _flags(), "notes": _notes()}


def _name(account: Any) -> Any:
    return func.coalesce(func.nullif(account.name, ""), account.email)


def _flags() -> Select[*tuple[Any, ...]]:
    """The newest first."""
    return (
        select(
            Flag.public_id,
            Flag.kind,
            Flag.reason,
            Flag.raised_at,
            _name(Account).label("raised_by"),
            Flag.resolution,
            Flag.resolved_at,
            _name(_Resolver).label("resolved_by"),
        )
        .join(Account, Account.id == Flag.raised_by_id)
        .join(_Resolver, _Resolver.id == Flag.resolved_by_id, isouter=True)
        .where(Flag.application_id == bindparam("application"))
        .order_by(Flag.id.desc())
    )


def _notes() -> Select[*tuple[Any, ...]]:
    """The newest first, so that a correction comes before what it corrects."""
    return (
        select(
            Note.id,
            Note.public_id,
            Note.text,
            Note.written_at,
            Note.written_by_id,
            _name(Account).label("written_by"),
            Note.corrects_id,
        )
        .join(Account, Account.id == Note.written_by_id)
        .where(Note.application_id == bindparam("application"))
        .order_by(Note.id.desc())
    )


def works(application: Application, person: Person) -> list[tuple[Lazy, str]]:
    """What this person may do here, as (label, address)."""
    if not is_allowed(person, Permission.RAISE_FLAG, application):
        return []
    return [(_dl("Raise a flag"), url_for("remarks.raise_flag", public_id=application.public_id))]


@dataclass(frozen=True)
class NoteShown:
    """A note as it reads now, and the texts it had before, the newest first."""

    note: Any
    earlier: list[Any]
    may_correct: bool


@dataclass(frozen=True)
class Remarks:
    """Flags and notes of a case page for one who may read them; a form is None for who may not write there."""

    standing: list[Any]
    resolved: list[Any]
    notes: list[NoteShown]
    flag_form: FlagForm | None
    note_form: NoteForm | None


def remarks_of(application: Application, hanging: dict[str, list[Any]]) -> Remarks | None:
    """What the signed-in person reads of them; None for who may not read them: a member, an auditor."""
    if not rules.may_read(current_user, application):
        return None
    may_write = is_allowed(current_user, Permission.WRITE_NOTE, application)
    flags = hanging["flags"]
    return Remarks(
        standing=[flag for flag in flags if flag.resolved_at is None],
        resolved=[flag for flag in flags if flag.resolved_at is not None],
        notes=_shown(hanging["notes"], current_user.id if may_write else None),
        flag_form=FlagForm(formdata=None),
        note_form=NoteForm(formdata=None) if may_write else None,
    )


def _shown(notes: list[Any], writer: int | None) -> list[NoteShown]:
    by_id = {note.id: note for note in notes}
    corrected = {note.corrects_id for note in notes}
    shown = []
    for note in notes:
        if note.id in corrected:
            continue
        earlier, before = [], by_id.get(note.corrects_id)
        while before is not None:
            earlier.append(before)
            before = by_id.get(before.corrects_id)
        shown.append(NoteShown(note, earlier, may_correct=note.written_by_id == writer))
    # A corrected note keeps the place of the day it was first written.
    return sorted(shown, key=lambda each: (each.earlier[-1] if each.earlier else each.note).id, reverse=True)
