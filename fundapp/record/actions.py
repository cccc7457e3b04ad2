"""Enter rows in the record, export its signed root, and mark what is lawfully disposed of.

Entries are numbered under one lock, which is held until the transaction ends: no number is given twice and none is left
out. Rows are looked for and not handed over, so that what another transaction commits late is found the next time.
"""

import logging
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, literal, select

from fundapp import clock
from fundapp.config import settings
from fundapp.db import Base, db, reading
from fundapp.record import keys, rules, sealed, tree
from fundapp.record.keys import SignedRoot
from fundapp.record.models import RecordDisposal, RecordEntry, RecordNode, RecordRoot, RecordSalt
from fundapp.record.sealed import TABLES, SealedRow, SealedTable

AT_ONCE = 500  # rows in one transaction, so that others are not kept waiting
# A row is committed within this time after it got its key. One that comes later stands before rows that were entered
# long ago: it is not entered, and `verify` names it.
LATEST = timedelta(hours=1)
_LOCK = 7_206_962_9162

log = logging.getLogger(__name__)


def enter_decisions(decisions: Sequence[Any]) -> None:
    """Enter decisions that become final, in the running transaction, which makes them so."""
    if not decisions:
        return
    db.session.flush()
    _hold()
    one = TABLES["decision"]
    asked, source = sealed.reading_of(one, one.sealed)
    is_meant = source.c.id.in_([each.id for each in decisions]) & source.c.final_at.is_not(None)
    _append([sealed.sealed_row(one, row) for row in db.session.execute(asked.where(is_meant).order_by(source.c.id))])


def enter_waiting() -> int:
    """Enter every row that is not entered yet, some at a time, each time committed; gives how many."""
    entered = 0
    while _is_any_waiting():
        _hold()
        found = _waiting()
        _append(found)
        db.session.commit()
        entered += len(found)
        if not found:
            break
    return entered


def waiting_of(one: SealedTable) -> Select[Any]:
    """Reads the rows of a table that wait to be entered, in the order in which they came."""
    asked, source = sealed.reading_of(one, one.sealed)
    is_entered = exists().where(RecordEntry.table_name == one.name, RecordEntry.row_id == source.c.id)
    asked = asked.where(~is_entered).order_by(source.c.id)
    if one.when:
        return asked.where(source.c[one.when].is_not(None))
    return asked.where(source.c.id > func.coalesce(long_entered(one).scalar_subquery(), literal(-1)))


def long_entered(one: SealedTable) -> Select[Any]:
    """The last key that was entered more than an hour ago: nothing below it waits any more."""
    return (
        select(RecordEntry.row_id)
        .where(RecordEntry.table_name == one.name, RecordEntry.entered_at < clock.now() - LATEST)
        .order_by(RecordEntry.row_id.desc())
        .limit(1)
    )


def _is_any_waiting() -> bool:
    """Asked without a lock: mostly there is nothing."""
    db.session.commit()
    with reading():
        found = any(db.session.execute(waiting_of(one).limit(1)).first() for one in TABLES.values())
        db.session.rollback()
    return found


def _waiting() -> list[SealedRow]:
    found: list[SealedRow] = []
    for one in TABLES.values():
        rows = db.session.execute(waiting_of(one).limit(AT_ONCE - len(found)))
        found += [sealed.sealed_row(one, row) for row in rows]
        if len(found) == AT_ONCE:
            break
    return found


def _hold() -> None:
    """Whoever numbers entries waits for whoever did; SQLite has one writer anyhow."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _append(rows: Iterable[SealedRow]) -> None:
    """Number the rows and let the tree grow. The caller holds the tree, and commits."""
    size, now = tree.size(), clock.now()
    entries, salts, leaves = [], [], []
    for number, row in enumerate(rows, size):
        salt = secrets.token_bytes(32)
        hashes = {name: rules.column_hash(salt, name, value) for name, value in row.values.items()}
        of_salt = rules.salt_hash(salt)
        at = sealed.as_instant(now)
        leaves.append(rules.leaf_hash(rules.entry_content(number, row.table_name, row.row_id, at, of_salt, hashes)))
        salts.append({"number": number, "salt": salt})
        entries.append({
            "number": number, "table_name": row.table_name, "row_id": row.row_id,
            "entered_at": now, "salt": of_salt, "hashes": hashes,
        })  # fmt: skip
    if not entries:
        return
    grown = rules.grown(size, tree.kept(rules.ranges(0, size)), leaves)
    nodes = [{"level": level, "place": place, "hash": hashed.hex()} for (level, place), hashed in grown.items()]
    for table, found in ((RecordEntry, entries), (RecordSalt, salts), (RecordNode, nodes)):
        db.session.execute(Base.metadata.tables[table.__tablename__].insert(), found)


def dispose(table_name: str, row_ids: Sequence[int], *, authority: str, by: Any) -> int:
    """Take rows away that a disposal decision (`authority`) lets go, with their salts; what was entered stays.

    `by` is None for a job. Gives how many. Errors: LookupError where one was never entered; the database's own where
    something else still points to a row.
    """
    _hold()
    found = select(RecordEntry.number).where(RecordEntry.table_name == table_name, RecordEntry.row_id.in_(row_ids))
    numbers = list(db.session.scalars(found))
    if len(numbers) != len(set(row_ids)):
        raise LookupError(f"a row of {table_name} was never entered in the record")
    marks = [
        RecordDisposal(
            number=number, authority=authority, disposed_at=clock.now(), disposed_by_id=by.id if by else None
        )
        for number in numbers
    ]
    db.session.add_all(marks)
    db.session.flush()
    one = TABLES["record_disposal"]
    asked, source = sealed.reading_of(one, one.sealed)
    rows = db.session.execute(asked.where(source.c.id.in_([mark.id for mark in marks])).order_by(source.c.id))
    _append([sealed.sealed_row(one, row) for row in rows])
    db.session.execute(delete(RecordSalt).where(RecordSalt.number.in_(numbers)))
    its_table = Base.metadata.tables[table_name]
    key: ColumnElement[Any] = its_table.c.id
    db.session.execute(its_table.delete().where(key.in_(row_ids)))
    return len(numbers)


def export(folder: Path | None = None) -> Path:
    """Sign the root of now and put it into a folder, as a new file; keeps a row of it. The caller commits.

    Errors: keys.NoKey, OSError.
    """
    entries = tree.size()
    signed = keys.sign(entries, tree.root(entries).hex(), clock.now())
    path = _written(signed, folder or settings().record_folder or settings().instance / "record")
    db.session.add(
        RecordRoot(
            size=signed.size,
            root=signed.root,
            signed_at=signed.signed_at,
            public_key=signed.public_key,
            signature=signed.signature,
        )
    )
    return path


def export_daily() -> None:
    """What the job does: enter what waits, and export the root, once a day."""
    enter_waiting()
    last = db.session.scalar(select(func.max(RecordRoot.signed_at)))
    if last is not None and clock.local_day(last) == clock.today():
        return
    path = export()
    log.info("the record's root: %s", path.name)


def enter() -> None:
    """What the job does every minute."""
    entered = enter_waiting()
    if entered:
        log.info("the record: %d entries", entered)


def _written(signed: SignedRoot, folder: Path) -> Path:
    """The file gets its name only when it is whole and on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"record-root-{signed.signed_at:%Y%m%dT%H%M%S.%fZ}-{signed.size}.json"
    part = path.with_name(path.name + ".part")
    with part.open("w") as file:
        file.write(signed.as_json() + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return path
