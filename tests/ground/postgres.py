"""A real PostgreSQL, started by the first test of the run that asks for one and stopped when the run ends.

Nothing is skipped: without PostgreSQL on the machine the tests that need it fail, saying so.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest

from tests.ground.shared import FOLDER, free_port, once

# Beside the server stands a watcher that stops it when the run's process is gone, even if the run was killed, and takes
# away the folder that is named last, if one is.
SERVE = """
( ( while [ -d "/proc/$4" ]; do sleep 1; done; kill -INT "$(head -n 1 "$2/postmaster.pid")"
    n=0; while [ -e "$2/postmaster.pid" ] && [ $n -lt 60 ]; do sleep 1; n=$((n + 1)); done
    [ -z "$5" ] || rm -rf "$5" ) 2>/dev/null & )
exec "$1" -D "$2" -p "$3"
"""
CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
lock_timeout = '20s'
"""
OF_THE_RUN = "autovacuum = off\n"  # its databases live a second
# A copy of the template is some thousand files, and a disk is slow to forget those of the test before: a quarter of the
# run went into that.
MEMORY = Path("/dev/shm")  # noqa: S108  the name within is random, and nobody's but ours
ROOM = 4 * 2**30  # bytes that must be free there


def programs() -> Path:
    """The folder of the newest PostgreSQL server on this machine. Errors: fails the test when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    pytest.fail("PostgreSQL is missing on this machine: install the package postgresql.", pytrace=False)


def unprivileged() -> list[str]:
    """The words before a command that let root run it as the user postgres; PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv"):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    return ["runuser", "-u", "postgres", "--"]


def start(folder: Path, *, run: int, is_in_memory: bool = False) -> str:
    """Make a cluster in `folder` and serve it as long as the process `run` lives; gives `host:port`.

    `is_in_memory`: keep the files in memory, where the machine has room there; `folder` then leads to them, and they
    are gone with the run.
    """
    binaries = programs()
    in_memory = _in_memory() if is_in_memory else None
    if in_memory is not None:
        folder.symlink_to(in_memory)
        folder = in_memory
    else:
        folder.mkdir()
    if os.geteuid() == 0:
        postgres = pwd.getpwnam("postgres")
        os.chown(folder, postgres.pw_uid, postgres.pw_gid)
    cluster = folder / "cluster"
    initdb = [str(binaries / "initdb"), "-D", str(cluster), "-U", "postgres", "--auth=trust", "--no-sync"]
    words = [*unprivileged(), *initdb, "--encoding=UTF8", "--locale=C.UTF-8"]
    made = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.fail(f"PostgreSQL could not make a cluster: {made.stderr.strip()}", pytrace=False)
    with (cluster / "postgresql.conf").open("a") as configuration:
        configuration.write(CONFIGURATION + (OF_THE_RUN if is_in_memory else ""))
    for _attempt in range(3):  # somebody else may take the free port first
        port = free_port()
        if _serves(binaries / "postgres", cluster, port, run, in_memory):
            return f"127.0.0.1:{port}"
    pytest.fail(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}", pytrace=False)


def _in_memory() -> Path | None:
    """A new folder in memory; None where there is no room."""
    with suppress(OSError):
        if shutil.disk_usage(MEMORY).free >= ROOM:
            return Path(mkdtemp(prefix="fundapp-tests-", dir=MEMORY))
    return None


def _serves(program: Path, cluster: Path, port: int, run: int, gone_with_it: Path | None = None) -> bool:
    places = [str(program), str(cluster), str(port), str(run), str(gone_with_it or "")]
    words = [*unprivileged(), "sh", "-c", SERVE, "serve", *places]
    with (cluster.parent / "log").open("a") as log:
        server = subprocess.Popen(words, cwd=cluster.parent, stdout=log, stderr=log, start_new_session=True)
    for _attempt in range(300):
        if server.poll() is not None:
            return False
        try:
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            # It outlives this worker on purpose; without a return code Python would warn of a process left running.
            server.returncode = 0
            return True
    server.kill()
    server.wait()
    return False


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run's own process stops the server, whichever worker started it."""
    process = config.stash[FOLDER] / "postgresql-server" / "cluster" / "postmaster.pid"
    if hasattr(config, "workerinput") or not process.exists():
        return
    os.kill(int(process.read_text().split()[0]), signal.SIGINT)
    for _attempt in range(200):
        if not process.exists():
            return
        time.sleep(0.05)


@pytest.fixture(scope="session")
def postgresql(ground: Path, pytestconfig: pytest.Config) -> str:
    """`host:port` of a running PostgreSQL whose superuser is postgres, without a password."""
    run = os.getppid() if hasattr(pytestconfig, "workerinput") else os.getpid()
    return once(ground, "PostgreSQL", lambda: start(ground / "postgresql-server", run=run, is_in_memory=True))


def on_server(address: str, statement: str) -> None:
    """Run one statement as superuser, outside any transaction."""
    with psycopg.connect(f"postgresql://postgres@{address}/postgres", autocommit=True) as connection:
        connection.execute(statement.encode())
