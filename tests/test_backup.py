"""Backup, restore elsewhere, verify: on both engines; and what is damaged on the way is found."""

import io
import json
import os
import resource
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, text

from fundapp import archive, backup, backup_cli, clock, manifest, store
from fundapp.app import create_app
from fundapp.archive import BackupFailed
from fundapp.config import Settings
from fundapp.db import Base, db
from fundapp.files import StoredFile
from tests.factories import on_day
from tests.factories.applications import PDF
from tests.factories.decisions import granted
from tests.factories.people import applicant
from tests.ground.databases import settings_for
from tests.ground.postgres import on_server
from tests.ground.s3 import on_s3

Run = Callable[..., Result]


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture
def key(tmp_path: Path) -> tuple[str, Path]:
    """A public key, and the file of its private key."""
    file = tmp_path / "backup-key"
    return archive.new_identity(file), file


@pytest.fixture
def settings(tmp_path: Path, database_url: str, key: tuple[str, Path]) -> Settings:
    """Settings under which a backup is encrypted, and can be read again here."""
    return replace(settings_for(tmp_path, database_url), backup_recipients=key[0], backup_identity=key[1])


@pytest.fixture
def filled(app: Flask) -> Flask:
    """The app with a case from application to decision, and its attachments."""
    on_day()
    with app.app_context(), app.test_request_context():
        granted(by=applicant(email="jag@exempel.example"))
        db.session.commit()
    return app


