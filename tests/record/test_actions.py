"""Entering: everything, once, without a gap, in whatever order transactions are committed."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from fundapp import clock, jobs
from fundapp.db import Base, WrittenOnce, db
from fundapp.decisions.models import Decision
from fundapp.funds.models import LedgerEntry
from fundapp.history.actions import record
from fundapp.history.models import HistoryEntry
from fundapp.record import actions, keys, queries, tree, verifying
from fundapp.record.models import RecordDisposal, RecordEntry, RecordNode, RecordRoot, RecordSalt
from fundapp.record.sealed import TABLES
from tests.factories import on_day
from tests.factories.decisions import granted, recorded
from tests.factories.people import applicant


@pytest.fixture
def filled(app_on_both: Flask) -> Iterator[Flask]:
    """The app with a granted case, nothing but its decision entered yet; in an app context of its own."""
    on_day()
    with app_on_both.app_context(), app_on_both.test_request_context():
        granted()
        db.session.commit()
        yield app_on_both
        db.session.rollback()


def _numbers() -> list[int]:
    return list(db.session.scalars(select(RecordEntry.number).order_by(RecordEntry.number)))


def test_a_final_decision_is_entered_in_the_transaction_that_makes_it_final(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        granted()
        (entry,) = db.session.scalars(select(RecordEntry))
        assert (entry.number, entry.table_name) == (0, "decision")
        db.session.rollback()
        assert _numbers() == []
        recorded()
        db.session.commit()
        actions.enter_waiting()
        assert "decision" not in set(db.session.scalars(select(RecordEntry.table_name)))


def test_the_job_enters_every_sealed_row_once_and_leaves_no_gap(filled: Flask) -> None:
    entered = actions.enter_waiting()
    assert entered > 10
    assert actions.enter_waiting() == 0
    assert _numbers() == list(range(entered + 1))
    for name in TABLES:
        rows = db.session.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
        entries = select(func.count()).where(RecordEntry.table_name == name)
        assert db.session.scalar(entries) == rows, name
    assert {"history_entry", "ledger_entry", "document", "submission", "paper"} <= set(
        db.session.scalars(select(RecordEntry.table_name))
    )
    assert verifying.verify().faults == []


def test_an_entry_holds_no_text_that_anybody_wrote(filled: Flask) -> None:
    actions.enter_waiting()
    rows = db.session.execute(text("SELECT number, table_name, row_id, salt, hashes FROM record_entry"))
    kept = json.dumps([[str(value) for value in row] for row in rows], ensure_ascii=False)
    for typed in ("Amina", "Språkkafé", "exempel.example", "KS 2017"):
        assert typed not in kept
    for entry in db.session.scalars(select(RecordEntry)):
        assert all(len(hashed) == 64 and int(hashed, 16) for hashed in entry.hashes.values())


def test_what_is_committed_late_is_entered_the_next_time(app_on_both: Flask) -> None:
    """A transaction takes its key first and is committed last: the one after it is entered before."""
    if app_on_both.config["SQLALCHEMY_ENGINES"]["default"]["url"].startswith("sqlite"):
        return  # one writer: there is no such order
    on_day()
    with app_on_both.test_request_context():
        person = applicant()
        db.session.commit()
        slow = db.engine.connect()
        held = slow.begin()
        row = {"at": clock.now(), "who": "x", "subject": "account", "subject_id": 1, "thread": "t", "event": "late"}
        slow.execute(Base.metadata.tables["history_entry"].insert(), {**row, "facts": {}})
        late = slow.scalar(select(func.max(HistoryEntry.id)))
        record(person, "early", by=None)
        db.session.commit()
        actions.enter_waiting()
        entered = set(db.session.scalars(select(RecordEntry.row_id).where(RecordEntry.table_name == "history_entry")))
        assert late not in entered
        assert max(entered) > (late or 0)
        held.commit()
        slow.close()
        assert actions.enter_waiting() == 1
        assert verifying.verify().faults == []


def test_a_row_that_is_put_in_before_old_ones_is_never_entered(filled: Flask) -> None:
    actions.enter_waiting()
    db.session.commit()
    later = clock.now() + timedelta(hours=2)
    with clock.at(later):
        forged = {"at": later, "who": "x", "subject": "y", "subject_id": 1, "thread": "t", "event": "e", "facts": {}}
        db.session.execute(Base.metadata.tables["history_entry"].insert(), {**forged, "id": 0})
        db.session.commit()
        assert actions.enter_waiting() == 0
    with clock.at(later + timedelta(hours=1)):
        assert [fault for fault in verifying.verify().faults if fault.startswith("history_entry 0:")]


def test_many_who_enter_at_once_give_every_row_one_number(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        person = applicant()
        for number in range(40):
            record(person, f"event {number}", by=None)
        db.session.commit()
        rows = db.session.scalar(select(func.count()).select_from(HistoryEntry))
    faults: list[BaseException] = []

    def enter() -> None:
        try:
            with app_on_both.app_context():
                actions.enter_waiting()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=enter) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    with app_on_both.app_context():
        assert _numbers() == list(range(tree.size()))
        of_history = select(func.count()).where(RecordEntry.table_name == "history_entry")
        assert db.session.scalar(of_history) == rows
        assert verifying.verify().faults == []


def test_some_at_a_time_make_the_same_tree(filled: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 3)
    actions.enter_waiting()
    found = verifying.verify()
    assert found.faults == []
    assert found.root == queries.signed_root().root
    assert found.size == queries.signed_root().size == tree.size()


def test_the_job_is_done_every_minute_and_the_root_exported_every_day(filled: Flask, tmp_path: Path) -> None:
    due = {task.name: task for task in jobs.TASKS}
    assert due["enter_record"].due == "* * * * *"
    due["enter_record"].run()
    assert tree.size() > 10
    for _again in range(2):
        due["export_record"].run()
        db.session.commit()
    (path,) = (tmp_path / "instance" / "record").iterdir()
    exported = keys.read_root(path.read_text())
    assert exported.is_genuine
    assert (exported.size, exported.root) == (tree.size(), tree.root(tree.size()).hex())
    (kept,) = db.session.scalars(select(RecordRoot))
    assert kept.signature == exported.signature


def test_a_signed_root_that_is_changed_is_not_genuine(filled: Flask) -> None:
    signed = queries.signed_root()
    assert signed.is_genuine
    for name, value in (
        ("size", signed.size + 1),
        ("root", "0" * 64),
        ("signed_at", signed.signed_at + timedelta(microseconds=1)),
        ("public_key", keys.public_key()[:-2] + chr(ord(keys.public_key()[-2]) ^ 1) + "="),
        ("signature", "A" * 86 + "=="),
    ):
        assert not type(signed)(**(vars(signed) | {name: value})).is_genuine, name


def test_growing_reads_and_writes_no_more_for_many_entries_than_for_few(filled: Flask) -> None:
    """The nodes that are asked for are the right edge alone."""
    actions.enter_waiting()
    size = tree.size()
    nodes = db.session.scalar(select(func.count()).select_from(RecordNode))
    assert nodes == sum(size >> level for level in range(size.bit_length()))


def test_what_is_disposed_of_leaves_a_record_that_is_whole(filled: Flask) -> None:
    actions.enter_waiting()
    before = queries.signed_root()
    row = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).first()
    assert row is not None
    key, who = row.id, row.who
    db.session.expunge_all()
    assert actions.dispose("history_entry", [key], authority="Kommunstyrelsen 2027-01-11 § 4", by=None) == 1
    db.session.commit()
    assert db.session.get(HistoryEntry, key) is None
    number = db.session.scalar(select(RecordDisposal.number))
    assert db.session.get(RecordSalt, number) is None
    found = verifying.verify(before)
    assert (found.faults, found.disposed) == ([], 1)
    assert who not in json.dumps([str(entry.hashes) for entry in db.session.scalars(select(RecordEntry))])


def test_a_row_that_was_never_entered_is_not_disposed_of(filled: Flask) -> None:
    with pytest.raises(LookupError):
        actions.dispose("history_entry", [1], authority="x", by=None)


def test_a_row_of_the_record_is_written_once_in_the_models_too(filled: Flask) -> None:
    for model in (RecordEntry, RecordNode):
        row: Any = db.session.scalars(select(model)).first()
        db.session.delete(row)
        with pytest.raises(WrittenOnce):
            db.session.flush()
        db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Decision)) == 1
    assert db.session.scalar(select(func.count()).select_from(LedgerEntry))
