"""Backup of database and stored files into one archive, and its restore into an empty place.

The database is caught at one moment; a stored file never changes and is there before its row is, so whatever that
moment's rows name can be copied afterwards while people go on working.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, inspect

from fundapp import archive, manifest, store
from fundapp.archive import FILES, MANIFEST, BackupFailed
from fundapp.config import settings
from fundapp.db import db, place_of_server
from fundapp.manifest import Manifest, Progress
from fundapp.store import StoreFailed

_PIECE = 1024 * 1024
_PAGES = 2000  # of SQLite at a time: 8 MB
_OWNED_BY_NOBODY = ("--no-owner", "--no-privileges", "--no-comments")


class NotTheSame(BackupFailed):
    """All of an archive was restored, and it is not what was backed up."""


def back_up(path: Path, progress: Progress, *, lacking: Path | None = None) -> tuple[Manifest, list[str]]:
    """Write the archive `path`; gives its manifest, and what is wrong with single files (the rest is in it).

    It gets its name only when it is whole, on disk, and has been read back: `lacking` where something is wrong, if
    given. Errors: BackupFailed, OSError.
    """
    recipients = (settings().backup_recipients or "").split()
    if settings().is_production and not recipients:
        raise BackupFailed("in production a backup is encrypted: set FUNDAPP_BACKUP_RECIPIENTS")
    for there in (path, lacking):
        if there and there.exists():
            raise BackupFailed(f"{there} is already there")
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with _caught(progress) as (dump, found, rows):
            faults: list[str] = []
            written = archive.write(part, _parts(dump, found, rows, faults, progress), recipients)
        _read_back(part, written, found, progress)
        os.rename(part, lacking if faults and lacking else path)
        _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return found, faults


def check(path: Path, progress: Progress) -> Manifest:
    """Read all of an archive and hold it against its own manifest. Errors: BackupFailed."""
    return _read(path, None, progress)


def restore(path: Path, progress: Progress) -> tuple[Manifest, list[str]]:
    """Fill an empty database and an empty store from an archive; gives the manifest, and what is wrong with single
    files, which was so when they were backed up.

    All of the archive is read once before anything is written. Until the database is loaded it is all or nothing;
    then it is all, whatever the comparison says: who has lost the rest needs most of it, and can look at what differs.
    Errors: BackupFailed where nothing was restored, NotTheSame where all was.
    """
    _demand_empty()
    with TemporaryDirectory(prefix="restore-", dir=settings().instance) as folder:
        found = _read(path, Path(folder), progress)
        if found["engine"] != db.engine.dialect.name:
            raise BackupFailed(f"the backup is of {found['engine']}, and this database is {db.engine.dialect.name}")
        put: list[str] = []
        try:
            _put_files(path, found, put, progress)
            _load(Path(folder) / f"database.{found['engine']}")
        except BaseException:
            for key in put:
                store.delete(key)
            raise
    after, faults = manifest.of_everything(progress)
    differences = manifest.differences(found, after)
    if differences:
        raise NotTheSame("all was restored, and it is not what was backed up: " + "; ".join(differences))
    return found, faults


@contextmanager
def _caught(progress: Progress) -> Iterator[tuple[Path, Manifest, list[tuple[str, int, str]]]]:
    """A copy of the database as it is now, with its manifest and the rows of its files; gone afterwards."""
    with TemporaryDirectory(prefix="backup-", dir=settings().instance) as folder:
        with manifest.one_moment() as connection:
            if not inspect(connection).has_table("stored_file"):
                raise BackupFailed("the database is empty: there is nothing to back up")
            dump = Path(folder) / f"database.{connection.dialect.name}"
            if connection.dialect.name == "sqlite":
                _copy_sqlite(connection, dump, progress)
            else:
                _dump_postgresql(connection, dump, progress)
            found = manifest.of_database(connection, progress)
            rows = manifest.stored_files(connection)
        yield dump, found, rows


def _copy_sqlite(connection: Connection, dump: Path, progress: Progress) -> None:
    """SQLite's online backup, within the reader's own moment; then the copy is asked whether it is sound."""
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # from here on the moment is fixed
    raw: Any = connection.connection.driver_connection
    copy = sqlite3.connect(dump)
    try:
        raw.backup(copy, pages=_PAGES, progress=lambda _s, left, total: progress("database", total - left, total))
        sound = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    finally:
        copy.close()
    if sound != "ok":
        raise BackupFailed(f"the database itself is damaged: {sound}")


def _dump_postgresql(connection: Connection, dump: Path, progress: Progress) -> None:
    """pg_dump of the very moment that `connection` sees."""
    moment = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
    tables = len(inspect(connection).get_table_names())
    dumped = 0

    def heard(line: str) -> None:
        nonlocal dumped
        if "dumping contents of table" in line:
            dumped = min(dumped + 1, tables)
            progress("database", dumped, tables)

    words = ("--format=custom", "--verbose", *_OWNED_BY_NOBODY, f"--snapshot={moment}", "--file", str(dump))
    _run("pg_dump", words, heard)


def _run(program: str, words: Sequence[str], heard: Callable[[str], None]) -> None:
    """One of PostgreSQL's programs at work on our database; `heard` gets what it says. Errors: BackupFailed."""
    found = shutil.which(program)
    if found is None:
        raise BackupFailed(f"{program} is missing on this machine: install PostgreSQL's client programs")
    server = place_of_server(db.engine)
    password = server.pop("password", "")
    place = make_conninfo("", **server)
    # The password goes through the environment: a command's words can be read by everybody on the machine.
    secret = {"PGPASSWORD": password} if password else {}
    command = [found, *words, "--dbname", place]
    said: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | secret) as at_work:  # noqa: S603  the words are ours
        assert at_work.stderr is not None  # noqa: S101  asked for above
        for line in at_work.stderr:
            said.append(line.strip())
            heard(line)
    if at_work.returncode:
        told = [line for line in said if "error" in line.lower()] or said[-1:] or ["it did not say why"]
        raise BackupFailed(f"{program} failed: {told[0]}")


