"""A real SMTP server that keeps what it is given."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.ground.shared import free_port


@dataclass(frozen=True)
class Letter:
    """A message as it came over the wire; `receivers` are those of the envelope."""

    sender: str
    receivers: tuple[str, ...]
    message: EmailMessage


@dataclass
class Postbox:
    """Where the server listens, what it got, and whom it refuses (with 550, as for an unknown address)."""

    host: str
    port: int
    letters: list[Letter] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this very name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - and this
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.letters.append(Letter(envelope.mail_from or "", tuple(envelope.rcpt_tos), message))
        return "250 2.0.0 OK"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """An SMTP server on 127.0.0.1, without TLS or sign-in; `postbox.letters` is what it received."""
    box = Postbox("127.0.0.1", free_port())
    server = Controller(box, hostname=box.host, port=box.port, enable_SMTPUTF8=True)
    server.start()
    yield box
    server.stop()
