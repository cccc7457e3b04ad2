"""Letters about decisions wait in the outbox until somebody has read them and lets them go; then they are filed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp import clock, mail
from fundapp.applications.models import Application
from fundapp.applications.receivers import receivers
from fundapp.db import db
from fundapp.decisions import papers
from fundapp.decisions.models import Decision, Letter
from fundapp.history.actions import record
from fundapp.mail import Enclosure, Message, MessageStatus
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import file_document, hold_cases
from fundapp.registry.models import Direction
from fundapp.workflow import NotAllowed


def waiting(meeting: Meeting) -> list[Letter]:
    """Letters of a sitting's decisions that nobody has released yet, whoever may see them."""
    return list(
        db.session.scalars(
            select(Letter)
            .join(Letter.decision)
            .join(Decision.item)
            .where(MinuteItem.meeting_id == meeting.id, Letter.released_at.is_(None))
            .order_by(Letter.id)
        )
    )


def release(letters: Sequence[Letter], *, by: Any) -> int:
    """Let them leave, file each in its case as dispatched, and give the applicant the page of it; gives how many.

    One that somebody else released meanwhile stays as it is. Errors: NotAllowed.
    """
    reason = why_not(by, Permission.RELEASE_LETTERS)
    if reason is not None:
        raise NotAllowed(reason)
    held = _hold(letters)
    last = hold_cases([letter.decision.case for letter in held])
    mails = _mails([letter.paper_id for letter in held])
    for letter in held:
        letter.released_at, letter.released_by_id = clock.now(), by.id
        for message in _readdressed(letter, mails.get(letter.paper_id, [])):
            mail.release(message)
        file_document(
            letter.decision.case,
            direction=Direction.DISPATCHED,
            subject=papers.letter_subject(letter.decision),
            counterpart=letter.counterpart,
            paper=letter.paper,
            by=by,
            last=last,
        )
        if letter.is_to_applicant:
            letter.decision.letter = letter.paper
        record(letter, "release_letter", by=by)
    db.session.flush()
    return len(held)


def _readdressed(letter: Letter, messages: list[Message]) -> list[Message]:
    """The mails of a letter to the addresses that hold now. It may have waited for days: who was removed from the
    organisation meanwhile gets none, and an address that stands in the place of another gets the other's.
    """
    application = letter.decision.application
    if not letter.is_to_applicant or application.organisation is None:
        return messages
    now = list(receivers(application, application.created_by))
    new = [to for to in now if to not in {message.to for message in messages}]
    kept = []
    for message in messages:
        if message.to not in now and new:
            message.to = new.pop()
        if message.to in now:
            kept.append(message)
            continue
        for enclosure in message.enclosures:
            db.session.delete(enclosure)
        db.session.delete(message)
    return kept


def send_again(letter: Letter, *, by: Any) -> int:
    """Try the mails of a letter again that did not arrive; gives how many. Errors: NotAllowed."""
    reason = why_not(by, Permission.RELEASE_LETTERS)
    if reason is not None:
        raise NotAllowed(reason)
    mails = _mails([letter.paper_id]).get(letter.paper_id, [])
    tried = [message for message in mails if message.status is MessageStatus.FAILED and mail.send_again(message)]
    for message in tried:
        record(letter.decision.application, "send_again", by=by, message=message.public_id)
    return len(tried)


def _hold(letters: Sequence[Letter]) -> list[Letter]:
    """Lock them in one order, and read anew which still wait."""
    db.session.flush()
    return list(
        db.session.scalars(
            select(Letter)
            .where(Letter.id.in_([letter.id for letter in letters]), Letter.released_at.is_(None))
            .order_by(Letter.id)
            .options(
                joinedload(Letter.paper),
                joinedload(Letter.decision).joinedload(Decision.item),
                joinedload(Letter.decision)
                .joinedload(Decision.application)
                .options(
                    joinedload(Application.case),
                    joinedload(Application.organisation),
                    joinedload(Application.created_by),
                ),
            )
            .with_for_update(of=Letter)
            .execution_options(populate_existing=True)
        )
    )


def _mails(paper_ids: Sequence[int]) -> dict[int, list[Message]]:
    """The mails of each letter, by its paper."""
    found: dict[int, list[Message]] = {}
    rows = db.session.execute(
        select(Enclosure.paper_id, Message)
        .join(Message, Message.id == Enclosure.message_id)
        .where(Enclosure.paper_id.in_(paper_ids))
        .order_by(Message.id)
    )
    for paper_id, message in rows:
        found.setdefault(paper_id, []).append(message)
    return found
