"""What is dear to open: so many at once, and a PDF first in a process of its own that may take so much and no more.

A PDF of some hundred bytes can take gigabytes or minutes to open: its lists may be packed in layers, or tell of one
page ten thousand times. No look at its bytes tells which do, so it is opened where it can do no harm.
"""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.exceptions import ServiceUnavailable

from fundapp import confined_pdf

AT_ONCE = 2  # processes for each worker: each may take confined_pdf.MOST_MEMORY
LONGEST = 20.0  # seconds by the clock for one PDF, on a machine that has much else to do
LONGEST_WAIT = 20.0  # seconds until it is one's turn

_room = threading.BoundedSemaphore(AT_ONCE)


class Unsound(ValueError):
    """The PDF is broken, locked, without pages, or takes too much to open."""


def demand_sound(content: bytes) -> None:
    """See that it is a PDF with pages that opens within the limits. Errors: Unsound, ServiceUnavailable; RuntimeError
    where the process does not come about, which says nothing of the PDF.

    -I and an empty environment: it finds no module but the installed ones, and holds none of our secrets.
    """
    command = [sys.executable, "-I", str(Path(confined_pdf.__file__))]
    with turn_in(_room):
        try:
            ended = subprocess.run(  # noqa: S603  the words are ours
                command,
                input=content,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                timeout=LONGEST,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired as fault:
            raise _too_dear(len(content), "time by the clock") from fault
    if ended < 0:
        raise _too_dear(len(content), f"signal {-ended}")
    if ended == confined_pdf.TOO_DEAR:
        raise _too_dear(len(content), "memory")
    if ended == confined_pdf.BROKEN:
        raise Unsound("broken, locked or without pages")
    if ended != confined_pdf.SOUND:
        raise RuntimeError(f"the process that opens a PDF ended with {ended}")


def _too_dear(size: int, what: str) -> Unsound:
    logging.getLogger(__name__).warning("a PDF of %s bytes took more than it may: %s", size, what)
    return Unsound("takes more to open than a file may")


@contextmanager
def turn_in(room: threading.Semaphore) -> Iterator[None]:
    """Wait for a place and hold it. Errors: ServiceUnavailable where none is free in LONGEST_WAIT seconds."""
    if not room.acquire(timeout=LONGEST_WAIT):
        raise ServiceUnavailable
    try:
        yield
    finally:
        room.release()
