"""One folder for a whole run of the tests, so that what is dear to make is made once for all xdist workers."""

import fcntl
import gc
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: left out of `make test`, run by `make test-all`")
    handed_over: dict[str, Any] | None = getattr(config, "workerinput", None)
    if handed_over is not None:
        config.stash[FOLDER] = Path(handed_over["ground"])
        return
    config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="fundapp-tests-"))
    # PostgreSQL runs as another user when the tests run as root, and must be able to walk through.
    config.stash[FOLDER].chmod(0o711)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's controller tells each worker where the folder is."""
    node.workerinput["ground"] = str(node.config.stash[FOLDER])


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)


def pytest_collection_finish() -> None:
    """Five thousand tests and all that they import stay: without them each look for garbage is short."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def ground(pytestconfig: pytest.Config) -> Path:
    """The folder shared by every worker of this run; gone when the run ends."""
    return pytestconfig.stash[FOLDER]


def once(ground: Path, name: str, make: Callable[[], str]) -> str:
    """What `make` returned to the worker that asked first; the others wait for it and get the same, or its failure."""
    with (ground / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made, failed = ground / f"{name}.made", ground / f"{name}.failed"
        if failed.exists():
            pytest.fail(f"{name} failed before: {failed.read_text()}", pytrace=False)
        if not made.exists():
            try:
                made.write_text(make())
            except BaseException as failure:
                failed.write_text(f"{type(failure).__name__}: {failure}")
                raise
        return made.read_text()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
