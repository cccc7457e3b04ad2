"""Run as a program by `confined`: opens the PDF on its standard input within limits, and answers by its exit code.

It imports nothing of ours, and of others only pikepdf, since it starts anew for each PDF that is sent.
"""

import io
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_MEMORY = 272 * 1024 * 1024  # bytes: 14 MB of 1 000 pages take 70, 10 000 pages of ten parts each take 235
MOST_DRAWN = 200 * 1024 * 1024  # bytes that the pages' drawings unpack to: a pack unpacks them all
MOST_WORK = 5  # seconds of processor time: those 10 000 pages take half of one
SOUND, BROKEN, TOO_DEAR = 0, 10, 11  # not 1 and 2, with which Python itself ends


def main() -> int:
    """Open it, count its pages and unpack what is drawn on them."""
    import pikepdf  # noqa: PLC0415  the web processes import this file for its numbers

    _bound()
    try:
        with pikepdf.open(io.BytesIO(sys.stdin.buffer.read())) as pdf:
            if _drawn(pdf) > MOST_DRAWN:
                return TOO_DEAR
            return SOUND if len(pdf.pages) else BROKEN
    except MemoryError:
        return TOO_DEAR
    except Exception:
        return BROKEN


def _drawn(pdf: Any) -> int:
    """The bytes that the drawings of its pages unpack to; no further than MOST_DRAWN."""
    import pikepdf  # noqa: PLC0415  as above

    total = 0
    for page in pdf.pages:
        contents = page.obj.get("/Contents")
        for part in contents if isinstance(contents, pikepdf.Array) else [contents]:
            if total <= MOST_DRAWN and isinstance(part, pikepdf.Stream):
                total += _unpacked(part)
    return total


def _unpacked(part: Any) -> int:
    """Errors: MemoryError. What is packed in a way that nobody unpacks counts as nothing: no pack unpacks it either."""
    import pikepdf  # noqa: PLC0415  as above

    try:
        return len(part.read_bytes())
    except pikepdf.PdfError as fault:
        if "bad_alloc" in str(fault):  # qpdf's way of saying that there was no memory
            raise MemoryError from fault
        return 0


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
