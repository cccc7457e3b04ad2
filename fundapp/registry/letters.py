"""Mail of cases that did not arrive, as an official may see it: never of a draft, never with a conflict."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_login import current_user
from sqlalchemy import ColumnElement, Select, and_, or_, select

from fundapp import clock
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.mail import Message, MessageStatus
from fundapp.permissions import Person
from fundapp.registry.models import Case

MOST = 100


@dataclass(frozen=True)
class Letter:
    """A message of a case, with the application: the right to send it again is asked of that."""

    message: Message
    application: Application
    diary_number: str | None

    @property
    def permission_subject(self) -> Application:
        return self.application


def letter(public_id: str) -> Letter | None:
    """A message of a case that the signed-in official may see."""
    row = db.session.execute(_letters(current_user).where(Message.public_id == public_id)).one_or_none()
    return Letter(*row) if row is not None else None


def failed(person: Person) -> list[Letter]:
    """What was refused for good, the newest first, MOST at most."""
    found = _letters(person).where(Message.status == MessageStatus.FAILED).order_by(Message.id.desc()).limit(MOST)
    return [Letter(*row) for row in db.session.execute(found)]


def held_up(person: Person) -> list[Letter]:
    """What has been tried without success and will be tried again, the oldest first, MOST at most."""
    found = _letters(person).where(_is_held_up(clock.now())).order_by(Message.id).limit(MOST)
    return [Letter(*row) for row in db.session.execute(found)]


def _is_held_up(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(Message.status == MessageStatus.WAITING, Message.fault != ""),
        and_(Message.status == MessageStatus.SENDING, Message.fault != "", Message.next_try_at < now),
    )


def _letters(person: Person) -> Select[Any, Any, Any]:
    # Mail that belongs to no case, as one that signs somebody in, is nobody's business.
    return (
        select(Message, Application, Case.diary_number)
        .join(Application, Application.public_id == Message.thread)
        .outerjoin(Case, Case.id == Application.case_id)
        .where(visible_to(person))
    )
