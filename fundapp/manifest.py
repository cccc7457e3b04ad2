"""What a deployment holds, as one list of hashes: of every table, and of every stored file. Equal lists, equal content.

A row is hashed as plain JSON, in the order of its key, with types made alike: the same content gives the same hash on
SQLite and PostgreSQL. Tables are read from the database itself and not from the models, so that a backup of an older
version is counted as it is.
"""

import enum
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, TableClause, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from fundapp import clock, store
from fundapp.db import db, reading
from fundapp.store import StoreFailed

# what is counted, how many are done, how many there are
Progress = Callable[[str, int, int], None]
Manifest = dict[str, Any]
FORMAT = 1
_ROWS = 1000
# Which case a file belongs to, or which application that has none yet.
_OWNERS = text("""
    SELECT c.diary_number FROM stored_file f
    JOIN document d ON d.file_id = f.id JOIN "case" c ON c.id = d.case_id WHERE f.key = :key
    UNION
    SELECT COALESCE(c.diary_number, 'application ' || p.public_id) FROM stored_file f
    JOIN attachment a ON a.file_id = f.id JOIN application p ON p.id = a.application_id
    LEFT JOIN "case" c ON c.id = p.case_id WHERE f.key = :key
    ORDER BY 1
""")


@contextmanager
def one_moment() -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile, and cannot write."""
    options = {} if db.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with reading(), db.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def of_database(connection: Connection, progress: Progress) -> Manifest:
    """{"format", "made_at", "engine", "migration", "tables": {name: {"rows", "sha256"}}}; files are added later."""
    tables = list(_tables(connection))
    found: dict[str, Any] = {}
    for done, one in enumerate(tables, 1):
        found[one.name] = _counted(connection, one)
        progress("tables", done, len(tables))
    return {
        "format": FORMAT,
        "made_at": clock.now().isoformat(),
        "engine": connection.dialect.name,
        "migration": _migration(connection, found),
        "tables": found,
    }


def stored_files(connection: Connection) -> list[tuple[str, int, str]]:
    """Key, size in bytes and sha256 of every file that has a row."""
    if not inspect(connection).has_table("stored_file"):
        return []
    rows = connection.exec_driver_sql("SELECT key, size, sha256 FROM stored_file ORDER BY key")
    return [(key, size, sha256) for key, size, sha256 in rows]


def of_content(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def owner_of(key: str) -> str:
    """What a file belongs to, as a fault adds it, so that it can be asked for anew; empty where that is not known."""
    try:
        with reading(), db.engine.connect() as connection:
            owners = connection.scalars(_OWNERS, {"key": key}).all()
    except DBAPIError:  # a database of a version that has not these tables
        owners = []
    return f" (of {', '.join(owners)})" if owners else ""


def of_everything(progress: Progress) -> tuple[Manifest, list[str]]:
    """The manifest of database and files as they are now, and what is wrong with them in themselves."""
    with one_moment() as connection:
        found = of_database(connection, progress)
        rows = stored_files(connection)
    found["files"], faults = {}, []
    for done, (key, size, sha256) in enumerate(rows, 1):
        try:
            found["files"][key] = of_content(store.content_of(key))
        except StoreFailed as fault:
            faults.append(f"file {key} is missing{owner_of(key)}: {fault}")
        else:
            if found["files"][key] != {"size": size, "sha256": sha256}:
                faults.append(f"file {key} is not what was stored{owner_of(key)}")
        progress("files", done, len(rows))
    return found, faults


def differences(before: Manifest, after: Manifest) -> list[str]:
    """What is not the same, a line each; empty where everything is."""
    told = []
    for what, group in (("table", "tables"), ("file", "files")):
        for name in sorted(before[group].keys() | after[group].keys()):
            one, two = before[group].get(name), after[group].get(name)
            if one == two:
                continue
            if two is None:
                told.append(f"{what} {name} is missing")
            elif one is None:
                told.append(f"{what} {name} was not there before")
            elif what == "table":
                told.append(f"table {name} is another: {one['rows']} rows before, {two['rows']} now")
            else:
                told.append(f"file {name} is another: {one['size']} bytes before, {two['size']} now")
    return told


def _migration(connection: Connection, tables: dict[str, Any]) -> str | None:
    if "alembic_version" not in tables:
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _tables(connection: Connection) -> Iterator[TableClause]:
    seen = inspect(connection)
    for name in sorted(seen.get_table_names()):
        columns = [column(c["name"], c["type"]) for c in sorted(seen.get_columns(name), key=lambda c: c["name"])]
        yield table(name, *columns)


def _counted(connection: Connection, one: TableClause) -> dict[str, Any]:
    key = inspect(connection).get_pk_constraint(one.name)["constrained_columns"] or one.c.keys()
    order = [_in_same_order(one.c[name], connection) for name in key]
    hashed, rows = hashlib.sha256(), 0
    for row in connection.execute(select(*one.c).order_by(*order), execution_options={"yield_per": _ROWS}):
        line = json.dumps([_plain(value) for value in row], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        hashed.update(line.encode() + b"\n")
        rows += 1
    return {"rows": rows, "sha256": hashed.hexdigest()}


def _in_same_order(key: ColumnElement[Any], connection: Connection) -> ColumnElement[Any]:
    """Texts by their bytes: PostgreSQL would order them by a language."""
    kind: TypeEngine[Any] = key.type
    return key.collate("C") if isinstance(kind, String) and connection.dialect.name != "sqlite" else key


def _plain(value: Any) -> Any:
    """A value as JSON has it: instants in UTC with microseconds, whichever engine kept them."""
    if value is None or isinstance(value, bool | int | float | str | dict | list):
        return value
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)
