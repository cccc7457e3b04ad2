"""What is taken as an attachment, under which name, and that what was stored can be read back as it was."""

import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from fundapp.config import settings
from fundapp.db import db
from fundapp.files import LARGEST, NotAccepted, StoredFile, check, store
from fundapp.languages import speaking
from fundapp.store import StoreFailed, content_of

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"


def pdf(password: str = "", pages: int = 1) -> bytes:
    kept = io.BytesIO()
    with pikepdf.new() as document:
        for _page in range(pages):
            document.add_blank_page()
        lock = pikepdf.Encryption(owner="owner", user=password) if password else None
        document.save(kept, encryption=lock or False)
    return kept.getvalue()


def picture(kind: str) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(kept, kind)
    return kept.getvalue()


def packed(**parts: bytes | str) -> bytes:
    """A zip whose parts are named with `__` for `/` and `_dot_` for `.`."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return kept.getvalue()


def word(**more: bytes | str) -> bytes:
    return packed(word__document_dot_xml="<w:document/>", _dot_content="", **more)


def open_document(media_type: str, **more: bytes | str) -> bytes:
    return packed(mimetype=media_type, content_dot_xml="<office/>", **more)


def locked_mimetype() -> bytes:
    """A zip that says of its first part that it needs a password."""
    content = bytearray(open_document(ODT))
    for header in (b"PK\x03\x04", b"PK\x01\x02"):
        at = content.index(header) + (6 if header == b"PK\x03\x04" else 8)
        content[at] |= 1
    return bytes(content)


def broken_png() -> bytes:
    """A picture with one byte of its content changed."""
    content = bytearray(picture("PNG"))
    content[content.index(b"IDAT") + 6] ^= 0xFF
    return bytes(content)


def enormous_png() -> bytes:
    """A small file that says it is a picture of 30 000 × 30 000 points."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def refusal(name: str, content: bytes) -> str:
    """The sentence a person reads who sent this file."""
    with pytest.raises(NotAccepted) as refused:
        check(name, content)
    with speaking("en"):
        return str(refused.value.reason)


@pytest.mark.parametrize(
    ("name", "make", "kept_name", "media_type"),
    [
        ("Stadgar 2017.pdf", pdf, "Stadgar 2017.pdf", "application/pdf"),
        ("bild.jpeg", lambda: picture("JPEG"), "bild.jpg", "image/jpeg"),
        ("bild.png", lambda: picture("PNG"), "bild.png", "image/png"),
        ("brev.docx", word, "brev.docx", WORD),
        ("budget.xlsx", lambda: packed(xl__workbook_dot_xml="<workbook/>"), "budget.xlsx", EXCEL),
        ("brev.odt", lambda: open_document(ODT), "brev.odt", ODT),
        ("budget.ods", lambda: open_document(ODS), "budget.ods", ODS),
    ],
)
def test_papers_pictures_and_office_documents_are_taken_as_they_are(
    name: str, make: Callable[[], bytes], kept_name: str, media_type: str
) -> None:
    content = make()
    checked = check(name, content)
    assert (checked.name, checked.media_type) == (kept_name, media_type)
    assert checked.content == content


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: b"", "The file is empty."),
        (lambda: b"%PDF-1.7\n" + bytes(LARGEST), "The file is larger than 15 MB."),
        (lambda: b"#!/bin/sh\nrm -rf /\n", "Choose a PDF, a photo"),
        (lambda: b"MZ" + bytes(2000), "Choose a PDF, a photo"),
        (lambda: b"<html><script>alert(1)</script></html>", "Choose a PDF, a photo"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Choose a PDF, a photo"),
        (lambda: b"%PDF-1.7\n#!/bin/sh\nrm -rf /\n", "The file cannot be opened."),
        (lambda: pdf()[:200], "The file cannot be opened."),
        (lambda: pdf(pages=0), "The file cannot be opened."),
        (lambda: pdf(password="secret"), "The file cannot be opened."),
        (broken_png, "The file cannot be opened."),
        (lambda: picture("PNG")[:40], "The file cannot be opened."),
        (enormous_png, "The file cannot be opened."),
        (lambda: picture("GIF"), "Choose a PDF, a photo"),
        (lambda: packed(anything_dot_txt="x"), "Choose a PDF, a photo (JPG, PNG, HEIC), or"),
        (lambda: packed(mimetype="text/html"), "Choose a PDF, a photo"),
        (locked_mimetype, "Choose a PDF, a photo"),
        (lambda: word()[:-30], "The file cannot be opened."),
        (lambda: word(word__media__big="\0" * (101 * 1024 * 1024)), "The file cannot be opened."),
        (lambda: word(word__vbaProject_dot_bin="x"), "The file holds macros."),
        (lambda: word(word__VBAPROJECT_dot_BIN="x"), "The file holds macros."),
        (
            lambda: packed(xl__workbook_dot_xml="<workbook/>", xl__vbaProject_dot_bin="x"),
            "The file holds macros.",
        ),
        (lambda: open_document(ODT, Basic__Standard__Module1_dot_xml="x"), "The file holds macros."),
    ],
)  # fmt: skip
def test_what_is_something_else_than_it_says_is_refused_in_words(make: Callable[[], bytes], told: str) -> None:
    assert told in refusal("stadgar.pdf", make())


