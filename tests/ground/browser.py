"""A real Chromium, Debian's own, and the app served to it by the server that production uses."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 15_000  # milliseconds
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def pytest_configure(config: pytest.Config) -> None:
    # pytest-playwright 0.10's own `base_url` fixture is written in a form that pytest 9 warns of.
    about = "Session-scoped fixtures defined as instance methods are deprecated"
    config.addinivalue_line("filterwarnings", f"ignore:{about}:pytest.PytestRemovedIn10Warning")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """pytest-playwright's own, with the machine's Chromium in place of a download."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("Chromium is missing on this machine: install the package chromium.", pytrace=False)
    return browser_type_launch_args | {"executable_path": program, "headless": True, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A reader in Sweden; a test of another language writes it in the address."""
    return browser_context_args | {"locale": "sv-SE", "timezone_id": "Europe/Stockholm"}


@pytest.fixture
def page(page: Page) -> Page:
    """pytest-playwright's own, with the patience of the tests."""
    page.set_default_timeout(PATIENCE)
    page.set_default_navigation_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    return page


@dataclass(frozen=True)
class LiveServer:
    """The app on a port of its own. `url` has no slash at the end; `database_url` is what it stands on."""

    url: str
    database_url: str
    instance: Path
    log: Path


@pytest.fixture
def served_with() -> dict[str, str]:
    """Further settings of the live server; a test module overrides it, for example to serve the demo."""
    return {}


@pytest.fixture
def served_as() -> str:
    """The name that the live server is known by; passkeys want a name, not a number."""
    return "127.0.0.1"


@pytest.fixture
def live_server(tmp_path: Path, database_url: str, served_with: dict[str, str], served_as: str) -> Iterator[LiveServer]:
    """The app under gunicorn with one worker and threads, demo off unless asked for, mail kept in the outbox."""
    with socket.socket() as door:  # handed over open, so that nobody else can take the port in between
        door.bind(("127.0.0.1", 0))
        served = LiveServer(
            f"http://{served_as}:{door.getsockname()[1]}", database_url, tmp_path / "instance", tmp_path / "server.log"
        )
        words = f"-m gunicorn --no-control-socket -k gthread --threads 8 --workers 1 -b fd://{door.fileno()}".split()
        with served.log.open("w") as log:
            server = subprocess.Popen(
                [sys.executable, *words, "fundapp.app:create_app()"],
                cwd=ROOT, env=_environment(served) | served_with, stdout=log, stderr=log, pass_fds=[door.fileno()],
            )  # fmt: skip
    try:
        _wait_until_healthy(served, server)
        yield served
    finally:
        server.terminate()
        server.wait(timeout=30)


def _environment(served: LiveServer) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FUNDAPP_")}
    return kept | {
        "FUNDAPP_ENV": "development",
        "FUNDAPP_DATABASE_URL": served.database_url,
        "FUNDAPP_INSTANCE": str(served.instance),
        "FUNDAPP_BASE_URL": served.url,
    }


def _wait_until_healthy(served: LiveServer, server: "subprocess.Popen[bytes]") -> None:
    answer = "nothing"
    for _attempt in range(300):
        if server.poll() is not None:
            break
        connection = HTTPConnection(served.url.removeprefix("http://"), timeout=5)
        try:
            connection.request("GET", "/healthz")
            response = connection.getresponse()
            answer = f"{response.status} {response.read().decode()}"
            if response.status == 200:
                return
        except (OSError, HTTPException) as failure:
            answer = str(failure)
        finally:
            connection.close()
        time.sleep(0.1)
    pytest.fail(f"The app did not come up; /healthz: {answer}\n{served.log.read_text()[-4000:]}", pytrace=False)
