"""The door: every route, method and role answered as the table below says; no GET writes; every POST needs its token.

The table is written by hand, beside `permissions.py` and not from it: a page that is added must be added here too.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session, url_for
from flask.testing import FlaskClient

from fundapp.accounts.sessions import open_door_for
from fundapp.app import create_app
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.web.access import SAFE
from tests.factories import on_day
from tests.factories.house import House, build
from tests.ground.databases import settings_for

ANYBODY = frozenset(
    {
        "nobody",
        "stranger",
        "owner",
        "conflicted",
        *(role.value for role in Role if role is not Role.APPLICANT),
    }
)
SIGNED_IN = ANYBODY - {"nobody"}
READERS = frozenset({"registrar", "officer", "secretary", "auditor"})
BOARD_ROOM = READERS | {"member", "conflicted"}  # `conflicted` is an officer with a conflict in the cases used here
OWNER = frozenset({"owner"})
CASE_READERS = READERS | {"member"}  # the case used here has stood on an agenda

# endpoint → who comes in. What each address is filled with stands in tests/factories/house.py.
PAGES: dict[str, frozenset[str]] = {
    "home": ANYBODY,
    "healthz": ANYBODY,
    "public.start": ANYBODY,
    "public.projects": ANYBODY,
    "public.project": ANYBODY,
    "public.paragraph": ANYBODY,
    "goals.show": ANYBODY,
    "goals.objective": ANYBODY,
    "goals.plan": ANYBODY,
    "goals.answer": frozenset({"officer", "secretary", "conflicted"}),
    "accounts.sign_in": ANYBODY,
    "accounts.enter_code": ANYBODY,
    "accounts.open_link": ANYBODY,
    "accounts.sign_out": ANYBODY,
    "accounts.account": SIGNED_IN,
    "accounts.organisations": SIGNED_IN,
    "accounts.new_organisation": SIGNED_IN,
    "accounts.organisation": OWNER,
    "accounts.people": frozenset({"administrator"}),
    "accounts.person": frozenset({"administrator"}),
    "accounts.take_role": frozenset({"administrator"}),
    "accounts.conflicts": BOARD_ROOM,
    "accounts.end_conflict": frozenset({"conflicted"}),
    "funds.list": BOARD_ROOM | {"administrator"},
    "funds.show": BOARD_ROOM | {"administrator"},
    "funds.change_frame": frozenset({"secretary"}),
    "history.list": frozenset({"auditor"}),
    "applications.list": SIGNED_IN,
    "applications.new": SIGNED_IN,
    "applications.show": OWNER,
    "applications.section": OWNER,
    "applications.check": OWNER,
    "applications.submit": OWNER,
    "applications.receipt": OWNER,
    "applications.receipt_pdf": OWNER,
    "applications.withdraw": OWNER,
    "applications.attach": OWNER,
    "applications.detach": OWNER,
    "applications.attachment": OWNER,
    "registry.start": BOARD_ROOM,
    "registry.list": BOARD_ROOM,
    "registry.show": CASE_READERS,
    "registry.register": frozenset({"registrar"}),
    "registry.file_document": frozenset({"registrar", "officer"}),
    "registry.document": CASE_READERS,
    "registry.submission_pdf": CASE_READERS,
    "registry.attachment": CASE_READERS,
    "assessments.take_up": frozenset({"officer"}),
    "assessments.formal_check": frozenset({"officer"}),
    "assessments.request_completion": frozenset({"officer"}),
    "assessments.go_on_without": frozenset({"officer"}),
    "assessments.objectives": frozenset({"officer"}),
    "assessments.assess": frozenset({"officer"}),
    "assessments.report": frozenset({"officer"}),
    "assessments.reopen": frozenset({"officer"}),
    "assessments.reconsider": frozenset({"officer"}),
    "assessments.declare_conflict": CASE_READERS,
    "meetings.list": BOARD_ROOM,
    "meetings.show": BOARD_ROOM,
    "meetings.new": frozenset({"secretary"}),
    "meetings.add_item": frozenset({"secretary"}),
    "meetings.put_on_agenda": frozenset({"secretary"}),
    "meetings.take_off": frozenset({"secretary"}),
    "meetings.move": frozenset({"secretary"}),
    "meetings.open": frozenset({"secretary"}),
    "meetings.approve": frozenset({"secretary"}),
    "decisions.record_outcome": frozenset({"secretary"}),
    "decisions.letter": OWNER | CASE_READERS,
    "projects.list": BOARD_ROOM,
    "projects.show": OWNER | READERS | {"member"},
    "projects.pay": frozenset({"officer"}),
    "projects.plan": frozenset({"officer"}),
    "reports.edit": OWNER,
    "reports.check": OWNER,
    "reports.submit": OWNER,
    "reports.review": frozenset({"officer"}),
    "reports.repaid": frozenset({"officer"}),
}


@pytest.fixture(scope="module")
def built(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, House]:
    """A database with one of everything, and who and where; every test works on a copy."""
    folder = tmp_path_factory.mktemp("house")
    file = folder / "house.db"
    shutil.copyfile(sqlite_template, file)
    on_day()
    app = create_app(settings_for(folder, f"sqlite:///{file}"))
    on_day()  # an app that is not the demo's sets the clock right
    with app.app_context():
        with app.test_request_context():
            house = build()
            db.session.commit()
        db.session.close()
        for engine in db.engines.values():
            engine.dispose()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file, house


@pytest.fixture
def house(built: tuple[Path, House]) -> House:
    return built[1]


Restore = Callable[[], None]


@pytest.fixture
def copied(built: tuple[Path, House], tmp_path: Path) -> Iterator[tuple[Flask, Restore]]:
    """The app on a copy, and what brings the copy back to how it was."""
    file, copy = built[0], tmp_path / "copy.db"
    shutil.copyfile(file, copy)
    settings = settings_for(tmp_path, f"sqlite:///{copy}")
    shutil.copytree(file.parent / "files", settings.files)
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    on_day()

    def restore() -> None:
        with app.app_context():
            db.engine.dispose()
        for rest in tmp_path.glob("copy.db*"):
            rest.unlink()
        shutil.copyfile(file, copy)

    yield app, restore
    with app.app_context():
        db.engine.dispose()


def _address(app: Flask, house: House, endpoint: str) -> str:
    with app.test_request_context("/sv/"):
        return url_for(endpoint, **house.places.get(endpoint, {}))


def _client(app: Flask, house: House, who: str) -> FlaskClient:
    client = app.test_client()
    if who in house.sessions:
        with app.test_request_context():
            open_door_for(house.sessions[who])
            kept = dict(session)
        with client.session_transaction() as cookie:
            cookie.update(kept)
    return client


def _methods(app: Flask, endpoint: str) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    return sorted({method for rule in rules for method in rule.methods or ()} - {"HEAD", "OPTIONS"})


def _is_let_in(answer: Any) -> bool:
    is_sent_to_sign_in = answer.status_code == 302 and "/sign-in?next=" in answer.location
    return answer.status_code not in (401, 403, 404) and not is_sent_to_sign_in


def test_every_route_stands_in_the_table(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules()} - {"static"}
    assert routes == set(PAGES)


def test_a_route_that_names_no_permission_is_shut(settings: Any) -> None:
    app = create_app(settings)
    app.add_url_rule("/sv/forgotten", "forgotten", lambda: "open")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/sv/forgotten").status_code == 500


@pytest.mark.parametrize("endpoint", PAGES)
def test_each_person_is_let_in_as_the_table_says(endpoint: str, house: House, copied: tuple[Flask, Restore]) -> None:
    app, restore = copied
    address = _address(app, house, endpoint)
    found = {}
    for method in _methods(app, endpoint):
        for who in sorted(ANYBODY):
            posted = None if method in SAFE else house.posts.get(endpoint)
            with _client(app, house, who).open(address, method=method, data=posted) as answer:
                assert answer.status_code < 500, (method, who, answer.status)
                found[method, who] = _is_let_in(answer)
            if method not in SAFE:
                restore()
    wanted = {(method, who): who in PAGES[endpoint] for method in _methods(app, endpoint) for who in ANYBODY}
    assert found == wanted


@pytest.mark.parametrize("endpoint", PAGES)
def test_every_post_needs_its_token(endpoint: str, house: House, copied: tuple[Flask, Restore]) -> None:
    app, _restore = copied
    app.config["WTF_CSRF_ENABLED"] = True
    if "POST" not in _methods(app, endpoint):
        return
    who = sorted(PAGES[endpoint])[0]
    assert _client(app, house, who).post(_address(app, house, endpoint)).status_code == 400


def test_no_get_writes(house: House, copied: tuple[Flask, Restore], tmp_path: Path) -> None:
    app, _restore = copied
    connection = sqlite3.connect(tmp_path / "copy.db")

    def rows() -> list[str]:
        return [line for line in connection.iterdump() if 'INTO "login_session"' not in line]

    before = rows()
    for endpoint in PAGES:
        if "GET" in _methods(app, endpoint):
            who = sorted(PAGES[endpoint] - {"nobody"} or {"nobody"})[0]
            _client(app, house, who).get(_address(app, house, endpoint)).close()
    assert rows() == before
    connection.close()


def test_the_auditor_writes_nothing(house: House, copied: tuple[Flask, Restore], tmp_path: Path) -> None:
    """Outside what is everybody's own: the account, an own organisation or application, an own conflict."""
    app, _restore = copied
    own = {"accounts.account", "accounts.new_organisation", "accounts.sign_out", "applications.new"}
    own |= {"accounts.conflicts", "assessments.declare_conflict", "accounts.sign_in", "accounts.enter_code"}
    own |= {"accounts.open_link"}
    for endpoint in set(PAGES) - own:
        if "POST" in _methods(app, endpoint):
            answer = _client(app, house, "auditor").post(_address(app, house, endpoint))
            assert answer.status_code in (403, 404), endpoint
