"""Background jobs: what runs beside the pages, by `fundapp work`.

On PostgreSQL the queue is procrastinate's, and a job is put into the transaction of what it serves: kept together or
not at all. On SQLite the outbox itself is the queue. Every job may be run twice without harm, so that a worker that is
killed loses nothing: what it held is taken up again, and a sweep each minute looks for what no job has done.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import procrastinate
from flask import Flask, current_app
from procrastinate.schema import SchemaManager
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from fundapp import outbox
from fundapp.accounts.actions import forget_ended
from fundapp.assessments.reminders import remind_of_completions
from fundapp.config import settings
from fundapp.db import db
from fundapp.mail import WRITTEN
from fundapp.reports.reminders import remind_of_reports

QUEUE_TABLES = "procrastinate_"
SEND = "send_outbox"
TAKE_OVER = "take_over"
BEATS_EVERY, DEAD_AFTER = 10.0, 30.0  # seconds: a worker's heartbeat, and when its jobs are taken from it
LOOKS_EVERY = 2.0  # seconds between looks into the outbox where nothing tells the worker
HOUR = 3600.0
FAILED_JOBS_KEPT = 30 * 24  # hours

log = logging.getLogger(__name__)


def send_outbox() -> None:
    """Send what is due."""
    sent, failed = outbox.send_waiting()
    if sent or failed:
        log.info("mail: %d sent, %d not sent", sent, failed)


def remind() -> None:
    """Write what is due to applicants, each reminder once."""
    written = remind_of_completions() + remind_of_reports()
    if written:
        log.info("reminders: %d written", written)


def forget() -> None:
    """Remove sign-in attempts and sessions that ended long ago."""
    removed = forget_ended()
    if removed:
        log.info("sign-in attempts and sessions: %d removed", removed)


# Name, function, and when it is due: a cron line in the server's time.
TASKS: tuple[tuple[str, Callable[[], None], str], ...] = (
    (SEND, send_outbox, "* * * * *"),
    ("remind", remind, "7 * * * *"),
    ("forget", forget, "17 3 * * *"),
)


def leave_out_of_comparison(name: str | None, kind: str, _parents: Any) -> bool:
    """For Alembic: the queue's tables are the library's, not ours."""
    return kind != "table" or not (name or "").startswith(QUEUE_TABLES)


def has_queue() -> bool:
    """Whether the jobs are procrastinate's: on PostgreSQL."""
    return db.engine.dialect.name == "postgresql"


# --- putting a job into the running transaction -----------------------------------------------------------------


def set_up(app: Flask) -> None:
    """Let mail that is written on PostgreSQL bring its job along. In an app context."""
    app.extensions["fundapp.jobs"] = _queue(app) if has_queue() else None


@event.listens_for(Session, "before_commit")
def _bring_job(session: Session) -> None:
    """One job for all the mail of a transaction. What a savepoint hides from it, the sweep finds."""
    if not session.info.get(WRITTEN) or session.in_nested_transaction():
        return
    session.info.pop(WRITTEN)
    queue: procrastinate.App | None = current_app.extensions.get("fundapp.jobs") if current_app else None
    if queue is not None and outbox.can_send():
        session.flush()
        connection = session.connection().connection.driver_connection
        queue.configure_task(SEND, connection=connection).defer()


def _queue(app: Flask) -> procrastinate.App:
    """The queue on the app's database. It opens no connection before a worker runs."""
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    queue = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=4))
    for name, run, due in TASKS:
        task = queue.task(name=name, pass_context=False)(_in_app(app, run))
        # Where one waits already, a second would find nothing to do.
        queue.periodic(cron=due, periodic_id=name, queueing_lock=f"{name} by the clock")(task)

    @queue.periodic(cron="* * * * *")
    @queue.task(name=TAKE_OVER, queueing_lock=TAKE_OVER)
    async def take_over(timestamp: int = 0) -> None:  # noqa: ARG001  the queue gives it to what is done by the clock
        """Queue again what a dead worker held."""
        for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
            log.warning("job %s of a dead worker is taken over", job.task_name)
            await queue.job_manager.retry_job(job)

    @queue.periodic(cron="27 3 * * *")
    @queue.task(name="clear_queue", queueing_lock="clear_queue")
    async def clear_queue(timestamp: int = 0) -> None:  # noqa: ARG001  the queue gives it to what is done by the clock
        """Forget jobs that failed long ago."""
        await queue.job_manager.delete_old_jobs(nb_hours=FAILED_JOBS_KEPT, include_failed=True)

    return queue


def _in_app(app: Flask, run: Callable[[], None]) -> Callable[..., None]:
    """The task as a worker calls it: in a context of its own, one transaction, kept where nothing failed."""

    def task(**_when: int) -> None:
        with app.app_context():
            run()
            db.session.commit()

    return task


def missing_steps() -> list[str]:
    """Steps of the installed queue library that the database has not had; a revision must run them."""
    if not has_queue():
        return []
    with db.engine.connect() as connection:
        noted = connection.scalar(text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')"))
    names = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return names if noted is None else [name for name in names if name > noted]


# --- working ----------------------------------------------------------------------------------------------------


def work_once() -> None:
    """Everything that is due, and then an end: for cron."""
    app = _this_app()
    queue: procrastinate.App | None = app.extensions["fundapp.jobs"]
    for _name, run, _due in reversed(TASKS):  # mail last, so that reminders leave too
        _in_app(app, run)()
    if queue is not None:
        asyncio.run(_work(queue, wait=False))


def work(stopped: Event) -> None:
    """Run until `stopped`; on PostgreSQL until SIGTERM or SIGINT, after the jobs that are under way."""
    app = _this_app()
    queue: procrastinate.App | None = app.extensions["fundapp.jobs"]
    if queue is not None:
        asyncio.run(_work(queue, wait=True))
        return
    waited = HOUR
    while not stopped.is_set():
        is_hour = waited >= HOUR
        waited = LOOKS_EVERY if is_hour else waited + LOOKS_EVERY
        for name, run, _due in reversed(TASKS):
            if name == SEND or is_hour:
                _carefully(name, _in_app(app, run))
        stopped.wait(LOOKS_EVERY)


def _carefully(name: str, run: Callable[[], None]) -> None:
    """A fault ends one run of a job, not the worker: the next run tries again."""
    try:
        run()
    except Exception:
        log.exception("job %s failed", name)


async def _work(queue: procrastinate.App, *, wait: bool) -> None:
    async with queue.open_async():
        for name in (TAKE_OVER, SEND):  # what happened while no worker was there, at once
            with suppress(procrastinate.exceptions.AlreadyEnqueued):
                await queue.configure_task(name, queueing_lock=f"{name} at the start").defer_async()
        await queue.run_worker_async(
            wait=wait,
            concurrency=2,  # a slow mail server must not hold up the rest
            delete_jobs="successful",
            update_heartbeat_interval=BEATS_EVERY,
            stalled_worker_timeout=DEAD_AFTER,
            install_signal_handlers=wait,
        )


def _this_app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the app itself, for other threads
    return app


def is_refused() -> str | None:
    """Why `fundapp work` will not start here."""
    if settings().is_demo:
        return "the demo sends nothing and has no jobs"
    missing = missing_steps()
    if missing:
        return f"the job queue's tables are not those of the installed procrastinate: {', '.join(missing)}"
    return None
