"""A stored file on both kinds of store, a folder and an S3-compatible server; and on stores that fail."""

import io
import os
import resource
import stat
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import store
from fundapp.applications.models import Attachment
from fundapp.config import Settings
from fundapp.db import db
from fundapp.files import StoredFile
from fundapp.history.models import HistoryEntry
from fundapp.store import StoreFailed
from tests.factories import on_day
from tests.factories.applications import PDF, draft
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.databases import settings_for
from tests.ground.pages import send
from tests.ground.s3 import on_s3
from tests.ground.shared import free_port

KEY, OTHER = "a" * 48, "b" * 48
ME = "jag@exempel.example"


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Settings:
    """The app's settings, once with each kind of store, or with one that fails where the test names it."""
    ours = settings_for(tmp_path, database_url)
    if request.param == "s3":
        return on_s3(ours, request.getfixturevalue("s3_address"), request.getfixturevalue("bucket"))
    if request.param == "a bucket that is not there":
        return on_s3(ours, request.getfixturevalue("s3_address"), "no-such-bucket")
    if request.param == "a server that is gone":
        return on_s3(ours, f"http://127.0.0.1:{free_port()}", "files")
    if request.param == "a folder that is a file":
        ours.files.write_text("not a folder")
    return ours


only_in_a_folder = pytest.mark.parametrize("settings", ["folder"], indirect=True)


def test_what_was_put_is_read_back_in_pieces(app: Flask) -> None:
    content = os.urandom(12 * 1024 * 1024 + 7)
    with app.app_context():
        store.put(KEY, content)
        size, pieces = store.read(KEY)
        found = list(pieces)
    assert size == len(content)
    assert len(found) > 1
    assert b"".join(found) == content


def test_a_key_is_put_once_and_for_ever(app: Flask) -> None:
    with app.app_context():
        store.put(KEY, b"first")
        with pytest.raises(StoreFailed, match="AlreadyExists"):
            store.put(KEY, b"second")
        assert store.content_of(KEY) == b"first"


def test_what_is_not_there_is_told(app: Flask) -> None:
    with app.app_context():
        store.put(OTHER, b"another")
        with pytest.raises(StoreFailed):
            store.read(KEY)


def test_every_key_is_listed_and_an_empty_store_lists_none(app: Flask) -> None:
    with app.app_context():
        assert list(store.keys()) == []
        for key in (KEY, OTHER):
            store.put(key, b"x")
        assert sorted(store.keys()) == [KEY, OTHER]
        store.delete(KEY)
        assert list(store.keys()) == [OTHER]


def test_a_key_cannot_climb_out_of_the_store(app: Flask) -> None:
    with app.app_context():
        store.put(KEY, b"x")
        for key in ("../secret", "../../etc/passwd"):
            with pytest.raises(ValueError, match="illegal"):
                store.put(key, b"x")


@only_in_a_folder
def test_a_file_counts_only_when_it_and_its_folder_are_on_the_disk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    really = os.fsync

    def told(handle: int) -> None:
        really(handle)
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))

    monkeypatch.setattr(os, "fsync", told)
    with app.app_context():
        store.put(KEY, b"x")
        folder = app.extensions["fundapp.settings"].files
    assert synced == [str(folder.parent), str(folder / KEY), str(folder)]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600


@only_in_a_folder
def test_a_disk_that_fills_up_leaves_nothing_half_and_the_next_file_is_taken(app: Flask) -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with app.app_context():
        store.put(OTHER, b"before")
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
        try:
            with pytest.raises(StoreFailed):
                store.put(KEY, bytes(1024 * 1024))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert os.listdir(app.extensions["fundapp.settings"].files) == [OTHER]
        store.put(KEY, bytes(1024 * 1024))
        assert sorted(store.keys()) == [KEY, OTHER]


# --- through the pages --------------------------------------------------------------------------------------------


@pytest.fixture
def place(app: Flask) -> str:
    """The address of the attachments of a draft of ME's."""
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email=ME), with_attachments=False).public_id
        db.session.commit()
    return f"/en/applications/{public_id}/attachments"


def _upload() -> dict[str, object]:
    return {"kind": "other", "file": [(io.BytesIO(PDF), "stadgar.pdf")]}


def _kept(app: Flask) -> tuple[str, str]:
    """The key of the one stored file, and the last part of its attachment's address."""
    with app.app_context():
        attachment = db.session.scalars(select(Attachment)).one()
        return attachment.file.key, attachment.public_id


def test_an_attachment_goes_to_the_store_and_comes_back_as_a_file_to_save(
    app: Flask, signed_in: SignIn, place: str
) -> None:
    client = signed_in(ME)
    assert send(client, place, _upload()).status_code == 302
    key, name = _kept(app)
    with app.app_context():
        assert list(store.keys()) == [key]
    with client.get(f"{place}/{name}") as answer:
        assert answer.data == PDF
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Length"] == str(len(PDF))
        assert answer.headers["Content-Disposition"] == "attachment; filename=stadgar.pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")
        assert answer.headers["Cache-Control"] == "no-store"
    with client.head(f"{place}/{name}") as answer:
        assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(len(PDF)))


def test_a_file_is_served_through_a_permission_alone(app: Flask, signed_in: SignIn, place: str) -> None:
    send(signed_in(ME), place, _upload())
    _key, name = _kept(app)
    assert signed_in("stranger@annan.example").get(f"{place}/{name}").status_code == 404
    assert "/sign-in" in app.test_client().get(f"{place}/{name}").location


def test_a_file_that_the_store_lost_or_cut_short_is_told_and_the_rest_goes_on(
    app: Flask, signed_in: SignIn, place: str
) -> None:
    client = signed_in(ME)
    send(client, place, _upload())
    key, name = _kept(app)
    with app.app_context():
        store.delete(key)
    answer = client.get(f"{place}/{name}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    with app.app_context():
        store.put(key, PDF[:-1])
    assert client.get(f"{place}/{name}").status_code == 503
    assert client.get(place.removesuffix("/attachments")).status_code == 200


@pytest.mark.parametrize(
    "settings", ["a folder that is a file", "a server that is gone", "a bucket that is not there"], indirect=True
)
def test_an_upload_that_the_store_refuses_is_told_and_leaves_nothing_half(
    app: Flask, signed_in: SignIn, place: str
) -> None:
    client = signed_in(ME)
    answer = send(client, place, _upload())
    assert answer.status_code == 503
    assert "no file was kept" in answer.text
    with app.app_context():
        for table in (StoredFile, Attachment):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0
        assert db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "attach")).all() == []
    assert client.get(place.removesuffix("/attachments")).status_code == 200


@pytest.mark.parametrize("settings", ["a folder that is a file"], indirect=True)
def test_when_the_store_is_mended_the_same_process_goes_on(app: Flask, signed_in: SignIn, place: str) -> None:
    client = signed_in(ME)
    assert send(client, place, _upload()).status_code == 503
    app.extensions["fundapp.settings"].files.unlink()
    assert send(client, place, _upload()).status_code == 302
    with client.get(f"{place}/{_kept(app)[1]}") as answer:
        assert answer.data == PDF
