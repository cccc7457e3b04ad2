"""Every migration down and up again on ten thousand cases: what both sides know is the same, to a hash."""

import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import column, inspect, table, text
from sqlalchemy.engine import Connection

from benchmarks import cases
from fundapp import clock, manifest, paths
from fundapp.db import db
from fundapp.jobs import QUEUE_TABLES
from tests.factories import on_day
from tests.factories.people import applicant

CASES = 10_000
Columns = dict[str, frozenset[str]]
Hashes = dict[str, dict[str, Any]]


@pytest.fixture
def filled(app: Flask) -> Iterator[Flask]:
    """The app with ten thousand cases, at head."""
    on_day()
    with app.test_request_context("/"):
        cases.build(CASES + 40)  # whole copies of the walked cases: a little less than what is asked for
        db.session.close()
    yield app
    clock.run_true()


def _revisions() -> list[str]:
    """From head to the first."""
    found = ScriptDirectory(str(paths.MIGRATIONS), version_locations=[str(paths.MIGRATIONS)])
    return [each.revision for each in found.walk_revisions()]


def _columns(connection: Connection) -> Columns:
    """Every table of ours with the names of its columns."""
    seen = inspect(connection)
    names = [name for name in seen.get_table_names() if not name.startswith(("alembic", QUEUE_TABLES))]
    return {name: frozenset(each["name"] for each in seen.get_columns(name)) for name in names}


def _hashes(connection: Connection, wanted: Columns) -> Hashes:
    """Rows and hash of each wanted table, over the wanted columns, as `fundapp verify` counts them."""
    seen, found = inspect(connection), {}
    for name, columns in sorted(wanted.items()):
        kept = [each for each in seen.get_columns(name) if each["name"] in columns]
        whole = table(name, *(column(each["name"], each["type"]) for each in sorted(kept, key=lambda c: c["name"])))
        found[name] = manifest._counted(connection, whole)
    return found


def _look() -> tuple[Columns, Hashes]:
    """What there is, and the hash of each table."""
    with manifest.one_moment() as connection:
        columns = _columns(connection)
        return columns, _hashes(connection, columns)


def _narrow(wanted: Columns) -> Hashes:
    with manifest.one_moment() as connection:
        return _hashes(connection, wanted)


def _move(app: Flask, way: str, revision: str) -> float:
    """Seconds that the step took."""
    began = time.monotonic()
    with app.app_context():
        getattr(app.extensions["alembic"], way)(revision)
        db.session.commit()
    return time.monotonic() - began


def _step(app: Flask, revision: str, below: str, above: tuple[Columns, Hashes]) -> tuple[Columns, Hashes]:
    """Down to `below`, up again and down once more; gives what is there below.

    A table that has the same columns on both sides must be the same in all three places. Of one that gains a column
    on the way up, what both sides know is compared; what is made on the way up holds nothing that could be kept.
    """
    columns, before = above
    went = _move(app, "downgrade", below)
    with app.app_context():
        lower, down = _look()
        shared = {name: columns[name] & lower[name] for name in columns.keys() & lower.keys()}
        narrower = {name: kept for name, kept in shared.items() if not kept == columns[name] == lower[name]}
        part = _narrow(narrower)
    came = _move(app, "upgrade", revision)
    with app.app_context():
        again, after = _look()
        assert (revision, again) == (revision, columns)
        assert (revision, _narrow(narrower)) == (revision, part)
    _move(app, "downgrade", below)
    for name in sorted(shared.keys() - narrower.keys()):
        assert (revision, name, before[name]) == (revision, name, down[name])
        assert (revision, name, before[name]) == (revision, name, after[name])
    for name in narrower:
        assert (revision, name, before[name]["rows"]) == (revision, name, down[name]["rows"])
    sys.stdout.write(
        f"\n{db_name(app)} {revision}: down {went:.1f} s, up {came:.1f} s; {len(shared)} tables, "
        f"{sum(down[name]['rows'] for name in shared)} rows the same, {sorted(narrower)} in part\n"
    )
    return lower, down


def db_name(app: Flask) -> str:
    with app.app_context():
        return str(db.engine.dialect.name)


@pytest.mark.slow
def test_every_revision_goes_down_and_up_on_ten_thousand_cases(both_engines: str, filled: Flask) -> None:
    revisions = _revisions()
    with filled.app_context():
        found = first = _look()
    assert found[1]["application"]["rows"] >= CASES
    for revision, below in pairwise(revisions):
        found = _step(filled, revision, below, found)
    _move(filled, "downgrade", "base")
    with filled.app_context():
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
    _move(filled, "upgrade", revisions[0])
    with filled.app_context():
        assert _look()[0] == first[0]
        assert filled.extensions["alembic"].compare_metadata() == []


def test_a_value_that_changes_and_a_row_that_comes_are_found(app_on_both: Flask) -> None:
    """The comparison above can fail."""
    with app_on_both.app_context():
        before = _look()[1]
        applicant()
        db.session.execute(text("UPDATE board SET name = name || ' ' WHERE id = (SELECT MIN(id) FROM board)"))
        db.session.commit()
        after = _look()[1]
    assert {name for name in before if before[name] != after[name]} >= {"board", "account"}
    assert before["board"]["rows"] == after["board"]["rows"]
    assert before["account"]["rows"] + 1 == after["account"]["rows"]
