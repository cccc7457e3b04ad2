"""Engine, session and base class; what each engine must promise before the app trusts it with a decision."""

import enum
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    event,
    inspect,
)
from sqlalchemy.engine import Connection, ExecutionContext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from fundapp import patience

db = SQLAlchemy()

# An execution option: let PostgreSQL plan the statement for these very values, however often it comes.
PLANNED_ANEW = "is_planned_anew"

_reading: ContextVar[bool] = ContextVar("reading", default=False)
_rebuilding: ContextVar[bool] = ContextVar("rebuilding", default=False)
_ID_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant, kept and returned in UTC on both engines; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every table's base. Primary keys stay inside; addresses use `public_id`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcInstant(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        int: BigInteger().with_variant(Integer(), "sqlite"),
    }


class Sealed:
    """A row that is written once. Whoever changes it or takes it away meets WrittenOnce, which is a fault of ours.

    `sealed_when` names a column that seals the row from the moment it is set; `sealed_columns` what it seals, all of
    them where none is named.
    """

    sealed_when: ClassVar[str] = ""
    sealed_columns: ClassVar[frozenset[str]] = frozenset()


class WrittenOnce(Exception):
    """A history entry, a ledger entry, a frozen copy or a final decision was about to be changed."""


def _was_sealed(row: Any) -> bool:
    if not row.sealed_when:
        return True
    before = inspect(row).attrs[row.sealed_when].history
    return any(value is not None for value in (*before.unchanged, *before.deleted))


@event.listens_for(Sealed, "before_update", propagate=True)
def _refuse_change(_mapper: Any, _connection: Connection, row: Any) -> None:
    state = inspect(row)
    columns = row.sealed_columns or {column.key for column in state.mapper.column_attrs}
    changed = sorted(name for name in columns if state.attrs[name].history.has_changes())
    if changed and _was_sealed(row):
        raise WrittenOnce(f"{type(row).__name__}: {', '.join(changed)}")


@event.listens_for(Sealed, "before_delete", propagate=True)
def _refuse_removal(_mapper: Any, _connection: Connection, row: Any) -> None:
    if _was_sealed(row):
        raise WrittenOnce(f"{type(row).__name__}: removed")


def enum_type(members: type[enum.Enum]) -> Enum:
    """A column type that keeps a member's name as text, with a CHECK, so a new member is an ordinary migration."""
    return Enum(
        members,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=members.__name__.lower(),
        validate_strings=True,
    )


def new_public_id() -> str:
    """Twelve random letters and digits (58 bits): tells neither order nor number."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(12))


def public_id_column() -> Mapped[str]:
    return mapped_column(String(12), unique=True, default=new_public_id)


@contextmanager
def own_transaction() -> Iterator[Connection]:
    """A short write that stands whatever becomes of the request; never while the request itself writes."""
    token = _reading.set(False)
    try:
        with db.engine.begin() as connection:
            yield connection
    finally:
        _reading.reset(token)


def let_go_unkept(connection: Connection) -> None:
    """A crash may forget this transaction: neither the disk nor a standby is waited for, which may be away."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT set_config('synchronous_commit', 'off', true)")


def roll_back() -> None:
    """Roll back, also where there is no database left to roll back."""
    try:
        db.session.rollback()
    except SQLAlchemyError:
        db.session.invalidate()


def reread(row: object, **choices: Any) -> None:
    """`Session.refresh`, `choices` and all, that loses nothing: what this transaction changed on the row is written
    first, which SQLAlchemy would drop.
    """
    db.session.flush()
    db.session.refresh(row, **choices)


def is_reading() -> bool:
    return _reading.get()


@contextmanager
def reading() -> Iterator[None]:
    """Within it a new transaction may not write: the database itself refuses (GET never writes)."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def set_reading(value: bool) -> None:
    """For the door, which opens and closes a request in two places."""
    _reading.set(value)


@contextmanager
def rebuilding() -> Iterator[None]:
    """Within it SQLite lets a migration drop a table that others point to, to put a changed one in its place.

    Whoever migrates looks at the end, before it is kept, for a row that points nowhere: `dangling`.
    """
    token = _rebuilding.set(True)
    try:
        yield
    finally:
        _rebuilding.reset(token)


def dangling(connection: Connection) -> list[str]:
    """The tables whose rows point to rows that are not there; PostgreSQL refuses such a row itself."""
    if connection.dialect.name != "sqlite":
        return []
    return sorted({row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})


def guard(engine: Engine) -> None:
    """Give every connection of `engine` what an acknowledged decision needs: durable commits, foreign keys, waiting."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        patience.watch_over(engine)
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "do_execute", _plan_anew)


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    waits = f"busy_timeout={int(patience.OTHERS * 1000)}"
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", waits):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: a transaction that read first and then wants to write would otherwise fail at once, not wait.
    only_reads = _reading.get()
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if only_reads else 'OFF'}")
    connection.exec_driver_sql(f"PRAGMA foreign_keys={'OFF' if _rebuilding.get() else 'ON'}")
    if not only_reads:
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101  a transaction begins on an open connection
        driver.execute(f"PRAGMA busy_timeout={int(patience.left() * 1000)}")
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    # psycopg says BEGIN READ ONLY with the first statement, which saves a journey to the server on every page.
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101  a transaction begins on an open connection
    if driver.read_only is not _reading.get():
        driver.read_only = _reading.get()


def _plan_anew(cursor: Any, statement: str, parameters: Any, context: ExecutionContext) -> bool:
    """Send the statement unprepared where it asks for that; True where it is sent, else SQLAlchemy sends it."""
    if not context.execution_options.get(PLANNED_ANEW):
        return False
    cursor.execute(statement, parameters, prepare=False)
    return True


def place_of_server(engine: Engine) -> dict[str, str]:
    """Where PostgreSQL is, in libpq's own words: `host` and `port` are lists with commas where there are several."""
    _none, words = engine.dialect.create_connect_args(engine.url)
    return {name: str(word) for name, word in words.items() if name != "context"}


def unsafe_settings(engine: Engine) -> list[str]:
    """What makes this data base forget an acknowledged commit; empty when it is safe to start."""
    if engine.dialect.name == "sqlite":
        return []
    names = ("fsync", "synchronous_commit", "full_page_writes", "synchronous_standby_names")
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in names}
    is_standby_left_out = bool(found["synchronous_standby_names"]) and found["synchronous_commit"] == "local"
    return [
        f"PostgreSQL runs with {name}={value}"
        for name, value in found.items()
        if value == "off" or (name == "synchronous_commit" and is_standby_left_out)
    ]
