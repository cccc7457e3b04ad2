"""Whatever is not as it was entered is named: row and column of one changed bit, a row removed, put in or moved; with
an exported root also an end that is cut off and a tree made anew.
"""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Integer, LargeBinary, Text, cast, column, delete, func, literal, select, table, text, update

from fundapp import clock
from fundapp.db import Base, db, rebuilding
from fundapp.decisions.announcing import announce
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.record import actions, guards, keys, queries, tree, verifying
from fundapp.record.keys import SignedRoot
from fundapp.record.models import RecordEntry, RecordNode, RecordSalt
from fundapp.record.sealed import FILE_HASH, TABLES
from tests.factories import on_day
from tests.factories.decisions import granted
from tests.factories.people import official

HISTORY = HistoryEntry.__table__


@pytest.fixture
def whole(app_on_both: Flask) -> Iterator[Flask]:
    """A record that is entered, exported, and an hour old; in an app context, and nothing is guarded any more."""
    on_day()
    with app_on_both.app_context(), app_on_both.test_request_context():
        meeting = granted().item.meeting
        announce(meeting, announced_on=clock.today(), kept_at="Kommunhuset", by=official(Role.SECRETARY))
        db.session.commit()
        actions.enter_waiting()
        actions.export()
        db.session.commit()
        with clock.at(clock.now() + timedelta(hours=2)):
            assert verifying.verify().faults == []
            _open_the_database()
            yield app_on_both
        db.session.rollback()


def _open_the_database() -> None:
    """What somebody can do who has the database itself: no trigger, no foreign key, no check stands in the way."""
    guards.take_down(db.session.connection())
    if db.engine.dialect.name == "postgresql":
        db.session.execute(
            text("ALTER DATABASE " + str(db.engine.url.database) + " SET session_replication_role = replica")
        )
        for one in Base.metadata.tables.values():
            for each in one.constraints:
                if each.__visit_name__ == "check_constraint":
                    db.session.execute(text(f'ALTER TABLE "{one.name}" DROP CONSTRAINT "{each.name}"'))
    db.session.commit()
    db.session.close()
    db.engine.dispose()


def _do(statement: Any, values: Any = None) -> None:
    with rebuilding(), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        connection.execute(statement, values)
        connection.commit()
    db.engine.dispose()


def _faults(given: SignedRoot | None = None) -> list[str]:
    return verifying.verify(given, keys.public_key()).faults


def _entry_of(name: str) -> Any:
    found = db.session.execute(select(RecordEntry.number, RecordEntry.row_id).where(RecordEntry.table_name == name))
    row = found.first()
    db.session.rollback()
    return row


# --- one bit ------------------------------------------------------------------------------------------------------


def _turned(value: Any, kind: str) -> Any:
    """The value with one bit turned, in the bytes that SQLite keeps."""
    if value is None:
        return b"x"
    content = bytearray(value)
    while True:
        place = random.randrange(len(content) * 8)  # noqa: S311  which bit is no secret
        content[place // 8] ^= 1 << place % 8
        turned = bytes(content)
        if kind != "integer" or (turned.lstrip(b"-").isdigit() and int(turned) != int(value)):
            return turned
        content = bytearray(value)


def _plain(name: str) -> Any:
    """The table without the models' types, so that a column is read and written as it is kept."""
    return table(name, *[column(each.name) for each in Base.metadata.tables[name].columns])


def _kept(one: Any, where: Any, name: str) -> Any:
    with db.engine.connect() as connection:
        return connection.execute(select(one.c[name]).where(where)).scalar_one()


def _turn_one_bit(one: Any, where: Any, name: str) -> None:
    with db.engine.connect() as connection:
        asked = select(cast(one.c[name], LargeBinary), func.typeof(one.c[name])).where(where)
        value, kind = connection.execute(asked).one()
    types: dict[str, Any] = {"integer": Integer, "blob": LargeBinary}
    turned = cast(literal(_turned(value or None, kind), LargeBinary), types.get(kind, Text))
    _do(update(one).where(where).values({name: turned}))


@contextmanager
def _one_bit_of(one: Any, where: Any, name: str) -> Iterator[list[str]]:
    """What is found while one bit is other than it was; nothing is, afterwards."""
    before = _kept(one, where, name)
    _turn_one_bit(one, where, name)
    yield _faults()
    _do(update(one).where(where).values({name: before}))
    assert _faults() == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in TABLES if name != "record_disposal"])
