"""Stored files: what somebody sent, checked by opening it, and kept only once the store has it for good."""

import hashlib
import html
import io
import logging
import re
import secrets
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from fundapp import clock, confined, scan
from fundapp import store as storing
from fundapp.composed import composed
from fundapp.db import Base, db, public_id_column
from fundapp.languages import Lazy, _l

LARGEST = 15 * 1024 * 1024
LARGEST_SENT = 3 * LARGEST  # several photographs at once
MOST_PHOTOGRAPHS = 12
_HEIC = frozenset({"image/heic", "image/heif"})
_IMAGES = frozenset({"image/jpeg", "image/png"})
_OFFICE = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
}
_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"} | _OFFICE
_LARGEST_UNPACKED = 100 * 1024 * 1024
_MOST_PARTS = 10_000  # of an office document: to read a list of them takes a thousand times their number in memory
_LARGEST_LIST = 1024 * 1024
_CANNOT_BE_OPENED = _l("The file cannot be opened. It may be damaged or locked. Save it again and choose it again.")
_MACRO_TYPES = ("vbaproject", "macroenabled", "macrosheet")


class NotAccepted(Exception):
    """The file is not taken; `reason` is a sentence for the person who sent it."""

    def __init__(self, reason: Lazy) -> None:
        super().__init__(str(reason))
        self.reason = reason


class StoredFile(Base):
    """A file in the store. `name` is what the sender called it, made safe to show; `key` is ours.

    `made_from` tells of what was sent where that was not kept as it was (a HEIC photograph, several photographs):
    [{"name", "media_type", "size", "sha256"}].
    """

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
    made_from: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))


@dataclass(frozen=True)
class Checked:
    """A file's content that was opened and found to be what it says; `made_from` as in StoredFile."""

    name: str
    media_type: str
    content: bytes
    made_from: tuple[dict[str, Any], ...] = ()


def accept(sent: Sequence[tuple[str, bytes]]) -> Checked:
    """What a browser sent, as (name, content): looked through for viruses, opened, and as one file to keep.

    Several photographs become one PDF, in the order in which they were sent. A PDF is opened in a process with limits
    before anything here opens it: what is kept has opened within them once, and so takes no more when it is opened
    again. Errors: NotAccepted; ServiceUnavailable where too many come at once.
    """
    if len(sent) > MOST_PHOTOGRAPHS:
        raise NotAccepted(_l("Choose at most %(most)s photos at a time.", most=MOST_PHOTOGRAPHS))
    for name, content in sent:
        _demand_size(content)
        _scan(name, content)
    if len(sent) > 1:
        return _joined(sent)
    ((name, content),) = sent
    if _kind_of(content) == "application/pdf":
        _demand_sound(content)
    return check(name, content)


def _demand_sound(content: bytes) -> None:
    try:
        confined.demand_sound(content)
    except confined.Unsound as fault:
        raise NotAccepted(_CANNOT_BE_OPENED) from fault


def _scan(name: str, content: bytes) -> None:
    try:
        found = scan.virus_in(content)
    except scan.ScannerAway as fault:
        logging.getLogger(__name__).error("virus scanner: %s", fault)
        raise NotAccepted(
            _l("Files cannot be looked through for viruses just now, so none is taken. Try again in a while.")
        ) from fault
    if found:
        logging.getLogger(__name__).warning("virus scanner found %s", found)
        raise NotAccepted(
            _l("The file holds a virus and was not taken: %(name)s.", name=_safe_name(name, "").rstrip("."))
        )


def _joined(sent: Sequence[tuple[str, bytes]]) -> Checked:
    from fundapp import photographs  # noqa: PLC0415  with pikepdf and Pillow: dear to import, and few requests need it

    kinds = [_kind_of(content) for _name, content in sent]
    if not all(kind in _IMAGES | _HEIC for kind in kinds):
        raise NotAccepted(_l("Choose several photos at once, or one other file at a time."))
    try:
        content = photographs.joined([content for _name, content in sent])
    except photographs.CANNOT_BE_OPENED as fault:
        raise NotAccepted(
            _l("A photo cannot be opened, or is larger than we can take. Take it again, or send the others without it.")
        ) from fault
    _demand_size(content)
    originals = tuple(_told_of(name, kind, content) for (name, content), kind in zip(sent, kinds, strict=True))
    return Checked(_safe_name(sent[0][0], "pdf"), "application/pdf", content, originals)


