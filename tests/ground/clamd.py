"""ClamAV's daemon, the real one, with a signature of our own; and a small server that speaks its INSTREAM command.

The real one takes a second to start, so the tests that use it are marked slow; the protocol itself (lengths, the end,
every kind of answer, a scanner that hangs up) is tested against the small server.
"""

import hashlib
import shutil
import socketserver
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.ground.shared import free_port

EVIL = b"%PDF-1.4\nthe tests' own virus, which harms nobody\n"


@dataclass
class Scanner:
    """Where a scanner listens; `scanned` is what the small server was given, `answer` what it says."""

    address: str
    answer: bytes = b"stream: OK\0"
    scanned: list[bytes] = field(default_factory=list)


@pytest.fixture
def scanner() -> Iterator[Scanner]:
    """A small server that speaks INSTREAM on 127.0.0.1 and answers as it is told."""

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if self.rfile.read(10) != b"zINSTREAM\0":
                return
            content = b""
            while length := struct.unpack("!I", self.rfile.read(4))[0]:
                content += self.rfile.read(length)
            known.scanned.append(content)
            self.wfile.write(known.answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        known = Scanner(f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield known
        server.shutdown()
        thread.join()


@pytest.fixture(params=["a socket in a folder", "a port"])
def clamd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a running clamd that knows one virus: EVIL. Fails the test where clamd is not installed."""
    program = shutil.which("clamd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        pytest.fail("ClamAV is missing on this machine: install the package clamav-daemon.", pytrace=False)
    signatures = tmp_path / "signatures"
    signatures.mkdir()
    (signatures / "own.hdb").write_text(
        f"{hashlib.md5(EVIL, usedforsecurity=False).hexdigest()}:{len(EVIL)}:Own.Evil\n"
    )
    port = free_port()
    is_path = request.param == "a socket in a folder"
    listens = f"LocalSocket {tmp_path}/clamd.sock\n" if is_path else f"TCPSocket {port}\nTCPAddr 127.0.0.1\n"
    configuration = tmp_path / "clamd.conf"
    configuration.write_text(
        f"{listens}DatabaseDirectory {signatures}\nForeground yes\nTemporaryDirectory {tmp_path}\n"
    )
    with (tmp_path / "clamd.log").open("w") as log:
        daemon = subprocess.Popen([program, "--config-file", str(configuration)], stdout=log, stderr=log)
    _wait_for(daemon, tmp_path / "clamd.log")
    yield f"{tmp_path}/clamd.sock" if is_path else f"127.0.0.1:{port}"
    daemon.terminate()
    daemon.wait()


def _wait_for(daemon: "subprocess.Popen[bytes]", log: Path) -> None:
    for _attempt in range(300):
        if "Self checking" in log.read_text():
            return
        if daemon.poll() is not None:
            break
        time.sleep(0.1)
    daemon.kill()
    daemon.wait()
    pytest.fail(f"clamd did not start: {log.read_text()[-2000:]}", pytrace=False)
