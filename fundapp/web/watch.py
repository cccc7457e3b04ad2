"""Watching the running app: a log line, a count and an id per request; slow statements.

No personal data: a line names the route, never the address (which may hold a sign-in link), no person, no network
address, no text of a fault (which may hold what somebody typed), no parameter of a statement.
"""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from werkzeug.wsgi import ClosingIterator

from fundapp.config import Settings
from fundapp.web.tally import Tally

SLOW = 0.2  # seconds
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
# What JSON leaves as it is, and a terminal or a reader of lines obeys: control signs, ends of lines, turned text.
_ACTS = re.compile(r"[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_GOOD_ID = re.compile(r"[0-9a-fA-F-]{16,64}")

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_route: ContextVar[str] = ContextVar("route", default="")
_job: ContextVar[str] = ContextVar("job", default="")
requests = logging.getLogger("fundapp.requests")
statements = logging.getLogger("fundapp.statements")

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


def request_id() -> str:
    """The id of the request that is being answered, or of the one that put the running job; else nothing."""
    return _request_id.get()


@contextmanager
def go_on_as(known: str, *, job: str) -> Iterator[None]:
    """Within it everything is logged as the named job, under the id of the request that asked for it, if one did."""
    before = [(one, one.set(text)) for one, text in ((_request_id, known), (_route, ""), (_job, job))]
    try:
        yield
    finally:
        for one, token in before:
            one.reset(token)


class OneLine(logging.Formatter):
    """A record as one line of JSON. Texts of others' loggers are not filled in: they may be filled with anything."""

    def format(self, record: logging.LogRecord) -> str:
        is_ours = record.name.partition(".")[0] in ("fundapp", "alembic")
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if is_ours else str(record.msg),
        }
        told = {"request_id": request_id(), "route": _route.get(), "job": _job.get()}
        line |= {name: text for name, text in told.items() if text}
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[0]:
            line |= _fault(record.exc_info)
        return _ACTS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(line, ensure_ascii=False))


def _fault(found: Any) -> dict[str, Any]:
    """Kind and place of a fault and of what caused it, without its words."""
    fault, kinds = found[1], []
    while fault is not None:
        kinds.append(type(fault).__qualname__)
        fault = fault.__cause__ or fault.__context__
    frames = traceback.extract_tb(found[2])[-12:]
    return {"fault": kinds, "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}


def log_in_lines(*, is_production: bool) -> None:
    """Let this process log JSON to standard error, gunicorn's worker too; every request in production."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(OneLine())
    logging.root.handlers[:] = [out]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger("fundapp").setLevel(logging.INFO if is_production else logging.WARNING)
    for name in ("gunicorn.error", "gunicorn.access", "alembic", "sqlalchemy"):
        logging.getLogger(name).handlers[:] = []
        logging.getLogger(name).propagate = True
    # Told at every look at the migrations, and so at every /healthz.
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    logging.getLogger("alembic.runtime.migration").addFilter(
        lambda record: not str(record.msg).startswith(("Context impl", "Will assume"))
    )


def set_up(app: Flask, ours: Settings) -> None:
    """Call after everything else that wraps the app: the id, the line and the count are the outermost."""
    tally: Tally = app.extensions["fundapp.tally"]
    app.jinja_env.globals["request_id"] = request_id
    app.before_request_funcs.setdefault(None, []).insert(0, _name_route)
    # Flask's own line would name the address.
    app.log_exception = _log_fault  # type: ignore[method-assign]  # Flask documents overriding both
    app.wsgi_app = _watched(app.wsgi_app, tally, has_proxy=ours.proxies > 0)  # type: ignore[method-assign]


def _log_fault(exc_info: Any) -> None:
    logging.getLogger("fundapp.faults").error("fault", exc_info=exc_info)


def _name_route() -> None:
    request.environ["fundapp.route"] = request.endpoint or "none"
    _route.set(request.endpoint or "none")


def _watched(inner: Application, tally: Tally, *, has_proxy: bool) -> Any:
    def answer(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        began, status = time.perf_counter(), ["500"]
        environ["fundapp.route"] = "static" if environ.get("PATH_INFO", "").startswith("/static/") else "none"
        given = environ.get("HTTP_X_REQUEST_ID", "") if has_proxy else ""
        ours = given if _GOOD_ID.fullmatch(given) else secrets.token_hex(16)
        _request_id.set(ours)
        _route.set(environ["fundapp.route"])

        def begin(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            status[0] = line[:3]
            return start_response(line, [*headers, ("X-Request-Id", ours)], exc_info)

        def end() -> None:
            _note(tally, environ, status[0], time.perf_counter() - began)

        try:
            return ClosingIterator(inner(environ, begin), end)
        except BaseException:
            end()
            raise

    return answer


def _note(tally: Tally, environ: dict[str, Any], status: str, seconds: float) -> None:
    route, asked = environ["fundapp.route"], environ.get("REQUEST_METHOD", "")
    method = asked if asked in _METHODS else "other"
    labels = {"route": route, "method": method, "status": status}
    tally.count("fundapp_requests", "Requests answered.", labels)
    tally.observe("fundapp_request_seconds", "Time to answer.", {"route": route}, seconds)
    if requests.isEnabledFor(logging.INFO):
        facts = {"method": method, "route": route, "status": int(status), "ms": round(seconds * 1000, 1)}
        requests.info("request", extra={"facts": facts})


def listen(engine: Engine, tally: Tally) -> None:
    """Log and count statements that take longer than 0.2 s, without their parameters."""

    @event.listens_for(engine, "before_cursor_execute")
    def _begin(connection: Connection, *_rest: Any) -> None:
        connection.info["began"] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def _end(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        took = time.perf_counter() - connection.info.get("began", float("inf"))
        if took > SLOW:
            tally.count("fundapp_slow_statements", "Statements that took longer than 0.2 s.", {})
            facts = {"ms": round(took * 1000), "statement": " ".join(statement.split())[:2000]}
            statements.warning("slow", extra={"facts": facts})