@pytest.fixture
def elsewhere(filled: Flask, settings: Settings, empty_database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An app on another, empty database and another, empty folder."""
    instance = tmp_path / "elsewhere"
    there = replace(settings, database_url=empty_database_url, instance=instance, files=instance / "files")
    app = create_app(there)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def written(filled: Flask, tmp_path: Path) -> Path:
    """A backup of the filled app."""
    path = tmp_path / "fundapp.tar.age"
    with filled.app_context():
        _found, faults = backup.back_up(path, quiet)
    assert faults == []
    return path


def _keys(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(StoredFile.key)))


def _run(app: Flask, name: str, *words: object) -> Result:
    return app.test_cli_runner().invoke(getattr(backup_cli, name), [str(word) for word in words])


# --- the rehearsal ------------------------------------------------------------------------------------------------


def test_a_backup_restored_elsewhere_is_the_same(
    both_engines: str, filled: Flask, written: Path, elsewhere: Flask
) -> None:
    with filled.app_context():
        before, faults = manifest.of_everything(quiet)
    assert faults == []
    assert before["tables"]["decision"]["rows"] == 1
    assert len(before["files"]) == len(_keys(filled)) > 0
    with elsewhere.app_context():
        backup.restore(written, quiet)
        after, faults = manifest.of_everything(quiet)
    assert faults == []
    assert manifest.differences(before, after) == []
    assert after["migration"] == before["migration"]
    with elsewhere.test_client() as client:
        assert client.get("/healthz").status_code == 200
        assert "Språkkafé vid älven" in client.get("/sv/funded-projects").text
    with elsewhere.app_context():  # and it can be written on: the next row gets a new number
        db.session.add(StoredFile(key="x", name="x", media_type="x", size=1, sha256="x", stored_at=clock.now()))
        db.session.commit()


def test_the_commands_rehearse_it_too(both_engines: str, filled: Flask, elsewhere: Flask, tmp_path: Path) -> None:
    done = _run(filled, "backup", tmp_path)
    assert done.exit_code == 0, done.output
    (path,) = tmp_path.glob("fundapp-2*.tar.age")
    assert f"written: {path}" in done.output
    assert "tables: " in done.stderr
    assert "files: " in done.stderr
    assert _run(elsewhere, "restore", "--only-read", path).exit_code == 0
    assert _run(filled, "verify", "--write", tmp_path / "before.json").exit_code == 0
    assert _run(elsewhere, "restore", path).exit_code == 0
    for earlier in (tmp_path / "before.json", path):
        same = _run(elsewhere, "verify", "--against", earlier)
        assert same.exit_code == 0, same.output
        assert f"the same as in {earlier}" in same.output


def test_a_backup_is_made_while_people_work_and_holds_one_moment(
    both_engines: str, filled: Flask, tmp_path: Path, elsewhere: Flask
) -> None:
    path = tmp_path / "busy.tar.age"
    before = len(_keys(filled))

    def write() -> None:
        with filled.app_context():
            db.session.execute(text("UPDATE organisation SET name = 'Ändrad under tiden'"))
            db.session.commit()

    def write_between(what: str, done: int, _total: int) -> None:
        if (what, done) == ("tables", 1):  # the moment is caught, and most is still to be read
            somebody = threading.Thread(target=write)
            somebody.start()
            somebody.join()

    with filled.app_context():
        backup.back_up(path, write_between)
    with elsewhere.app_context():
        backup.restore(path, quiet)
        names = set(db.session.scalars(text("SELECT name FROM organisation")))
    assert "Ändrad under tiden" not in names
    assert len(_keys(elsewhere)) == before


def test_files_on_s3_are_backed_up_and_restored(
    filled: Flask, written: Path, elsewhere: Flask, s3_address: str, bucket: str
) -> None:
    elsewhere.extensions["fundapp.settings"] = on_s3(elsewhere.extensions["fundapp.settings"], s3_address, bucket)
    with elsewhere.app_context():
        backup.restore(written, quiet)
        assert sorted(store.keys()) == sorted(_keys(filled))
        assert manifest.of_everything(quiet)[1] == []


# --- the same content is the same hash ----------------------------------------------------------------------------


def test_sqlite_and_postgresql_give_the_same_hashes(
    filled: Flask, postgresql: str, postgresql_template: str, tmp_path: Path
) -> None:
    name = f"same_{uuid4().hex}"
    on_server(postgresql, f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    other = create_app(settings_for(tmp_path / "pg", f"postgresql+psycopg://postgres@{postgresql}/{name}"))
    with filled.app_context():
        rows = {one: [dict(row) for row in db.session.execute(select(one)).mappings()] for one in _our_tables()}
        ours = manifest.of_everything(quiet)[0]["tables"]
    with other.app_context():
        db.session.execute(text("SET session_replication_role = replica"))  # rows in any order
        for one, found in rows.items():
            db.session.execute(one.delete())
            if found:
                db.session.execute(one.insert(), found)
        db.session.commit()
        with manifest.one_moment() as connection:
            theirs = manifest.of_database(connection, quiet)["tables"]
        db.session.close()
        db.engine.dispose()
    on_server(postgresql, f"DROP DATABASE {name} WITH (FORCE)")
    names = [one.name for one in _our_tables()]
    assert {name: theirs[name] for name in names} == {name: ours[name] for name in names}
    assert sum(ours[name]["rows"] > 0 for name in names) > 20


def _our_tables() -> list[object]:
    return list(Base.metadata.tables.values())


def test_the_hash_of_a_table_changes_with_every_value_and_with_nothing_else(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        first = manifest.of_everything(quiet)[0]
        assert manifest.of_everything(quiet)[0]["tables"] == first["tables"]
        db.session.execute(text("UPDATE board SET name = name || ' ' WHERE id = (SELECT min(id) FROM board)"))
        db.session.commit()
        second = manifest.of_everything(quiet)[0]
    told = manifest.differences(first, second)
    rows = first["tables"]["board"]["rows"]
    assert told == [f"table board is another: {rows} rows before, {rows} now"]


# --- what is damaged is found -------------------------------------------------------------------------------------


def test_a_flipped_byte_anywhere_in_the_archive_is_found_and_nothing_is_restored(
    written: Path, elsewhere: Flask
) -> None:
    whole = written.read_bytes()
    for place in (5, 60, 200, len(whole) // 2, len(whole) - 40, len(whole) - 1):
        content = bytearray(whole)
        content[place] ^= 1
        written.write_bytes(content)
        with elsewhere.app_context(), pytest.raises(BackupFailed):
            backup.restore(written, quiet)
        _is_still_empty(elsewhere)


def test_an_archive_cut_short_anywhere_is_found_and_nothing_is_restored(written: Path, elsewhere: Flask) -> None:
    whole = written.read_bytes()
    for length in (0, 10, 100, 300, len(whole) // 3, len(whole) - 70_000, len(whole) - 1):
        written.write_bytes(whole[:length])
        with elsewhere.app_context(), pytest.raises(BackupFailed):
            backup.restore(written, quiet)
        _is_still_empty(elsewhere)


def _is_still_empty(app: Flask) -> None:
    with app.app_context():
        assert list(store.keys()) == []
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one() == 0
        assert os.listdir(app.extensions["fundapp.settings"].instance) in ([], ["files"])


@pytest.fixture
def plain(filled: Flask, tmp_path: Path) -> Path:
    """A backup that is not encrypted, so that a test can take it apart."""
    ours = filled.extensions["fundapp.settings"]
    filled.extensions["fundapp.settings"] = replace(ours, backup_recipients=None, backup_identity=None)
    path = tmp_path / "plain.tar"
    with filled.app_context():
        backup.back_up(path, quiet)
    return path


def _rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """The same tar with `change` put to every part; None leaves the part out."""
    with tarfile.open(path) as tar:
        parts = [(one.name, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        for name, content in parts:
            changed = change(name, content)
            if changed is not None:
                about = tarfile.TarInfo(name)
                about.size = len(changed)
                tar.addfile(about, io.BytesIO(changed))


@pytest.mark.parametrize(
    ("part", "change", "told"),
    [
        ("files/", lambda _content: None, "does not hold what its manifest says"),
        ("files/", lambda content: content + b"x", "does not hold what its manifest says"),
        ("database", lambda _content: None, "does not hold what its manifest says"),
        ("database", lambda content: content[:-1], "does not hold what its manifest says"),
        ("manifest", lambda _content: None, "cut short: it has no manifest"),
        ("manifest", lambda _content: b"{", "the manifest cannot be read"),
    ],
)
def test_a_part_that_is_missing_or_another_is_found_and_nothing_is_restored(
    plain: Path, elsewhere: Flask, part: str, change: Callable[[bytes], bytes | None], told: str
) -> None:
    _rewritten(plain, lambda name, content: change(content) if name.startswith(part) else content)
    with elsewhere.app_context(), pytest.raises(BackupFailed, match=told):
        backup.restore(plain, quiet)
    with elsewhere.app_context():
        assert list(store.keys()) == []


def test_a_part_with_a_path_of_its_own_is_refused(plain: Path, elsewhere: Flask) -> None:
    with tarfile.open(plain, "a") as tar:
        about = tarfile.TarInfo("files/../../evil")
        tar.addfile(about, io.BytesIO())
    with elsewhere.app_context(), pytest.raises(BackupFailed, match="something that no backup wrote"):
        backup.restore(plain, quiet)


def test_a_stored_file_that_is_changed_or_missing_is_found(filled: Flask, tmp_path: Path) -> None:
    kept = tmp_path / "before.json"
    assert _run(filled, "verify", "--write", kept).exit_code == 0
    folder = filled.extensions["fundapp.settings"].files
    changed, missing = sorted(_keys(filled))[:2]
    content = bytearray((folder / changed).read_bytes())
    content[100] ^= 1
    (folder / changed).write_bytes(content)
    (folder / missing).unlink()
    found = _run(filled, "verify", "--against", kept)
    assert found.exit_code == 1
    assert f"fault: file {changed} is not what was stored" in found.output
    assert f"fault: file {missing} is missing" in found.output
    assert f"fault: file {changed} is another: {len(PDF)} bytes before, {len(PDF)} now" in found.output


# --- where it stops -----------------------------------------------------------------------------------------------


def test_a_restore_goes_into_an_empty_place_only(both_engines: str, filled: Flask, written: Path) -> None:
    refused = _run(filled, "restore", written)
    assert refused.exit_code == 2
    assert "the database is not empty" in refused.output


def test_a_restore_does_not_go_beside_files_that_are_there(written: Path, elsewhere: Flask) -> None:
    with elsewhere.app_context():
        store.put("a" * 48, b"x")
        with pytest.raises(BackupFailed, match="there are stored files already"):
            backup.restore(written, quiet)


def test_production_writes_no_backup_in_the_clear(filled: Flask, tmp_path: Path) -> None:
    ours = filled.extensions["fundapp.settings"]
    filled.extensions["fundapp.settings"] = replace(ours, is_production=True, backup_recipients=None)
    refused = _run(filled, "backup", tmp_path / "clear.tar")
    assert refused.exit_code == 2
    assert "set FUNDAPP_BACKUP_RECIPIENTS" in refused.output
    assert not (tmp_path / "clear.tar").exists()


def test_a_backup_shows_nothing_to_others(written: Path, filled: Flask) -> None:
    content = written.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n")
    for told in ("Språkkafé".encode(), b"stored_file", b"jag@exempel.example", b"%PDF"):
        assert told not in content
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    # No copy in the clear is left; a key that development made for its record is no copy.
    assert set(os.listdir(filled.extensions["fundapp.settings"].instance)) <= {"record-key"}


def test_another_key_opens_nothing(written: Path, elsewhere: Flask, tmp_path: Path) -> None:
    archive.new_identity(tmp_path / "other")
    ours = elsewhere.extensions["fundapp.settings"]
    for identity, told in ((tmp_path / "other", "No matching keys"), (None, "name the file of the private key")):
        elsewhere.extensions["fundapp.settings"] = replace(ours, backup_identity=identity)
        with elsewhere.app_context(), pytest.raises(BackupFailed, match=told):
            backup.restore(written, quiet)


def test_without_the_private_key_a_backup_is_written_all_the_same(
    filled: Flask, tmp_path: Path, elsewhere: Flask
) -> None:
    ours = filled.extensions["fundapp.settings"]
    filled.extensions["fundapp.settings"] = replace(ours, backup_identity=None)
    done = _run(filled, "backup", tmp_path / "kept.tar.age")
    assert done.exit_code == 0
    assert "read back, but not decrypted" in done.output
    assert _run(elsewhere, "restore", tmp_path / "kept.tar.age").exit_code == 0


def test_a_disk_that_fills_up_is_told_wherever_it_happens(app: Flask, tmp_path: Path) -> None:
    """Two archives of the same content differ in length, by chance, so near the end either is right: told, or whole."""
    ours = app.extensions["fundapp.settings"]
    content = os.urandom(300_000)

    def write(path: Path) -> int:
        part = ("files/" + "a" * 48, len(content), [content])
        return int(archive.write(path, [part], [str(ours.backup_recipients)])["size"])

    size = write(tmp_path / "whole")
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    told = 0
    for short in (size, size // 2, *range(9000, -1, -150)):
        path = tmp_path / f"short by {short}"
        resource.setrlimit(resource.RLIMIT_FSIZE, (size - short, hard))
        try:
            write(path)
        except OSError as fault:
            assert "too large" in str(fault)  # noqa: PT017  whether it is raised depends on the length by chance
            told += 1
        else:
            with archive.members(path, ours.backup_identity) as members:
                assert [found.read() for _name, found in members] == [content]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert told > 50


def test_a_backup_that_is_stopped_leaves_what_was_there(filled: Flask, tmp_path: Path) -> None:
    path = tmp_path / "stopped.tar.age"

    def stop(what: str, _done: int, _total: int) -> None:
        if what == "files":
            raise KeyboardInterrupt

    with filled.app_context(), pytest.raises(KeyboardInterrupt):
        backup.back_up(path, stop)
    assert not path.exists()
    assert list(tmp_path.glob("*.part")) == []
    path.write_bytes(b"another backup")
    with filled.app_context(), pytest.raises(BackupFailed, match="already there"):
        backup.back_up(path, quiet)
    assert path.read_bytes() == b"another backup"


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(filled: Flask, tmp_path: Path) -> None:
    with filled.app_context():
        file = Path(str(db.engine.url.database))
        db.engine.dispose()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index' AND name LIKE 'ix_%'").fetchone()
    connection.close()
    content = bytearray(file.read_bytes())
    content[(root[0] - 1) * 4096 : root[0] * 4096] = os.urandom(4096)  # an index: no row is lost, so no hash tells
    file.write_bytes(content)
    done = _run(filled, "backup", tmp_path / "damaged.tar.age")
    assert done.exit_code == 2
    assert "the database itself is damaged" in done.output
    assert not (tmp_path / "damaged.tar.age").exists()


def test_a_key_pair_is_made_once_and_kept_to_its_owner(app: Flask, tmp_path: Path) -> None:
    made = _run(app, "backup_key", tmp_path / "key")
    assert made.output.startswith("age1")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert _run(app, "backup_key", tmp_path / "key").exit_code == 2


def test_a_manifest_is_plain_to_read(filled: Flask, tmp_path: Path) -> None:
    _run(filled, "verify", "--write", tmp_path / "manifest.json")
    found = json.loads((tmp_path / "manifest.json").read_text())
    assert found["tables"]["decision"]["rows"] == 1
    assert set(found["files"]) == set(_keys(filled))
