"""The outbox: a message is a row written in the transaction that causes it, and leaves afterwards."""

from collections.abc import Callable, Iterable
from datetime import datetime
from email.utils import make_msgid

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, exists, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import clock
from fundapp.config import settings
from fundapp.db import Base, db, enum_type, new_public_id, public_id_column, reread
from fundapp.documents import Paper
from fundapp.languages import AUTHORITY_LANGUAGE, LabelledEnum, _dl, current, plain_lines, speaking
from fundapp.web.watch import request_id

WRITTEN = "fundapp.mail.written"  # in a session's `info`: the running transaction holds mail to send
# Reserved (RFC 2606): nobody can have such an address, nor sign in with it.
_BY_POST = "@post.invalid"


class MessageStatus(LabelledEnum):
    HELD = "held", _dl("Waiting to be released")
    WAITING = "waiting", _dl("Waiting to be sent")
    SENDING = "sending", _dl("Being sent")
    SENT = "sent", _dl("Sent")
    FAILED = "failed", _dl("Not sent")
    BY_POST = "by_post", _dl("To be printed and posted")


class Message(Base):
    """One mail to one address. The Message-ID is made once, so that a second try is the same message.

    `thread`: the case it belongs to, whose messages leave in the order they were written; empty for mail that stands
    alone. `occasion`: what may be written about only once, as a reminder. `claimed_at`: since when a sender has it.
    `origin`: the id of the request that wrote it or asked for it to be sent again, for the log.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("(status = 'SENDING') = (claimed_at IS NOT NULL)", name="sending_is_claimed"),
        CheckConstraint("(status = 'SENT') = (sent_at IS NOT NULL)", name="sent_has_instant"),
        Index("ix_message_status_id", "status", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    to: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str]
    thread: Mapped[str] = mapped_column(String(40), default="", index=True)
    occasion: Mapped[str | None] = mapped_column(String(200), unique=True)
    status: Mapped[MessageStatus] = mapped_column(enum_type(MessageStatus), default=MessageStatus.WAITING)
    written_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    first_refused_at: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(String(500), default="")
    origin: Mapped[str | None] = mapped_column(String(64))

    enclosures: Mapped[list["Enclosure"]] = relationship(order_by="Enclosure.id")


class Enclosure(Base):
    """A paper that goes with a message as a PDF."""

    __tablename__ = "enclosure"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"), index=True)

    paper: Mapped[Paper] = relationship()


def write(
    *,
    to: str,
    language: str,
    subject: str,
    body: str,
    thread: str = "",
    papers: Iterable[Paper] = (),
    occasion: str | None = None,
    is_held: bool = False,
) -> Message:
    """Put a message in the outbox, in the running transaction. A line break in the subject becomes a space.

    `is_held`: it stays there until `release`. The job that sends it is put into the same transaction, by `jobs`, when
    that is kept.
    """
    now = clock.now()
    message = Message(
        message_id=make_msgid(domain=settings().mail_from.rpartition("@")[2] or None),
        to=to,
        language=language,
        subject=" ".join(subject.split()),
        body=body,
        thread=thread,
        occasion=occasion,
        status=MessageStatus.HELD if is_held else _leaves_as(to),
        written_at=now,
        next_try_at=now,
        origin=request_id() or None,
        enclosures=[Enclosure(paper=paper) for paper in papers],
    )
    db.session.add(message)
    db.session.info[WRITTEN] = True
    return message


def new_post_address() -> str:
    """What stands for an address where somebody has no e-mail: the mail for it is printed and posted."""
    return f"{new_public_id()}{_BY_POST}"


def is_by_post(address: str) -> bool:
    return address.endswith(_BY_POST)


def _leaves_as(address: str) -> MessageStatus:
    return MessageStatus.BY_POST if is_by_post(address) else MessageStatus.WAITING


def in_both(body: Callable[[], str]) -> str:
    """The body in Swedish, which governs, and then in the language spoken now, under the name of each."""
    language = current()
    if language.code == AUTHORITY_LANGUAGE:
        return body()
    with speaking(AUTHORITY_LANGUAGE) as swedish:
        first = body().strip()
    own = plain_lines(body(), language.code).strip()
    name = language.own_name
    return f"{swedish.own_name} | {name}\n\n{first}\n\n---------- {name} ----------\n\n{own}\n"


def has_written(occasion: str) -> bool:
    """Whether a message for the occasion has been written, sent or not."""
    return bool(db.session.scalar(select(exists().where(Message.occasion == occasion))))


def release(message: Message) -> None:
    """Let a held message leave; one that is not held stays as it is. The caller holds what it belongs to."""
    if message.status is MessageStatus.HELD:
        message.status, message.next_try_at = _leaves_as(message.to), clock.now()
        message.origin = request_id() or message.origin
        db.session.info[WRITTEN] = True


def send_again(message: Message) -> bool:
    """Let a message that failed, or waits for its next try, be tried now; False for one that left or is leaving."""
    reread(message, with_for_update={"of": Message})
    if message.status not in (MessageStatus.FAILED, MessageStatus.WAITING):
        return False
    message.status, message.next_try_at, message.first_refused_at = MessageStatus.WAITING, clock.now(), None
    message.origin = request_id() or message.origin
    db.session.info[WRITTEN] = True
    return True
