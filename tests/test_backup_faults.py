"""What is wrong when a backup is made or restored: the rest is kept, what is wrong is told, and what it belongs to."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import inspect, select, text

from fundapp import backup, backup_cli, clock, manifest, store
from fundapp.app import create_app
from fundapp.applications.models import Attachment
from fundapp.archive import BackupFailed
from fundapp.backup import NotTheSame
from fundapp.config import Settings
from fundapp.db import db
from fundapp.files import StoredFile
from fundapp.registry.models import Case
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.decisions import granted
from tests.factories.people import applicant
from tests.test_backup import quiet


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
    app = create_app(replace(settings, database_url=empty_database_url, instance=instance, files=instance / "files"))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the backups lie."""
    made = tmp_path / "backups"
    made.mkdir()
    return made


def _run(app: Flask, name: str, *words: object) -> Result:
    return app.test_cli_runner().invoke(getattr(backup_cli, name), [str(word) for word in words])


def _keys(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(StoredFile.key).order_by(StoredFile.key)))


def _lose_one(app: Flask) -> str:
    """The key of a file that is no longer there."""
    with app.app_context():
        key = db.session.scalars(select(StoredFile.key).join(Attachment, Attachment.file_id == StoredFile.id)).first()
        assert key is not None
        store.delete(key)
        return key


