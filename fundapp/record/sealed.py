"""What is entered in the record: which tables, which of their columns, and how a value is hashed.

A value is written the same way on both engines: as SQLite keeps it. What is entered never changes again, so a new
column of such a table is entered for new rows only, and a migration leaves the old rows as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, Select, Text, cast, column, select, table
from sqlalchemy.engine import Row

from fundapp.db import Base

FILE_HASH = "file.sha256"  # entered with a row that names a stored file: so the file's content is sealed too


@dataclass(frozen=True)
class SealedTable:
    """`at`: the column that tells when a row came. `columns`: what is entered of a row, all where none is named.
    `when`: the column that seals a row once it is set. `file`: the column that names a stored file. `is_in_order`: rows
    are entered in the order of their keys.
    """

    name: str
    at: str
    columns: frozenset[str] = frozenset()
    when: str = ""
    file: str = ""

    @property
    def is_in_order(self) -> bool:
        return not self.when

    @property
    def sealed(self) -> list[str]:
        """The columns as the code knows them, by name; the key first."""
        known = [each.name for each in Base.metadata.tables[self.name].columns]
        return ["id", *sorted(name for name in known if name != "id" and (not self.columns or name in self.columns))]


TABLES = {
    each.name: each
    for each in (
        SealedTable("history_entry", "at"),
        SealedTable("ledger_entry", "at"),
        SealedTable("paper", "drawn_up_at"),
        SealedTable("submission", "submitted_at"),
        SealedTable("document", "filed_at", file="file_id"),
        SealedTable("minutes", "drawn_up_at"),
        SealedTable("minutes_signature", "recorded_at", file="file_id"),
        SealedTable("board_notice", "recorded_at"),
        SealedTable(
            "decision",
            "final_at",
            frozenset({
                "public_id", "minute_item_id", "application_id", "outcome", "amount", "reasons", "conditions",
                "follows_id", "final_at",
            }),
            when="final_at",
        ),
        SealedTable("record_disposal", "disposed_at"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class SealedRow:
    """A row as it is hashed: every column's value, None where there is none."""

    table_name: str
    row_id: int
    values: dict[str, bytes | None]


def reading_of(one: SealedTable, names: Sequence[str]) -> tuple[Select[Any], FromClause]:
    """A statement that reads these columns as they are kept, and the table it reads; the caller narrows it."""
    source = table(one.name, *[column(name) for name in {*names, "id", one.at, one.file or "id"}])
    columns: list[ColumnElement[Any]] = [_as_kept(one, source, name).label(name) for name in names]
    if not one.file:
        return select(*columns).select_from(source), source
    files = table("stored_file", column("id"), column("sha256"))
    joined = source.outerjoin(files, files.c.id == source.c[one.file])
    return select(*columns, files.c.sha256.label(FILE_HASH)).select_from(joined), source


def _as_kept(one: SealedTable, source: FromClause, name: str) -> ColumnElement[Any]:
    """PostgreSQL keeps JSON as the text it was, and its driver would read it."""
    known = Base.metadata.tables[one.name].columns.get(name)
    return cast(source.c[name], Text) if known is not None and isinstance(known.type, JSON) else source.c[name]


def sealed_row(one: SealedTable, row: Row[Any]) -> SealedRow:
    values = {name: as_bytes(value) for name, value in row._mapping.items()}
    return SealedRow(one.name, int(row._mapping["id"]), values)


def as_bytes(value: Any) -> bytes | None:
    """A value as SQLite would keep it, in UTF-8."""
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if isinstance(value, datetime):
        return as_instant(value).encode()
    if isinstance(value, date):
        return value.isoformat().encode()
    return str(value).encode(errors="surrogateescape")


def as_instant(value: datetime) -> str:
    utc = value.astimezone(UTC) if value.tzinfo is not None else value
    return utc.strftime("%Y-%m-%d %H:%M:%S.%f")