def _parts(
    dump: Path, found: Manifest, rows: list[tuple[str, int, str]], faults: list[str], progress: Progress
) -> Iterator[archive.Part]:
    """The database, every stored file, and the manifest with their hashes, which is filled in on the way."""
    found["database"] = _of_file(dump)
    yield dump.name, dump.stat().st_size, _pieces(dump)
    found["files"], found["faults"] = {}, faults
    for done, (key, size, sha256) in enumerate(rows, 1):
        try:
            content = store.content_of(key)
        except StoreFailed as fault:
            faults.append(f"file {key} is missing{manifest.owner_of(key)}: {fault}")
            continue
        found["files"][key] = manifest.of_content(content)
        if found["files"][key] != {"size": size, "sha256": sha256}:
            faults.append(f"file {key} is not what was stored{manifest.owner_of(key)}")
        yield FILES + key, len(content), [content]
        progress("files", done, len(rows))
    text = json.dumps(found, indent=1).encode()
    yield MANIFEST, len(text), [text]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _of_file(path: Path) -> dict[str, Any]:
    hashed = hashlib.sha256()
    for piece in _pieces(path):
        hashed.update(piece)
    return {"size": path.stat().st_size, "sha256": hashed.hexdigest()}


def _read_back(part: Path, written: dict[str, Any], found: Manifest, progress: Progress) -> None:
    """See that the disk holds what was written, and where the private key is here, that all can be read again."""
    if _of_file(part) != written:
        raise BackupFailed(f"{part} does not hold what was written to it")
    if not settings().backup_recipients or settings().backup_identity:
        again = check(part, progress)
        if again != found:
            raise BackupFailed("the archive's manifest is not what was written")


def _read(path: Path, folder: Path | None, progress: Progress) -> Manifest:
    """Read all of an archive, keeping the database in `folder`, and hold each part against the manifest at its end."""
    seen: dict[str, dict[str, Any]] = {}
    found: Manifest | None = None
    with archive.members(path, settings().backup_identity) as members:
        for name, content in members:
            if name == MANIFEST:
                found = archive.read_manifest(content.read())
            elif name.startswith(FILES):
                seen[name] = manifest.of_content(content.read())
            else:
                seen["database"] = _kept(content, folder / name if folder else None)
            progress("parts read", len(seen), 0)  # how many there are stands at its end
    if found is None:
        raise BackupFailed("the archive is cut short: it has no manifest")
    wanted = {FILES + key: about for key, about in found["files"].items()} | {"database": found.get("database")}
    wrong = sorted(name for name in wanted.keys() | seen.keys() if wanted.get(name) != seen.get(name))
    if wrong:
        raise BackupFailed(f"the archive does not hold what its manifest says: {', '.join(wrong)}")
    return found


def _kept(content: IO[bytes], path: Path | None) -> dict[str, Any]:
    hashed, size = hashlib.sha256(), 0
    with path.open("wb") if path else open(os.devnull, "wb") as file:
        while piece := content.read(_PIECE):
            hashed.update(piece)
            size += file.write(piece)
    return {"size": size, "sha256": hashed.hexdigest()}


def _demand_empty() -> None:
    with db.engine.connect() as connection:
        if inspect(connection).get_table_names():
            raise BackupFailed("the database is not empty: a backup is restored into an empty one only")
    if next(store.keys(), None) is not None:
        raise BackupFailed("there are stored files already: a backup is restored into an empty store only")


def _put_files(path: Path, found: Manifest, put: list[str], progress: Progress) -> None:
    """Put every file; `put` tells which were, as it goes on."""
    with archive.members(path, settings().backup_identity) as members:
        for name, content in members:
            if name.startswith(FILES):
                store.put(name.removeprefix(FILES), content.read())
                put.append(name.removeprefix(FILES))
                progress("files", len(put), len(found["files"]))


def _load(dump: Path) -> None:
    """Put the database into the empty one, in one transaction."""
    if db.engine.dialect.name != "sqlite":
        words = ("--single-transaction", "--exit-on-error", *_OWNED_BY_NOBODY, str(dump))
        _run("pg_restore", words, lambda _line: None)
        return
    copy = sqlite3.connect(dump)
    try:
        with db.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            copy.backup(raw)
    finally:
        copy.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
