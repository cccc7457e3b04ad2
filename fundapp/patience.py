"""How long one waits for a database that does not answer.

Somebody who sends a page has an answer within five seconds, also where PostgreSQL is stopped in its tracks, so that a
connection neither answers nor breaks. A long statement is never cut off for being long: while it is quiet one knocks,
and only where nobody opens is the server given up. A commit is given up all the same, where somebody waits for a page:
it may wait for a standby that is away, and nobody can say then whether it is kept.
"""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

PAGE = 4.0  # seconds that a page waits for its turn to write on SQLite, all its transactions together
OTHERS = 10.0  # a job, a command
QUIET = 1.0  # seconds without an answer before one knocks
CONNECTING = 3  # seconds until a connection stands; QUIET and this together are below five
CONNECTING_TO_EACH = 2  # the same, where one of several servers is to be found; psycopg takes no less
COMMITTING = 2.0  # seconds that a page waits at least for its commit, however little it has left
CONNECTIONS = 10  # kept open: as many as work at once (web/turns.py), and two who come beside them
POOL = 3  # seconds for a connection that another thread has

_until: ContextVar[float | None] = ContextVar("until", default=None)


def begin_page() -> None:
    """From here on somebody waits for a page."""
    _until.set(time.monotonic() + PAGE)


def end_page() -> None:
    _until.set(None)


def left() -> float:
    """Seconds to wait for one's turn."""
    until = _until.get()
    return OTHERS if until is None else max(until - time.monotonic(), 0.1)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Wait no longer than this for what may as well be left undone."""
    token = _until.set(time.monotonic() + min(seconds, left()))
    try:
        yield
    finally:
        _until.reset(token)


class Watchful(psycopg.Connection[Any]):
    """A connection that notices when the server neither answers nor hangs up."""

    knock: Any = None
    _commit_until: float | None = None

    def commit(self) -> None:
        """Errors: psycopg.OperationalError also where a page has no time left to wait; this connection is closed then.

        It is never cancelled: PostgreSQL answers a cancelled wait for a standby as if all were well.
        """
        if _until.get() is not None:
            self._commit_until = time.monotonic() + max(left(), COMMITTING)
        try:
            super().commit()
        finally:
            self._commit_until = None

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        return super().wait(self._listening(gen), interval, timeout)

    def _listening(self, gen: PQGen[Any]) -> PQGen[Any]:
        """`gen`, that is asked at least every `interval` whether something has come."""
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif self._commit_until and time.monotonic() > self._commit_until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the commit is not answered")
                elif self.knock and time.monotonic() - heard > QUIET:
                    self._knock()
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _knock(self) -> None:
        """Errors: psycopg.OperationalError where nobody opens; this connection is closed then."""
        try:
            self.knock().close()
        except psycopg.errors.ConnectionTimeout:
            self.pgconn.finish()
            raise
        except psycopg.OperationalError:
            pass  # it answered, if only to say no; where it has ended, our own connection breaks by itself


def watch_over(engine: Engine) -> None:
    """Let every connection to PostgreSQL that `engine` opens be watchful, and be looked at before it is used again."""

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _entry: Any, words: Any, options: Any) -> Watchful:
        has_several = "," in str(options.get("host", ""))
        options.setdefault("connect_timeout", CONNECTING_TO_EACH if has_several else CONNECTING)
        connection = Watchful.connect(*words, **options)
        ours = _this_server(connection) if has_several else {}
        connection.knock = partial(psycopg.connect, *words, **options | ours)
        return connection

    @event.listens_for(engine, "checkout")
    def _look_at(connection: Any, _entry: Any, _proxy: Any) -> None:
        # Nobody asked, and yet there is something to read: the server said goodbye. It costs a microsecond, where
        # asking whether it lives would cost every page a journey.
        socket = select.poll()
        socket.register(connection.pgconn.socket, select.POLLIN)
        if socket.poll(0):
            raise DisconnectionError


def _this_server(connection: Watchful) -> dict[str, Any]:
    """What leads to the very server that a connection stands with: another one's answer says nothing about it."""
    there = connection.info
    return {
        "host": there.host,
        "port": there.port,
        "target_session_attrs": "any",
        "connect_timeout": CONNECTING,
    }
