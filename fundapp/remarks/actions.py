"""Raise a flag and resolve it, write a note and correct it; and see that no flag stops what is about to be done."""

from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, why_not
from fundapp.remarks import rules
from fundapp.remarks.models import Flag, FlagKind, Note
from fundapp.workflow import NotAllowed, StepNotPossible


def raise_flag(application: Application, *, kind: FlagKind, reason: str, by: Any) -> Flag:
    """Put a flag on the case; the same one twice (a double click) is one flag. Errors: NotAllowed."""
    _hold(application, Permission.RAISE_FLAG, by)
    standing = db.session.scalar(
        select(Flag)
        .where(Flag.application_id == application.id, Flag.resolved_at.is_(None), Flag.raised_by_id == by.id)
        .where(Flag.kind == kind, Flag.reason == reason)
        .limit(1)
    )
    if standing is not None:
        return standing
    flag = Flag(application=application, kind=kind, reason=reason, raised_at=clock.now(), raised_by_id=by.id)
    db.session.add(flag)
    record(flag, "raise_flag", by=by, kind=kind)
    db.session.flush()
    return flag


def resolve_flag(flag: Flag, word: str, *, by: Any) -> None:
    """Say how it was seen to; from then on it stops nothing. Errors: NotAllowed, StepNotPossible."""
    _hold(flag.application, Permission.RAISE_FLAG, by)
    reread(flag)
    if flag.resolved_at is not None:
        raise StepNotPossible(_dl("The flag is resolved already."))
    flag.resolution, flag.resolved_at, flag.resolved_by_id = word, clock.now(), by.id
    record(flag, "resolve_flag", by=by, kind=flag.kind)
    db.session.flush()


def why_stopped(application: Application) -> Lazy | None:
    """The sentence of the flag that stops the case, None where nothing does; for who may read flags."""
    return rules.why_stopped(_stops(application))


def _stops(application: Application) -> list[Flag]:
    standing = select(Flag).where(
        Flag.application_id == application.id, Flag.kind == FlagKind.STOP, Flag.resolved_at.is_(None)
    )
    return list(db.session.scalars(standing.order_by(Flag.id)))


def demand_no_stop(application: Application) -> None:
    """See that no flag stops the case, whose row the caller holds; several may be asked about at once, so the sentence
    names it. Errors: StepNotPossible with the flag's reason.
    """
    for flag in _stops(application):
        number = application.case.diary_number if application.case is not None else application.reference
        raise StepNotPossible(
            _dl("A flag stops %(number)s: “%(reason)s”. Resolve the flag first.", number=number, reason=flag.reason)
        )


def write_note(application: Application, text: str, *, by: Any) -> Note:
    """Leave a note for the other officials; the same words sent twice are one note. Errors: NotAllowed."""
    _hold(application, Permission.WRITE_NOTE, by)
    newest = db.session.scalar(
        select(Note).where(Note.application_id == application.id).order_by(Note.id.desc()).limit(1)
    )
    if newest is not None and (newest.text, newest.written_by_id, newest.corrects_id) == (text, by.id, None):
        return newest
    return _add(Note(application=application, text=text), "write_note", by)


def demand_own(note: Note, *, by: Any) -> None:
    """See that the person wrote it. Errors: NotAllowed."""
    if note.written_by_id != by.id:
        raise NotAllowed(_dl("Only the person who wrote a note corrects it. Write a note of your own."))


def correct_note(note: Note, text: str, *, by: Any) -> Note:
    """Put another text in its place; the old one stays to be read. Only who wrote it corrects it.

    Errors: NotAllowed, StepNotPossible.
    """
    demand_own(note, by=by)
    _hold(note.application, Permission.WRITE_NOTE, by)
    if db.session.scalar(select(Note.id).where(Note.corrects_id == note.id)) is not None:
        raise StepNotPossible(_dl("The note is corrected already. Correct the newer text."))
    return _add(Note(application=note.application, text=text, corrects_id=note.id), "correct_note", by)


def _add(note: Note, event: str, by: Any) -> Note:
    note.written_at, note.written_by_id = clock.now(), by.id
    db.session.add(note)
    record(note, event, by=by)
    db.session.flush()
    return note


def _hold(application: Application, permission: Permission, by: Any) -> None:
    """Lock the case, so that nobody finishes it in between."""
    reason = why_not(by, permission, application)
    if reason is not None:
        raise NotAllowed(reason)
    reread(application, with_for_update={"of": Application})
