"""What gunicorn serves: the app as it is, and the floor; each tells in a header how many statements it sent."""

import os
from contextvars import ContextVar
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, Response
from sqlalchemy import Engine, event

from benchmarks.floor import create_floor
from fundapp import clock
from fundapp.app import create_app
from fundapp.db import db

DAY = date(2017, 3, 6)  # within the rounds that are shipped
HEADER = "X-Statements"


def app() -> Flask:
    """The app from the environment, on the data set's day: no demo, nothing else changed."""
    made = create_app()
    clock.run_from(DAY, Path(os.environ["BENCH_CLOCK"]))
    with made.app_context():
        _count(made, db.engine)
    return made


def floor() -> Flask:
    made = create_floor()
    _count(made, made.extensions["floor.engine"])
    return made


def _count(app: Flask, engine: Engine) -> None:
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
