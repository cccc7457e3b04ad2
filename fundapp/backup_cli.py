"""Commands for backup, restore, and telling whether two deployments hold the same."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import click
from flask.cli import with_appcontext

from fundapp import archive, clock, manifest
from fundapp import backup as backups
from fundapp.archive import BackupFailed
from fundapp.backup import NotTheSame
from fundapp.config import settings
from fundapp.manifest import Manifest, Progress
from fundapp.store import StoreFailed

_PATH = click.Path(path_type=Path)
_TIME = "%Y%m%dT%H%M%SZ"
_ARCHIVE = re.compile(r"fundapp-(?P<time>\d{8}T\d{6}Z)(?P<lacking>-lacking)?\.tar(\.age)?")


@click.command()
@click.argument("destination", type=_PATH)
@click.option(
    "--remove-after", type=click.IntRange(min=1), help="Remove backups in the folder older than so many days."
)
@with_appcontext
def backup(destination: Path, remove_after: int | None) -> None:
    """Write database and stored files to DESTINATION, a new file or a folder for one; encrypted by age.

    In a folder a backup with something wrong is named so, and the newest one without stays there however old it is.
    Exit code 1 where something is wrong with a stored file (all else is in the backup) or an old backup cannot be
    removed, 2 where there is no backup.
    """
    folder, lacking = destination, None
    if destination.is_dir():
        ending = "tar.age" if settings().backup_recipients else "tar"
        name = f"fundapp-{clock.now():{_TIME}}"
        destination, lacking = folder / f"{name}.{ending}", folder / f"{name}-lacking.{ending}"
    elif remove_after:
        raise click.UsageError("--remove-after needs a folder")
    with _told():
        found, faults = backups.back_up(destination, _shown(), lacking=lacking)
    if faults and lacking:
        destination = lacking
    if remove_after:
        faults = [*faults, *_remove_old(folder, remove_after)]
    _sum_up(found)
    if not settings().backup_recipients:
        click.echo("note: the backup is not encrypted: FUNDAPP_BACKUP_RECIPIENTS is not set")
    elif not settings().backup_identity:
        click.echo("note: the private key is not here, so the backup was read back, but not decrypted")
    _end(faults)
    click.echo(f"written: {destination} ({destination.stat().st_size} bytes)")
    if faults:
        raise SystemExit(1)


@click.command()
@click.argument("source", type=_PATH)
@click.option("--only-read", is_flag=True, help="Read and check all of it, and restore nothing.")
@with_appcontext
def restore(source: Path, only_read: bool) -> None:
    """Fill an empty database and an empty store from SOURCE, and see that they hold what was backed up.

    Exit code 1 where something was wrong with a stored file when the backup was made (all else is restored), 2 where
    nothing was restored, 3 where all was and it is not what was backed up.
    """
    with _told():
        if only_read:
            found = backups.check(source, _shown())
            faults = found.get("faults", [])
        else:
            found, faults = backups.restore(source, _shown())
    _sum_up(found)
    _end(faults)
    click.echo(f"the backup can be restored: {source}" if only_read else f"restored, and the same as in {source}")
    if faults:
        click.echo("note: it has these faults since it was made")
        raise SystemExit(1)


@click.command()
@click.option("--against", type=_PATH, help="A manifest or a backup: name every difference from it.")
@click.option("--write", "write_to", type=_PATH, help="Write the manifest to a new file.")
@with_appcontext
def verify(against: Path | None, write_to: Path | None) -> None:
    """Print a hash of every table and of every stored file; exit code 1 where a file or a comparison is not right."""
    with _told():
        found, faults = manifest.of_everything(_shown())
        for group, one in (("tables", "table"), ("files", "file")):
            for name, about in found[group].items():
                click.echo(f"{one} {name} {about['sha256']} {about.get('rows', about.get('size'))}")
        if against:
            faults += manifest.differences(_earlier(against), found)
        if write_to:
            with write_to.open("x") as file:
                json.dump(found, file, indent=1)
    _sum_up(found)
    _end(faults)
    if faults:
        raise SystemExit(1)
    click.echo(f"the same as in {against}" if against else "every stored file is what was stored")


@click.command("backup-key")
@click.argument("file", type=_PATH)
def backup_key(file: Path) -> None:
    """Make a key pair: the private key goes to FILE, the public one (FUNDAPP_BACKUP_RECIPIENTS) is printed."""
    with _told():
        click.echo(archive.new_identity(file))


@contextmanager
def _told() -> Iterator[None]:
    """What stops the command, in one line with exit code 2; 3 where a restore is done all the same."""
    try:
        yield
    except NotTheSame as fault:
        click.echo(f"fundapp: {fault}", err=True)
        raise SystemExit(3) from fault
    except (BackupFailed, StoreFailed, OSError) as fault:
        click.echo(f"fundapp: {fault}", err=True)
        raise SystemExit(2) from fault


def _remove_old(folder: Path, days: int) -> list[str]:
    """Remove the folder's backups older than so many days, by the time in the name; the newest without faults stays.
    Gives what could not be removed.
    """
    before = f"{clock.now() - timedelta(days=days):{_TIME}}"
    found = [(path, name) for path in sorted(folder.iterdir()) if (name := _ARCHIVE.fullmatch(path.name))]
    newest = [path for path, name in found if not name["lacking"]][-1:]
    faults = []
    for path, name in found:
        if name["time"] < before and path not in newest:
            try:
                path.unlink()
            except OSError as fault:
                faults.append(f"{path} cannot be removed: {fault.strerror}")
    return faults


def _earlier(path: Path) -> Manifest:
    """The manifest in `path`, be it a manifest or a backup."""
    with path.open("rb") as file:
        is_manifest = file.read(1) == b"{"
    return archive.read_manifest(path.read_bytes()) if is_manifest else backups.check(path, _shown())


def _sum_up(found: Manifest) -> None:
    rows = sum(about["rows"] for about in found["tables"].values())
    size = sum(about["size"] for about in found["files"].values())
    click.echo(f"{len(found['tables'])} tables with {rows} rows, {len(found['files'])} files of {size} bytes")


def _end(faults: list[str]) -> None:
    for fault in faults:
        click.echo(f"fault: {fault}")


def _shown() -> Progress:
    """How far it is, on the error output: at the end of each part, and every other second on the way."""
    last = time.monotonic()

    def show(what: str, done: int, total: int) -> None:
        nonlocal last
        if done != total and time.monotonic() - last < 2:
            return
        last = time.monotonic()
        how_far = f"{done} of {total} ({100 * done // total} %)" if total else f"{done}"
        click.echo(f"{what}: {how_far}", err=True)

    return show
