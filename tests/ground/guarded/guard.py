"""No Python process of the tests reaches another machine: only 127.0.0.1, ::1 and sockets in the file system.

An audit hook sees every connection that goes through Python's sockets, whoever makes it, and cannot be taken off.
PostgreSQL's own client is compiled and not seen; it goes where the tests' addresses lead, which is 127.0.0.1.
"""

import socket
import sys
from typing import Any

HERE = frozenset({"127.0.0.1", "::1", "localhost", ""})
# On sys, since the same file may be read under two names.
reached_for: list[str] = sys.__dict__.setdefault("fundapp_reached_for", [])


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        link, address = arguments[0], arguments[1]
        is_here = getattr(link, "family", None) == socket.AF_UNIX or not isinstance(address, tuple)
        wanted = "" if is_here else str(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        name = arguments[0]
        wanted = name.decode() if isinstance(name, bytes) else str(name or "")
    else:
        return
    if wanted not in HERE and wanted != "0.0.0.0":  # noqa: S104  looked up in order to listen
        reached_for.append(f"{event} {wanted}")
        raise PermissionError(f"a test reached for {wanted}: no test leaves this machine")


def put_up() -> None:
    """Once per process."""
    if not sys.__dict__.setdefault("fundapp_guarded", False):
        sys.__dict__["fundapp_guarded"] = True
        sys.addaudithook(_look)
