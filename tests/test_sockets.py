"""The guard of the tests holds, in this process and in those it starts; and the app has nothing that calls out."""

import ast
import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parent.parent
OUTSIDE = "192.0.2.1"  # an address that RFC 5737 keeps for examples
CALLERS = frozenset(
    {
        "aiohttp", "authlib", "ftplib", "http.client", "httpx", "imaplib", "poplib", "requests", "telnetlib",
        "urllib.request", "urllib3", "websockets", "xmlrpc",
    }
)  # fmt: skip
# The one module that speaks with the issuer that is set (tests/oidc): nowhere else, and nothing that it was not led to
# by the issuer's own description.
SPEAKS_WITH_THE_ISSUER = "fundapp/oidc/provider.py"


def _connect() -> None:
    with socket.socket() as link:
        link.connect((OUTSIDE, 80))


def _connect_six() -> None:
    with socket.socket(socket.AF_INET6) as link:
        link.connect(("2001:db8::1", 80))


def _tell() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as link:
        link.sendto(b"x", (OUTSIDE, 53))


def _resolve() -> None:
    socket.getaddrinfo("kalix.example", 443)


def _mail() -> None:
    smtplib.SMTP(OUTSIDE, 25)


def _fetch() -> None:
    urlopen("http://kalix.example/")


@pytest.mark.parametrize("reach", [_connect, _connect_six, _tell, _resolve, _mail, _fetch])
def test_whoever_reaches_for_another_machine_is_stopped_and_seen(
    reach: Callable[[], None], stay_here: list[str]
) -> None:
    with pytest.raises(OSError, match="no test leaves this machine"):
        reach()
    assert len(stay_here) >= 1
    stay_here.clear()


def test_this_machine_may_be_reached(stay_here: list[str]) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        for name in ("127.0.0.1", "localhost"):
            socket.create_connection((name, door.getsockname()[1]), timeout=5).close()
    assert stay_here == []


def test_a_process_that_a_test_starts_is_guarded_too() -> None:
    reaching = f"import socket; socket.socket().connect(({OUTSIDE!r}, 80))"
    found = subprocess.run([sys.executable, "-c", reaching], capture_output=True, text=True, check=False)
    assert "no test leaves this machine" in found.stderr


def test_a_test_that_reaches_out_fails_although_the_refusal_is_swallowed(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(
        "import contextlib, socket\n"
        "def test_planted():\n"
        "    with contextlib.suppress(OSError), socket.socket() as link:\n"
        f"        link.connect(({OUTSIDE!r}, 80))\n"
        "def test_quiet():\n"
        "    pass\n"
    )
    words = [sys.executable, "-m", "pytest", "-p", "tests.ground.sockets", "--rootdir", str(tmp_path), str(planted)]
    found = subprocess.run([*words, "-p", "no:cacheprovider"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "a test reached for another machine" in found.stdout
    assert "2 passed, 1 error" in found.stdout


def _imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_nothing_in_the_app_can_call_out_but_database_mail_store_and_the_officials_sign_in() -> None:
    found = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "fundapp").rglob("*.py")
        for name in _imported(file)
        if name in CALLERS or name.partition(".")[0] in CALLERS
    }
    assert found == {SPEAKS_WITH_THE_ISSUER}
