"""Hold every row against its entry, the entries against the tree, and the tree against signed roots.

Whatever is not as it was entered is named: the table, the key, the column.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, inspect, select

from fundapp import clock, manifest
from fundapp.record import rules, sealed
from fundapp.record.keys import SignedRoot
from fundapp.record.models import RecordEntry
from fundapp.record.sealed import TABLES, SealedRow, SealedTable
from fundapp.record.walking import DISPOSAL, SALT, Entry, Walk, by_number, entries_between, walk

SOON = timedelta(minutes=10)  # a row that is younger than this has perhaps not been entered yet
_SHOWN = 1000  # faults of one kind


@dataclass
class Findings:
    """`faults`: what is not as it was entered, a line each. `waiting`: rows that are too young to be missed."""

    size: int = 0
    root: str = ""
    faults: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    disposed: int = 0


@dataclass(frozen=True)
class _Stray:
    """A row that is not the one that was entered under its key: `salt` of that entry, None where there is none."""

    entry: Entry | None
    salt: bytes | None
    row: SealedRow | None
    columns: tuple[str, ...] = ()


def verify(given: SignedRoot | None = None, trusted: str | None = None) -> Findings:
    """Look through all of the record; `given`: an exported root, `trusted`: the public key that signs (base64)."""
    found = Findings()
    with _as_kept() as connection:
        signed = _exported(connection)
        wanted = frozenset(each.size for _row, each in signed if each) | ({given.size} if given else set())
        path, strays = Walk(wanted), []
        columns = {one.name: _columns_of(connection, one) for one in TABLES.values()}
        for entries in walk(connection, path):
            for group in _by_table(entries):
                strays += list(_strays(connection, group, columns, found))
        unknown = list(_not_entered(connection, columns, path.size, found))
    found.size = path.size
    found.root = _root_of(path)
    found.faults += path.faults + list(_told(strays, unknown))
    found.faults += _wrong_roots(signed, path, trusted)
    if given is not None:
        found.faults += _against(given, path, trusted)
    return found


@contextmanager
def _as_kept() -> Iterator[Connection]:
    """One moment of the database, in which a text that is none is read all the same."""
    with manifest.one_moment() as connection:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name != "sqlite":
            yield connection
            return
        driver.text_factory = lambda content: content.decode(errors="surrogateescape")
        try:
            yield connection
        finally:
            driver.text_factory = str


def _root_of(path: Walk) -> str:
    known = path.edge
    return rules.root_of(lambda level, place: known[level, place], path.size).hex()


# --- rows --------------------------------------------------------------------------------------------------------


def _columns_of(connection: Connection, one: SealedTable) -> set[str]:
    return {each["name"] for each in inspect(connection).get_columns(one.name)}


def _by_table(entries: list[Entry]) -> list[list[Entry]]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.table_name, []).append(entry)
    return list(groups.values())


def _strays(
    connection: Connection, entries: list[Entry], columns: dict[str, set[str]], found: Findings
) -> Iterator[_Stray]:
    """What does not agree among entries of one table, their salts and their rows."""
    one = TABLES.get(entries[0].table_name)
    if one is None:
        found.faults += [f"record_entry {entry.number}: column table_name was changed" for entry in entries]
        return
    numbers = [entry.number for entry in entries]
    salts, disposed = by_number(connection, SALT, numbers), by_number(connection, DISPOSAL, numbers)
    rows = _rows(connection, one, entries, columns[one.name])
    for entry in entries:
        row = rows.get(entry.row_id)
        if entry.number in disposed:
            found.disposed += 1
            if row is not None or entry.number in salts:
                found.faults.append(f"{one.name} {entry.row_id}: it is disposed of, and still here")
            continue
        stray = _compared(entry, salts.get(entry.number), row, found)
        if stray is not None:
            yield stray


def _rows(connection: Connection, one: SealedTable, entries: list[Entry], known: set[str]) -> dict[Any, SealedRow]:
    names = sorted({name for entry in entries for name in entry.hashes if name in known} | {"id"})
    asked, source = sealed.reading_of(one, names)
    keys = [entry.row_id for entry in entries if isinstance(entry.row_id, int)]
    rows = connection.execute(asked.where(source.c.id.in_(keys)))
    return {row._mapping["id"]: sealed.sealed_row(one, row) for row in rows}


def _compared(entry: Entry, kept: Any, row: SealedRow | None, found: Findings) -> _Stray | None:
    """One entry against its salt and its row. What cannot be blamed on the row is told at once."""
    if kept is None:
        found.faults.append(f"record_salt {entry.number}: the row was removed")
        return None if row is not None else _Stray(entry, None, None)
    salt = bytes(kept.salt) if isinstance(kept.salt, bytes | memoryview) else str(kept.salt).encode(errors="replace")
    is_salt_right = rules.salt_hash(salt) == entry.salt
    differing = _differing(entry, salt, row) if row is not None else ()
    if not entry.is_whole:
        found.faults.append(f"record_entry {entry.number}: {_changed_of(entry, is_salt_right, row, differing)}")
        return None
    if not is_salt_right:
        found.faults.append(f"record_salt {entry.number}: column salt was changed")
        return None
    return None if row is not None and not differing else _Stray(entry, salt, row, differing)


def _differing(entry: Entry, salt: bytes, row: SealedRow) -> tuple[str, ...]:
    return tuple(
        name
        for name, hashed in entry.hashes.items()
        if name not in row.values or rules.column_hash(salt, name, row.values[name]) != hashed
    )


def _changed_of(entry: Entry, is_salt_right: bool, row: SealedRow | None, differing: Sequence[str]) -> str:
    """Which column of an entry that is not whole was changed, as far as the row and the salt can tell."""
    if not is_salt_right:
        return "column salt was changed"
    # Another row differs in more than its key; where the key alone differs, it is the key's hash that was changed.
    if row is None or ("id" in differing and len(differing) > 1):
        return "column row_id was changed" if entry.hashes else "column hashes was changed"
    if differing or not entry.hashes:
        return f"column hashes was changed ({', '.join(differing)})"
    return "column entered_at was changed, or it stands in another's place"


# --- rows that nobody entered ------------------------------------------------------------------------------------


def _not_entered(connection: Connection, columns: dict[str, set[str]], size: int, found: Findings) -> Iterator[_Stray]:
    """Rows without an entry: those that are too old to wait for theirs."""
    for one in TABLES.values():
        asked, source = sealed.reading_of(one, [name for name in one.sealed if name in columns[one.name]])
        is_entered = select(RecordEntry.number).where(
            RecordEntry.table_name == one.name, RecordEntry.row_id == source.c.id
        )
        asked = asked.where(~is_entered.exists()).order_by(source.c.id)
        if one.when:
            asked = asked.where(source.c[one.when].is_not(None))
        for row in connection.execute(asked):
            each = sealed.sealed_row(one, row)
            if size == 0 or _is_young(each.values.get(one.at)):
                found.waiting.append(f"{one.name} {each.row_id}")
            else:
                yield _Stray(None, None, each)


def _is_young(at: bytes | None) -> bool:
    try:
        came = datetime.fromisoformat((at or b"").decode()).replace(tzinfo=UTC)
    except ValueError:
        return False
    return came > clock.now() - SOON


def _told(strays: list[_Stray], unknown: list[_Stray]) -> Iterator[str]:
    """A line for each row: changed, removed, put in, or standing in another's place."""
    moved = _moved(strays, unknown)
    for each in strays:
        if each.entry is None:
            continue
        name = f"{each.entry.table_name} {each.entry.row_id}"
        if each.row is None:
            at = moved.get((each.entry.table_name, each.entry.row_id))
            yield f"{name}: the row was removed" if at is None else f"{name}: the row now stands as {at}"
        elif (at := moved.get((each.entry.table_name, each.entry.row_id))) is not None:
            yield f"{name}: the row was moved, what was entered now stands as {at}"
        else:
            yield from (f"{name}: column {column} was changed" for column in each.columns)
    taken = {(table_name, at) for (table_name, _row_id), at in moved.items()}
    for each in unknown:
        if each.row is not None and (each.row.table_name, each.row.row_id) not in taken:
            yield f"{each.row.table_name} {each.row.row_id}: the row was put in, or is not entered yet"


