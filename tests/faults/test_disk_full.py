"""The disk is full while applications are sent: a clear page, nothing half, and on it goes when there is room."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from fundapp import clock
from fundapp.app import create_app
from fundapp.config import Settings
from fundapp.db import db
from tests.factories import DAY
from tests.faults import checker
from tests.faults.ground import Workers, sendings
from tests.faults.people import Sending, own_pdf
from tests.faults.visitor import Answer, Visitor, answered_within
from tests.ground.databases import TEMPLATE, _url, settings_for
from tests.ground.postgres import on_server

pytestmark = pytest.mark.slow

IN_TIME = 5.0
COUNT = 30


@dataclass(frozen=True)
class SmallDisk:
    """A disk of its own, so that a full one is the real thing and harms nobody."""

    folder: Path

    def fill(self) -> None:
        """Leave no room, not even for a page of a database."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            for size in (1024 * 1024, 4096, 1):
                try:
                    while ballast.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def clear(self) -> None:
        (self.folder / "ballast").unlink()


def _as_root(*words: str) -> None:
    before = [] if os.geteuid() == 0 else ["sudo", "-n"]
    done = subprocess.run([*before, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(f"A disk that can be filled has to be mounted, as root or by sudo: {done.stderr}", pytrace=False)


@pytest.fixture
def small_disk(ground: Path) -> Iterator[SmallDisk]:
    folder = ground / f"disk-{uuid4().hex}"
    folder.mkdir()
    _as_root("mount", "-t", "tmpfs", "-o", "size=48m,mode=0777", "tmpfs", str(folder))
    yield SmallDisk(folder)
    _as_root("umount", "--lazy", str(folder))


@pytest.fixture
def url_on_small_disk(both_engines: str, small_disk: SmallDisk, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database at head whose tables lie on the small disk (PostgreSQL's log does not)."""
    if both_engines == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), small_disk.folder / "fundapp.db")
        yield f"sqlite:///{small_disk.folder / 'fundapp.db'}"
        return
    address, name = request.getfixturevalue("postgresql"), f"small_{uuid4().hex}"
    request.getfixturevalue("postgresql_template")
    place = small_disk.folder / "tables"
    place.mkdir()
    if os.geteuid() == 0:
        shutil.chown(place, "postgres", "postgres")
    on_server(address, f"CREATE TABLESPACE {name} LOCATION '{place}'")
    on_server(address, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} TABLESPACE {name}")
    yield _url(address, name)
    on_server(address, f"DROP DATABASE {name} WITH (FORCE)")
    on_server(address, f"DROP TABLESPACE {name}")


@contextmanager
def served(folder: Path, settings: Settings) -> Iterator[tuple[Workers, Flask, list[Sending]]]:
    """gunicorn on the settings' database, the same app here, and complete drafts."""
    told = replace(settings, smtp_host="127.0.0.1")
    app = create_app(told)
    clock.run_from(DAY, folder / "clock")
    ready = [replace(each, file=None) for each in sendings(app, COUNT)]
    workers = Workers(folder, told, "nothing")
    try:
        yield workers, app, ready
    finally:
        workers.stop()
        with app.app_context():
            db.engine.dispose()


def _faults(app: Flask, ready: list[Sending]) -> list[checker.Fault]:
    with app.app_context():
        found = checker.faults(ready)
        db.session.close()
        return found


def _send(workers: Workers, each: Sending) -> Answer:
    answer = Visitor(workers.port, each.cookie).post(
        f"/en/applications/{each.public_id}/submit", [("csrf_token", each.token)]
    )
    each.is_acknowledged = answer.status == 302
    return answer


def test_what_is_sent_to_a_full_disk_is_refused_whole_and_taken_when_there_is_room(
    both_engines: str, url_on_small_disk: str, small_disk: SmallDisk, tmp_path: Path
) -> None:
    with served(tmp_path, settings_for(tmp_path, url_on_small_disk)) as (workers, app, ready):
        small_disk.fill()
        answers = [(each, _send(workers, each)) for each in ready]
        refused = [(each, answer) for each, answer in answers if answer.status != 302]
        assert len(refused) >= COUNT // 2, "the disk was not full"
        for _each, answer in refused:
            assert answered_within(answer, IN_TIME)
            assert answer.page.find("h1").get_text() == "Nothing can be kept just now"  # type: ignore[union-attr]
        assert Visitor(workers.port, ready[0].cookie).get("/en/applications").status == 200  # reading goes on
        assert _faults(app, ready) == []
        small_disk.clear()
        for each, answer in refused:
            again = Visitor(workers.port, each.cookie).press(answer)
            assert (again.status, again.headers["Location"].endswith("/receipt")) == (302, True)
            each.is_acknowledged = True
        assert _faults(app, ready) == []


def test_a_file_that_the_full_disk_does_not_take_is_told_and_taken_later(
    settings: Settings, small_disk: SmallDisk, tmp_path: Path
) -> None:
    ours = replace(settings, files=small_disk.folder / "files")
    with served(tmp_path, ours) as (workers, app, ready):
        each = ready[0]
        each.file = own_pdf(1) + bytes(300_000)
        visitor, path = Visitor(workers.port, each.cookie), f"/en/applications/{each.public_id}/attachments"
        fields = [("csrf_token", each.token), ("kind", "other")]
        small_disk.fill()
        before = sorted(os.listdir(ours.files))
        answer = visitor.post_file(path, fields, each.file_name, each.file)
        assert (answer.status, "Your file was not kept" in answer.text) == (503, True)
        assert sorted(os.listdir(ours.files)) == before
        assert _faults(app, ready) == []
        small_disk.clear()
        each.is_attached = visitor.post_file(path, fields, each.file_name, each.file).status == 302
        assert each.is_attached
        assert _faults(app, ready) == []
