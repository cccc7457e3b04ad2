"""What a run stands on: a PostgreSQL of its own in a folder, and gunicorn with the app or the floor."""

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

from tests.ground import postgres
from tests.ground.shared import free_port

# Both servers get the same words. No --max-requests, which would hide memory that grows.
GUNICORN = ["--no-control-socket", "-k", "gthread", "--log-level", "warning", "--keep-alive", "75"]
WORKERS, THREADS = 2, 4
FIRST = {"app": "/sv/", "floor": "/hello"}
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """`host:port` of a server whose cluster lies in `folder`, made if it is not there; stopped at the end."""
    place = folder / "postgresql"
    note = place / "cluster" / "postmaster.pid"
    if place.exists():
        if note.exists() and Path(f"/proc/{note.read_text().split()[0]}").exists():
            sys.exit(f"another run uses {folder}")
        note.unlink(missing_ok=True)
        port = free_port()
        if not postgres._serves(postgres.programs() / "postgres", place / "cluster", port, os.getpid()):
            sys.exit(f"PostgreSQL did not start: see {place / 'log'}")
        address = f"127.0.0.1:{port}"
    else:
        address = postgres.start(place, run=os.getpid())
    try:
        yield address
    finally:
        os.kill(int(note.read_text().split()[0]), signal.SIGINT)
        while note.exists():
            time.sleep(0.1)


def environment(folder: Path, url: str) -> dict[str, str]:
    """What both servers are told. The app's limits stand so high that no request is refused; they still count it."""
    return {
        "FUNDAPP_ENV": "development",
        "FUNDAPP_INSTANCE": str(folder / "instance"),
        "FUNDAPP_DATABASE_URL": url,
        "FUNDAPP_SECRET_KEY": "the benchmark's own secret, which opens nothing else",
        "FUNDAPP_LIMIT_FACTOR": "1000000",
        "FLOOR_DATABASE_URL": url,
        "BENCH_CLOCK": str(folder / "clock"),
        # An installed system has its bytecode compiled; here the first start does it, in the run's own folder.
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
    }


class Server:
    """gunicorn with the app or the floor, as a child process. `cold` is seconds from start to the first answer, and
    `cold_work` the seconds of processor time that it took.
    """

    def __init__(self, folder: Path, url: str, what: str, *, workers: int = WORKERS, threads: int = THREADS) -> None:
        self.port = free_port()
        words = [sys.executable, "-m", "gunicorn", *GUNICORN, "--workers", str(workers), "--threads", str(threads)]
        words += ["-b", f"127.0.0.1:{self.port}"]
        started = time.monotonic()
        self.log = folder / f"{what}.log"  # slow statements and the like
        with self.log.open("a") as log:
            self.process = subprocess.Popen(  # noqa: S603  our own words
                [*words, f"benchmarks.serve_{what}:app()"], env=os.environ | environment(folder, url), stderr=log
            )
        self._wait(FIRST[what])
        self.cold = time.monotonic() - started
        self.cold_work = sum(_work(pid) for pid in (self.process.pid, *self.workers()))

    def _wait(self, path: str) -> None:
        while self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
                    connection.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
                    if b" 200" in connection.recv(15):
                        return
            except OSError:
                pass
            time.sleep(0.01)
        sys.exit(f"gunicorn did not start: {self.log.read_text()[-2000:]}")

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self, line: str = "VmRSS") -> list[int]:
        """Resident kilobytes of each worker; VmHWM gives the most there has been since `forget_most`."""
        lines = [Path(f"/proc/{child}/status").read_text() for child in self.workers()]
        return [int(next(row for row in text.splitlines() if row.startswith(line)).split()[1]) for text in lines]

    def forget_most(self) -> None:
        for child in self.workers():
            Path(f"/proc/{child}/clear_refs").write_text("5")  # the kernel's word for: start VmHWM anew

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def _work(pid: int) -> float:
    """Processor seconds of one process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
