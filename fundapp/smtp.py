"""The line to the mail server, and what an answer over it means for the message."""

import enum
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from typing import Self
from urllib.parse import urlsplit

from fundapp import documents
from fundapp.config import Settings, settings
from fundapp.mail import Message

PATIENCE = 30  # seconds for each answer
MOST_PER_LINE = 50  # many servers hang up after a hundred
TOO_LARGE = 552


class Answer(enum.Enum):
    """What became of a message."""

    TAKEN = "the server has taken it"
    REFUSED = "refused for good: a second try would meet the same"
    NOT_NOW = "refused for now"
    BROKEN = "the line broke: nobody knows"
    NO_SERVER = "our own server cannot be had, or does not want us"


def as_email(message: Message) -> EmailMessage:
    """The message as it goes over the wire, with its papers as PDFs."""
    mail = EmailMessage()
    mail["Message-ID"] = message.message_id
    mail["From"] = settings().mail_from
    mail["To"] = message.to
    mail["Subject"] = _one_line(message.subject)
    mail["Date"] = formatdate(message.written_at.timestamp())
    mail.set_content(message.body)
    mail["Content-Language"] = message.language  # after the content, which clears every Content- header
    for enclosure in message.enclosures:
        mail.add_attachment(
            documents.pdf(enclosure.paper), maintype="application", subtype="pdf", filename=enclosure.paper.file_name
        )
    return mail


def _one_line(text: str) -> str:
    """The text as one header. Python takes `=?…?=` in it for letters that are encoded, line breaks among them: that
    would open a second header, so what begins such a piece is parted.
    """
    return " ".join(text.split()).replace("=?", "= ?")


class Line:
    """A connection that is opened when it is first needed and kept for the next message. Use it with `with`."""

    def __init__(self, ours: Settings) -> None:
        self.ours = ours
        self._server: smtplib.SMTP | None = None
        self._carried = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        self._hang_up()

    def send(self, email: EmailMessage) -> tuple[Answer, str]:
        """Send one message; gives the answer and, where it is not TAKEN, what was told."""
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException) as fault:
            self._hang_up()
            return Answer.NO_SERVER, _words(fault)
        try:
            server.send_message(email)
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            self._hang_up()
            return meaning(fault), _words(fault)
        self._carried += 1
        return Answer.TAKEN, ""

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None and (self._carried >= MOST_PER_LINE or not _is_alive(self._server)):
            self._hang_up()
        if self._server is None:
            self._server, self._carried = _open(self.ours), 0
        return self._server

    def _hang_up(self) -> None:
        """Say goodbye where that can be done; whether it could does not matter to any message."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()


def _is_alive(server: smtplib.SMTP) -> bool:
    """Whether the kept line still answers, asked before a message is put on it."""
    try:
        return server.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _open(ours: Settings) -> smtplib.SMTP:
    assert ours.smtp_host is not None  # noqa: S101  outbox.can_send() was asked first
    trusted = ssl.create_default_context(cafile=str(ours.smtp_ca) if ours.smtp_ca else None)
    name = urlsplit(ours.base_url).hostname or "localhost"  # else smtplib asks the name server who we are
    server: smtplib.SMTP
    if ours.smtp_tls == "tls":
        server = smtplib.SMTP_SSL(ours.smtp_host, ours.smtp_port, name, timeout=PATIENCE, context=trusted)
    else:
        server = smtplib.SMTP(ours.smtp_host, ours.smtp_port, name, timeout=PATIENCE)
    try:
        if ours.smtp_tls == "starttls":
            server.starttls(context=trusted)
        if ours.smtp_user and ours.smtp_password:
            server.login(ours.smtp_user, ours.smtp_password)
    except BaseException:
        server.close()
        raise
    return server


def meaning(fault: Exception) -> Answer:
    """What a fault while a message was handed over means. Source of the codes: RFC 5321 4.2."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in fault.recipients.values()]
        return _refusal(min(codes))
    if isinstance(fault, smtplib.SMTPSenderRefused):
        # Our own address is not wanted: that is the same for every message, unless this one is too large.
        return _refusal(fault.smtp_code) if fault.smtp_code in (TOO_LARGE, 421, 450, 451, 452) else Answer.NO_SERVER
    if isinstance(fault, smtplib.SMTPResponseException):
        return _refusal(fault.smtp_code)
    if isinstance(fault, smtplib.SMTPNotSupportedError | ValueError):
        return Answer.REFUSED  # an address or a text that this server cannot carry
    return Answer.BROKEN


def _refusal(code: int) -> Answer:
    if code == 421:  # the server closes the line: it is busy, and the message is not to blame
        return Answer.BROKEN
    return Answer.REFUSED if code >= 500 else Answer.NOT_NOW


def _words(fault: Exception) -> str:
    """What the server said, as text."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {text.decode(errors='replace')}" for code, text in fault.recipients.values())
    if isinstance(fault, smtplib.SMTPResponseException):
        told = fault.smtp_error
        return f"{fault.smtp_code} {told.decode(errors='replace') if isinstance(told, bytes) else told}"
    return str(fault) or type(fault).__name__
