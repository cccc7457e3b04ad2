"""Data sets: each is built once in the folder, brought to the newest revision, and copied for every run.

A run sends drafts and approves sittings, so that it works on a copy and the next one finds the same. A set that was
built by another recipe, or that cannot be migrated, is built anew.
"""

import hashlib
import json
import logging
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from flask import current_app

from benchmarks import cases, floor
from benchmarks.ground import environment
from benchmarks.serve_app import DAY
from fundapp import clock, paths, revisions
from fundapp.app import create_app
from fundapp.config import from_environment
from fundapp.db import db


class DataSet:
    """`size` cases on one engine; `address` is PostgreSQL's."""

    def __init__(self, folder: Path, engine: str, size: int, address: str | None) -> None:
        self.folder, self.engine, self.size, self.address = folder, engine, size, address
        self.note = folder / f"{engine}-{size}.json"

    def copy(self) -> str:
        """The address of a fresh copy."""
        self.make()
        if self.engine == "sqlite":
            for old in self.folder.glob("run.db*"):
                old.unlink()
            shutil.copyfile(self._file(), self.folder / "run.db")
            return f"sqlite:///{self.folder / 'run.db'}"
        self._on_server("DROP DATABASE IF EXISTS run WITH (FORCE)")
        self._on_server(f"CREATE DATABASE run TEMPLATE cases_{self.size} STRATEGY FILE_COPY")
        return self._url("run")

    def make(self) -> None:
        """Build or migrate the set where it is not as it should be."""
        kept = json.loads(self.note.read_text()) if self.note.exists() else {}
        if kept.get("recipe") == cases.RECIPE and kept.get("revisions") == _revisions():
            _say(f"{self.size} cases on {self.engine}: built before, in {kept['seconds']:.0f} s")
            return
        started, revisions_now = time.monotonic(), _revisions()
        if kept.get("recipe") == cases.RECIPE and self._is_migrated():
            _say(f"{self.size} cases on {self.engine}: migrated in {time.monotonic() - started:.0f} s")
            self._write(kept["seconds"], revisions_now)
            return
        self.note.unlink(missing_ok=True)
        self._clear()
        self._in_app(_fill, self.size)
        took = time.monotonic() - started
        self._write(took, revisions_now)
        _say(f"{self.size} cases on {self.engine}: built in {took:.0f} s")

    def _write(self, seconds: float, revisions_had: list[str]) -> None:
        self.note.write_text(json.dumps({"recipe": cases.RECIPE, "revisions": revisions_had, "seconds": seconds}))

    def _is_migrated(self) -> bool:
        try:
            self._in_app(_migrate)
            self._in_app(cases.settle)  # with no connection of Alembic's open any more
        except Exception as fault:  # whatever it is, the set can be built anew
            _say(f"{self.size} cases on {self.engine} cannot be migrated ({type(fault).__name__}: {fault})")
            return False
        return True

    def _in_app(self, act: Callable[..., None], *words: int) -> None:
        url = f"sqlite:///{self._file()}" if self.engine == "sqlite" else self._url(f"cases_{self.size}")
        app = create_app(from_environment(environment(self.folder, url)))
        revisions.set_up(app)
        clock.run_from(DAY, self.folder / "clock")
        for talker in ("fundapp", "alembic"):  # of long statements, which a build is made of, and of revisions
            logging.getLogger(talker).setLevel(logging.ERROR)
        with app.test_request_context("/"):
            try:
                act(*words)
            finally:
                db.session.close()
                db.engine.dispose()

    def _clear(self) -> None:
        if self.engine == "sqlite":
            for old in self.folder.glob(f"{self._file().name}*"):
                old.unlink()
            return
        self._on_server(f"DROP DATABASE IF EXISTS cases_{self.size} WITH (FORCE)")
        self._on_server(f"CREATE DATABASE cases_{self.size}")

    def _file(self) -> Path:
        return self.folder / f"cases-{self.size}.db"

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@{self.address}/{name}"

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(f"postgresql://postgres@{self.address}/postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def _revisions() -> list[str]:
    """What the migrations are now: a changed file counts as another one."""
    files = sorted(paths.MIGRATIONS.glob("*.py"))
    return [f"{file.stem} {hashlib.sha256(file.read_bytes()).hexdigest()[:12]}" for file in files]


def _fill(size: int) -> None:
    current_app.extensions["alembic"].upgrade()
    floor.make_tables(db.engine)
    cases.build(size)


def _migrate() -> None:
    alembic = current_app.extensions["alembic"]
    alembic.upgrade()
    # A revision put in before one that this set has had is passed over: then the models say so.
    differences = [found for found in alembic.compare_metadata() if "floor_" not in str(found)]
    if differences:
        raise ValueError(f"{len(differences)} differences from the models remain")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