@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_one_bit_of_any_column_is_found_and_named(whole: Flask, name: str) -> None:
    entry = _entry_of(name)
    if entry is None:
        pytest.fail(f"the ground has no {name}")
    one = _plain(name)
    where = one.c.id == entry.row_id
    for each in TABLES[name].sealed[1:]:
        wanted = {each} if each != TABLES[name].file else {FILE_HASH, each}
        with _one_bit_of(one, where, each) as told:
            assert f"{name} {entry.row_id}: column {each} was changed" in told, each
            assert {line.split("column ")[1].split(" ")[0] for line in told} <= wanted, told


@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_one_bit_of_an_entry_is_found_and_named(whole: Flask) -> None:
    one = _plain("record_entry")
    columns = [(number, name) for number in (0, 5) for name in ("table_name", "entered_at", "salt", "hashes")]
    for number, name in [(0, "row_id"), *columns]:  # entry 0 is the decision: no other has such a key
        with _one_bit_of(one, one.c.number == number, name) as found:
            told = [line for line in found if line.startswith("record_entry ")]
            assert told == [line for line in told if line.startswith(f"record_entry {number}: column ")]
            assert any(f"column {name} was changed" in line for line in told), found


@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_a_changed_hash_of_the_key_is_not_taken_for_a_changed_key(whole: Flask) -> None:
    one = _plain("record_entry")
    with db.engine.connect() as connection:
        hashes = json.loads(connection.execute(select(cast(one.c.hashes, Text)).where(one.c.number == 0)).scalar_one())
    last = "0" if hashes["id"][-1] != "0" else "1"
    changed = json.dumps(hashes | {"id": hashes["id"][:-1] + last})
    _do(update(one).where(one.c.number == 0).values(hashes=cast(literal(changed), Text)))
    assert [line for line in _faults() if line.startswith("record_entry 0")] == [
        "record_entry 0: column hashes was changed (id)"
    ]


@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_one_bit_of_a_node_is_found_and_named(whole: Flask) -> None:
    one = _plain("record_node")
    for level, place in [(0, 0), (0, 3), (1, 1), (2, 0), (3, 0)]:
        with _one_bit_of(one, (one.c.level == level) & (one.c.place == place), "hash") as found:
            assert found == [f"record_node {level}, {place}: column hash was changed"]


@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_one_bit_of_a_salt_is_found_and_named(whole: Flask) -> None:
    one = _plain("record_salt")
    _turn_one_bit(one, one.c.number == 4, "salt")
    assert _faults() == ["record_salt 4: column salt was changed"]


@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_one_bit_of_an_exported_root_is_found_and_named(whole: Flask) -> None:
    one = _plain("record_root")
    for name in ("size", "root", "signed_at", "public_key", "signature"):
        with _one_bit_of(one, one.c.id == 1, name) as found:
            (told,) = found
            assert told.startswith("record_root 1: column ")
            assert name in told


@pytest.mark.parametrize(("sign", "other"), [(" ", "`"), (".", ",")])
@pytest.mark.parametrize("both_engines", ["sqlite"], indirect=True)
def test_an_instant_that_is_written_another_way_is_named(whole: Flask, sign: str, other: str) -> None:
    """A reader of days takes both; each is one turned bit."""
    _do(text(f"UPDATE record_root SET signed_at = replace(signed_at, '{sign}', '{other}') WHERE id = 1"))  # noqa: S608
    assert _faults() == ["record_root 1: column signed_at was changed"]


@pytest.mark.parametrize(
    ("name", "changed", "change"),
    [
        ("history_entry", "who", "who || ' '"),
        ("history_entry", "facts", "'{\"x\": 1}'"),
        ("history_entry", "at", "at + interval '1 microsecond'"),
        ("ledger_entry", "amount", "amount + 1"),
        ("decision", "reasons", "reasons || ' '"),
        ("document", "dated", "dated + 1"),
        ("paper", "content", "jsonb_set(content::jsonb, '{title}', '\"x\"')::json"),
    ],
)
@pytest.mark.parametrize("both_engines", ["postgresql"], indirect=True)
def test_a_changed_value_on_postgresql_is_named_too(whole: Flask, name: str, changed: str, change: str) -> None:
    key = _entry_of(name).row_id
    one = _plain(name)
    _do(update(one).where(one.c.id == key).values({changed: text(change)}))
    assert _faults() == [f"{name} {key}: column {changed} was changed"]


# --- rows ---------------------------------------------------------------------------------------------------------


def test_a_removed_row_is_named(whole: Flask) -> None:
    key = _entry_of("history_entry").row_id
    _do(delete(HISTORY).where(HISTORY.c.id == key))
    assert _faults() == [f"history_entry {key}: the row was removed"]


def test_a_row_that_was_put_in_is_named(whole: Flask) -> None:
    row = dict(db.session.execute(select(HISTORY).limit(1)).mappings().one())
    db.session.rollback()
    for key in (0, 5000):
        _do(HISTORY.insert(), row | {"id": key})
    assert _faults() == [f"history_entry {key}: the row was put in, or is not entered yet" for key in (0, 5000)]


