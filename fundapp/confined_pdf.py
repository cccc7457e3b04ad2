"""Run as a program by `confined`: opens the PDF on its standard input within limits, and answers by its exit code.

It imports nothing of ours, and of others only pikepdf, since it starts anew for each PDF that is sent.
"""

import io
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path

MOST_MEMORY = 272 * 1024 * 1024  # bytes: 14 MB of 1 000 pages take 70, 10 000 pages of ten parts each take 235
MOST_WORK = 5  # seconds of processor time: those 10 000 pages take half of one
SOUND, BROKEN, TOO_DEAR = 0, 10, 11  # not 1 and 2, with which Python itself ends


def main() -> int:
    """Open it and count its pages."""
    import pikepdf  # noqa: PLC0415  the web processes import this file for its numbers

    _bound()
    try:
        with pikepdf.open(io.BytesIO(sys.stdin.buffer.read())) as pdf:
            return SOUND if len(pdf.pages) else BROKEN
    except MemoryError:
        return TOO_DEAR
    except Exception:
        return BROKEN


def _bound() -> None:
    """Take no more than a file may, leave no core behind, and be the first to go where the machine has no memory."""
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CPU, MOST_WORK),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


if __name__ == "__main__":
    os._exit(main())
