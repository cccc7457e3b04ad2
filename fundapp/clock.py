"""The only source of now and today. Instants are aware UTC; days are local days in Europe/Stockholm."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_shift = timedelta()


def now() -> datetime:
    """The present instant, aware, in UTC; in the demo, the demo's instant."""
    return datetime.now(UTC) + _shift


def true_now() -> datetime:
    """The present instant, in the demo too: where clocks that are not ours must agree, as that of an app for codes."""
    return datetime.now(UTC)


def today() -> date:
    """The present local day in Europe/Stockholm."""
    return local_day(now())


def local_day(instant: datetime) -> date:
    """The day an instant falls on in Europe/Stockholm."""
    return instant.astimezone(STOCKHOLM).date()


def start_of(day: date) -> datetime:
    """The instant, in UTC, at which a local day begins."""
    return datetime.combine(day, time(), STOCKHOLM).astimezone(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Within it the clock starts at `instant` and ticks on: how the demo and the tests make things happen earlier."""
    global _shift
    before = _shift
    _shift = instant - datetime.now(UTC)
    try:
        yield
    finally:
        _shift = before


def run_true() -> None:
    """Follow the real time again."""
    global _shift
    _shift = timedelta()


def run_from(first_day: date, anchor: Path) -> None:
    """Let the demo's clock stand at 08:00 on `first_day` when first called, and tick from there.

    `anchor` is a file holding the shift in seconds, so that a second start goes on where the first was.
    """
    global _shift
    if anchor.exists():
        _shift = timedelta(seconds=float(anchor.read_text()))
        return
    start = datetime.combine(first_day, time(8), STOCKHOLM)
    _shift = start - datetime.now(UTC)
    anchor.write_text(str(_shift.total_seconds()))


def move_forward(step: timedelta, anchor: Path) -> None:
    """Move the demo's clock ahead by `step`; never back, since rows already bear its times. Errors: ValueError."""
    global _shift
    if step <= timedelta():
        raise ValueError("the demo's clock only goes forward")
    _shift += step
    anchor.write_text(str(_shift.total_seconds()))