def test_rows_that_changed_places_are_named(whole: Flask) -> None:
    one, two, *_rest = list(db.session.scalars(select(HISTORY.c.id).order_by(HISTORY.c.id)))
    db.session.rollback()
    for old, new in ((one, -1), (two, one), (-1, two)):
        _do(update(HISTORY).where(HISTORY.c.id == old).values(id=new))
    assert _faults() == [
        f"history_entry {one}: the row was moved, what was entered now stands as {two}",
        f"history_entry {two}: the row was moved, what was entered now stands as {one}",
    ]


def test_a_row_under_another_key_is_named(whole: Flask) -> None:
    key = _entry_of("history_entry").row_id
    _do(update(HISTORY).where(HISTORY.c.id == key).values(id=7000))
    assert _faults() == [f"history_entry {key}: the row now stands as 7000"]


def test_a_removed_entry_is_named_with_all_that_hangs_by_it(whole: Flask) -> None:
    _do(delete(RecordEntry.__table__).where(RecordEntry.number == 3))
    assert "record_entry 3: the row was removed" in _faults()


def test_entries_that_changed_places_are_named(whole: Flask) -> None:
    for one in (RecordEntry.__table__, RecordSalt.__table__):
        for old, new in ((2, -1), (6, 2), (-1, 6)):
            _do(update(one).where(one.c.number == old).values(number=new))
    told = _faults()
    assert [line.split(":")[0] for line in told] == ["record_entry 2", "record_entry 6"]


def test_a_removed_salt_and_a_removed_node_are_named(whole: Flask) -> None:
    _do(delete(RecordSalt.__table__).where(RecordSalt.number == 1))
    _do(delete(RecordNode.__table__).where(RecordNode.level == 1, RecordNode.place == 2))
    assert sorted(_faults()) == ["record_node 1, 2: the row was removed", "record_salt 1: the row was removed"]


def test_a_node_over_nothing_is_named(whole: Flask) -> None:
    _do(RecordNode.__table__.insert(), {"level": 0, "place": 9999, "hash": "0" * 64})
    assert _faults() == ["record_node 0, 9999: the row was put in"]


# --- with an exported root ----------------------------------------------------------------------------------------


def _cut_to(size: int) -> None:
    """Remove the end of the record and what it was about, as somebody would who knows how it is made."""
    rows = db.session.execute(
        select(RecordEntry.table_name, RecordEntry.row_id).where(RecordEntry.number >= size)
    ).all()
    db.session.rollback()
    for name, key in rows:
        one = _plain(name)
        _do(delete(one).where(one.c.id == key))
    _do(delete(RecordSalt.__table__).where(RecordSalt.number >= size))
    _do(delete(RecordEntry.__table__).where(RecordEntry.number >= size))
    for level in range(20):
        _do(delete(RecordNode.__table__).where(RecordNode.level == level, RecordNode.place >= size >> level))
    _do(delete(_plain("record_root")))


def test_an_end_that_is_cut_off_is_seen_by_an_exported_root_alone(whole: Flask) -> None:
    signed = queries.signed_root()
    db.session.rollback()
    _cut_to(signed.size - 2)
    assert _faults() == []
    (told,) = _faults(signed)
    assert told.startswith("the exported root: the end of the record is cut off: entries ")


def test_a_record_made_anew_is_seen_by_an_exported_root_alone(whole: Flask) -> None:
    signed = queries.signed_root()
    db.session.rollback()
    key = _entry_of("history_entry").row_id
    _do(update(HISTORY).where(HISTORY.c.id == key).values(who="Någon annan"))
    for name in ("record_root", "record_salt", "record_node", "record_entry"):
        _do(delete(_plain(name)))
    actions.enter_waiting()
    db.session.commit()
    assert tree.size() == signed.size
    db.session.rollback()
    assert _faults() == []
    assert _faults(signed) == [
        f"the exported root: the record was made anew: its first {signed.size} entries are not those that were signed"
    ]


def test_a_record_that_has_grown_goes_on_from_an_older_root(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.app_context(), app_on_both.test_request_context():
        granted()
        db.session.commit()
        first = queries.signed_root()
        actions.enter_waiting()
        assert first.size < tree.size()
        db.session.rollback()
        assert _faults(first) == []


def test_a_root_of_another_key_is_not_believed(whole: Flask) -> None:
    signed = queries.signed_root()
    db.session.rollback()
    assert verifying.verify(signed, "A" * 43 + "=").faults == [
        "the exported root: it is signed by another key than the one that is trusted"
    ]
