"""Things as they are after the real steps: each factory walks the actions, inside an app context the test opened.

The rounds are those of 2016–2018, so a test first says which day it is: `on_day()`.
"""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from fundapp import clock

DAY = date(2017, 3, 6)


def on_day(day: date = DAY) -> None:
    """Let the clock stand at 08:00 on `day` and tick from there, until the test ends."""
    with TemporaryDirectory() as folder:
        clock.run_from(day, Path(folder) / "clock")
