"""The file that a backup is: a tar with the database, every stored file, and last the manifest; encrypted by age.

It is written and read as a stream, so that nothing of it lies in the clear beside it and memory does not grow with it.
The manifest comes last, because only then is everything hashed; an archive that is cut short has none.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyrage  # type: ignore[import-untyped]  # it ships no types
from pyrage import x25519

MANIFEST = "manifest.json"
FILES = "files/"
_KEY = re.compile(r"[0-9a-f]{48}")
_MARK = b"age-encryption.org/v1\n"
_PIECE = 1024 * 1024

Part = tuple[str, int, Iterable[bytes]]  # name, size in bytes, content


class BackupFailed(Exception):
    """The backup or restore stops; the text tells the operator why."""


def write(path: Path, parts: Iterable[Part], recipients: Sequence[str]) -> dict[str, Any]:
    """Write an archive that does not exist yet, readable by its owner alone; gives its size and sha256.

    It is safe on disk when this returns.

    Without `recipients` it is not encrypted. Errors: BackupFailed, OSError, and whatever `parts` raises.
    """
    source = _Pulled(_packed(parts))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        sink = _Kept(file)
        try:
            if recipients:
                pyrage.encrypt_io(io.BufferedReader(source, _PIECE), sink, [_recipient(text) for text in recipients])
            else:
                while piece := source.read(_PIECE):
                    sink.write(piece)
        except (pyrage.EncryptError, OSError) as fault:
            raise source.fault or sink.fault or fault from None
        # pyrage says nothing of a fault of the last piece that it writes: a full disk could pass for a whole backup.
        if source.fault or sink.fault:
            raise source.fault or sink.fault or BackupFailed("nothing was written")
        file.flush()
        os.fsync(file.fileno())
    return {"size": sink.size, "sha256": sink.hashed.hexdigest()}


@contextmanager
def members(path: Path, identity: Path | None) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Name and content of every part, in the order written; each must be read before the next is asked for.

    Errors: BackupFailed where the archive is damaged, cut short, or encrypted for somebody else.
    """
    with _opened(path, identity) as stream:
        try:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                yield _each(tar)
        except (tarfile.TarError, EOFError) as fault:
            raise BackupFailed(f"the archive cannot be read: it is damaged or cut short ({fault})") from fault


def _each(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for member in tar:
        content = tar.extractfile(member)
        if content is None or not _is_ours(member.name):
            raise BackupFailed(f"the archive holds something that no backup wrote: {member.name!r}")
        yield member.name, content


def read_manifest(content: bytes) -> dict[str, Any]:
    """Errors: BackupFailed."""
    try:
        found = json.loads(content)
        _ = found["format"], found["tables"], found["files"]
    except (ValueError, KeyError, TypeError) as fault:
        raise BackupFailed("the manifest cannot be read") from fault
    return dict(found)


def new_identity(path: Path) -> str:
    """Write a new private key to `path`, readable by its owner alone; gives the public key. Errors: OSError."""
    made = x25519.Identity.generate()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(f"# public key: {made.to_public()}\n{made}\n")
    return str(made.to_public())


def _is_ours(name: str) -> bool:
    is_file = name.startswith(FILES) and _KEY.fullmatch(name.removeprefix(FILES)) is not None
    return is_file or name in {MANIFEST, "database.sqlite", "database.postgresql"}


def _recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError as fault:
        raise BackupFailed(f"FUNDAPP_BACKUP_RECIPIENTS: {text} is not a public key of age") from fault


def _identities(path: Path | None) -> list[x25519.Identity]:
    if path is None:
        raise BackupFailed("the archive is encrypted: name the file of the private key in FUNDAPP_BACKUP_IDENTITY")
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
        return [x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError) as fault:
        raise BackupFailed(f"FUNDAPP_BACKUP_IDENTITY: {path} cannot be read as a private key of age") from fault


def _packed(parts: Iterable[Part]) -> Iterator[bytes]:
    """A tar, piece by piece."""
    for name, size, pieces in parts:
        about = tarfile.TarInfo(name)
        about.size, about.mode = size, 0o600
        yield about.tobuf(tarfile.PAX_FORMAT)
        written = 0
        for piece in pieces:
            written += len(piece)
            yield piece
        if written != size:
            raise BackupFailed(f"{name} changed while it was read")
        yield bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


@contextmanager
def _opened(path: Path, identity: Path | None) -> Iterator[IO[bytes]]:
    """The tar inside, decrypted beside by a thread as it is read."""
    try:
        file = path.open("rb")
    except OSError as fault:
        raise BackupFailed(f"{path} cannot be opened: {fault.strerror}") from fault
    with file:
        is_encrypted = file.read(len(_MARK)) == _MARK
        file.seek(0)
        if not is_encrypted:
            yield file
            return
        keys = _identities(identity)
        out, into = os.pipe()
        faults: list[Exception] = []
        thread = threading.Thread(target=_decrypt, args=(file, into, keys, faults))
        thread.start()
        try:
            with os.fdopen(out, "rb") as stream:
                yield stream
                while stream.read(_PIECE):  # what stands after the end of the tar is looked at too
                    pass
        finally:
            thread.join()
            if faults:  # it, and not what the tar says of being cut short, is the reason
                raise BackupFailed(f"the archive cannot be decrypted: {faults[0]}")


def _decrypt(file: IO[bytes], into: int, keys: list[x25519.Identity], faults: list[Exception]) -> None:
    with os.fdopen(into, "wb", buffering=0) as pipe:
        sink = _Kept(pipe)
        try:
            pyrage.decrypt_io(file, sink, keys)
        except (pyrage.DecryptError, OSError) as fault:
            if not isinstance(sink.fault, BrokenPipeError):  # then the reader stopped, and knows why
                faults.append(fault)


class _Pulled(io.RawIOBase):
    """An iterator as a file to read from; `fault` is what it raised."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.rest = b""
        self.fault: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            while not self.rest:
                self.rest = next(self.pieces)
        except StopIteration:
            return 0
        except BaseException as fault:
            self.fault = fault
            raise
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size


class _Kept:
    """A file to write to that counts and hashes what it took, and remembers its first fault."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.size = 0
        self.hashed = hashlib.sha256()
        self.fault: BaseException | None = None

    def write(self, piece: bytes) -> int:
        try:
            written = self.file.write(piece)
        except BaseException as fault:
            self.fault = self.fault or fault
            raise
        self.size += written
        self.hashed.update(piece[:written])
        return written

    def flush(self) -> None:
        try:
            self.file.flush()
        except BaseException as fault:
            self.fault = self.fault or fault
            raise
