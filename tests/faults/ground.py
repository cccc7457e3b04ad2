"""What the fault tests stand on: drafts ready to be sent, gunicorn whose workers die, a PostgreSQL that dies."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import inspect, select

from fundapp import clock
from fundapp.accounts.actions import begin_session
from fundapp.accounts.models import Account
from fundapp.app import create_app
from fundapp.applications.models import Application
from fundapp.config import Settings
from fundapp.db import db
from fundapp.permissions import Role
from tests.factories import DAY, people
from tests.factories import applications as factory
from tests.faults import checker
from tests.faults.checker import Fault
from tests.faults.people import Crowd, Sending, chance, own_pdf
from tests.ground import postgres
from tests.ground.shared import free_port

ROOT = Path(__file__).parents[2]
ACCOUNTS = 10
GUNICORN = ["--no-control-socket", "-k", "gthread", "--workers", "2", "--threads", "4", "--log-level", "warning"]


# --- what there is to send --------------------------------------------------------------------------------------


def sendings(app: Flask, count: int) -> list[Sending]:
    """So many complete drafts of ten people, and the people's habits; committed."""
    with app.test_request_context("/"):
        token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps("faults")
        registrar = _signed_in(app, people.official(Role.REGISTRAR))
        drafts = []
        for number in range(ACCOUNTS):
            by = people.applicant(f"Amina Lindqvist {number}", f"amina{number}@forening.example")
            drafts += [(_signed_in(app, by), each) for each in _drafts_of(by, number, count // ACCOUNTS)]
        db.session.commit()
        made = [
            Sending(
                public_id=draft.public_id,
                title=_title(draft),
                cookie=cookie,
                token=token,
                registrar=registrar,
                file=own_pdf(number) if number % 5 == 0 else None,
                clicks=2 if number % 7 == 0 else 1,
                is_patient=number % 10 != 3,
                is_wanted_registered=number % 6 == 0,
            )
            for number, (cookie, draft) in enumerate(drafts)
        ]
        db.session.close()
    chance.shuffle(made)
    return made


def _signed_in(app: Flask, account: Account) -> str:
    """The cookie of a session made beforehand, with the form's token in it."""
    interface: Any = app.session_interface
    kept = {"_user_id": begin_session(account), "_fresh": True, "csrf_token": "faults"}
    return f"fundapp={interface.get_signing_serializer(app).dumps(kept)}"


def _drafts_of(by: Account, number: int, count: int) -> list[Application]:
    """One written by the real actions, the others copied from it, each with a title of its own."""
    organisation = people.organisation(
        by, name=f"Förening {number}", org_number=str(8020000000 + number), email=by.email
    )
    first = factory.draft(by=by, organisation=organisation, title=f"Språkkafé {number}:0")
    others = [
        _copy(
            first,
            sections=[_copy(section) for section in first.sections],
            attachments=[_copy(attachment, file=attachment.file) for attachment in first.attachments],
        )
        for _ in range(count - 1)
    ]
    for place, other in enumerate(others, 1):
        written = next(section for section in other.sections if section.code == "project")
        written.answers = written.answers | {"title": [f"Språkkafé {number}:{place}"]}
    db.session.add_all(others)
    db.session.flush()
    return [first, *others]


def _copy(row: Any, **parts: Any) -> Any:
    left_out = {"id", "public_id", "version", "application_id"}
    columns = [column.key for column in inspect(type(row)).column_attrs if column.key not in left_out]
    return type(row)(**{name: getattr(row, name) for name in columns}, **parts)


def _title(draft: Application) -> str:
    return str(next(section for section in draft.sections if section.code == "project").answers["title"][0])


# --- gunicorn ---------------------------------------------------------------------------------------------------


class Workers:
    """gunicorn with two workers, as a child process. `planted`: a fault of tests/faults/serve.py."""

    def __init__(self, folder: Path, settings: Settings, planted: str) -> None:
        self.port, self.kills = free_port(), 0
        self.ready = folder / "ready"
        self.ready.mkdir()
        self.log = folder / "gunicorn.log"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("FUNDAPP_")}
        words = [
            sys.executable,
            "-m",
            "gunicorn",
            *GUNICORN,
            "--preload",
            "-c",
            "python:tests.faults.serve",
            "-b",
            f"127.0.0.1:{self.port}",
            "tests.faults.serve:app()",
        ]
        environ |= _told_to_the_app(settings)
        environ |= {"FAULTS_CLOCK": str(folder / "clock"), "FAULTS_READY": str(self.ready), "FAULTS_PLANTED": planted}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=log, stderr=log)
        self._wait()

    def _wait(self) -> None:
        for _look in range(600):
            assert self.process.poll() is None, self.log.read_text()
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            with suppress(OSError), closing(link):
                link.request("GET", "/healthz")
                if link.getresponse().status == 200:
                    return
            time.sleep(0.1)
        raise AssertionError(f"gunicorn did not serve: {self.log.read_text()}")

    def kill_one(self) -> None:
        """kill -9 of one of the workers that have begun to serve."""
        for _look in range(600):
            serving = [pid for pid in _children(self.process.pid) if (self.ready / str(pid)).exists()]
            if serving:
                os.kill(chance.choice(serving), signal.SIGKILL)
                self.kills += 1
                return
            time.sleep(0.05)
        raise AssertionError(f"no worker serves: {self.log.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=60)
        finally:
            self.process.kill()
            self.process.wait()


def _told_to_the_app(settings: Settings) -> dict[str, str]:
    return {
        "FUNDAPP_ENV": "development",
        "FUNDAPP_DATABASE_URL": settings.database_url,
        "FUNDAPP_INSTANCE": str(settings.instance),
        "FUNDAPP_FILES": str(settings.files),
        "FUNDAPP_SECRET_KEY": settings.secret_key,
        "FUNDAPP_SMTP_HOST": str(settings.smtp_host),
        "FUNDAPP_SMTP_TLS": settings.smtp_tls,
        "FUNDAPP_LIMIT_FACTOR": "1000",
        "FUNDAPP_STEP_UP_MINUTES": str(settings.step_up_minutes),
    } | _told_of_the_store(settings)


def _told_of_the_store(settings: Settings) -> dict[str, str]:
    if settings.store is None:
        return {}
    return {
        "FUNDAPP_STORE": settings.store,
        "FUNDAPP_STORE_ENDPOINT": str(settings.store_endpoint),
        "FUNDAPP_STORE_KEY_ID": str(settings.store_key_id),
        "FUNDAPP_STORE_SECRET": str(settings.store_secret),
    }


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# --- PostgreSQL -------------------------------------------------------------------------------------------------


class Cluster:
    """A PostgreSQL of the test's own, which loses power and is started again. Its files lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.kills = folder, 0
        self.address = postgres.start(folder, run=os.getpid())
        self.server: subprocess.Popen[bytes] | None = None

    def tell(self, *statements: str) -> None:
        for statement in statements:
            postgres.on_server(self.address, statement)

    def crash_and_start(self) -> None:
        """kill -9 of the postmaster and every process of it, and a start at once."""
        self._crash()
        self.kills += 1
        port = self.address.rpartition(":")[2]
        words = [*postgres.unprivileged(), str(postgres.programs() / "postgres"), "-D", str(self.folder / "cluster")]
        with (self.folder / "log").open("a") as log:
            self.server = subprocess.Popen(
                [*words, "-p", port], cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        for _look in range(600):
            assert self.server.poll() is None, (self.folder / "log").read_text()[-2000:]
            with suppress(psycopg.OperationalError):
                psycopg.connect(f"postgresql://postgres@{self.address}/postgres", connect_timeout=5).close()
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def _crash(self) -> None:
        first = self._postmaster()
        os.kill(first, signal.SIGSTOP)  # so that it starts no process that is missed
        pids = [first, *_children(first)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._reap(first)
        while any(_lives(pid) for pid in pids):
            time.sleep(0.01)

    def _reap(self, pid: int) -> None:
        if self.server is not None:
            self.server.wait()
            return
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)

    def _postmaster(self) -> int:
        return int((self.folder / "cluster" / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        pid = self._postmaster()
        os.kill(pid, signal.SIGINT)
        self._reap(pid)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


# --- a run ------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """What came of it: how people fared, and what is wrong."""

    sendings: list[Sending]
    faults: list[Fault]
    retries: int
    answers_lost: int
    seconds: float

    @property
    def kinds(self) -> set[str]:
        return {fault.kind for fault in self.faults}

    def tell(self, kills: int, engine: str) -> None:
        """The figures, for `pytest -s` and for the report of a failure."""
        acknowledged = sum(each.is_acknowledged for each in self.sendings)
        sys.stdout.write(
            f"\n{engine}: {kills} kills, {len(self.sendings)} applications, {acknowledged} acknowledged, "
            f"{len(self.sendings) - acknowledged} given up, {self.retries} retries, {self.answers_lost} kept although "
            f"the answer was lost, {sum(each.is_registered for each in self.sendings)} registered, "
            f"{self.seconds:.0f} s; faults: {len(self.faults)} {sorted(self.kinds)}\n"
        )


@contextmanager
def standing(
    folder: Path, settings: Settings, planted: str, count: int
) -> Iterator[tuple[Workers, Callable[[Any], Run]]]:
    """gunicorn on the settings' database with so many drafts; the second part takes what does the harm, and runs."""
    told = replace(settings, smtp_host="127.0.0.1")
    app = create_app(told)
    clock.run_from(DAY, folder / "clock")
    ready = sendings(app, count)
    workers = Workers(folder, told, planted)
    try:
        yield workers, lambda harm: _run(app, workers, ready, harm)
    finally:
        workers.stop()
        with app.app_context():
            db.engine.dispose()


def _run(app: Flask, workers: Workers, ready: list[Sending], harm: Callable[[Crowd], None]) -> Run:
    began = time.monotonic()
    crowd = Crowd(workers.port, ready)
    try:
        harm(crowd)
        crowd.finish()
    finally:
        crowd.leave()
    took = time.monotonic() - began
    workers.stop()
    with app.app_context():
        found = checker.faults(ready)
        lost = _answers_lost(ready)
        db.session.close()
    return Run(ready, found, crowd.retries, lost, took)


def _answers_lost(ready: list[Sending]) -> int:
    """How many were kept in a try whose answer never came: what a second try must not double."""
    shift = clock.now().timestamp() - time.time()
    sent_at = {
        each.public_id: each.submitted_at for each in db.session.scalars(select(Application)) if each.submitted_at
    }
    return sum(
        any(began <= sent_at[each.public_id].timestamp() - shift <= ended for began, ended in each.failed)
        for each in ready
        if each.public_id in sent_at
    )


def at_random_moments(crowd: Crowd, times: int, strike: Callable[[], None]) -> None:
    """Strike so many times, spread over the crowd's work."""
    for number in range(times):
        share = (number + chance.random()) / times * 0.85
        while crowd.done < share * crowd.total and crowd.is_busy:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.05))
        assert crowd.is_busy, "the crowd was through before the harm was done"
        strike()
