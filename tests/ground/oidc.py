"""Two providers on 127.0.0.1: a real one as a process of its own, and one of ours that lies as it is told to."""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fundapp.config import Settings
from tests.ground.shared import free_port
from tests.ground.smtp import Certificate

CLIENT, SECRET = "fundapp", "the tests' own client secret"
NAME = "Kalix konto"


def with_provider(settings: Settings, issuer: str, **choices: Any) -> Settings:
    """The settings with the officials' sign-in at `issuer`."""
    return replace(
        settings,
        oidc_issuer=issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_name=NAME,
        **choices,
    )


def path_back(location: str) -> str:
    """Where the provider sends the browser back to, as a path of ours."""
    parts = urlsplit(location)
    assert parts.netloc == "localhost", location
    return f"{parts.path}?{parts.query}"


@dataclass(frozen=True)
class RealProvider:
    """oidc-provider-mock: everybody it is asked for it knows; `tell` gives somebody claims."""

    issuer: str

    def tell(self, subject: str, **claims: Any) -> None:
        answer = requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=10)
        assert answer.status_code == 204, answer.text

    def way_back(self, there: str, subject: str) -> str:
        """What the browser is sent back to when `subject` signs in at the address it was sent to."""
        assert there.startswith(f"{self.issuer}/oauth2/authorize?"), there
        answer = requests.post(there, data={"sub": subject}, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return path_back(answer.headers["Location"])


@contextmanager
def real_provider(port: int = 0) -> Iterator[RealProvider]:
    """The provider as its own process, which ends with the block."""
    port = port or free_port()
    words = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"]
    server = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"NO_COLOR": "1"}
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/.well-known/openid-configuration", server)
        yield RealProvider(f"http://127.0.0.1:{port}")
    finally:
        server.kill()
        server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _try in range(300):
        assert server.poll() is None, "the provider ended"
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own server
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the provider does not answer")


@pytest.fixture(scope="session")
def provider() -> Iterator[RealProvider]:
    """A real provider, one for the run."""
    with real_provider() as running:
        yield running


@dataclass
class LyingProvider:
    """An honest provider until told otherwise. It asks for PKCE and for the client's secret, as real ones do.

    `claims` and `headers` are put over what an honest ID token would say (None takes one away), `metadata` over the
    description; `written` is sent in place of the token; `status` is answered by the path that it names; `pause` is
    seconds before each answer. `asked` are the paths that were asked for.
    """

    port: int
    home: str = "http://127.0.0.1"
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}))
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    written: str | None = None
    status: dict[str, int] = field(default_factory=dict)
    keys: dict[str, Any] | None = None
    pause: float = 0.0
    forgives_second_use: bool = False
    asked: list[str] = field(default_factory=list)
    waiting: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"{self.home}:{self.port}"

    def way_back(self, there: str, subject: str = "anna", **more: str) -> str:
        """As RealProvider's; `more` stands in the return's address too."""
        wanted = {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
        assert wanted["client_id"] == CLIENT
        assert wanted["response_type"] == "code"
        assert (wanted["code_challenge_method"], len(wanted["code_challenge"])) == ("S256", 43)
        code = f"code{len(self.waiting)}"
        self.waiting[code] = wanted | {"subject": subject}
        return path_back(wanted["redirect_uri"] + "?" + urlencode({"code": code, "state": wanted["state"], **more}))

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/out",
            **self.metadata,
        }

    def public_keys(self) -> dict[str, Any]:
        return self.keys if self.keys is not None else {"keys": [self.key.as_dict(private=False)]}

    def token_for(self, sent: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The answer of the token endpoint."""
        wanted = self.waiting.get(sent.get("code", ""))
        allowed = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != allowed:
            return 401, {"error": "invalid_client"}
        if wanted is None or wanted["redirect_uri"] != sent.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        digest = sha256(sent.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != wanted["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if not self.forgives_second_use:
            del self.waiting[sent["code"]]
        token = self.written if self.written is not None else self._written(wanted)
        self.tokens += [token, "the-access-token-itself"]
        return 200, {"access_token": "the-access-token-itself", "token_type": "Bearer", "id_token": token}

    def _written(self, wanted: dict[str, str]) -> str:
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "sub": wanted["subject"],
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": wanted["nonce"],
        }
        claims = {name: value for name, value in (honest | self.claims).items() if value is not None}
        headers = {"alg": self.algorithm, "kid": self.key.kid, "typ": "JWT"} | self.headers
        headers = {name: value for name, value in headers.items() if value is not None}
        return jwt.encode(headers, claims, self.key, algorithms=[self.algorithm, "HS256", "none"])


def new_ec_key() -> Any:
    return ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})


class _Answers(BaseHTTPRequestHandler):
    """One request at the lying provider."""

    server: Any

    def do_GET(self) -> None:
        liar: LyingProvider = self.server.liar
        pages = {"/.well-known/openid-configuration": liar.described, "/keys": liar.public_keys}
        page = pages.get(self.path)
        self._answer(200 if page else 404, page() if page else {})

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        fields = {name: values[0] for name, values in parse_qs(sent).items()}
        self._answer(*self.server.liar.token_for(fields, self.headers.get("Authorization", "")))

    def _answer(self, status: int, words: dict[str, Any]) -> None:
        liar: LyingProvider = self.server.liar
        liar.asked.append(self.path)
        time.sleep(liar.pause)
        status, body = liar.status.get(self.path, status), json.dumps(words).encode()
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("Location", f"{liar.issuer}/elsewhere")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Nothing: the tests read `asked`."""


@pytest.fixture
def liar() -> Iterator[LyingProvider]:
    """A provider of ours."""
    with _lying() as made:
        yield made


@pytest.fixture
def liar_over_tls(certificate: Certificate) -> Iterator[LyingProvider]:
    """The same at an address with https, with a certificate of its own making."""
    with _lying(certificate) as made:
        yield made


@contextmanager
def _lying(certificate: Certificate | None = None) -> Iterator[LyingProvider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    made = LyingProvider(server.server_address[1])
    if certificate is not None:
        made.home = "https://localhost"
        server.socket = certificate.server_side().wrap_socket(server.socket, server_side=True)
    server.liar = made  # type: ignore[attr-defined]  # what its requests answer with
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
