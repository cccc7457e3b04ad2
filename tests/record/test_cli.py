"""The commands of the record, as an operator types them; and that backup and restore keep it."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from fundapp import backup
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from fundapp.record import actions, guards, verifying
from fundapp.record.cli import record
from tests.factories import on_day
from tests.factories.decisions import granted


@pytest.fixture
def filled(app_on_both: Flask) -> Flask:
    """The app with a granted case, entered."""
    on_day()
    with app_on_both.test_request_context():
        granted()
        db.session.commit()
        actions.enter_waiting()
    return app_on_both


def _run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(record, [str(word) for word in words])


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def _change(app: Flask, statement: str) -> None:
    with app.app_context():
        guards.take_down(db.session.connection())
        db.session.execute(text(statement))
        guards.put_up(db.session.connection())
        db.session.commit()


def test_an_exported_root_verifies_and_a_changed_row_is_named_with_exit_code_1(filled: Flask, tmp_path: Path) -> None:
    written = _run(filled, "export", tmp_path / "kept")
    assert written.exit_code == 0, written.output
    (root,) = (tmp_path / "kept").iterdir()
    public = _run(filled, "public-key").output.strip()
    whole = _run(filled, "verify", "--root", root, "--public-key", public)
    assert whole.exit_code == 0, whole.output
    assert whole.output.endswith(f"the record is whole, and goes on from {root}\n")
    _change(filled, "UPDATE ledger_entry SET amount = amount + 1 WHERE id = (SELECT max(id) FROM ledger_entry)")
    found = _run(filled, "verify", "--root", root)
    assert found.exit_code == 1
    (fault,) = [line for line in found.output.splitlines() if line.startswith("fault: ")]
    assert fault.startswith("fault: ledger_entry ")
    assert fault.endswith(": column amount was changed")


def test_a_missing_trigger_is_a_fault_and_guard_makes_it(filled: Flask) -> None:
    with filled.app_context():
        guards.take_down(db.session.connection())
        db.session.commit()
    found = _run(filled, "verify")
    assert found.exit_code == 1
    assert "fault: trigger record_record_entry_update is missing" in found.output
    assert _run(filled, "guard").exit_code == 0
    assert _run(filled, "verify").exit_code == 0


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"size": "x"}', "\udcff"])
def test_a_file_that_is_no_root_is_told(app: Flask, tmp_path: Path, content: str) -> None:
    path = tmp_path / "root.json"
    path.write_bytes(content.encode(errors="surrogateescape"))
    found = _run(app, "verify", "--root", path)
    assert found.exit_code == 1
    assert "cannot be read as an exported root" in found.output


def test_a_key_is_32_bytes_and_another_each_time(app: Flask) -> None:
    first, second = (_run(app, "key").output.strip() for _each in range(2))
    assert len(base64.b64decode(first)) == 32
    assert first != second


def test_a_key_that_is_named_signs(settings: Settings, app: Flask) -> None:
    key = _run(app, "key").output.strip()
    other = create_app(replace(settings, record_key=key))
    assert _run(other, "public-key").output != _run(app, "public-key").output
    assert _run(other, "public-key").output == _run(other, "public-key").output
    with other.app_context():
        db.engine.dispose()


def test_grants_are_printed_for_a_role_and_not_for_anything_else(app: Flask) -> None:
    found = _run(app, "grants", "fundapp")
    assert "REVOKE UPDATE, TRUNCATE ON record_entry, " in found.output
    assert found.output.count(";\n") == 4
    assert _run(app, "grants", "x; DROP TABLE paper").exit_code == 1


def test_what_is_restored_from_a_backup_is_whole_and_guarded(
    filled: Flask, settings: Settings, empty_database_url: str, tmp_path: Path
) -> None:
    with filled.app_context():
        signed = actions.export(tmp_path / "kept")
        db.session.commit()
        backup.back_up(tmp_path / "backup.tar", quiet)
    folder = tmp_path / "elsewhere"
    there = create_app(replace(settings, database_url=empty_database_url, instance=folder, files=folder / "files"))
    with there.app_context():
        backup.restore(tmp_path / "backup.tar", quiet)
        assert guards.missing(db.session.connection()) == []
        db.session.rollback()
        assert verifying.verify().faults == []
    key = _run(filled, "public-key").output.strip()
    found = _run(there, "verify", "--root", signed, "--public-key", key)
    assert found.exit_code == 0, found.output
    with there.app_context():
        db.engine.dispose()
