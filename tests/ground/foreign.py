"""A database in which one organisation's things are foreign to everybody who asks, and the look for what changed."""

import pickle
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.sessions import open_door_for
from fundapp.app import create_app
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.meetings.models import Meeting
from fundapp.projects.models import Project
from tests.factories import on_day
from tests.factories.foreign import Foreign, build_foreign
from tests.ground.apps import remember_statements
from tests.ground.databases import settings_for
from tests.ground.forms import Forms, forms_of
from tests.ground.shared import once

Key = tuple[str, tuple[Any, ...]]  # a table and a row's primary key
Rows = dict[Key, dict[str, Any]]
# What every request may write beside its own work: counters, when somebody was last seen, what is searched.
COUNTERS = frozenset({"attempt", "login_session", "sqlite_sequence"})


@dataclass(frozen=True)
class Reference:
    """A foreign key of one column: where it stands and what it points to."""

    table: str
    column: str
    target: str


@dataclass
class Watched:
    """A database file that an app uses, as it was at first and as it is now."""

    file: Path
    template: Path
    connection: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = sqlite3.connect(self.file)
        self.connection.row_factory = sqlite3.Row

    @cached_property
    def keys(self) -> dict[str, list[str]]:
        """The primary key's columns of every table; not of those that SQLite's search keeps for itself."""
        names = [
            row["name"] for row in self.connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        ]
        searched = [row["name"] for row in self.connection.execute("PRAGMA table_list") if row["type"] == "virtual"]
        plain = [n for n in names if not any(n == s or n.startswith(f"{s}_") for s in searched) and n not in COUNTERS]
        return {
            name: [row["name"] for row in self.connection.execute(f'PRAGMA table_info("{name}")') if row["pk"]]
            for name in plain
        }

    @cached_property
    def references(self) -> list[Reference]:
        return [
            Reference(table, row["from"], row["table"])
            for table in self.keys
            for row in self.connection.execute(f'PRAGMA foreign_key_list("{table}")')
        ]

    @cached_property
    def first(self) -> Rows:
        """The rows as they were when nobody had asked for anything."""
        origin = sqlite3.connect(self.template)
        origin.row_factory = sqlite3.Row
        try:
            return self._rows_in(origin)
        finally:
            origin.close()

    def rows(self) -> Rows:
        return self._rows_in(self.connection)

    def _rows_in(self, connection: sqlite3.Connection) -> Rows:
        found: Rows = {}
        for table, key in self.keys.items():
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608  a table of ours
                found[table, tuple(row[name] for name in key)] = dict(row)
        return found

    @property
    def version(self) -> int:
        """Another one after each commit of somebody else's."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def restore(self) -> None:
        """As it was at first, under the feet of whoever has it open."""
        origin = sqlite3.connect(self.template)
        origin.backup(self.connection)
        origin.close()

    def of_organisation(self, ours: int) -> frozenset[Key]:
        """Every row that is the organisation's: its own, what points to one of these, its cases with their papers, and
        what names one of its applications.
        """
        first, found = self.first, {("organisation", (ours,))}
        while True:
            more = {key for key, row in first.items() if self._points_into(key[0], row, found)}
            more |= {
                (ref.target, (first[key][ref.column],))
                for key in found
                for ref in self.references
                if ref.table == key[0] and ref.target in {"case", "stored_file", "paper"} and first[key][ref.column]
            }
            threads = {first[key]["public_id"] for key in found if key[0] == "application"}
            more |= {key for key, row in first.items() if row.get("thread") in threads and row.get("thread")}
            if more <= found:
                return frozenset(found)
            found |= more

    def _points_into(self, table: str, row: dict[str, Any], found: set[Key]) -> bool:
        return any(
            (ref.target, (row[ref.column],)) in found
            for ref in self._references_of[table]
            if row[ref.column] is not None
        )

    @cached_property
    def _references_of(self) -> dict[str, list[Reference]]:
        return {table: [ref for ref in self.references if ref.table == table] for table in self.keys}

    def pointers(self, key: Key, row: dict[str, Any]) -> set[Key]:
        """What a row's foreign keys point to."""
        refs = self._references_of[key[0]]
        return {(ref.target, (row[ref.column],)) for ref in refs if row[ref.column] is not None}


@dataclass
class World:
    """The app, on a database of its own, with who is wrong in it, its forms, and what changes in it."""

    app: Flask
    foreign: Foreign
    forms: Forms
    watched: Watched

    @cached_property
    def protected(self) -> frozenset[Key]:
        return self.watched.of_organisation(self.foreign.ours)

    def token_of(self, who: str) -> str:
        return self.foreign.wrong.get(who) or self.foreign.house.sessions.get(who, "")

    def client_of(self, who: str) -> FlaskClient:
        """A new browser in which that one is signed in."""
        client = self.app.test_client()
        token = self.token_of(who)
        if token:
            with self.app.test_request_context():
                open_door_for(token)
                kept = dict(session)
            with client.session_transaction() as cookie:
                cookie.update(kept)
        return client


Built = tuple[Path, Foreign, Forms]


@pytest.fixture(scope="session")
def foreign_built(sqlite_template: Path, ground: Path) -> Built:
    """The database that every test copies, who is in it, and every form that its people are shown; made once a run."""
    folder = ground / "foreign"

    def make() -> str:
        folder.mkdir()
        shutil.copyfile(sqlite_template, folder / "foreign.db")
        (folder / "built").write_bytes(pickle.dumps(_build(folder)))
        return str(folder)

    once(ground, "the foreign world", make)
    foreign, forms = pickle.loads((folder / "built").read_bytes())  # noqa: S301  written above
    return folder / "foreign.db", foreign, forms


def _build(folder: Path) -> tuple[Foreign, Forms]:
    file = folder / "foreign.db"
    app = create_app(settings_for(folder, f"sqlite:///{file}"))
    remember_statements(app)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    on_day()
    with app.app_context():
        with app.test_request_context():
            foreign = build_foreign()
            db.session.commit()
        tables = (Application, Meeting, Project)
        ids = [key for table in tables for key in db.session.scalars(select(table.public_id))]
        db.session.close()
    forms = forms_of(app, foreign.house, ids)
    with app.app_context():
        db.engine.dispose()
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM attempt")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return foreign, forms


@pytest.fixture
def world(foreign_built: Built, tmp_path: Path) -> Iterator[World]:
    """A copy of it, and the app on the copy, without tokens against forgery."""
    template, foreign, forms = foreign_built
    copy = tmp_path / "copy.db"
    shutil.copyfile(template, copy)
    settings = settings_for(tmp_path, f"sqlite:///{copy}")
    shutil.copytree(template.parent / "files", settings.files)
    app = create_app(settings)
    remember_statements(app)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    on_day()
    watched = Watched(copy, template)
    yield World(app, foreign, forms, watched)
    watched.connection.close()
    with app.app_context():
        db.engine.dispose()
