"""How many requests one worker works on at once, and how many may wait: the others are told to come back.

Without a bound a worker takes in whatever comes, and where more comes than it can answer everybody waits longer and
longer, until nobody has an answer. So the line is short, and whoever finds it full, or waits too long in it, has a page
with what they typed, ready to be sent again. gunicorn has more threads than there are places (deploy/), so that one
is left to say so; with fewer threads than places this bounds nothing.
"""

import threading

from flask import Flask, Response, current_app, g, request

from fundapp.web.errors import too_many

AT_WORK = 8  # requests at once; more only share the same processor
IN_LINE = 40  # what is answered in less than LONGEST, at thirty answers a second
LONGEST = 2.0  # seconds in the line


class Turns:
    """So many at work at once, and so many behind them, first come, first served."""

    def __init__(self, at_work: int, in_line: int) -> None:
        self._in_line, self._waiting = in_line, 0
        self._free = threading.Semaphore(at_work)
        self._lock = threading.Lock()

    def take(self, longest: float) -> bool:
        """Wait for a turn, no longer than so many seconds; False where there is none. Give it back in the end."""
        with self._lock:
            if not self._waiting and self._free.acquire(blocking=False):
                return True
            if self._waiting >= self._in_line:
                return False
            self._waiting += 1
        try:
            return self._free.acquire(timeout=longest)
        finally:
            with self._lock:
                self._waiting -= 1

    def give_back(self) -> None:
        self._free.release()


def set_up(app: Flask) -> None:
    """Let every page wait for its turn, but not what only says that the app lives."""
    app.extensions["fundapp.turns"] = Turns(AT_WORK, IN_LINE)
    app.before_request(_wait_for_a_turn)
    app.teardown_request(lambda _fault: _end_turn())


def _wait_for_a_turn() -> Response | None:
    if request.endpoint is not None and request.blueprint is None:
        return None
    turns: Turns = current_app.extensions["fundapp.turns"]
    g.has_turn = turns.take(LONGEST)
    if g.has_turn:
        return None
    current_app.extensions["fundapp.tally"].count("fundapp_turned_away", "Told to come back: too many at once.", {})
    return too_many()


def _end_turn() -> None:
    if g.pop("has_turn", False):
        current_app.extensions["fundapp.turns"].give_back()
