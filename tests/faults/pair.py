"""Two PostgreSQL servers, the second a synchronous standby of the first; and two web servers with one store."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from fundapp import clock
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from tests.factories import DAY
from tests.faults.ground import Cluster, Workers, _children, _lives, sendings
from tests.faults.people import Sending
from tests.ground import databases, postgres
from tests.ground.s3 import on_s3
from tests.ground.shared import free_port

STANDBY = "standby"


class Pair:
    """`first` takes what is written until it is gone; `promote` lets the standby take it from then on."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        folder.chmod(0o711)
        self.folder = folder
        self.first = Cluster(folder / "first")
        self.first.tell("CREATE DATABASE fundapp")
        self.standby = self._follow(folder / STANDBY)

    def _follow(self, folder: Path) -> str:
        """A copy of the first that goes on following it; gives its address."""
        shutil.copytree(self.folder / "first", folder, ignore=shutil.ignore_patterns("*"))
        owner = (self.folder / "first").stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        host, _colon, port = self.first.address.partition(":")
        place = f"host={host} port={port} user=postgres application_name={STANDBY}"
        words = [str(postgres.programs() / "pg_basebackup"), "-d", place, "-D", str(folder / "cluster")]
        subprocess.run(
            [*postgres.unprivileged(), *words, "-R", "-X", "stream", "--checkpoint=fast", "--no-sync"],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        here = free_port()
        assert postgres._serves(postgres.programs() / "postgres", folder / "cluster", here, os.getpid())
        return f"127.0.0.1:{here}"

    @property
    def url(self) -> str:
        """Both servers: who connects goes to the one that takes what is written."""
        return (
            f"postgresql+psycopg://postgres@/fundapp?host={self.first.address}&host={self.standby}"
            "&target_session_attrs=read-write"
        )

    def wait_for_each_other(self) -> None:
        """From here on a commit is answered when the standby has it too. Not in the copy: the promoted is alone."""
        self.first.tell(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'", "SELECT pg_reload_conf()")
        self.until(lambda: self._follower()[1] == "sync")

    def wait_for_nobody(self) -> None:
        """The planted fault: a commit is answered when the first has it; and what the first sends is held up."""
        self.first.tell("ALTER SYSTEM SET synchronous_commit = 'local'", "SELECT pg_reload_conf()")

    def hold_up(self) -> None:
        """Nothing reaches the standby any more: as a line that is cut, before anybody has noticed."""
        os.kill(self._follower()[0], signal.SIGSTOP)

    def let_on(self) -> None:
        os.kill(self._follower()[0], signal.SIGCONT)

    def _follower(self) -> tuple[int, str]:
        """The process of the first that sends to the standby, and how far the first waits for it."""
        with psycopg.connect(f"postgresql://postgres@{self.first.address}/postgres") as connection:
            found = connection.execute("SELECT pid, sync_state FROM pg_stat_replication").fetchall()
        return found[0] if found else (0, "")

    def hang_first(self) -> None:
        for pid in self._of_first():
            os.kill(pid, signal.SIGSTOP)

    def kill_first(self) -> None:
        """kill -9 of every process of the first, whatever it is doing."""
        pids = self._of_first()
        self.first._crash()
        assert not any(_lives(pid) for pid in pids)

    def _of_first(self) -> list[int]:
        top = self.first._postmaster()
        return [top, *_children(top)]

    def promote(self) -> None:
        words = [str(postgres.programs() / "pg_ctl"), "-D", str(self.folder / STANDBY / "cluster"), "promote", "-w"]
        subprocess.run([*postgres.unprivileged(), *words], cwd=self.folder, check=True, capture_output=True)

    def until(self, is_so: Callable[[], bool]) -> None:
        for _look in range(300):
            if is_so():
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / STANDBY / "log").read_text()[-2000:])

    def stop(self) -> None:
        for name in ("first", STANDBY):
            note = self.folder / name / "cluster" / "postmaster.pid"
            with suppress(FileNotFoundError, ProcessLookupError):
                top = int(note.read_text().split()[0])
                for pid in (top, *_children(top)):
                    os.kill(pid, signal.SIGKILL)  # what is stopped in its tracks ends by no other signal
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def two_servers(
    folder: Path, pair: Pair, store: tuple[str, str], count: int
) -> Iterator[tuple[Flask, list[Workers], list[Sending]]]:
    """Two web servers, each with a folder of its own as on a machine of its own, and so many drafts ready to be sent.

    `store`: the address of an S3 server and a bucket of it, which both use.
    """
    databases._migrate(folder, pair.url)
    told = on_s3(databases.settings_for(folder, pair.url), *store)
    told = replace(told, smtp_host="127.0.0.1")
    app = create_app(told)
    clock.run_from(DAY, folder / "clock")
    ready = sendings(app, count)
    servers: list[Workers] = []
    try:
        for name in ("one", "two"):
            servers.append(_server(folder, told, name))
        yield app, servers, ready
    finally:
        for server in servers:
            server.stop()
        with app.app_context():
            db.engine.dispose()


def _server(folder: Path, told: Settings, name: str) -> Workers:
    own = folder / name
    own.mkdir()
    (own / "clock").write_bytes((folder / "clock").read_bytes())
    return Workers(own, replace(told, instance=own / "instance", files=own / "files"), "nothing")


def workers_of(servers: list[Workers]) -> list[Any]:
    """Who serves, by process: the same before and after where nobody was started anew."""
    return [(server.process.pid, sorted(_children(server.process.pid))) for server in servers]
