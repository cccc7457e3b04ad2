"""What a run stands on: a folder, a PostgreSQL of its own, data sets in it, and gunicorn with the app or the floor."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks import cases, floor
from benchmarks.serve import DAY
from fundapp import clock
from fundapp.app import create_app
from fundapp.config import from_environment
from fundapp.db import db
from tests.ground import postgres
from tests.ground.shared import free_port

GUNICORN = ["--no-control-socket", "-k", "gthread", "--workers", "2", "--threads", "4", "--log-level", "warning"]
GUNICORN += ["--keep-alive", "75"]


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """`host:port` of a server whose cluster lies in `folder`, made if it is not there; stopped at the end."""
    place = folder / "postgresql"
    if place.exists():
        port = free_port()
        (place / "cluster" / "postmaster.pid").unlink(missing_ok=True)
        if not postgres._serves(postgres.programs() / "postgres", place / "cluster", port, os.getpid()):
            sys.exit(f"PostgreSQL did not start: see {place / 'log'}")
        address = f"127.0.0.1:{port}"
    else:
        address = postgres.start(place, run=os.getpid())
    try:
        yield address
    finally:
        pid = int((place / "cluster" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)
        while (place / "cluster" / "postmaster.pid").exists():
            time.sleep(0.1)


def environment(folder: Path, url: str) -> dict[str, str]:
    """What both servers are told."""
    return {
        "FUNDAPP_ENV": "development",
        "FUNDAPP_INSTANCE": str(folder / "instance"),
        "FUNDAPP_DATABASE_URL": url,
        "FUNDAPP_SECRET_KEY": "the benchmark's own secret, which opens nothing else",
        "FLOOR_DATABASE_URL": url,
        "BENCH_CLOCK": str(folder / "clock"),
    }


def data_set(folder: Path, engine: str, size: int, address: str | None) -> str:
    """The address of a database with `size` cases, built if this folder has none."""
    if engine == "sqlite":
        file = folder / f"cases-{size}.db"
        url, is_there = f"sqlite:///{file}", file.exists()
    else:
        name = f"cases_{size}"
        url = f"postgresql+psycopg://postgres@{address}/{name}"
        with psycopg.connect(f"postgresql://postgres@{address}/postgres", autocommit=True) as connection:
            is_there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None
            if not is_there:
                connection.execute(f"CREATE DATABASE {name}".encode())
    if not is_there:
        started = time.monotonic()
        _build(folder, url, size)
        sys.stderr.write(f"built {size} cases on {engine} in {time.monotonic() - started:.0f} s\n")
    return url


def _build(folder: Path, url: str, size: int) -> None:
    app = create_app(from_environment(environment(folder, url)))
    clock.run_from(DAY, folder / "clock")
    with app.test_request_context("/"):
        app.extensions["alembic"].upgrade()
        floor.make_tables(db.engine)
        cases.build(size)
        db.session.close()
        db.engine.dispose()


class Server:
    """gunicorn with one app, as a child process. `cold` is seconds from start to the first answer."""

    def __init__(self, folder: Path, url: str, what: str, path: str) -> None:
        self.port = free_port()
        words = [sys.executable, "-m", "gunicorn", *GUNICORN, "-b", f"127.0.0.1:{self.port}"]
        started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  our own words
            [*words, f"benchmarks.serve:{what}()"], env=os.environ | environment(folder, url), start_new_session=True
        )
        self._wait(path)
        self.cold = time.monotonic() - started

    def _wait(self, path: str) -> None:
        while self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                    connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
                    if b" 200" in connection.recv(15):
                        return
            except OSError:
                pass
            time.sleep(0.01)
        sys.exit("gunicorn did not start")

    def memory(self) -> list[int]:
        """Resident kilobytes of each worker."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        lines = [Path(f"/proc/{child}/status").read_text() for child in children]
        return [int(next(row for row in text.splitlines() if row.startswith("VmRSS")).split()[1]) for text in lines]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