def _moved(strays: list[_Stray], unknown: list[_Stray]) -> dict[tuple[str, Any], int]:
    """Where what was entered as (table, key) stands now, where it stands under another key."""
    found: dict[tuple[str, Any], int] = {}
    rows: dict[str, list[SealedRow]] = {}
    for each in (*strays, *unknown)[:_SHOWN]:
        if each.row is not None:
            rows.setdefault(each.row.table_name, []).append(each.row)
    for each in strays[:_SHOWN]:
        if each.entry is None or each.salt is None or (each.row is not None and len(each.columns) < 2):
            continue
        for row in rows.get(each.entry.table_name, []):
            if row.row_id != each.entry.row_id and set(_differing(each.entry, each.salt, row)) <= {"id"}:
                found[each.entry.table_name, each.entry.row_id] = row.row_id
    return found


# --- signed roots ------------------------------------------------------------------------------------------------


def _exported(connection: Connection) -> list[tuple[int, SignedRoot | None]]:
    """The rows of exported roots; None where one cannot be read."""
    found: list[tuple[int, SignedRoot | None]] = []
    for row in connection.exec_driver_sql("SELECT * FROM record_root ORDER BY id").mappings():
        try:
            at = _instant(sealed.as_bytes(row["signed_at"]).decode())  # type: ignore[union-attr]  # never null
            read = SignedRoot(int(row["size"]), str(row["root"]), at, str(row["public_key"]), str(row["signature"]))
        except ValueError:
            found.append((row["id"], None))
        else:
            found.append((row["id"], read))
    return found


