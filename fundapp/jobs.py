"""Background jobs: what runs beside the pages, by `fundapp work`.

On PostgreSQL the queue is procrastinate's, and a job is put into the transaction of what it serves: kept together or
not at all. On SQLite the outbox and the papers themselves are the queue. Every job may be run twice without harm, so
that a worker that is killed loses nothing: what it held is taken up again, and jobs by the clock look for what no job
has done. A job goes on under the id of the request that put it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app
from psycopg.conninfo import make_conninfo
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session, object_session

from fundapp import clock, documents, outbox, sweeps
from fundapp.accounts.actions import forget_ended
from fundapp.applications.reminders import end_drafts, remind_of_drafts
from fundapp.assessments.reminders import remind_of_completions
from fundapp.config import settings
from fundapp.db import db, place_of_server, reading
from fundapp.documents import Paper
from fundapp.mail import WRITTEN
from fundapp.meetings.minutes_reminders import remind_of_minutes
from fundapp.oidc.actions import forget_used
from fundapp.record import actions as record_work
from fundapp.referrals.reminders import remind_of_referrals
from fundapp.registry import making
from fundapp.registry.listed import ListExport
from fundapp.reports.reminders import remind_of_reports
from fundapp.seats.actions import take_ended_roles
from fundapp.store import StoreFailed
from fundapp.web.watch import go_on_as, request_id

if TYPE_CHECKING:  # dear to import: a web worker does it with the first job that it puts
    import procrastinate

QUEUE_TABLES = "procrastinate_"
SEND = "send_outbox"
DRAW = "draw_papers"
TAKE_OVER = "take_over"
MAKE = "make_lists"
BEATS_EVERY, DEAD_AFTER = 10.0, 30.0  # seconds: a worker's heartbeat, and when its jobs are taken from it
LOOKS_EVERY = 2.0  # seconds between looks into the outbox where nothing tells the worker
MINUTE, HOUR, DAY = 60.0, 3600.0, 24 * 3600.0
NEWEST = 500  # papers, and of the last day: what is looked through for one that no job has drawn
DRAWN_UP = "fundapp.papers.drawn_up"  # in a session's `info`: keys of the running transaction's papers
ASKED_FOR = "fundapp.lists.asked_for"  # in a session's `info`: the running transaction asks for a file of a list
LOOKED_AT = "fundapp.papers.looked_at"  # on SQLite, in the app's extensions: the last paper this worker saw to
FAILED_JOBS_KEPT = 30 * 24  # hours

log = logging.getLogger(__name__)


def send_outbox() -> None:
    """Send what is due."""
    sent, failed = outbox.send_waiting()
    if sent or failed:
        log.info("mail: %d sent, %d not sent", sent, failed)


def remind() -> None:
    """Write what is due to applicants, to who signs minutes and to who is asked for a comment, each reminder once."""
    written = remind_of_completions() + remind_of_reports() + remind_of_drafts() + remind_of_minutes()
    written += remind_of_referrals()
    if written:
        log.info("reminders: %d written", written)


def forget() -> None:
    """Remove sign-in attempts, used returns and sessions that ended long ago, drafts whose time is over, files of lists
    after a day, and the member's role of those whose last seat ended.
    """
    removed = forget_ended() + forget_used()
    if removed:
        log.info("sign-in attempts and sessions: %d removed", removed)
    drafts = end_drafts()
    if drafts:
        log.info("drafts that were never sent: %d removed", drafts)
    lists = making.forget()
    if lists:
        log.info("files of the case list: %d removed", lists)
    former = take_ended_roles()
    if former:
        log.info("members whose seats have ended: %d", former)


def draw_papers(papers: list[int]) -> None:
    """Draw papers for their first reader, by key. One that cannot be drawn is told of and does not stop the others."""
    drawn = 0
    for key in papers:
        with reading():
            paper = db.session.get(Paper, key)
            db.session.expunge_all()
            db.session.rollback()
        if paper is None:
            continue
        try:
            drawn += documents.keep_pdf(paper)
        except StoreFailed:
            raise
        except Exception:
            log.exception("paper %s cannot be drawn", paper.public_id)
    if drawn:
        log.info("papers: %d drawn", drawn)


def draw_newest() -> None:
    """Draw what was drawn up in the last day and no job has drawn. On SQLite a worker looks at each paper once."""
    extensions = current_app.extensions
    last = 0 if has_queue() else extensions.get(LOOKED_AT, 0)
    is_new = (Paper.id > last) & (Paper.drawn_up_at > clock.now() - timedelta(days=1))
    with reading():
        keys = list(db.session.scalars(select(Paper.id).where(is_new).order_by(Paper.id.desc()).limit(NEWEST)))
        db.session.rollback()
    draw_papers(keys[::-1])
    extensions[LOOKED_AT] = max(keys, default=last)


def sweep() -> None:
    """Clear the store of what no row names and of what can be drawn again."""
    sweeps.sweep_files()
    sweeps.sweep_drawn()


@dataclass(frozen=True)
class Task:
    """What is done by the clock: on PostgreSQL by a cron line in the server's time, on SQLite every so many seconds."""

    name: str
    run: Callable[[], None]
    due: str
    every: float


TASKS = (
    Task(SEND, send_outbox, "* * * * *", LOOKS_EVERY),
    Task(MAKE, making.make_waiting, "* * * * *", LOOKS_EVERY),
    Task("enter_record", record_work.enter, "* * * * *", MINUTE),
    Task("export_record", record_work.export_daily, "3 0 * * *", DAY),
    Task("draw_newest", draw_newest, "12 * * * *", LOOKS_EVERY),
    Task("remind", remind, "7 * * * *", HOUR),
    Task("forget", forget, "17 3 * * *", HOUR),
    Task("sweep", sweep, "37 4 * * *", DAY),
)


