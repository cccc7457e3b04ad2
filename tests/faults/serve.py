"""What gunicorn serves in the fault tests: the app as it is, or with one planted fault that the checker must find."""

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import run_wsgi_app

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.app import create_app
from fundapp.applications import actions, emails
from fundapp.applications.models import Application, Submission
from fundapp.db import db
from fundapp.documents import draw_up
from fundapp.history.actions import record
from fundapp.registry import actions as registry
from tests.factories import DAY

Serve = Callable[[dict[str, Any], Any], Iterable[bytes]]


def app() -> Serve:
    """The app on the tests' day. gunicorn makes it once, before it forks: a killed worker is replaced at once."""
    made = create_app()
    clock.run_from(DAY, Path(os.environ["FAULTS_CLOCK"]))
    return PLANTED[os.environ["FAULTS_PLANTED"]](made)


def post_worker_init(_worker: Any) -> None:
    """gunicorn's hook: a file named by the worker's pid says that it is ready."""
    (Path(os.environ["FAULTS_READY"]) / str(os.getpid())).touch()


def nothing(made: Flask) -> Serve:
    return made


def acknowledges_early(made: Flask) -> Serve:
    """Tells the applicant that it is received, and does the work a moment later."""
    later = ThreadPoolExecutor(1)

    def serve(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.endswith("/submit"):
            return made(environ, start)
        form = BytesIO(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        later.submit(run_wsgi_app, made, environ | {"wsgi.input": form})
        start("302 FOUND", [("Location", path.replace("/submit", "/receipt")), ("Content-Length", "0")])
        return []

    return serve


def sends_again(made: Flask) -> Serve:
    """Does not ask whether it was sent already: each Send makes a copy, a paper, an entry and a receipt."""
    send = actions.submit

    def submit(application: Application, *, by: Account) -> Submission:
        last = application.last_submission
        if last is None:
            return send(application, by=by)
        paper = draw_up(last.paper.template, last.paper.content, file_name=last.paper.file_name)
        second = Submission(
            number=last.number + 1,
            language=last.language,
            content=last.content,
            submitted_at=clock.now(),
            submitted_by_id=by.id,
            paper=paper,
        )
        application.submissions.append(second)
        record(application, "submit", by=by)
        emails.send_receipt(second, by=by)
        return second

    actions.submit = submit
    return made


def keeps_half(made: Flask) -> Serve:
    """Keeps the application before the receipt is written."""
    write = emails.send_receipt

    def send_receipt(submission: Submission, *, by: Account) -> None:
        db.session.commit()
        time.sleep(0.05)
        write(submission, by=by)

    emails.send_receipt = send_receipt
    return made


def registers_twice(made: Flask) -> Serve:
    """Keeps the registration, and then what the history tells of it once more."""
    once = registry.register

    def register(application: Application, *, by: Account) -> Any:
        case = once(application, by=by)
        db.session.commit()
        record(application, "register", by=by)
        return case

    registry.register = register
    return made


PLANTED = {each.__name__: each for each in (nothing, acknowledges_early, sends_again, keeps_half, registers_twice)}
