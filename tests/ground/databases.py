"""Fresh databases, migrated and with the reference data: a template is made once a run, and every test copies it.

SQLite unless a test (or a fixture it uses) asks for `both_engines`; then it runs on SQLite and on PostgreSQL.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from fundapp import revisions
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.reference import load_reference
from tests.ground.postgres import on_server
from tests.ground.shared import once

TEMPLATE = "fundapp_template"
MakeDatabase = Callable[[], str]


def settings_for(folder: Path, database_url: str) -> Settings:
    """Settings of a test: neither production nor demo, everything kept in `folder`, mail only in the outbox."""
    return Settings(
        is_production=False,
        is_demo=False,
        demo_date=None,
        municipality="kalix",
        database_url=database_url,
        secret_key="the tests' own secret, which opens nothing else",
        base_url="http://localhost",
        instance=folder / "instance",
        files=folder / "files",
        smtp_host=None,
        smtp_port=25,
        smtp_user=None,
        smtp_password=None,
        smtp_tls="none",
        smtp_ca=None,
        mail_from="bidrag@kommun.example",
        security_contact="mailto:sakerhet@kommun.example",
    )


def _migrate(folder: Path, database_url: str) -> None:
    """Bring an empty database to head and load boards, plans and funds."""
    app = create_app(settings_for(folder, database_url))
    with app.app_context():
        revisions.set_up(app)
        app.extensions["alembic"].upgrade()
        load_reference(db.session)
        db.session.commit()
        db.session.close()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def both_engines(request: pytest.FixtureRequest) -> str:
    """Runs the test once per engine, with everything else it uses standing on that engine."""
    name: str = request.param
    return name


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`."""
    if "both_engines" in request.fixturenames:
        name: str = request.getfixturevalue("both_engines")
        return name
    return "sqlite"


@pytest.fixture(scope="session")
def sqlite_template(ground: Path) -> Path:
    """A migrated SQLite file with the reference data; copy it, never open it."""

    def make() -> str:
        folder = ground / "sqlite-template"
        folder.mkdir()
        file = folder / "fundapp.db"
        _migrate(folder, f"sqlite:///{file}")
        with sqlite3.connect(file) as connection:  # a copy takes the file alone, so the log must be in it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return str(file)

    return Path(once(ground, "the SQLite template", make))


@pytest.fixture(scope="session")
def postgresql_template(ground: Path, postgresql: str) -> str:
    """The name of a migrated database with the reference data, which nobody is connected to."""

    def make() -> str:
        folder = ground / "postgresql-template"
        folder.mkdir()
        on_server(postgresql, f"CREATE DATABASE {TEMPLATE}")
        _migrate(folder, _url(postgresql, TEMPLATE))
        return TEMPLATE

    return once(ground, "the PostgreSQL template", make)


def _url(address: str, name: str) -> str:
    return f"postgresql+psycopg://postgres@{address}/{name}"


@pytest.fixture
def make_database(request: pytest.FixtureRequest, engine_name: str, tmp_path: Path) -> Iterator[MakeDatabase]:
    """Gives the address of a new migrated database at every call; all are gone after the test."""
    made: list[str] = []

    def make_sqlite() -> str:
        made.append(f"fundapp-{len(made)}.db")
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / made[-1])
        return f"sqlite:///{tmp_path / made[-1]}"

    def make_postgresql() -> str:
        address = request.getfixturevalue("postgresql")
        template = request.getfixturevalue("postgresql_template")
        made.append(f"test_{uuid4().hex}")
        on_server(address, f"CREATE DATABASE {made[-1]} TEMPLATE {template}")
        return _url(address, made[-1])

    if engine_name == "sqlite":
        yield make_sqlite
        return
    yield make_postgresql
    for name in made:
        on_server(request.getfixturevalue("postgresql"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    """The address of a fresh database at head, with boards, plans and funds and nothing else."""
    return make_database()


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, engine_name: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a table, for tests of the migrations."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    address = request.getfixturevalue("postgresql")
    name = f"empty_{uuid4().hex}"
    on_server(address, f"CREATE DATABASE {name}")
    yield _url(address, name)
    on_server(address, f"DROP DATABASE {name} WITH (FORCE)")
