"""A real SMTP server that keeps what it is given, and can be as unkind as real ones are."""

import ssl
import subprocess
from asyncio import sleep
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

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
    is_over_tls: bool = False


@dataclass
class Postbox:
    """Where the server listens, what it got, and how unkind it is.

    `refused` gets 550, as for an unknown address; `busy` 451, as for a full mailbox. Of the next messages, `hangs_up`
    end with a closed line after the text and without an answer, kept or not as `keeps_then` says. `pause`: seconds
    before each text is answered. `connections` counts who came.
    """

    host: str
    port: int
    letters: list[Letter] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    hangs_up: int = 0
    keeps_then: bool = False
    pause: float = 0.0
    connections: int = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd looks for this very name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802 - and this
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 No such mailbox here"
        if address in self.busy:
            return "451 4.2.2 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - and this
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        await sleep(self.pause)
        letter = Letter(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, _is_secure(server))
        if self.hangs_up:
            self.hangs_up -= 1
            if self.keeps_then:
                self.letters.append(letter)
            assert server.transport is not None
            server.transport.close()
            return "421 4.3.0 Gone"
        self.letters.append(letter)
        return "250 2.0.0 OK"


def _is_secure(server: SMTP) -> bool:
    assert server.transport is not None
    return server.transport.get_extra_info("ssl_object") is not None


@contextmanager
def serving(box: Postbox, **choices: Any) -> Iterator[Postbox]:
    """The box open; `choices` go to aiosmtpd."""
    server = Controller(box, hostname=box.host, port=box.port, enable_SMTPUTF8=True, **choices)
    server.start()
    try:
        yield box
    finally:
        server.stop()


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """An SMTP server on 127.0.0.1, without TLS or sign-in; `postbox.letters` is what it received."""
    with serving(Postbox("127.0.0.1", free_port())) as box:
        yield box


@dataclass(frozen=True)
class Certificate:
    """A certificate of its own making for `localhost`; `file` is what a client must trust."""

    file: Path
    key: Path

    def server_side(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Made by openssl, which comes with PostgreSQL's package."""
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(made.key), "-out", str(made.file)]
    subprocess.run([*words.split(), *names], check=True, capture_output=True)
    return made
