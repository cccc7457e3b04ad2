"""Where stored files lie: a folder, or an S3-compatible store. A file is put once, under a key of ours, for ever."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from fundapp.config import Settings, settings

if TYPE_CHECKING:  # obstore names these in its stubs alone
    from obstore import GetResult
    from obstore.store import S3Config

_PIECE = 1024 * 1024
DRAWN = "drawn/"  # what begins so can be made again, and is no stored file
_HALF_PUT = re.compile(r"#\d+$")  # obstore writes a file under such a name before it gives it its own


class StoreFailed(Exception):
    """The store does not answer, is full, or does not have the file. The text is for the log, not for a person."""


def put(key: str, content: bytes) -> None:
    """Keep `content`; when this returns it survives a power cut. Errors: StoreFailed, also where the key is taken."""
    with _told():
        if settings().store is None:
            _make_folder(settings().files)
            if key.startswith(DRAWN):
                _make_folder(settings().files / DRAWN)
        obstore.put(_store(), key, content, mode="create")
        if settings().store is None:
            _settle(settings().files, key)


def read(key: str) -> tuple[int, Iterator[bytes]]:
    """The file's size in bytes and its content in pieces, so that nothing holds it whole. Errors: StoreFailed."""
    with _told():
        found = obstore.get(_store(), key)
        return found.meta["size"], _pieces(found)


def content_of(key: str) -> bytes:
    """The whole file, where it is small enough to hold. Errors: StoreFailed."""
    return b"".join(read(key)[1])


def has(key: str) -> bool:
    """Whether there is such a file. Errors: StoreFailed."""
    if settings().store is None and not settings().files.exists():
        return False
    with _told():
        try:
            obstore.head(_store(), key)
        except FileNotFoundError:
            return False
    return True


def keys() -> Iterator[str]:
    """Every stored file there is, one without a row included. Errors: StoreFailed."""
    return (key for key, _at in _entries() if not key.startswith(DRAWN))


def put_before(instant: datetime, *, drawn: bool = False) -> Iterator[str]:
    """Every stored file, or everything drawn, that was put before the instant. Errors: StoreFailed."""
    return (key for key, at in _entries() if key.startswith(DRAWN) is drawn and at < instant)


def _entries() -> Iterator[tuple[str, datetime]]:
    if settings().store is None and not settings().files.exists():
        return
    with _told():
        for page in obstore.list(_store(), chunk_size=1000):
            yield from ((entry["path"], entry["last_modified"]) for entry in page)


def delete(key: str) -> None:
    """For a restore that is undone, and for sweeps; what a row points to is never deleted. Errors: StoreFailed."""
    with _told(), suppress(FileNotFoundError):  # another sweep was quicker
        obstore.delete(_store(), key)


def clear_half_put(before: datetime) -> int:
    """Remove what a process that was killed left half-written in a folder; gives how many. A store on S3 has none."""
    if settings().store is not None or not settings().files.exists():
        return 0
    with _told():
        left = [path for path in settings().files.rglob("*") if _HALF_PUT.search(path.name) and _is_old(path, before)]
        for path in left:
            path.unlink(missing_ok=True)
    return len(left)


def _is_old(path: Path, before: datetime) -> bool:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) < before


def _pieces(found: "GetResult") -> Iterator[bytes]:
    with _told():
        for piece in found.stream(min_chunk_size=_PIECE):
            yield bytes(piece)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as fault:
        raise StoreFailed(f"{type(fault).__name__}: {str(fault).splitlines()[0]}") from fault


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sync(folder.parent)


def _settle(folder: Path, key: str) -> None:
    """Out of the machine's memory, onto the disk: first the file, then the folder that names it."""
    (folder / key).chmod(0o600)
    _sync(folder / key)
    _sync((folder / key).parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _store() -> ObjectStore:
    ours = settings()
    return LocalStore(ours.files) if ours.store is None else _on_s3(ours)


@lru_cache(maxsize=8)
def _on_s3(ours: Settings) -> S3Store:
    """One client for the process, made by the first that asks, so that connections are used again."""
    given: S3Config = {"region": ours.store_region}
    if ours.store_endpoint:
        given["endpoint"] = ours.store_endpoint
    given["access_key_id"], given["secret_access_key"] = ours.store_key_id or "", ours.store_secret or ""
    return S3Store.from_url(
        ours.store or "",
        config=given,
        client_options={
            "allow_http": (ours.store_endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=30),
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
    )
