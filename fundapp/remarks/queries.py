"""Which cases bear a flag, which flags stop one, and the flags and notes that a person may read."""

from flask_login import current_user
from sqlalchemy import ColumnElement, exists, select

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.remarks.models import Flag, FlagKind, Note


def has_flag(kind: FlagKind | None = None) -> ColumnElement[bool]:
    """Whether a flag (of the kind) stands on the application and is not resolved; for who may read flags."""
    flag = exists().where(Flag.application_id == Application.id, Flag.resolved_at.is_(None))
    return (flag if kind is None else flag.where(Flag.kind == kind)).correlate(Application)


def flag(public_id: str) -> Flag | None:
    """A flag of a case that the signed-in official may see."""
    return db.session.scalar(
        select(Flag)
        .join(Application, Application.id == Flag.application_id)
        .where(Flag.public_id == public_id, visible_to(current_user))
    )


def note(public_id: str) -> Note | None:
    """A note in a case that the signed-in official may see."""
    return db.session.scalar(
        select(Note)
        .join(Application, Application.id == Note.application_id)
        .where(Note.public_id == public_id, visible_to(current_user))
    )
