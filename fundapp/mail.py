"""The outbox: a message is a row written in the transaction that causes it, and leaves afterwards."""

import smtplib
import ssl
from collections.abc import Iterable
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import clock, documents
from fundapp.config import settings
from fundapp.db import Base, db, enum_type, public_id_column
from fundapp.documents import Paper
from fundapp.languages import LabelledEnum, _dl


class MessageStatus(LabelledEnum):
    WAITING = "waiting", _dl("Waiting to be sent")
    SENT = "sent", _dl("Sent")
    FAILED = "failed", _dl("Not sent")


class Message(Base):
    """One mail to one address. The Message-ID is made once, so that a second try is the same message."""

    __tablename__ = "message"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    to: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str]
    thread: Mapped[str] = mapped_column(String(40), default="", index=True)
    status: Mapped[MessageStatus] = mapped_column(enum_type(MessageStatus), default=MessageStatus.WAITING, index=True)
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(String(500), default="")

    enclosures: Mapped[list["Enclosure"]] = relationship(order_by="Enclosure.id")


class Enclosure(Base):
    """A paper that goes with a message as a PDF."""

    __tablename__ = "enclosure"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"))

    paper: Mapped[Paper] = relationship()


def write(
    *, to: str, language: str, subject: str, body: str, thread: str = "", papers: Iterable[Paper] = ()
) -> Message:
    """Put a message in the outbox, in the running transaction. A line break in the subject becomes a space."""
    message = Message(
        message_id=make_msgid(domain=settings().mail_from.rpartition("@")[2] or None),
        to=to,
        language=language,
        subject=" ".join(subject.split()),
        body=body,
        thread=thread,
        written_at=clock.now(),
        enclosures=[Enclosure(paper=paper) for paper in papers],
    )
    db.session.add(message)
    return message


def send_waiting(limit: int = 100) -> tuple[int, int]:
    """Send what waits, oldest first, each in its own transaction; gives (sent, not sent). Needs FUNDAPP_SMTP_HOST.

    What the receiver's server refuses for good becomes FAILED; where the server cannot be had, the message waits on.
    """
    waiting = db.session.scalars(
        select(Message.id).where(Message.status == MessageStatus.WAITING).order_by(Message.id).limit(limit)
    ).all()
    db.session.commit()
    sent = failed = 0
    for key in waiting:
        message = db.session.get(Message, key, with_for_update={"skip_locked": True})
        if message is None or message.status is not MessageStatus.WAITING:  # another sender has it, or had it
            db.session.rollback()
            continue
        message.attempts += 1
        try:
            _send(message)
        except Exception as fault:  # whatever is wrong with one message, the others must leave
            message.fault = str(fault)[:500]
            message.status = MessageStatus.FAILED if _is_final(fault) else MessageStatus.WAITING
            failed += 1
        else:
            message.status, message.sent_at, message.fault = MessageStatus.SENT, clock.now(), ""
            sent += 1
        db.session.commit()
    return sent, failed


def _is_final(fault: Exception) -> bool:
    """Whether a second try would meet the same: refused for good, or a message that cannot be made at all."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in fault.recipients.values())
    if isinstance(fault, smtplib.SMTPDataError):
        return fault.smtp_code >= 500
    return not isinstance(fault, smtplib.SMTPException | OSError)


def as_email(message: Message) -> EmailMessage:
    """The message as it goes over the wire, with its papers as PDFs."""
    mail = EmailMessage()
    mail["Message-ID"] = message.message_id
    mail["From"] = settings().mail_from
    mail["To"] = message.to
    mail["Subject"] = message.subject
    mail["Date"] = formatdate(message.written_at.timestamp())
    mail.set_content(message.body)
    mail["Content-Language"] = message.language  # after the content, which clears every Content- header
    for enclosure in message.enclosures:
        mail.add_attachment(
            documents.pdf(enclosure.paper), maintype="application", subtype="pdf", filename=enclosure.paper.file_name
        )
    return mail


def _send(message: Message) -> None:
    ours = settings()
    if ours.smtp_host is None:
        raise OSError("FUNDAPP_SMTP_HOST is not set")
    with smtplib.SMTP(ours.smtp_host, ours.smtp_port, timeout=30) as server:
        if ours.smtp_starttls:
            server.starttls(context=ssl.create_default_context())
        if ours.smtp_user and ours.smtp_password:
            server.login(ours.smtp_user, ours.smtp_password)
        server.send_message(as_email(message))
