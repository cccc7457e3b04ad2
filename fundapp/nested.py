"""Rows within a row: lists that a page shows beside one thing, brought in one journey to the database.

`select(nested(documents), nested(events))` gives one row with two lists of named tuples, in the order of each query.
The database turns each list into JSON, which both engines do; the columns' types turn the values back.
"""

import enum
import json
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Dialect, Enum, Select, TypeDecorator, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from fundapp.db import UtcInstant

Back = Callable[[Any], Any]


def nested(query: Select[*tuple[Any, ...]]) -> ColumnElement[list[Any]]:
    """The query's rows as one column: a list of named tuples, empty where there are none. Columns need own names."""
    inner = query.subquery()
    back = _RowsBack(tuple(column.key for column in inner.c), tuple(_back(column.type) for column in inner.c))
    return select(_Rows(*inner.c, type_=back)).select_from(inner).scalar_subquery()


# Kept, because a statement is compiled once only if its types are the same ones every time.
@cache
def _shape(names: tuple[str, ...]) -> Any:
    return namedtuple("Nested", names)


def _back(kind: TypeEngine[Any]) -> Back | None:
    """How a value of this type comes back from JSON; None where it comes as it is."""
    if isinstance(kind, UtcInstant):
        return _instant
    if isinstance(kind, Enum) and kind.enum_class is not None:
        return _member(kind.enum_class)
    if isinstance(kind, Boolean):
        return bool
    if isinstance(kind, Date):
        return date.fromisoformat
    return _whole if isinstance(kind, JSON) else None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


@cache
def _member(members: Any) -> Back:
    by_name: dict[str, enum.Enum] = dict(members.__members__)
    return by_name.__getitem__


def _whole(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value  # SQLite keeps JSON as text


class _Rows(FunctionElement[Any]):
    """An aggregate: every row as a JSON array of its columns."""

    inherit_cache = True
    name = "nested"

    def __init__(self, *columns: Any, type_: "_RowsBack") -> None:
        super().__init__(*columns)
        self.type = type_


@compiles(_Rows, "postgresql")
def _on_postgresql(rows: _Rows, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(rows.clauses, **how)}))"


@compiles(_Rows, "sqlite")
def _on_sqlite(rows: _Rows, compiler: SQLCompiler, **how: Any) -> str:
    return f"json_group_array(json_array({compiler.process(rows.clauses, **how)}))"


class _RowsBack(TypeDecorator[list[Any]]):
    """From JSON to named tuples."""

    impl = JSON
    cache_ok = True

    def __init__(self, names: tuple[str, ...] = (), backs: tuple[Back | None, ...] = ()) -> None:
        super().__init__()
        self.names, self.backs = names, backs

    def process_result_value(self, value: list[list[Any]] | None, dialect: Dialect) -> list[Any]:
        shape = _shape(self.names)
        return [shape(*self._values(row)) for row in value or ()]

    def _values(self, row: list[Any]) -> list[Any]:
        return [
            each if back is None or each is None else back(each) for each, back in zip(row, self.backs, strict=True)
        ]
