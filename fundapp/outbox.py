"""What leaves the outbox, and when. A message is claimed, sent, and the answer noted: three steps, two transactions.

No transaction is open while a server is spoken to. Every claim has an end, so a sender that was killed loses nothing:
its message is taken again after CLAIM_LASTS. That is the one way a message can arrive twice: the server took it, and
the sender died (or the line broke) before the answer was noted. Both copies then bear the same Message-ID.
"""

import logging
import time
from datetime import datetime, timedelta
from email.message import EmailMessage

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import aliased

from fundapp import clock, smtp
from fundapp.config import settings
from fundapp.db import db, reading
from fundapp.mail import Message, MessageStatus
from fundapp.smtp import Answer, Line
from fundapp.web.watch import go_on_as, request_id

CLAIM_LASTS = timedelta(minutes=15)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
TRIED_FOR = timedelta(days=4)  # RFC 5321 4.5.4.1: a sender gives up after at least 4 to 5 days
BROKEN_LINES = 3  # so many in a row, and the server is left alone until the next sweep
SLICE = 200

log = logging.getLogger(__name__)

_BEING_TRIED = (MessageStatus.WAITING, MessageStatus.SENDING)


def can_send() -> bool:
    """Whether mail leaves at all: a mail server is set, and this is not the demo."""
    return settings().smtp_host is not None and not settings().is_demo


def send_waiting(limit: int | None = None) -> tuple[int, int]:
    """Send what is due, oldest first; gives (sent, not sent). Several may do this at once. Never inside a transaction.

    What the receiver's server refuses for good becomes FAILED; what it refuses for now waits, longer each time. Where
    our own server cannot be had, the rest is left as it is.
    """
    if not can_send():
        return 0, 0
    sent = failed = broken = last = 0
    with Line(settings()) as line:
        while keys := _due_after(last):
            for last in keys:
                if limit is not None and sent + failed >= limit:
                    return sent, failed
                answer = _send(last, line)
                sent += answer is Answer.TAKEN
                failed += answer not in (Answer.TAKEN, None)
                broken = broken + 1 if answer is Answer.BROKEN else 0
                if answer is Answer.NO_SERVER or broken >= BROKEN_LINES:
                    return sent, failed
    return sent, failed


def _due_after(last: int) -> list[int]:
    """Keys of what is due, from the outbox alone; whether an earlier one of the case holds it up, the claim asks."""
    with reading():
        found = select(Message.id).where(Message.id > last, _is_due(clock.now())).order_by(Message.id).limit(SLICE)
        keys = list(db.session.scalars(found))
        db.session.rollback()
    return keys


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(Message.status == MessageStatus.WAITING, Message.next_try_at <= now),
        and_(Message.status == MessageStatus.SENDING, Message.claimed_at <= now - CLAIM_LASTS),
    )


def _send(key: int, line: Line) -> Answer | None:
    """Try one message; None where it is not ours to send (now). Logged under the id of the request that wrote it."""
    claimed = _claim(key)
    if claimed is None:
        return None
    at, name, origin = claimed
    with go_on_as(origin or request_id(), job="send_outbox"):
        answer = _send_claimed(key, at, line)
        # Neither the address nor the server's words, which may hold it: both stand in the message's row.
        level = logging.INFO if answer is Answer.TAKEN else logging.WARNING
        log.log(level, "mail %s: %s", name, answer.name.lower())
    return answer


def _send_claimed(key: int, claimed: datetime, line: Line) -> Answer:
    try:
        email = _drawn(key)
    except SQLAlchemyError:
        raise
    except Exception as fault:  # a message that cannot be made at all must not hold up the others
        db.session.rollback()
        # A full disk or too many open files pass, and say nothing of the message.
        answer = Answer.NOT_NOW if isinstance(fault, OSError | MemoryError) else Answer.REFUSED
        _note(key, claimed, answer, f"{type(fault).__name__}: {fault}")
        return answer
    answer, told = line.send(email)
    _note(key, claimed, answer, told)
    return answer


def _claim(key: int) -> tuple[datetime, str, str | None] | None:
    """Take the message, alone and durably; gives the claim's instant, the message's public id and origin.

    None where somebody or something is before us.
    """
    now = clock.now()
    earlier = aliased(Message)
    is_held_up = and_(
        Message.thread != "",
        exists().where(earlier.thread == Message.thread, earlier.id < Message.id, earlier.status.in_(_BEING_TRIED)),
    )
    taken = db.session.execute(
        update(Message)
        .where(Message.id == key, _is_due(now), ~is_held_up)
        .values(status=MessageStatus.SENDING, claimed_at=now, attempts=Message.attempts + 1)
        .returning(Message.public_id, Message.origin)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    db.session.commit()
    return (now, taken.public_id, taken.origin) if taken else None


def _drawn(key: int) -> EmailMessage:
    with reading():
        email = smtp.as_email(db.session.get_one(Message, key))
        db.session.rollback()
    return email


def _note(key: int, claimed: datetime, answer: Answer, told: str) -> None:
    """Write down how it went. A busy database is asked again: what is not noted would be sent twice."""
    for attempt in range(5):
        try:
            message = db.session.get_one(Message, key, with_for_update=True, populate_existing=True)
            if answer is Answer.TAKEN or message.claimed_at == claimed:  # else another sender has it by now
                _mark(message, answer, told)
            db.session.commit()
        except OperationalError:
            db.session.rollback()
            if attempt == 4:
                raise
            time.sleep(1)
        else:
            return


def _mark(message: Message, answer: Answer, told: str) -> None:
    now = clock.now()
    with db.session.no_autoflush:
        message.claimed_at = None
        message.fault = told[:500]
        if answer is Answer.TAKEN:
            message.status, message.sent_at = MessageStatus.SENT, now
            return
        if answer in (Answer.NOT_NOW, Answer.BROKEN):
            message.first_refused_at = message.first_refused_at or now
        gives_up = message.first_refused_at is not None and now - message.first_refused_at >= TRIED_FOR
        message.status = MessageStatus.FAILED if answer is Answer.REFUSED or gives_up else MessageStatus.WAITING
        # Where no server could be had, the message is not to blame: it goes first when there is one.
        message.next_try_at = now + (FIRST_PAUSE if answer is Answer.NO_SERVER else pause_after(message.attempts))


def pause_after(attempts: int) -> timedelta:
    """How long a message waits after so many tries: a minute, doubled each time, at most an hour."""
    return min(FIRST_PAUSE * 2 ** min(max(attempts - 1, 0), 10), LONGEST_PAUSE)
