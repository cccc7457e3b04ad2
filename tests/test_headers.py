"""Every answer carries the header table: pages, redirects, errors, static files and 304; private ones are not kept."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.web import headers
from fundapp.web.access import SAFE
from tests.factories.house import House
from tests.ground.apps import SignIn
from tests.ground.house import Restore, address_of, client_of, methods_of
from tests.ground.pages import send


def _got(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """A static file's answer, with the file closed again."""
    with client.get(path, headers=headers) as answer:
        return answer


PEOPLE = ("nobody", "owner", "officer")


def _faults(answer: TestResponse) -> list[str]:
    """What the answer lacks of the table, and what its policy lets in."""
    lacks = [name for name in (*headers.TABLE, "X-Request-Id", "Cache-Control") if not answer.headers.get(name)]
    lacks += [name for name in headers.TABLE if len(answer.headers.getlist(name)) > 1]
    policy = answer.headers.get("Content-Security-Policy", "")
    lacks += [word for word in ("unsafe-", "data:", "http:", "*") if word in policy]
    lacks += [part for part in ("default-src 'none'", "frame-ancestors 'none'") if part not in policy]
    return lacks


def test_every_route_carries_the_table_whoever_asks_and_whatever_is_answered(
    house: House, copied: tuple[Flask, Restore]
) -> None:
    app, restore = copied
    found, classes = [], set()
    for endpoint in sorted({rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}):
        address = address_of(app, house, endpoint)
        for method in [*methods_of(app, endpoint), "HEAD", "OPTIONS", "DELETE"]:
            who = PEOPLE if method == "GET" else ("nobody", "stranger")
            for person in who:
                with client_of(app, house, person).open(address, method=method) as answer:
                    classes.add(answer.status_code)
                    found += [(endpoint, method, person, answer.status_code, fault) for fault in _faults(answer)]
    restore()
    assert found == []
    assert classes >= {200, 302, 401, 403, 404, 405}


def test_private_answers_are_kept_nowhere(house: House, copied: tuple[Flask, Restore]) -> None:
    app, restore = copied
    kept = []
    for endpoint in sorted({rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}):
        address, view = address_of(app, house, endpoint), app.view_functions[endpoint]
        is_public = getattr(view, "access", None) == "public" and not endpoint.startswith("accounts.")
        for method in methods_of(app, endpoint):
            for person in ("nobody", "owner", "officer"):
                if person == "nobody" and is_public and method in SAFE:
                    continue
                with client_of(app, house, person).open(address, method=method) as answer:
                    if answer.headers["Cache-Control"] != "no-store":
                        kept.append((endpoint, method, person, answer.headers["Cache-Control"]))
            if method not in SAFE:
                restore()
    assert kept == []


def test_a_public_page_is_asked_for_again_each_time(client: FlaskClient) -> None:
    answer = client.get("/sv/")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers


NOWHERE = ["/no/such/page", "/sv/nowhere", "/static/nowhere.css", "/static/../app.py", "/sv/%00"]


@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_not_there_carries_the_table(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, _faults(answer)) == (404, [])


def test_a_fault_of_ours_and_a_database_that_is_gone_carry_the_table(app: Flask, settings: Settings) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/sv/broken", "broken", _open(lambda: 1 // 0))
    answer = app.test_client().get("/sv/broken")
    assert (answer.status_code, _faults(answer)) == (500, [])
    gone = create_app(replace(settings, database_url="postgresql+psycopg://x@127.0.0.1:1/x?connect_timeout=1"))
    reader = gone.test_client()
    with reader.session_transaction() as cookie:
        cookie["_user_id"] = "somebody who signed in before"
    for client in (gone.test_client(), reader):
        answer = client.get("/sv/")
        assert (answer.status_code, _faults(answer)) == (503, [])
    with gone.app_context():
        db.engine.dispose()


def _open(view: object) -> object:
    view.access = "public"  # type: ignore[attr-defined]
    return view


def test_too_large_a_post_carries_the_table(client: FlaskClient) -> None:
    answer = client.post("/sv/sign-in", data={"email": "x" * (3 * 1024 * 1024)})
    assert answer.status_code in (400, 413)
    assert _faults(answer) == []
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/static/base.css", "/static/site.css"])
def test_a_static_file_and_its_304_carry_the_table(client: FlaskClient, path: str) -> None:
    first = _got(client, path)
    again = _got(client, path, **{"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert (_faults(first), _faults(again)) == ([], [])


def _linked(page: str) -> Iterable[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page)


def test_a_file_named_with_its_hash_is_kept_for_ever_and_one_without_is_asked_for_by_its_tag(
    client: FlaskClient,
) -> None:
    linked = set(_linked(client.get("/sv/").text))
    assert any(address.startswith("/static/site.css?v=") for address in linked)
    for address in linked:
        answer = _got(client, address)
        is_named = "?v=" in address
        assert answer.status_code == 200, address
        assert ("immutable" in answer.headers["Cache-Control"]) == is_named, address
        assert is_named or (answer.headers["ETag"] and "/fonts/" in address), address
    for name in ("base.css", "site.css"):
        assert "immutable" not in _got(client, f"/static/{name}?v=yesterday").headers["Cache-Control"]
    assert "immutable" not in _got(client, "/static/nowhere.css?v=").headers["Cache-Control"]


def test_a_changed_file_has_another_address() -> None:
    kept = headers.versions()
    assert len(kept["base.css"]) == 12
    assert len({kept[name] for name in kept}) > 1
    assert not any(name.startswith("vendor/fonts/") for name in kept)


def test_only_production_asks_for_https_for_ever(app: Flask, settings: Settings, tmp_path: Path) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/sv/").headers
    strict = create_app(replace(settings, is_production=True, base_url="https://bidrag.kommun.example"))
    for path in ("/sv/", "/static/base.css", "/sv/nowhere", "/"):
        assert "max-age=31536000" in _got(strict.test_client(), path).headers["Strict-Transport-Security"]
    with strict.app_context():
        db.engine.dispose()


def test_a_signed_in_reader_of_a_public_page_gets_it_for_themself_alone(signed_in: SignIn) -> None:
    answer = signed_in("amina@exempel.example").get("/sv/")
    assert answer.headers["Cache-Control"] == "no-store"


def test_signing_out_is_kept_nowhere(client: FlaskClient) -> None:
    assert send(client, "/sv/sign-out").headers["Cache-Control"] == "no-store"