def _told_of(name: str, media_type: str, content: bytes) -> dict[str, Any]:
    return {
        "name": _safe_name(name, media_type.removeprefix("image/")),
        "media_type": media_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _demand_size(content: bytes) -> None:
    if not content:
        raise NotAccepted(_l("The file is empty. Choose the file again."))
    if len(content) > LARGEST:
        raise NotAccepted(_l("The file is larger than 15 MB. Save it smaller, or split it, and choose it again."))


def check(name: str, content: bytes) -> Checked:
    """Open `content` and see that it is a PDF, a photograph or an office document, and no larger than 15 MB.

    All is kept as it was sent, byte for byte, but a HEIC photograph, which becomes JPEG. A PDF is opened without
    limits: one from outside has to come through `accept`. Errors: NotAccepted.
    """
    from fundapp import photographs  # noqa: PLC0415  as in _joined

    _demand_size(content)
    media_type = _kind_of(content)
    if media_type not in _ENDINGS and media_type not in _HEIC:
        raise NotAccepted(_l("Choose a PDF, a photo (JPG, PNG, HEIC), or a Word, Excel or OpenDocument file."))
    try:
        if media_type in _HEIC:
            jpeg = photographs.as_jpeg(content)
            _demand_size(jpeg)
            return Checked(_safe_name(name, "jpg"), "image/jpeg", jpeg, (_told_of(name, media_type, content),))
        _open(media_type, content)
    except (*photographs.CANNOT_BE_OPENED, zipfile.BadZipFile) as fault:
        raise NotAccepted(_CANNOT_BE_OPENED) from fault
    return Checked(_safe_name(name, _ENDINGS[media_type]), media_type, content)


def _kind_of(content: bytes) -> str:
    """The media type that the content has, whatever the name says; "" where it is none we know."""
    import filetype  # noqa: PLC0415  only uploads need it

    if content.startswith(b"PK") and content.count(b"PK\x01\x02") > _MOST_PARTS:
        return ""
    kind = filetype.guess(content)
    return _office_type(content) or (kind.mime if kind else "")


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
    from fundapp import photographs  # noqa: PLC0415  as in _joined

    if media_type == "application/pdf":
        photographs.open_pdf(content)
    elif media_type in _IMAGES:
        photographs.open_picture(content)
    else:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST_UNPACKED:
                raise ValueError("too large when unpacked")
            if any(_is_macro(part.filename) for part in archive.infolist()) or _names_macros(archive):
                raise NotAccepted(
                    _l("The file holds macros. Save it as a PDF, or without macros, and choose it again.")
                )


def _is_macro(part: str) -> bool:
    """Whether a part of an office document is a program: Microsoft's VBA, or OpenDocument's Basic and scripts."""
    path = part.replace("\\", "/").lower()
    return path.endswith("vbaproject.bin") or bool({"basic", "scripts"} & set(path.split("/")[:-1]))


def _names_macros(archive: zipfile.ZipFile) -> bool:
    """Whether Microsoft's list of types tells of a program, whatever its part is called. Errors: ValueError."""
    for part in archive.infolist():
        if part.filename.lower() != "[content_types].xml":
            continue
        if part.flag_bits & 1 or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("locked, or packed as office programs do not")
        with archive.open(part) as file:
            try:
                told = file.read(_LARGEST_LIST + 1)
            except (zlib.error, EOFError) as fault:
                raise ValueError("damaged") from fault
        if len(told) > _LARGEST_LIST:
            raise ValueError("no list is that long")
        plain = html.unescape(told.replace(b"\0", b"").decode("utf-8", "replace")).lower()
        if any(word in plain for word in _MACRO_TYPES):
            return True
    return False


def _safe_name(name: str, ending: str) -> str:
    """The sender's name without folders, control and direction characters, with the ending its content has."""
    last = re.split(r"[/\\]", composed(name))[-1]
    stem = last.rpartition(".")[0] or last
    stem = "".join(c for c in stem if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"} and c not in '<>:"/\\|?*')
    return f"{stem.strip(' .')[:120] or 'file'}.{ending}"


def store(checked: Checked, *, by_id: int | None) -> StoredFile:
    """Put the file where it survives a power cut, then make its row. Errors: store.StoreFailed, and no row is made."""
    key = secrets.token_hex(24)
    storing.put(key, checked.content)
    stored = StoredFile(
        key=key,
        name=checked.name,
        media_type=checked.media_type,
        size=len(checked.content),
        sha256=hashlib.sha256(checked.content).hexdigest(),
        stored_at=clock.now(),
        stored_by_id=by_id,
        made_from=list(checked.made_from) or None,
    )
    db.session.add(stored)
    db.session.flush()
    return stored


def served(stored: StoredFile) -> Response:
    """The file, in pieces, to be saved: never opened in the page's own place. The caller has asked for a permission.

    Errors: store.StoreFailed, also where the store holds something of another size.
    """
    size, pieces = storing.read(stored.key)
    if size != stored.size:
        raise storing.StoreFailed(f"{stored.key} has {size} bytes, and its row says {stored.size}")
    response = Response(pieces, mimetype=stored.media_type)
    response.content_length = size
    response.headers.set("Content-Disposition", "attachment", filename=stored.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response
