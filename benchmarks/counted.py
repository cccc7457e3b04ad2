"""What app and floor share as they are served: each tells in a header how many statements it sent. Nothing of the app
may be imported here, or the floor's cold start and memory would be the app's.
"""

from contextvars import ContextVar
from typing import Any

from flask import Flask, Response
from sqlalchemy import Engine, event

HEADER = "X-Statements"


def count(app: Flask, engine: Engine) -> None:
    """Count what `engine` sends during each request."""
    sent: ContextVar[list[int]] = ContextVar("sent")

    @event.listens_for(engine, "before_cursor_execute")
    def _one(*_: Any) -> None:
        counted = sent.get(None)
        if counted is not None:
            counted[0] += 1

    app.before_request_funcs.setdefault(None, []).insert(0, lambda: sent.set([0]) and None)

    @app.after_request
    def _tell(response: Response) -> Response:
        response.headers[HEADER] = str(sent.get([0])[0])
        return response
