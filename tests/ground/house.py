"""One of everything, in a database that every test gets a copy of, and how each kind of person opens each address."""

import pickle
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
from tests.factories import on_day
from tests.factories.house import House, build
from tests.ground.apps import remember_statements
from tests.ground.databases import settings_for
from tests.ground.shared import once

Restore = Callable[[], None]
_COOKIES: dict[str, dict[str, Any]] = {}


@pytest.fixture(scope="session")
def built(sqlite_template: Path, ground: Path) -> tuple[Path, House]:
    """A database with one of everything, and who and where, made once a run; every test works on a copy."""
    folder = ground / "house"

    def make() -> str:
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "house.db")
        (folder / "built").write_bytes(pickle.dumps(_build(folder)))
        return str(folder)

    once(ground, "the house", make)
    return folder / "house.db", pickle.loads((folder / "built").read_bytes())  # noqa: S301  written above


def _build(folder: Path) -> House:
    file = folder / "house.db"
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
    return house


@pytest.fixture
def house(built: tuple[Path, House]) -> House:
    return built[1]


@pytest.fixture
def copied(built: tuple[Path, House], tmp_path: Path) -> Iterator[tuple[Flask, Restore]]:
    """The app on a copy, and what brings the copy back to how it was."""
    file, copy = built[0], tmp_path / "copy.db"
    shutil.copyfile(file, copy)
    settings = settings_for(tmp_path, f"sqlite:///{copy}")
    shutil.copytree(file.parent / "files", settings.files)
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    remember_statements(app)
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


def address_of(app: Flask, house: House, endpoint: str) -> str:
    """Where the endpoint is, filled with what the house has for it."""
    with app.test_request_context("/sv/"):
        place: dict[str, Any] = house.places.get(endpoint, {})
        return url_for(endpoint, **place)


def client_of(app: Flask, house: House, who: str) -> FlaskClient:
    """A browser in which that kind of person is signed in; `nobody` is not."""
    client = app.test_client()
    if who in house.sessions:
        with client.session_transaction() as cookie:
            cookie.update(_kept_for(app, house.sessions[who]))
    return client


def _kept_for(app: Flask, token: str) -> dict[str, Any]:
    """What the cookie of a session holds, asked for once a run: every copy of the house knows the same sessions."""
    if token not in _COOKIES:
        with app.test_request_context():
            open_door_for(token)
            _COOKIES[token] = dict(session)
    return _COOKIES[token]


def methods_of(app: Flask, endpoint: str) -> list[str]:
    """The methods it answers to, besides those that every page does."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint == endpoint]
    return sorted({method for rule in rules for method in rule.methods or ()} - {"HEAD", "OPTIONS"})
