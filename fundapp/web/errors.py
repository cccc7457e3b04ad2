"""What a person reads when something is not possible. The domain never speaks HTTP; this page does."""

from typing import Any

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from fundapp import languages
from fundapp.db import roll_back
from fundapp.languages import Lazy, _l
from fundapp.store import StoreFailed
from fundapp.web.typed import typed
from fundapp.workflow import NotAllowed, StepNotPossible

TEXTS: dict[int, tuple[Lazy, Lazy]] = {
    400: (_l("We could not read what was sent"), _l("Go back, open the page again and send once more.")),
    401: (_l("You are not signed in"), _l("Sign in, and then do it again.")),
    403: (_l("You may not do this"), _l("Ask the municipality if you think that this is wrong.")),
    404: (_l("There is no such page"), _l("The address may be mistyped, or the page may not be yours to see.")),
    405: (_l("This page cannot be used that way"), _l("Go back and use the buttons of the page.")),
    409: (_l("This is not possible now"), _l("Open the page again to see where things stand.")),
    413: (
        _l("What you sent is too large"),
        _l("A file may be at most 15 MB. Make it smaller, or send fewer at a time."),
    ),
    500: (_l("Something went wrong here"), _l("Nothing was changed. Try again in a while.")),
    503: (_l("The service is resting for a moment"), _l("Nothing was changed. Try again in a minute.")),
}
_MOST_READ_OUT = 200 * 1024 * 1024
_NO_STORE = (
    _l("Files cannot be kept or fetched just now"),
    _l("Nothing was changed, and no file was kept. What you had saved before is still there. Try again in a while."),
)
_STALE = _l("Somebody else changed this while you had it open. Open it again to see what is there now.")
_NO_ROOM = (
    _l("Nothing can be kept just now"),
    _l("Nothing was changed. What you had saved before is still there. Try again in a while."),
)
_IN_DOUBT = (
    TEXTS[503][0],
    _l("We cannot tell whether this was kept. Wait a minute, open the page again, and look before you send once more."),
)
_COLLISIONS = frozenset({"40001", "40P01"})  # PostgreSQL: somebody else's transaction came in between
_DISK_FULL = "53100"
_TYPED_IS_SHOWN = frozenset({400, 401, 403, 409})
RETRY_AFTER = 10  # seconds


def error_page(status: int, reason: Any = None) -> tuple[str, int] | Response:
    """The page for a status, with the domain's own reason where it has one."""
    heading, text = TEXTS.get(status, TEXTS[400 if status < 500 else 500])
    if status >= 500:
        return _plain_page(heading, text, is_typed_shown=True), status
    kept = typed() if status in _TYPED_IS_SHOWN and request.method == "POST" else None
    try:
        page = render_template(
            "errors/error.html", status=status, heading=heading, text=text, reason=reason, typed=kept
        )
    except (DBAPIError, NoConnectionFree) as fault:  # the frame tells who is signed in
        return _no_database(fault)
    return page, status


def _plain_page(heading: Any, text: Any, *, is_sent_again: bool = False, is_typed_shown: bool = False) -> str:
    """A page that asks nothing of the database, not even who reads it, as `render_template` would."""
    template = current_app.jinja_env.get_template("errors/plain.html")
    kept = typed() if is_sent_again or is_typed_shown else None
    return template.render(
        heading=heading, text=text, language=languages.current(), typed=kept, is_sent_again=is_sent_again
    )


def _no_database(fault: Exception) -> Response:
    """503: the database is gone, full or busy. What was typed stands in the page, ready to be sent again."""
    told = getattr(fault, "orig", None) or fault
    current_app.logger.error("database: %s on %s", type(told).__name__, request.endpoint)
    roll_back()
    is_in_doubt = bool(getattr(fault, "connection_invalidated", False) and g.get("is_committing", False))
    heading, text = _IN_DOUBT if is_in_doubt else _NO_ROOM if _is_full(told) else TEXTS[503]
    return _resting(heading, text, is_sent_again=not is_in_doubt)


def too_many() -> Response:
    """503: more are asking than can be answered. As `_no_database`, and before anything is asked of it."""
    return _resting(*TEXTS[503], is_sent_again=True)


def _resting(heading: Any, text: Any, *, is_sent_again: bool) -> Response:
    answer = make_response(_plain_page(heading, text, is_sent_again=is_sent_again, is_typed_shown=True), 503)
    answer.headers["Retry-After"] = str(RETRY_AFTER)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _is_full(told: Any) -> bool:
    """SQLite calls a disk that takes no more, and a file that may not grow, full or an error of input and output."""
    name = getattr(told, "sqlite_errorname", "")
    return getattr(told, "sqlstate", "") == _DISK_FULL or name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR")


def _read_out(largest: int) -> None:
    """Take in what is too large and forget it: while a browser still sends, it reads no answer, and the connection
    that is closed in its face shows it none.
    """
    left = min(request.content_length or 0, _MOST_READ_OUT)
    if left <= largest:  # a part of it may have been read already
        return
    while left > 0 and (part := request.environ["wsgi.input"].read(min(left, 65_536))):
        left -= len(part)


def set_up(app: Flask) -> None:
    """Turn the domain's errors and Werkzeug's into pages."""

    @app.errorhandler(StepNotPossible)
    def _not_possible(fault: StepNotPossible) -> tuple[str, int] | Response:
        roll_back()
        return error_page(409, fault.reason)

    @app.errorhandler(NotAllowed)
    def _not_allowed(fault: NotAllowed) -> tuple[str, int] | Response:
        roll_back()
        return error_page(403, fault.reason)

    @app.errorhandler(StaleDataError)
    def _stale(_fault: StaleDataError) -> tuple[str, int] | Response:
        roll_back()
        return error_page(409, _STALE)

    @app.errorhandler(CSRFError)
    def _no_token(_fault: CSRFError) -> tuple[str, int] | Response:
        return error_page(400, _l("The page had been open too long, or cookies are turned off."))

    @app.errorhandler(NoConnectionFree)
    def _no_turn(fault: NoConnectionFree) -> Response:
        return _no_database(fault)

    @app.errorhandler(DBAPIError)
    def _database(fault: DBAPIError) -> tuple[str, int] | Response:
        if getattr(fault.orig, "sqlstate", None) in _COLLISIONS:
            roll_back()
            return error_page(409, _STALE)
        if isinstance(fault, OperationalError) or fault.connection_invalidated:
            return _no_database(fault)
        raise fault

    @app.errorhandler(StoreFailed)
    def _no_store(fault: StoreFailed) -> tuple[str, int, dict[str, str]]:
        app.logger.error("store: %s on %s", fault, request.endpoint)
        roll_back()
        heading, text = _NO_STORE
        return _plain_page(heading, text, is_typed_shown=True), 503, {"Retry-After": "60"}

    @app.errorhandler(HTTPException)
    def _http(fault: HTTPException) -> Any:
        if fault.code is None or fault.code < 400:
            return fault
        if fault.code == 413:
            _read_out(app.config["MAX_CONTENT_LENGTH"])
        if fault.code != 404:
            app.logger.info("%s on %s", fault.code, request.endpoint)
        if fault.code >= 500:
            roll_back()
        return error_page(fault.code)
