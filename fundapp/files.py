"""Stored files: what somebody sent, checked by opening it, and kept only once it is safely on disk."""

import hashlib
import io
import os
import re
import secrets
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import filetype
import pikepdf
from PIL import Image, UnidentifiedImageError
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from fundapp import clock
from fundapp.config import settings
from fundapp.db import Base, db, public_id_column
from fundapp.languages import Lazy, _l

LARGEST = 15 * 1024 * 1024
_IMAGES = {"image/jpeg": "JPEG", "image/png": "PNG"}
_OFFICE = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"} | _OFFICE
_LARGEST_UNPACKED = 100 * 1024 * 1024


class NotAccepted(Exception):
    """The file is not taken; `reason` is a sentence for the person who sent it."""

    def __init__(self, reason: Lazy) -> None:
        super().__init__(str(reason))
        self.reason = reason


class StoredFile(Base):
    """A file in the upload folder. `name` is what the sender called it, made safe to show; `key` is ours."""

    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    stored_at: Mapped[datetime]
    stored_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


@dataclass(frozen=True)
class Checked:
    """A file's content that was opened and found to be what it says."""

    name: str
    media_type: str
    content: bytes


def check(name: str, content: bytes) -> Checked:
    """Open `content` and see that it is a PDF, a photograph or an office document, and no larger than 15 MB.

    Errors: NotAccepted.
    """
    if not content:
        raise NotAccepted(_l("The file is empty. Choose the file again."))
    if len(content) > LARGEST:
        raise NotAccepted(_l("The file is larger than 15 MB. Save it smaller, or split it, and choose it again."))
    kind = filetype.guess(content)
    media_type = _office_type(content) or (kind.mime if kind else "")
    if media_type not in _ENDINGS:
        raise NotAccepted(_l("Choose a PDF, a photo (JPG, PNG), or a Word, Excel or OpenDocument file."))
    try:
        _open(media_type, content)
    except (
        pikepdf.PdfError,
        pikepdf.PasswordError,
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,  # Pillow's word for a broken PNG
        zipfile.BadZipFile,
        ValueError,
    ) as fault:
        raise NotAccepted(
            _l("The file cannot be opened. It may be damaged or locked. Save it again and choose it again.")
        ) from fault
    return Checked(_safe_name(name, _ENDINGS[media_type]), media_type, content)


def _office_type(content: bytes) -> str | None:
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "word/document.xml" in names:
                return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            if "xl/workbook.xml" in names:
                return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
                return archive.read("mimetype").decode("ascii", "replace").strip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):  # RuntimeError: a locked or unknown packing
        pass
    return None


def _open(media_type: str, content: bytes) -> None:
    if media_type == "application/pdf":
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if not len(pdf.pages):
                raise ValueError("no pages")
    elif media_type in _IMAGES:
        with Image.open(io.BytesIO(content)) as picture:
            picture.verify()
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST_UNPACKED:
                raise ValueError("too large when unpacked")
            if any(_is_macro(part.filename) for part in archive.infolist()):
                raise NotAccepted(
                    _l("The file holds macros. Save it as a PDF, or without macros, and choose it again.")
                )


def _is_macro(part: str) -> bool:
    """Whether a part of an office document is a program: Microsoft's VBA, or OpenDocument's Basic and scripts."""
    return part.lower().endswith("vbaproject.bin") or part.startswith(("Basic/", "Scripts/"))


def _safe_name(name: str, ending: str) -> str:
    """The sender's name without folders, control and direction characters, with the ending its content has."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    stem = last.rpartition(".")[0] or last
    stem = "".join(c for c in stem if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} and c not in '<>:"/\\|?*')
    return f"{stem.strip(' .')[:120] or 'file'}.{ending}"


def store(checked: Checked, *, by_id: int | None) -> StoredFile:
    """Write the file so that it survives a power cut (fsync, rename, fsync of the folder), then make its row."""
    folder = settings().files
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_hex(24)
    part = folder / f"{key}.part"
    with part.open("wb") as file:
        file.write(checked.content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / key)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    stored = StoredFile(
        key=key,
        name=checked.name,
        media_type=checked.media_type,
        size=len(checked.content),
        sha256=hashlib.sha256(checked.content).hexdigest(),
        stored_at=clock.now(),
        stored_by_id=by_id,
    )
    db.session.add(stored)
    db.session.flush()
    return stored


def path_of(stored: StoredFile) -> Path:
    """Where the file lies; the key is ours, never the sender's."""
    return settings().files / stored.key
