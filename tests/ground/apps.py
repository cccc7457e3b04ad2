"""The app on a fresh database, and clients of it.

No fixture holds an app context open: Flask-Login keeps the account on `g`, and the next request would inherit it. A
test that looks into the database opens one for that look alone: `with app.app_context(): …`.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, inspect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule, rules

from fundapp import clock, languages, revisions
from fundapp.accounts.actions import account_by_email, ask_to_sign_in, begin_session, use_attempt
from fundapp.accounts.models import Account
from fundapp.accounts.sessions import open_door_for
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db, set_reading
from tests.ground.databases import settings_for

SignIn = Callable[[str | Account], FlaskClient]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings `app` is built with; change them with `dataclasses.replace` and `create_app`."""
    return settings_for(tmp_path, database_url)


@pytest.fixture(scope="session", autouse=True)
def addresses_compiled_once() -> Iterator[None]:
    """Every test has an app of its own, and werkzeug compiles two functions for each of its three hundred addresses.
    What is compiled depends on the rule alone, so the run keeps it: 50 ms of each test.
    """
    compiled: dict[tuple[Any, ...], Any] = {}
    compile_anew = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, append_unknown, repr(rule.defaults), repr(rule._trace))
        if key not in compiled:
            compiled[key] = compile_anew(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        patch.setattr(rules, "parse_converter_args", lru_cache(rules.parse_converter_args))
        yield


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once(ground: Path) -> Iterator[None]:
    """Templates as the run's first app compiled them; one that changes is compiled anew."""
    folder = ground / "templates"
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": FileSystemBytecodeCache(str(folder))})
        yield


_SPOKEN: dict[str, tuple[Any, Any]] = {}


def remember_statements(app: Flask) -> None:
    """Compile each statement once a run and not once a test. SQLAlchemy remembers a compiled statement by the dialect
    object; engines of one kind, made with the same settings, may share it.
    """
    with app.app_context():
        engine: Engine = db.engine
    dialect, cache = _SPOKEN.setdefault(engine.name, (engine.dialect, LRUCache(5000)))
    with engine.connect():
        pass  # the first connection tells the engine's own dialect about the server
    engine.dialect, engine._compiled_cache = dialect, cache


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The app on a fresh database: SQLite, or both engines where the test asks for `both_engines`."""
    app = create_app(settings)
    revisions.set_up(app)
    app.config["TESTING"] = True
    remember_statements(app)
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def app_on_both(both_engines: str, app: Flask) -> Flask:
    """`app`, once on SQLite and once on PostgreSQL."""
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without scripts that has not signed in; `app.test_client()` gives another."""
    return app.test_client()


@pytest.fixture(autouse=True)
def reset_clock() -> Iterator[None]:
    """Every test begins at the real time, in Swedish, and free to write."""
    clock.run_true()
    languages.set_current(languages.AUTHORITY_LANGUAGE)
    set_reading(False)
    yield
    clock.run_true()


@pytest.fixture
def signed_in(app: Flask) -> SignIn:
    """Gives a new client in which somebody is signed in, by e-mail address or account.

    An address without an account gets one, as it would from the sign-in page.
    """

    def sign_in(who: str | Account) -> FlaskClient:
        with app.test_request_context():
            token = _session_of(who)
            db.session.commit()
            open_door_for(token)
            kept = dict(session)
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie.update(kept)
        return client

    return sign_in


def _session_of(who: str | Account) -> str:
    """A new session's token; `who` may be an account that an earlier app context read."""
    if isinstance(who, Account):
        return begin_session(db.session.get_one(Account, inspect(who).identity))
    account = account_by_email(who)
    return begin_session(account) if account else use_attempt(ask_to_sign_in(who))[1]