def _case(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(select(Case.diary_number)).one()


# --- a file is missing or another ---------------------------------------------------------------------------------


def test_one_lost_file_does_not_stop_the_backup_of_the_rest_and_is_told_with_its_case(
    filled: Flask, elsewhere: Flask, folder: Path
) -> None:
    lost = _lose_one(filled)
    done = _run(filled, "backup", folder)
    assert done.exit_code == 1
    assert f"fault: file {lost} is missing (of {_case(filled)})" in done.output
    (path,) = folder.iterdir()
    assert path.name.endswith("-lacking.tar")
    assert f"written: {path}" in done.output
    with elsewhere.app_context():
        assert backup.check(path, quiet)["files"].keys() == set(_keys(filled)) - {lost}


def test_a_draft_that_has_no_case_is_told_by_its_own_name(filled: Flask) -> None:
    with filled.app_context(), filled.test_request_context():
        application = draft(by=applicant(email="du@exempel.example"))
        db.session.commit()
        key, public_id = application.attachments[0].file.key, application.public_id
        store.delete(key)
        [fault] = manifest.of_everything(quiet)[1]
    assert fault.startswith(f"file {key} is missing (of application {public_id})")


def test_what_is_in_a_backup_with_a_lost_file_is_restored_and_what_it_lacks_is_told(
    both_engines: str, filled: Flask, elsewhere: Flask, folder: Path
) -> None:
    lost, path = _lose_one(filled), folder / "rest.tar"
    assert _run(filled, "backup", path).exit_code == 1
    told = f"fault: file {lost} is missing (of {_case(filled)})"
    read = _run(elsewhere, "restore", "--only-read", path)
    assert (read.exit_code, told in read.output) == (1, True), read.output
    done = _run(elsewhere, "restore", path)
    assert (done.exit_code, told in done.output) == (1, True), done.output
    assert f"restored, and the same as in {path}" in done.output
    with elsewhere.app_context():
        assert sorted(store.keys()) == sorted(set(_keys(filled)) - {lost})
        assert db.session.scalar(text("SELECT count(*) FROM decision")) == 1


def test_a_file_that_was_damaged_before_the_backup_is_restored_as_it_was(
    filled: Flask, elsewhere: Flask, folder: Path
) -> None:
    damaged, path = _lose_one(filled), folder / "rest.tar"
    with filled.app_context():
        store.put(damaged, b"something else")
    assert _run(filled, "backup", path).exit_code == 1
    done = _run(elsewhere, "restore", path)
    assert done.exit_code == 1
    assert f"fault: file {damaged} is not what was stored (of {_case(filled)})" in done.output
    with elsewhere.app_context():
        assert store.content_of(damaged) == b"something else"


# --- a restore that is not the same, and one that is not done -----------------------------------------------------


def _with_other_rows(path: Path) -> None:
    """The archive with a manifest that tells of other rows."""
    with tarfile.open(path) as tar:
        parts = [(one.name, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        for name, content in parts:
            changed = content.replace(b'"rows": ', b'"rows": 1') if name.startswith("manifest") else content
            about = tarfile.TarInfo(name)
            about.size = len(changed)
            tar.addfile(about, io.BytesIO(changed))


def test_a_restore_that_differs_is_told_and_keeps_all_of_the_archive(
    both_engines: str, filled: Flask, elsewhere: Flask, folder: Path
) -> None:
    path = folder / "other.tar"
    assert _run(filled, "backup", path).exit_code == 0
    _with_other_rows(path)
    done = _run(elsewhere, "restore", path)
    assert done.exit_code == 3
    assert "all was restored, and it is not what was backed up: table account is another: " in done.output
    with filled.app_context(), manifest.one_moment() as connection:
        before = manifest.of_database(connection, quiet)
    with elsewhere.app_context():
        after, faults = manifest.of_everything(quiet)
        assert (after["tables"], faults) == (before["tables"], [])
        assert sorted(store.keys()) == _keys(filled)


@pytest.mark.parametrize("stops", [BackupFailed("no"), KeyboardInterrupt()])
def test_a_restore_that_stops_before_the_database_is_loaded_leaves_nothing(
    filled: Flask, elsewhere: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch, stops: BaseException
) -> None:
    assert _run(filled, "backup", folder / "all.tar").exit_code == 0

    def stop(_dump: Path) -> None:
        raise stops

    monkeypatch.setattr(backup, "_load", stop)
    with elsewhere.app_context():
        with pytest.raises(type(stops)) as told:
            backup.restore(folder / "all.tar", quiet)
        assert not isinstance(told.value, NotTheSame)
        assert list(store.keys()) == []
        assert inspect(db.engine).get_table_names() == []


# --- old backups --------------------------------------------------------------------------------------------------


def _put_old(folder: Path, days: int, ending: str = ".tar.age") -> str:
    name = f"fundapp-{clock.now() - timedelta(days=days):%Y%m%dT%H%M%SZ}{ending}"
    (folder / name).write_bytes(b"an archive")
    return name


def _left(folder: Path, *names: str) -> list[str]:
    """Which of them are still there."""
    return [name for name in names if (folder / name).exists()]


def test_backups_that_are_too_old_are_removed_and_nothing_else(filled: Flask, folder: Path) -> None:
    old = [_put_old(folder, 31), _put_old(folder, 45, "-lacking.tar.age")]
    others = [_put_old(folder, 29), _put_old(folder, 60, ".txt")]
    assert _run(filled, "backup", folder).exit_code == 0
    assert _left(folder, *old) == old  # nobody asked for it
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert _run(filled, "backup", folder, "--remove-after", 30).exit_code == 0
    assert _left(folder, *old, *others) == others


def test_while_backups_lack_something_old_ones_go_but_never_the_last_complete_one(filled: Flask, folder: Path) -> None:
    complete = [_put_old(folder, 60), _put_old(folder, 50)]
    lacking = [_put_old(folder, 40, "-lacking.tar.age"), _put_old(folder, 20, "-lacking.tar.age")]
    _lose_one(filled)
    assert _run(filled, "backup", folder, "--remove-after", 30).exit_code == 1
    assert _left(folder, *complete, *lacking) == [complete[1], lacking[1]]


def test_where_there_is_no_new_backup_no_old_one_is_removed(filled: Flask, folder: Path) -> None:
    old = _put_old(folder, 60), _put_old(folder, 50)
    _put_old(folder, 0, ".tar")  # the name is taken
    assert _run(filled, "backup", folder, "--remove-after", 30).exit_code == 2
    assert _left(folder, *old) == list(old)


def test_an_old_backup_that_cannot_be_removed_is_told(filled: Flask, folder: Path) -> None:
    (folder / _put_old(folder, 40).replace(".tar.age", ".tar")).mkdir()
    done = _run(filled, "backup", folder, "--remove-after", 30)
    assert done.exit_code == 1
    assert "cannot be removed" in done.output
    assert "written: " in done.output