def test_exactly_fifteen_megabytes_is_not_too_large() -> None:
    content = pdf()
    content += b"\n%" + b"x" * (LARGEST - len(content) - 2)
    assert len(check("stor.pdf", content).content) == LARGEST
    assert "larger than 15 MB" in refusal("stor.pdf", content + b"x")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Amina\\Stadgar.pdf", "Stadgar.pdf"),
        ("mapp.med.punkter/stadgar", "stadgar.pdf"),
        ("stadgar\u202efdp.exe", "stadgarfdp.pdf"),
        ("\u200f\u2067النظام\u2069.pdf", "النظام.pdf"),
        ("sta\x00dgar\r\nX-Evil: 1.pdf", "stadgarX-Evil 1.pdf".replace(":", "")),
        ("<b>“stadgar”</b>.pdf", "b.pdf"),
        ("stadgar.pdf.exe", "stadgar.pdf.pdf"),
        ("Årsmöte 2017.docx", "Årsmöte 2017.pdf"),
        ("A\u030arsmo\u0308te.pdf", "Årsmöte.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("x" * 500 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_a_name_is_kept_without_what_could_do_harm(sent: str, kept: str) -> None:
    assert check(sent, pdf()).name == kept


def test_a_stored_file_is_read_back_as_it_was_sent(app: Flask) -> None:
    content = picture("JPEG")
    with app.app_context():
        stored = store(check("bild.jpg", content), by_id=None)
        db.session.commit()
        kept = db.session.scalars(select(StoredFile)).one()
        assert (kept.id, kept.name, kept.media_type, kept.size) == (stored.id, "bild.jpg", "image/jpeg", len(content))
        assert content_of(kept.key) == content
        assert kept.sha256 == hashlib.sha256(content).hexdigest()
        assert "bild" not in kept.key
        assert kept.made_from is None
        assert os.listdir(settings().files) == [kept.key]  # nothing half-written is left


def test_the_same_content_sent_twice_is_two_files(app: Flask) -> None:
    with app.app_context():
        first, second = (store(check("bild.png", picture("PNG")), by_id=None) for _time in range(2))
        assert first.key != second.key
        assert content_of(first.key) == content_of(second.key)


def test_where_the_folder_cannot_be_written_no_row_is_made(app: Flask) -> None:
    with app.app_context():
        folder = settings().files
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.write_text("a file where the folder should be")
        with pytest.raises(StoreFailed):
            store(check("bild.png", picture("PNG")), by_id=None)
        assert db.session.scalars(select(StoredFile)).all() == []
