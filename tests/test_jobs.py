"""Background jobs: kept with what they serve, run once in effect, and by a worker that may be killed at any moment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import bindparam, func, insert, select, text

from fundapp import clock, documents, drawn, files, jobs, mail, store
from fundapp.accounts.actions import ask_to_sign_in, begin_session, forget_ended
from fundapp.accounts.models import LoginSession, SignInAttempt
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.mail import Message, MessageStatus
from tests.factories.people import applicant
from tests.ground.smtp import Postbox
from tests.ground.work import work_once

ROOT = Path(__file__).parent.parent
TO = "amina@exempel.example"
ON_POSTGRESQL = pytest.mark.parametrize("both_engines", ["postgresql"], indirect=True)


@pytest.fixture
def sender(settings: Settings, postbox: Postbox) -> Iterator[Flask]:
    """The app with the postbox as its mail server."""
    app = create_app(replace(settings, smtp_host=postbox.host, smtp_port=postbox.port))
    yield app
    with app.app_context():
        db.engine.dispose()


def _write(number: int = 0, thread: str = "") -> None:
    mail.write(to=TO, language="sv", subject=f"Brev {number}", body="Hej!\n", thread=thread)


def _queued() -> list[str]:
    """Names of the jobs that wait."""
    names = list(db.session.scalars(text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'")))
    db.session.rollback()
    return names


def _come_due() -> set[str]:
    """Names of the jobs that the clock has put there: a full minute may come at any moment of a test."""
    words = "SELECT task_name FROM procrastinate_periodic_defers"
    names = set(db.session.scalars(text(words)))
    db.session.rollback()
    return names


# --- in the same transaction ------------------------------------------------------------------------------------


@ON_POSTGRESQL
@pytest.mark.usefixtures("both_engines")
def test_a_transaction_with_mail_brings_one_job_and_one_without_brings_none(sender: Flask) -> None:
    with sender.app_context():
        for number in range(3):
            _write(number)
        db.session.commit()
        assert _queued() == ["send_outbox"]
        applicant()
        db.session.commit()
        assert _queued() == ["send_outbox"]


@ON_POSTGRESQL
@pytest.mark.usefixtures("both_engines")
def test_a_job_is_rolled_back_with_the_mail_it_serves(sender: Flask) -> None:
    with sender.app_context():
        _write()
        db.session.flush()
        db.session.rollback()
        assert _queued() == []
        _write()
        db.session.execute(text("SELECT 1"))
        with pytest.raises(Exception, match="division by zero"):
            db.session.execute(text("SELECT 1 / 0"))
        db.session.rollback()
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(Message)) == 0


@ON_POSTGRESQL
@pytest.mark.usefixtures("both_engines")
def test_without_a_mail_server_no_job_piles_up(app: Flask) -> None:
    with app.app_context():
        _write()
        db.session.commit()
        assert _queued() == []


# --- the command ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_engines")
def test_work_once_does_all_that_is_due_and_ends(sender: Flask, postbox: Postbox) -> None:
    with sender.app_context():
        for number in range(3):
            _write(number)
        db.session.commit()
    done = work_once(sender)
    assert (done.exit_code, done.output) == (0, "")
    assert [str(letter.message["Subject"]) for letter in postbox.letters] == ["Brev 0", "Brev 1", "Brev 2"]
    with sender.app_context():
        assert set(db.session.scalars(select(Message.status))) == {MessageStatus.SENT}
        if jobs.has_queue():
            assert set(_queued()) - _come_due() == set()


def test_the_demo_has_no_worker(settings: Settings) -> None:
    demo = create_app(replace(settings, is_demo=True, demo_date=date(2017, 3, 6)))
    refused = work_once(demo)
    assert refused.exit_code == 1
    assert "the demo sends nothing" in refused.output


def test_without_a_mail_server_the_worker_says_so_and_does_the_rest(app: Flask) -> None:
    with app.app_context():
        ask_old = clock.now() - timedelta(days=60)
        with clock.at(ask_old), app.test_request_context():
            ask_to_sign_in(TO)
        db.session.commit()
    done = work_once(app)
    assert done.exit_code == 0
    assert "mail is kept in the outbox" in done.output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignInAttempt)) == 0
        assert db.session.scalars(select(Message.status)).all() == [MessageStatus.WAITING]


@ON_POSTGRESQL
@pytest.mark.usefixtures("both_engines")
def test_the_worker_refuses_tables_of_another_queue_library(sender: Flask) -> None:
    with sender.app_context():
        assert jobs.missing_steps() == []
        db.session.execute(text("COMMENT ON TABLE procrastinate_jobs IS '03.03.00_01_pre_priority_lock_fetch_job.sql'"))
        db.session.commit()
        missing = jobs.missing_steps()
        assert missing
        assert all(name > "03.03.00_01" for name in missing)
    refused = work_once(sender)
    assert refused.exit_code == 1
    assert missing[0] in refused.output


# --- clearing away ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_engines")
def test_attempts_and_sessions_that_ended_long_ago_are_removed_and_no_others(app: Flask) -> None:
    with app.test_request_context():
        person = applicant()
        with clock.at(clock.now() - timedelta(days=45)):
            ask_to_sign_in("old@exempel.example")
            begin_session(person)
        with clock.at(clock.now() - timedelta(days=20)):
            ask_to_sign_in("lately@exempel.example")
            begin_session(person)
        begin_session(person)
        db.session.commit()
        assert forget_ended() == 2
        assert forget_ended() == 0
        assert list(db.session.scalars(select(SignInAttempt.email))) == ["lately@exempel.example"]
        assert db.session.scalar(select(func.count()).select_from(LoginSession)) == 2


# --- a real worker ----------------------------------------------------------------------------------------------


@contextmanager
def _worker(settings: Settings, postbox: Postbox, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`fundapp work` as a process of its own, killed at the end where it still runs."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FUNDAPP_")} | {
        "FUNDAPP_ENV": "development",
        "FUNDAPP_DATABASE_URL": settings.database_url,
        "FUNDAPP_INSTANCE": str(settings.instance),
        "FUNDAPP_FILES": str(settings.files),
        "FUNDAPP_SMTP_HOST": postbox.host,
        "FUNDAPP_SMTP_PORT": str(postbox.port),
        "FUNDAPP_SMTP_TLS": "none",
    }
    words = [sys.executable, "-c", "from fundapp.cli import main; main()", "work"]
    with log.open("a") as out:
        process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=out, stderr=out)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


def _wait_for(what: MessageStatus, count: int, app: Flask) -> None:
    for _look in range(300):
        with app.app_context():
            if db.session.scalar(select(func.count()).where(Message.status == what)) == count:
                return
        time.sleep(0.1)
    pytest.fail(f"the worker did not bring {count} to {what.name}")


@pytest.mark.slow
@pytest.mark.usefixtures("both_engines")
def test_a_worker_killed_in_the_middle_of_a_letter_loses_and_doubles_nothing(
    sender: Flask, settings: Settings, postbox: Postbox, tmp_path: Path
) -> None:
    with sender.app_context():
        for number in range(5):
            _write(number, thread="caseone")
        db.session.commit()
    postbox.pause = 3.0
    with _worker(settings, postbox, tmp_path / "first.log") as first:
        _wait_for(MessageStatus.SENT, 1, sender)
        _wait_for(MessageStatus.SENDING, 1, sender)  # it waits for the server's answer to the second letter
        first.send_signal(signal.SIGKILL)
        first.wait(timeout=30)
    postbox.pause = 0.0
    assert len(postbox.letters) == 1
    _let_time_pass(sender)
    with _worker(settings, postbox, tmp_path / "second.log") as second:
        _wait_for(MessageStatus.SENT, 5, sender)
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=30) == 0, (tmp_path / "second.log").read_text()
    assert [str(letter.message["Subject"]) for letter in postbox.letters] == [f"Brev {n}" for n in range(5)]
    assert len({letter.message["Message-ID"] for letter in postbox.letters}) == 5
    with sender.app_context():
        if jobs.has_queue():  # what the dead worker held was taken over, and ended
            assert (_queued(), _doing()) == ([], 0)


@pytest.mark.slow
@pytest.mark.usefixtures("both_engines")
def test_a_worker_killed_in_the_middle_of_drawing_loses_and_doubles_nothing(
    sender: Flask, settings: Settings, postbox: Postbox, tmp_path: Path
) -> None:
    with sender.app_context():
        keys = [_key_of_paper(number) for number in range(PAPERS)]
        db.session.commit()
    with _worker(settings, postbox, tmp_path / "first.log") as first:
        _wait_until(lambda: len(_drawn(settings)) >= 3, "the first worker drew nothing")
        first.send_signal(signal.SIGKILL)
        first.wait(timeout=30)
    assert 3 <= len(_drawn(settings)) < PAPERS, "it was killed too late to tell anything"
    before = {path.name: path.stat().st_mtime_ns for path in _drawn(settings)}
    _let_time_pass(sender)
    with _worker(settings, postbox, tmp_path / "second.log") as second:
        _wait_until(lambda: len(_drawn(settings)) == PAPERS, "not all was drawn")
        _wait_until(lambda: _is_idle(sender), "a job was left")
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=30) == 0, (tmp_path / "second.log").read_text()
    found = {path.name: path for path in _drawn(settings)}
    assert sorted(store.DRAWN + name for name in found) == sorted(keys)
    assert {name: found[name].stat().st_mtime_ns for name in before} == before  # what was drawn was not drawn again
    assert all(path.read_bytes().rstrip().endswith(b"%%EOF") for path in found.values())


@pytest.mark.slow
@pytest.mark.usefixtures("both_engines")
def test_a_worker_killed_in_the_middle_of_a_sweep_loses_nothing_that_has_a_row(
    sender: Flask, settings: Settings, postbox: Postbox, tmp_path: Path
) -> None:
    with sender.app_context():
        settings.files.mkdir(mode=0o700)
        then = time.time() - 2 * 24 * 3600
        # So many have a row as the sweep wants to see, before it believes that the others are left over.
        for number in range(ORPHANS * 11):
            path = settings.files / f"{number:048}"
            path.write_bytes(b"left")
            os.utime(path, (then, then))
        db.session.execute(insert(files.StoredFile), [_row_of(number) for number in range(ORPHANS, ORPHANS * 11)])
        db.session.commit()
        if jobs.has_queue():
            _put_sweep(sender)
    with _worker(settings, postbox, tmp_path / "first.log") as first:
        _wait_until(lambda: _left(settings) < ORPHANS, "the first worker swept nothing")
        first.send_signal(signal.SIGKILL)
        first.wait(timeout=30)
    assert _left(settings), "it was killed too late to tell anything"
    _let_time_pass(sender)
    with _worker(settings, postbox, tmp_path / "second.log") as second:
        _wait_until(lambda: not _left(settings), "what was left over is still there")
        _wait_until(lambda: _is_idle(sender), "a job was left")
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=30) == 0, (tmp_path / "second.log").read_text()
    with sender.app_context():
        assert set(store.keys()) == set(db.session.scalars(select(files.StoredFile.key)))


PAPERS, ORPHANS = 150, 1000


def _key_of_paper(number: int) -> str:
    content = {"municipality": "Kalix", "title": f"Brev {number}", "meta": [], "text": "Hej!\n" * number, "lang": "sv"}
    paper = documents.draw_up("reports/documents/mail.typ", content, file_name=f"{number}.pdf")
    db.session.flush()
    return drawn.key_of(paper.template, paper.content, paper.drawn_up_at)


def _drawn(settings: Settings) -> list[Path]:
    folder = settings.files / store.DRAWN
    return [path for path in folder.iterdir() if "#" not in path.name] if folder.exists() else []


def _left(settings: Settings) -> int:
    """How many files there are that no row names."""
    return len(os.listdir(settings.files)) - ORPHANS * 10


def _row_of(number: int) -> dict[str, object]:
    about = {"name": "x.pdf", "media_type": "application/pdf", "size": 4, "sha256": "0" * 64, "stored_at": clock.now()}
    return about | {"key": f"{number:048}", "public_id": f"file{number:08}"}


def _put_sweep(app: Flask) -> None:
    queue = app.extensions["fundapp.jobs"]()
    queue.configure_task("sweep", connection=db.session.connection().connection.driver_connection).defer()
    db.session.commit()


def _is_idle(app: Flask) -> bool:
    """Whether no job waits or runs, but what the clock puts again and again."""
    if not app.config["SQLALCHEMY_ENGINES"]["default"]["url"].startswith("postgresql"):
        return True
    with app.app_context():
        found = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND task_name IN :names"
        names = text(found).bindparams(bindparam("names", [jobs.DRAW, "sweep"], expanding=True))
        return db.session.scalar(names) == 0


def _wait_until(holds: Callable[[], bool], complaint: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.005)
    pytest.fail(complaint)


def _let_time_pass(app: Flask) -> None:
    """As if the dead worker's claim and heartbeat were old."""
    with app.app_context():
        for message in db.session.scalars(select(Message).where(Message.status == MessageStatus.SENDING)):
            assert message.claimed_at is not None
            message.claimed_at -= timedelta(hours=1)
        if jobs.has_queue():
            assert _doing() >= 1
            db.session.execute(
                text("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'")
            )
        db.session.commit()


def _doing() -> int:
    return db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")) or 0