def _instant(text: str) -> datetime:
    """The instant, as it is written and in no other way: a reader takes any sign between the day and the time, and a
    comma for the point, so that a changed bit there would pass. Errors: ValueError.
    """
    at = datetime.fromisoformat(text)
    if text not in {at.isoformat(sign, exact) for sign in " T" for exact in ("auto", "microseconds")}:
        raise ValueError(text)
    return at.replace(tzinfo=UTC)


def _wrong_roots(signed: list[tuple[int, SignedRoot | None]], path: Walk, trusted: str | None) -> Iterator[str]:
    for key, each in signed:
        if each is None:
            yield f"record_root {key}: column signed_at was changed"
        elif not each.is_genuine:
            yield f"record_root {key}: column {_changed_in(each, path, trusted)} was changed"
        elif path.roots.get(each.size, b"").hex() != each.root:
            yield _other_tree(f"record_root {key}", each, path)


def _changed_in(each: SignedRoot, path: Walk, trusted: str | None) -> str:
    if path.roots.get(each.size, b"").hex() != each.root:
        at = {size for size, root in path.roots.items() if root.hex() == each.root}
        return "size" if at or replace(each, size=path.size).is_genuine else "root"
    if trusted and each.public_key != trusted and replace(each, public_key=trusted).is_genuine:
        return "public_key"
    return "signed_at or signature"


def _against(given: SignedRoot, path: Walk, trusted: str | None) -> Iterator[str]:
    """What the exported root says against the record as it is."""
    if not given.is_genuine:
        yield "the exported root: its signature is not that of the key that it names"
    elif trusted is not None and given.public_key != trusted:
        yield "the exported root: it is signed by another key than the one that is trusted"
    elif path.roots.get(given.size, b"").hex() != given.root:
        yield _other_tree("the exported root", given, path)


def _other_tree(name: str, each: SignedRoot, path: Walk) -> str:
    if each.size > path.size:
        lost = f"entries {path.size} to {each.size - 1}" if each.size - 1 > path.size else f"entry {path.size}"
        return f"{name}: the end of the record is cut off: {lost} of {each.signed_at:%Y-%m-%d} are gone"
    return f"{name}: the record was made anew: its first {each.size} entries are not those that were signed"


# --- one entry ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """An entry against its row as it is now. `is_here`: the row is; `is_disposed`: lawfully not."""

    entry: Entry
    changed: frozenset[str]
    is_here: bool
    is_disposed: bool


def look_at(number: int) -> Seen | None:
    """Errors: none; an entry about a table that is not known has every column changed."""
    with _as_kept() as connection:
        entry = next(entries_between(connection, number, number + 1), None)
        if entry is None:
            return None
        is_disposed = bool(by_number(connection, DISPOSAL, [number]))
        one, kept = TABLES.get(entry.table_name), by_number(connection, SALT, [number]).get(number)
        row = _rows(connection, one, [entry], _columns_of(connection, one)).get(entry.row_id) if one else None
    if row is None or kept is None:
        return Seen(entry, frozenset(entry.hashes) if kept is None else frozenset(), row is not None, is_disposed)
    return Seen(entry, frozenset(_differing(entry, bytes(kept.salt), row)), True, is_disposed)
