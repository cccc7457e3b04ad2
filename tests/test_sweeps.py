"""Sweeps: what no row names goes when it is old, and nothing else; on both kinds of store and both engines."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from fundapp import clock, files, store, sweeps
from fundapp.config import Settings
from fundapp.db import db
from tests.factories.applications import PDF
from tests.ground.databases import settings_for
from tests.ground.s3 import on_s3

LATER = timedelta(days=2)
ORPHAN = "0" * 48
ON_S3 = "s3"


@pytest.fixture(params=["folder", ON_S3])
def settings(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Settings:
    """The app's settings, once with each kind of store."""
    ours = settings_for(tmp_path, database_url)
    if request.param == ON_S3:
        return on_s3(ours, request.getfixturevalue("s3_address"), request.getfixturevalue("bucket"))
    return ours


def _stored(count: int = 1) -> list[str]:
    """Keys of files that have a row."""
    kept = [files.store(files.check("Protokoll.pdf", PDF), by_id=None).key for _number in range(count)]
    db.session.commit()
    return kept


def test_a_file_that_a_rolled_back_upload_left_goes_when_it_is_a_day_old(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        kept = _stored()
        left = files.store(files.check("Protokoll.pdf", PDF), by_id=None).key
        db.session.rollback()
        assert sorted(store.keys()) == sorted([*kept, left])
        assert sweeps.sweep_files() == 0  # it may belong to a request that is under way
        with clock.at(clock.now() + LATER):
            assert sweeps.sweep_files() == 1
            assert sweeps.sweep_files() == 0
        assert list(store.keys()) == kept


def test_an_upload_that_is_under_way_is_left_alone_and_its_file_is_there_afterwards(app: Flask) -> None:
    """The file is put and its row is not kept yet: age alone tells it from one that was rolled back."""
    with app.app_context():
        stored = files.store(files.check("Protokoll.pdf", PDF), by_id=None)
        with app.app_context():  # another session, that does not see the row
            db.session.rollback()
            with clock.at(clock.now() + sweeps.KEPT_FOR - timedelta(minutes=5)):
                orphans = list(store.put_before(clock.now() - sweeps.KEPT_FOR))
        assert orphans == []
        db.session.commit()
        with clock.at(clock.now() + LATER):
            assert sweeps.sweep_files() == 0
        assert store.content_of(stored.key) == PDF


def test_a_file_whose_row_came_while_the_sweep_went_on_is_kept(app: Flask) -> None:
    """The store is asked before the rows: what is listed has its row by the time that the rows are read, or never."""
    with app.app_context():
        stored = files.store(files.check("Protokoll.pdf", PDF), by_id=None)
        with clock.at(clock.now() + LATER):
            listed = store.put_before(clock.now() - sweeps.KEPT_FOR)
            assert next(listed) == stored.key
            db.session.commit()
            assert sweeps.sweep_files() == 0


def test_nothing_goes_where_the_database_does_not_seem_to_be_that_of_the_files(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with app.app_context():
        kept = _stored()
        for number in range(sweeps.MANY + 1):
            store.put(f"{number:048}", b"of another database")
        with clock.at(clock.now() + LATER):
            assert sweeps.sweep_files() == 0
            assert "too many to be true" in caplog.text
            store.delete(f"{0:048}")
            assert sweeps.sweep_files() == sweeps.MANY
        assert list(store.keys()) == kept


def test_drawn_papers_are_no_stored_files_and_go_after_a_month(app: Flask) -> None:
    with app.app_context():
        kept = _stored()
        store.put(f"{store.DRAWN}{'1' * 64}", b"%PDF")
        assert list(store.keys()) == kept
        with clock.at(clock.now() + LATER):
            assert (sweeps.sweep_files(), sweeps.sweep_drawn()) == (0, 0)
        with clock.at(clock.now() + timedelta(days=31)):
            assert (sweeps.sweep_files(), sweeps.sweep_drawn()) == (0, 1)
        assert list(store.keys()) == kept
        assert not store.has(f"{store.DRAWN}{'1' * 64}")


def test_two_sweeps_at_once_are_as_good_as_one(app: Flask) -> None:
    with app.app_context():
        store.put(ORPHAN, b"left")
        store.delete(ORPHAN)
        store.delete(ORPHAN)
        assert list(store.keys()) == []


@pytest.mark.parametrize("settings", ["folder"], indirect=True)
def test_what_a_killed_process_left_half_written_goes_too(app: Flask, settings: Settings) -> None:
    with app.app_context():
        kept = _stored()
        for name, age in ((f"{ORPHAN}#1", 2), (f"{ORPHAN}#2", 0)):
            (settings.files / name).write_bytes(b"half")
            then = time.time() - age * 24 * 3600
            os.utime(settings.files / name, (then, then))
        sweeps.sweep_files()
        assert sorted(path.name for path in settings.files.iterdir()) == sorted([*kept, f"{ORPHAN}#2"])
