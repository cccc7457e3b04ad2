"""An optional look for viruses: ClamAV's daemon, spoken to by its INSTREAM command. Off unless FUNDAPP_CLAMD is set.

Source: clamd(8): "zINSTREAM\\0", then pieces, each after its length as four bytes in network order, ended by a length
of zero; the answer is "stream: OK", "stream: <name> FOUND", or words that end with ERROR.
"""

import socket
import struct

from fundapp.config import settings

_PIECE = 64 * 1024
_SECONDS = 20


class ScannerAway(Exception):
    """The scanner is turned on, and does not answer or cannot say. The text is for the log."""


def virus_in(content: bytes) -> str | None:
    """The name of what was found; None where it is clean, or where no scanner is turned on. Errors: ScannerAway."""
    address = settings().clamd
    if address is None:
        return None
    try:
        with _connected(address) as scanner:
            answer = _ask(scanner, content)
    except OSError as fault:
        raise ScannerAway(f"{type(fault).__name__}: {fault}") from fault
    if answer == "stream: OK":
        return None
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerAway(f"answered {answer!r}")


def _connected(address: str) -> socket.socket:
    """`address` is the path of a socket, or host:port."""
    if address.startswith("/"):
        scanner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        scanner.settimeout(_SECONDS)
        try:
            scanner.connect(address)
        except OSError:
            scanner.close()
            raise
        return scanner
    host, _sign, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS)


def _ask(scanner: socket.socket, content: bytes) -> str:
    scanner.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        scanner.sendall(struct.pack("!I", len(piece)) + piece)
    scanner.sendall(struct.pack("!I", 0))
    answer = b""
    while not answer.endswith(b"\0") and (more := scanner.recv(4096)):
        answer += more
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()
