"""What every answer, cookie, session, log line and connection must be, where no other test looks at it."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from wtforms import PasswordField

from fundapp import clock
from fundapp.accounts.rules import SESSION_LASTS_AT_MOST
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.factors.forms import PasswordForm, ProofForm
from fundapp.safety import unsafe_place
from fundapp.web import headers, watch
from tests.factories.house import House
from tests.ground.apps import SignIn
from tests.ground.browser import ROOT, LiveServer
from tests.ground.house import Restore, address_of, client_of, methods_of
from tests.ground.pages import send

NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
PUBLIC = "https://bidrag.kommun.example"


@pytest.fixture
def strict(settings: Settings) -> Iterator[Flask]:
    """The app as in production."""
    app = create_app(replace(settings, is_production=True, base_url=PUBLIC))
    yield app
    with app.app_context():
        db.engine.dispose()


# --- answers ------------------------------------------------------------------------------------------------------


def _faults(answer: TestResponse) -> list[str]:
    """A body without its kind and letters, a word for other origins, or the name of what stands behind."""
    kind = answer.headers.get("Content-Type", "")
    found = []
    if answer.get_data() and not kind:
        found.append("no kind")
    if re.match(r"text/|application/(?:json|xml|atom)|.*\+xml", kind) and "charset=utf-8" not in kind.lower():
        found.append(f"no letters named: {kind}")
    begins = answer.get_data()[:15].lstrip().lower()
    if begins.startswith(b"<!doctype html") != kind.startswith("text/html"):
        found.append(f"not what it says: {kind}")
    found += [name for name in ("Access-Control-Allow-Origin", "Server", "X-Powered-By") if name in answer.headers]
    return found


def test_a_wrong_answer_is_found(client: FlaskClient) -> None:
    answer = client.get("/sv/")
    assert _faults(answer) == []
    answer.headers["Content-Type"] = "text/html"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    assert len(_faults(answer)) == 2


def test_every_page_names_its_kind_and_letters_and_opens_to_no_other_origin(
    house: House, copied: tuple[Flask, Restore]
) -> None:
    app, _restore = copied
    found, seen = [], 0
    for endpoint in sorted({rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}):
        if "GET" not in methods_of(app, endpoint):
            continue
        address = address_of(app, house, endpoint)
        is_public = getattr(app.view_functions[endpoint], "access", None) == "public"
        for person in ("nobody", "owner") if is_public else ("owner",):
            with client_of(app, house, person).get(address, headers={"Origin": "https://elsewhere.example"}) as answer:
                seen += 1
                found += [(endpoint, person, fault) for fault in _faults(answer) if not _is_json(fault)]
    assert found == []
    assert seen > 150


def _is_json(fault: str) -> bool:
    """JSON is UTF-8 and has no charset parameter (RFC 8259)."""
    return fault == "no letters named: application/json"


def test_the_policy_names_what_may_neither_be_embedded_nor_moved() -> None:
    policy = {part.split()[0]: part.split()[1:] for part in headers.TABLE["Content-Security-Policy"].split("; ")}
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert policy[name] == ["'none'"], name
    for name in ("script-src", "style-src", "connect-src", "form-action", "font-src", "img-src"):
        assert policy[name] == ["'self'"], name


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PATCH", "PUT", "PROPFIND"])
def test_a_method_that_no_page_has_is_refused(client: FlaskClient, method: str) -> None:
    answer = client.open("/sv/sign-in", method=method, headers={"Cookie": "x=y"})
    assert answer.status_code == 405
    assert b"x=y" not in answer.get_data()


def test_what_stands_in_the_address_is_not_taken_for_what_was_typed(client: FlaskClient) -> None:
    """One place for each thing: a form is read from the body alone, and of two equal names the first counts."""
    answer = send(client, "/sv/sign-in?email=amina@exempel.example", {})
    assert answer.status_code == 422
    taken = send(client, "/sv/sign-in", {"email": ["leena@exempel.example", "amina@exempel.example"]})
    assert taken.status_code == 302


# --- cookies and sessions -----------------------------------------------------------------------------------------


def _cookie_faults(cookie: str) -> list[str]:
    name, parts = cookie.split("=", 1)[0], {part.strip().lower() for part in cookie.split(";")[1:]}
    faults = [] if name.startswith("__Host-") else ["a name that a neighbour can write"]
    faults += [part for part in ("secure", "httponly", "samesite=lax", "path=/") if part not in parts]
    faults += ["domain"] if any(part.startswith("domain") for part in parts) else []
    return faults + (["too large"] if len(cookie.split(";")[0]) > 4096 else [])


def test_every_cookie_of_production_belongs_to_this_host_alone(strict: Flask) -> None:
    strict.config["WTF_CSRF_ENABLED"] = False
    client = strict.test_client()
    client.get("/sv/sign-in", base_url=PUBLIC)
    asked = client.post("/sv/sign-in", data={"email": "amina@exempel.example"}, base_url=PUBLIC)
    told = asked.headers.getlist("Set-Cookie")
    with strict.test_request_context(base_url=PUBLIC):
        from fundapp.web.limits import is_known_here, remember_here  # noqa: PLC0415  the app under test has it

        known = remember_here(strict.response_class(), "amina@exempel.example").headers["Set-Cookie"]
    told.append(known)
    assert len(told) >= 2
    assert [(cookie, _cookie_faults(cookie)) for cookie in told if _cookie_faults(cookie)] == []
    with strict.test_request_context(base_url=PUBLIC, headers={"Cookie": known.split(";")[0]}):
        assert is_known_here("amina@exempel.example")


def test_a_cookie_that_a_neighbour_could_write_is_found() -> None:
    assert _cookie_faults("fundapp=x; Secure; HttpOnly; Path=/; SameSite=Lax") == ["a name that a neighbour can write"]
    assert "domain" in _cookie_faults("__Host-x=y; Secure; HttpOnly; Path=/; SameSite=Lax; Domain=kommun.example")


def test_the_promise_of_https_holds_for_a_year_and_for_every_name_below(strict: Flask) -> None:
    told = strict.test_client().get("/sv/", base_url=PUBLIC).headers["Strict-Transport-Security"]
    assert "includeSubDomains" in told
    assert int(re.findall(r"max-age=(\d+)", told)[0]) >= 31_536_000


def test_a_session_ends_after_a_day_however_much_is_clicked(signed_in: SignIn) -> None:
    client, began = signed_in("amina@exempel.example"), clock.now()
    hours = int(SESSION_LASTS_AT_MOST.total_seconds()) // 3600
    for hour in range(6, hours, 6):
        with clock.at(began + timedelta(hours=hour)):
            assert client.get("/sv/applications").status_code == 200
    with clock.at(began + SESSION_LASTS_AT_MOST - timedelta(minutes=1)):
        assert client.get("/sv/applications").status_code == 200
    with clock.at(began + SESSION_LASTS_AT_MOST + timedelta(minutes=1)):
        assert client.get("/sv/applications").status_code == 302


# --- the log ------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines() -> Iterator[StringIO]:
    told, logger = StringIO(), logging.getLogger("fundapp.security")
    handler = logging.StreamHandler(told)
    handler.setFormatter(watch.OneLine())
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield told
    logger.setLevel(before)
    logger.removeHandler(handler)


def test_who_signs_in_and_out_and_what_is_refused_to_whom_is_logged(
    app: Flask, signed_in: SignIn, lines: StringIO
) -> None:
    client = signed_in("amina@exempel.example")
    with client.get("/sv/people") as answer:
        assert answer.status_code == 403
    send(client, "/sv/sign-out")
    send(app.test_client(), "/sv/sign-in", {"email": "no address"})
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    events = [(one["message"], one.get("status")) for one in told]
    assert ("signed in", None) in events
    assert events[-3:] == [("refused", 403), ("signed out", None), ("refused", 422)]
    who = {one["who"] for one in told}
    assert len(who) == 2
    assert "nobody" in who
    assert all(re.fullmatch(r"[0-9a-z]{6,}", one) for one in who)
    assert all(one["at"].endswith("+00:00") and one["level"] for one in told)
    assert "amina" not in lines.getvalue()


def test_nothing_that_is_allowed_is_logged_as_a_refusal(signed_in: SignIn, lines: StringIO) -> None:
    with signed_in("amina@exempel.example").get("/sv/applications") as answer:
        assert answer.status_code == 200
    assert "refused" not in lines.getvalue()


# --- connections --------------------------------------------------------------------------------------------------

ELSEWHERE = "postgresql+psycopg://fundapp@db.kommun.example/fundapp"
REFUSED = "sslmode=verify-full"


@pytest.mark.parametrize("url", [ELSEWHERE, f"{ELSEWHERE}?sslmode=require", f"{ELSEWHERE}?sslmode=prefer"])
def test_production_speaks_to_a_database_elsewhere_over_tls_with_its_certificate(settings: Settings, url: str) -> None:
    strict = replace(settings, is_production=True, base_url=PUBLIC, database_url=url)
    assert any(REFUSED in fault for fault in unsafe_place(strict))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg:///fundapp?host=/var/run/postgresql-that-is-not-there",
        "postgresql+psycopg://x@127.0.0.1:1/x?connect_timeout=1",
        "postgresql+psycopg:///x?host=127.0.0.1:1&host=127.0.0.1:2&connect_timeout=1",
    ],
)
def test_a_database_on_this_machine_needs_no_tls(settings: Settings, url: str) -> None:
    strict = replace(settings, is_production=True, base_url=PUBLIC, database_url=url)
    assert not any(REFUSED in fault for fault in unsafe_place(strict))


def test_the_proxy_speaks_only_new_tls_with_ciphers_that_forget_their_keys() -> None:
    assert re.findall(r"ssl_protocols ([^;]+);", NGINX) == ["TLSv1.2 TLSv1.3"]
    (ciphers,) = re.findall(r"ssl_ciphers ([^;]+);", NGINX)
    assert all(re.match(r"ECDHE-(?:ECDSA|RSA)-(?:AES(?:128|256)-GCM|CHACHA20)", one) for one in ciphers.split(":"))
    assert "256" in ciphers.split(":")[0]
    assert "ssl_session_tickets off;" in NGINX


def test_the_proxy_leads_to_https_lists_nothing_and_tells_no_version() -> None:
    servers = NGINX.split("\nserver {")[1:]
    (plain,) = [one for one in servers if "listen 80;" in one]
    assert "return 301 https://" in plain
    assert "proxy_pass" not in plain
    assert all("server_tokens off;" in one for one in servers if "server_name" in one)
    assert "autoindex" not in NGINX
    assert "ssl_reject_handshake on;" in NGINX


def _raw(server: LiveServer, request: bytes) -> bytes:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(request)
        line.settimeout(10)
        got = b""
        while part := line.recv(65_536):
            got += part
    return got


TWO_LENGTHS = (
    b"POST /sv/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
)
ODD = {
    "two lengths": b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    "a name with a blank": b"GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked that is not last": b"POST /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a bare line end in a head": b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: b\rX-C: d\r\n\r\n",
}


def test_a_request_whose_end_is_in_doubt_is_refused_and_what_follows_is_not_served(live_server: LiveServer) -> None:
    first = {name: _raw(live_server, request).split(b"\r\n")[0].split()[1:2] for name, request in ODD.items()}
    assert {name: answer for name, answer in first.items() if answer not in ([b"400"], [b"501"])} == {}
    answers = re.findall(rb"HTTP/1\.1 (\d+)", _raw(live_server, TWO_LENGTHS))
    assert len(answers) == 1
    assert answers[0] != b"200"


# --- the box for a password ---------------------------------------------------------------------------------------


def _faults_of_box(page: str, script: str) -> list[str]:
    """What keeps a password keeper, or a person who pastes, from a password's box."""
    boxes = [line for line in page.splitlines() if "field(form.password" in line]
    found = [box for box in boxes if not re.search(r"autocomplete='(?:new|current)-password'", box)]
    return found + re.findall(r"\bon(?:paste|copy)\b", page) + re.findall(r"['\"](?:paste|contextmenu)['\"]", script)


def test_a_password_is_masked_may_be_pasted_and_is_known_to_a_password_keeper() -> None:
    pages = {path.name: path.read_text() for path in (ROOT / "fundapp").rglob("*.html") if "password" in path.stem}
    scripts = "".join(path.read_text() for path in (ROOT / "fundapp" / "static").glob("*.js"))
    asked = {name: text for name, text in pages.items() if "form.password" in text}
    assert len(asked) >= 2
    assert [fault for text in asked.values() for fault in _faults_of_box(text, scripts)] == []
    for form in (ProofForm, PasswordForm):
        boxes = [name for name in vars(form) if name.startswith("password")]
        assert boxes
        assert all(getattr(form, name).field_class is PasswordField for name in boxes)


def test_a_box_that_takes_no_pasted_password_is_found() -> None:
    assert _faults_of_box("{{ field(form.password, autocomplete='off') }}", "") != []
    assert _faults_of_box("", "box.addEventListener('paste', stop)") != []
