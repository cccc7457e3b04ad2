"""The letters of a sitting's decisions as one official may see them: never with a conflict in the case."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from flask_login import current_user
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.models import Decision, Letter
from fundapp.mail import Enclosure, Message, MessageStatus
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Person


@dataclass(frozen=True)
class LetterRow:
    """A letter with its mails, one for each address."""

    letter: Letter
    mails: list[Message] = field(default_factory=list)

    @property
    def is_held(self) -> bool:
        return self.letter.released_at is None

    @property
    def failed(self) -> list[Message]:
        return [mail for mail in self.mails if mail.status is MessageStatus.FAILED]

    @property
    def permission_subject(self) -> Application:
        return self.letter.decision.application


def of_sitting(meeting: Meeting, person: Person) -> list[LetterRow]:
    """In the order of the agenda."""
    found = _letters(person).where(MinuteItem.meeting_id == meeting.id)
    return _with_mails(db.session.scalars(found.order_by(MinuteItem.position, Letter.id)))


def letter(public_id: str) -> LetterRow | None:
    """A letter that the signed-in official may see."""
    return next(
        iter(_with_mails(db.session.scalars(_letters(current_user).where(Letter.public_id == public_id)))), None
    )


def _letters(person: Person) -> Select[Letter]:
    decision = joinedload(Letter.decision)
    return (
        select(Letter)
        .join(Letter.decision)
        .join(Decision.item)
        .join(Decision.application)
        .where(visible_to(person))
        .options(
            joinedload(Letter.paper),
            decision.joinedload(Decision.item).joinedload(MinuteItem.meeting),
            decision.joinedload(Decision.application).joinedload(Application.case),
        )
    )


def _with_mails(letters: Iterable[Letter]) -> list[LetterRow]:
    rows = {row.paper_id: LetterRow(row) for row in letters}
    mails = db.session.execute(
        select(Enclosure.paper_id, Message)
        .join(Message, Message.id == Enclosure.message_id)
        .where(Enclosure.paper_id.in_(rows))
        .order_by(Message.id)
    )
    for paper_id, message in mails:
        rows[paper_id].mails.append(message)
    return list(rows.values())