def leave_out_of_comparison(name: str | None, kind: str, _parents: Any) -> bool:
    """For Alembic: the queue's tables are the library's, not ours."""
    return kind != "table" or not (name or "").startswith(QUEUE_TABLES)


def has_queue() -> bool:
    """Whether the jobs are procrastinate's: on PostgreSQL."""
    return db.engine.dialect.name == "postgresql"


# --- putting a job into the running transaction -----------------------------------------------------------------


def no_queue() -> None:
    """What stands for the queue where there is none."""


def set_up(app: Flask) -> None:
    """Let mail and papers that are written on PostgreSQL bring their jobs along. In an app context."""
    app.extensions["fundapp.jobs"] = cache(lambda: _queue(app)) if has_queue() else no_queue


@event.listens_for(Paper, "after_insert")
def _note_paper(_mapper: Any, _connection: Any, paper: Paper) -> None:
    session = object_session(paper)
    if session is not None:
        session.info.setdefault(DRAWN_UP, []).append(paper.id)


@event.listens_for(ListExport, "after_insert")
@event.listens_for(ListExport, "after_update")
def _note_export(_mapper: Any, _connection: Any, export: ListExport) -> None:
    session = object_session(export)
    if session is not None:
        session.info[ASKED_FOR] = True


@event.listens_for(Session, "before_commit")
def _bring_jobs(session: Session) -> None:
    """One job for all the papers of a transaction, and one for all its mail. What is hidden from it, a sweep finds."""
    if session.in_nested_transaction():
        return
    queue: Callable[[], Any] = current_app.extensions.get("fundapp.jobs", no_queue) if current_app else no_queue
    if queue is not no_queue:
        session.flush()  # which gives the papers their keys
    papers, has_mail = session.info.pop(DRAWN_UP, []), session.info.pop(WRITTEN, False)
    is_asked_for = session.info.pop(ASKED_FOR, False)
    if queue is no_queue:
        return
    if papers and not settings().is_demo:
        _defer(queue(), session, DRAW, papers=papers)
    if has_mail and outbox.can_send():
        _defer(queue(), session, SEND)
    if is_asked_for:
        _defer(queue(), session, MAKE)


@event.listens_for(Session, "after_transaction_end")
def _forget_rolled_back(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(DRAWN_UP, None)
        session.info.pop(WRITTEN, None)
        session.info.pop(ASKED_FOR, None)


def _defer(queue: "procrastinate.App", session: Session, name: str, **about: Any) -> None:
    """Put a job into the session's own transaction, under the id of the request that is being answered."""
    connection = session.connection().connection.driver_connection
    queue.configure_task(name, connection=connection).defer(**about, request_id=request_id())


def _queue(app: Flask) -> "procrastinate.App":
    """The queue on the app's database. It opens no connection before a worker runs."""
    import procrastinate  # noqa: PLC0415  as above

    address = make_conninfo("", **place_of_server(db.engine))
    queue = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address, min_size=1, max_size=4))
    for each in TASKS:
        task = queue.task(name=each.name, pass_context=False)(_in_app(app, each.name, each.run))
        # Where one waits already, a second would find nothing to do.
        queue.periodic(cron=each.due, periodic_id=each.name, queueing_lock=f"{each.name} by the clock")(task)
    queue.task(name=DRAW, pass_context=False)(_in_app(app, DRAW, draw_papers))

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


def _in_app(app: Flask, name: str, run: Callable[..., None]) -> Callable[..., None]:
    """The job as a worker calls it: in a context of its own, one transaction, kept where nothing failed; logged under
    the id of the request that put it.
    """

    def job(timestamp: int = 0, request_id: str = "", **about: Any) -> None:  # noqa: ARG001  `timestamp`: by the clock
        with go_on_as(request_id, job=name), app.app_context():
            try:
                run(**about)
                db.session.commit()
            except Exception:
                log.exception("job failed")
                raise
            if request_id:
                log.info("job done")

    return job


def missing_steps() -> list[str]:
    """Steps of the installed queue library that the database has not had; a revision must run them."""
    if not has_queue():
        return []
    with db.engine.connect() as connection:
        noted = connection.scalar(text("SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class')"))
    from procrastinate.schema import SchemaManager  # noqa: PLC0415  as above

    names = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return names if noted is None else [name for name in names if name > noted]


# --- working ----------------------------------------------------------------------------------------------------


def work_once() -> None:
    """Everything that is due, and then an end: for cron."""
    app = _this_app()
    queue: procrastinate.App | None = app.extensions["fundapp.jobs"]()
    for task in reversed(TASKS):  # mail last, so that reminders leave too
        _in_app(app, task.name, task.run)()
    if queue is not None:
        asyncio.run(_work(queue, wait=False))


def work(stopped: Event) -> None:
    """Run until `stopped`; on PostgreSQL until SIGTERM or SIGINT, after the jobs that are under way."""
    app = _this_app()
    queue: procrastinate.App | None = app.extensions["fundapp.jobs"]()
    if queue is not None:
        asyncio.run(_work(queue, wait=True))
        return
    next_at = {task.name: 0.0 for task in TASKS}
    while not stopped.is_set():
        for task in reversed(TASKS):
            if time.monotonic() >= next_at[task.name]:
                next_at[task.name] = time.monotonic() + task.every
                with suppress(Exception):  # logged; it ends one run of a job, not the worker: the next tries again
                    _in_app(app, task.name, task.run)()
        stopped.wait(LOOKS_EVERY)


async def _work(queue: "procrastinate.App", *, wait: bool) -> None:
    from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415  as above

    async with queue.open_async():
        for name in (TAKE_OVER, SEND):  # what happened while no worker was there, at once
            with suppress(AlreadyEnqueued):
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
