"""A hundred files that somebody with bad intent sends: each is refused in words, or kept as it is and served so that
nothing in it can act; in little time and memory, and with nothing half kept.
"""

import io
import json
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select
from werkzeug.exceptions import ServiceUnavailable

from fundapp import confined, confined_pdf, files, photographs
from fundapp.config import settings
from fundapp.db import db
from fundapp.files import StoredFile
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.people import applicant
from tests.ground.apps import SignIn
from tests.ground.browser import ROOT
from tests.security import uploads
from tests.security.uploads import (
    CORPUS,
    Upload,
    many_parts,
    names,
    office,
    packed,
    papers,
    pdf,
    pdf_bomb,
    pdf_in_layers,
    pdf_of_one_page_many_times,
    picture,
    png,
    two_things_at_once,
)
from tests.test_files import refusal

LONGEST, MOST_MEMORY = 5, 700  # seconds of work for one; megabytes for the hungriest
MOST_MEMORY_OF_PDF, LARGEST_PHOTOGRAPH = 300, 450  # megabytes
EMAIL = "jag@exempel.example"


def attack(app: Flask, signed_in: SignIn, sent_files: tuple[Upload, ...]) -> list[str]:
    """Each is sent through the page, and asked for again where it was taken. Gives what went wrong."""
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email=EMAIL), with_attachments=False).public_id
        db.session.commit()
    app.config["WTF_CSRF_ENABLED"] = False
    client, wrong = signed_in(EMAIL), []
    here = f"/en/applications/{public_id}/attachments"
    for upload in sent_files:
        content = upload.make()
        with client.post(here, data={"kind": "other", "file": (io.BytesIO(content), upload.name)}) as sent:
            told = BeautifulSoup(sent.text, "html.parser").select("[id$=-error]")
        sent.request.environ["wsgi.input"].close()  # what werkzeug's client wrote to the disk for a large one
        kept = BeautifulSoup(client.get(f"/en/applications/{public_id}/sections/attachments").text, "html.parser")
        found = kept.select(f'a[href*="{here}/"]')
        if (sent.status_code == 302, len(found)) != (upload.is_taken, int(upload.is_taken)):
            wrong.append(f"{upload.name!r}: {sent.status}, {len(found)} kept")
        if not upload.is_taken and not told:
            wrong.append(f"{upload.name!r}: refused without a word")
        for link in found:
            wrong += _served_wrongly(app, client, str(link["href"]), content, upload)
            client.post(f"{link['href']}/remove")
    return wrong


def _served_wrongly(app: Flask, client: object, address: str, content: bytes, upload: Upload) -> list[str]:
    with client.get(address) as answer:  # type: ignore[attr-defined]
        heads, body = answer.headers, answer.data
    safe = {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    wrong = [f"{upload.name!r}: {name}" for name, value in safe.items() if heads.get(name) != value]
    disposition = heads.get("Content-Disposition", "")
    if not disposition.startswith("attachment; filename"):
        wrong.append(f"{upload.name!r}: not to be saved")
    if re.search(r"[\\/\r\n\0\u202e\u2066<>]|%2F|%5C|%0D|%0A|%00|%E2%80%AE", disposition.partition("filename")[2]):
        wrong.append(f"{upload.name!r}: {disposition}")
    if not heads["Content-Security-Policy"].startswith("sandbox; default-src 'none'"):
        wrong.append(f"{upload.name!r}: not in a sandbox")
    if heads["Content-Type"] not in {"application/pdf", "image/jpeg", "image/png", *files._OFFICE}:
        wrong.append(f"{upload.name!r}: {heads['Content-Type']}")
    if body != content:
        wrong.append(f"{upload.name!r}: changed")
    return wrong


def _left(app: Flask) -> tuple[int, int]:
    """Rows of files, and files in the folder."""
    with app.app_context():
        folder = settings().files
        count = db.session.scalar(select(func.count()).select_from(StoredFile)) or 0
        return count, len(list(folder.rglob("*"))) if folder.exists() else 0


QUICK = tuple(one for group in (two_things_at_once, papers, names) for one in group())


def test_what_is_sent_is_refused_in_words_or_kept_and_can_do_nothing(app: Flask, signed_in: SignIn) -> None:
    assert attack(app, signed_in, QUICK) == []
    rows, kept = _left(app)
    assert rows == kept, "something half kept"


@pytest.mark.slow
def test_a_hundred_hostile_files_are_refused_in_words_or_kept_and_can_do_nothing(app: Flask, signed_in: SignIn) -> None:
    assert len(CORPUS) >= 90
    assert attack(app, signed_in, CORPUS) == []
    rows, kept = _left(app)
    assert rows == kept, "something half kept"


@pytest.mark.slow
def test_no_file_takes_more_than_five_seconds_or_much_memory(tmp_path: Path) -> None:
    told = _opened_apart(tmp_path, "")
    wrong = {name: took for name, (_is_taken, took) in told["files"].items() if took > LONGEST}
    assert not wrong
    assert told["megabytes"] < MOST_MEMORY


@pytest.mark.slow
def test_an_opening_that_takes_too_much_memory_is_found(tmp_path: Path) -> None:
    """Planted: what is packed is unpacked to be looked at."""
    planted = (
        "import io, zipfile; from fundapp import files; kind_of, held = files._office_type, []\n"
        "def unpack(content):\n"
        "    if content.startswith(b'PK') and len(content) < 5_000_000:\n"
        "        try:\n"
        "            with zipfile.ZipFile(io.BytesIO(content)) as archive:\n"
        "                held.extend(archive.read(name) for name in archive.namelist()[:60])\n"
        "        except Exception: pass\n"
        "    return kind_of(content)\n"
        "files._office_type = unpack\n"
    )
    assert _opened_apart(tmp_path, planted)["megabytes"] >= MOST_MEMORY


def _opened_apart(folder: Path, planted: str, corpus: str = "CORPUS") -> dict[str, Any]:
    """Every file opened in a process of its own."""
    uploads.write_all(folder, getattr(uploads, corpus))
    words = (
        f"{planted}\nfrom pathlib import Path\nfrom tests.security import alone, uploads\n"
        f"alone.run(lambda: uploads.tell(Path({str(folder)!r}), uploads.{corpus}))"
    )
    python = [sys.executable, "-c", words]
    ran = subprocess.run(python, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert ran.returncode == 0, ran.stderr[-2000:]
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@pytest.mark.parametrize("is_held", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["held", "planted"])
def test_a_pdf_that_unpacks_to_half_a_gigabyte_is_refused_at_little_cost(tmp_path: Path, is_held: bool) -> None:
    planted = "" if is_held else "from fundapp import confined; confined.demand_sound = lambda content: None"
    told = _opened_apart(tmp_path, planted, "LAYERS")
    ((is_taken, took),) = told["files"].values()
    assert is_taken is not is_held
    assert took < LONGEST
    assert (told["megabytes"] < MOST_MEMORY_OF_PDF) is is_held


@pytest.mark.parametrize(
    "make", [pdf_in_layers, pdf_of_one_page_many_times, pdf_bomb], ids=["layers", "again", "drawing"]
)
def test_a_pdf_with_a_bomb_in_it_is_refused_as_a_broken_one(app: Flask, make: Callable[[], bytes]) -> None:
    content = make()
    with app.app_context(), pytest.raises(files.NotAccepted) as refused:
        files.accept([("stadgar.pdf", content)])
    assert refused.value.reason is files._CANNOT_BE_OPENED
    assert len(content) < 60_000


def test_a_pdf_that_takes_too_long_is_refused_as_a_broken_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "LONGEST", 0.001)
    with app.app_context(), pytest.raises(files.NotAccepted) as refused:
        files.accept([("stadgar.pdf", pdf())])
    assert refused.value.reason is files._CANNOT_BE_OPENED


def test_what_waits_too_long_for_its_turn_is_told_to_come_back(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confined, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(confined, "_room", threading.BoundedSemaphore(1))
    upload = Upload("stadgar.pdf", pdf, True)
    with confined.turn_in(confined._room):
        assert attack(app, signed_in, (upload,))[0].startswith("'stadgar.pdf': 503")
    assert attack(app, signed_in, (upload,)) == []


def test_a_process_that_does_not_come_about_is_not_the_file_s_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined_pdf, "__file__", "/no/such/file.py")
    with pytest.raises(RuntimeError, match="ended with 2"):
        confined.demand_sound(pdf())


def test_the_web_unit_has_memory_for_what_two_workers_open_at_once() -> None:
    words = (ROOT / "deploy" / "fundapp-web.service").read_text()
    most = re.search(r"^MemoryMax=(\d+)G$", words, re.MULTILINE)
    workers = re.search(r"--workers (\d+)", words)
    assert most is not None
    assert workers is not None
    one = (200 + LARGEST_PHOTOGRAPH) * 1024**2 + confined.AT_ONCE * confined_pdf.MOST_MEMORY
    assert int(workers[1]) * one < int(most[1]) * 1024**3


def test_the_largest_photographs_take_less_than_half_a_gigabyte(tmp_path: Path) -> None:
    """A transparent picture of 49 million points took 784 MB before it was shrunk band by band."""
    (tmp_path / "large").write_bytes(picture("PNG", (7000, 7000), "RGBA"))
    words = (
        "import sys; from pathlib import Path; from fundapp import photographs; from tests.security import uploads\n"
        f"content = Path({str(tmp_path / 'large')!r}).read_bytes(); before = uploads._peak()\n"
        "photographs.joined([content, content]); print(uploads._peak() - before)"
    )
    ran = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 0 < int(ran.stdout) < LARGEST_PHOTOGRAPH


def test_photographs_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "LONGEST_WAIT", 0.01)
    with confined.turn_in(photographs._room), pytest.raises(ServiceUnavailable):
        photographs.joined([png(8, 8, rows=bytes(200))])
    assert photographs.joined([png(8, 8, rows=bytes(200))]).startswith(b"%PDF")


def test_a_jpeg_told_in_more_scans_than_any_camera_writes_is_refused() -> None:
    begins, mark, scan = picture("JPEG").partition(b"\xff\xda")
    assert photographs.joined([begins + mark + scan]).startswith(b"%PDF")
    with pytest.raises(ValueError, match="scans"):
        photographs.joined([begins + (mark + scan.removesuffix(b"\xff\xd9")) * 101 + b"\xff\xd9"])


def test_a_list_of_a_quarter_of_a_million_parts_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_anything: object) -> None:
        raise AssertionError("the list is read")

    content = many_parts()
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", read)
    with pytest.raises(files.NotAccepted):
        files.check("parts.docx", content)
    monkeypatch.setattr(files, "_MOST_PARTS", 1_000_000)
    with pytest.raises(AssertionError, match="the list is read"):
        files.check("parts.docx", content)


def test_a_program_that_another_name_hides_is_found_by_the_list_of_types(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = [
        upload for upload in CORPUS if upload.name in {"renamed.docx", "renamed16.docx", "signs.docx", "sheet.xlsx"}
    ]
    assert len(hidden) == 4
    for upload in hidden:
        assert refusal(upload.name, upload.make()).startswith("The file holds macros.")
    monkeypatch.setattr(files, "_MACRO_TYPES", ())
    for upload in hidden:
        files.check(upload.name, upload.make())


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_list_of_types_that_office_programs_could_not_read_is_refused(packing: int) -> None:
    content = packed(("[Content_Types].xml", "<Types/>"), ("word/document.xml", "x"), packing=packing)
    assert refusal("a.docx", content).startswith("The file cannot be opened.")


def test_a_list_of_types_without_end_is_refused() -> None:
    content = packed(("[Content_Types].xml", bytes(2_000_000)), ("word/document.xml", "x"))
    assert refusal("a.docx", content).startswith("The file cannot be opened.")
    assert files.check("a.docx", office()).name == "a.docx"


@pytest.mark.parametrize(
    "planted", ["no sandbox", "in the page", "as it was called", "everything is taken"], ids=lambda name: name
)
def test_a_file_that_could_act_is_found(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    served = files.served

    def changed(stored: StoredFile) -> object:
        answer = served(stored)
        if planted == "no sandbox":
            del answer.headers["Content-Security-Policy"]
        if planted == "in the page":
            answer.headers.set("Content-Disposition", "inline", filename=stored.name)
        return answer

    monkeypatch.setattr(files, "served", changed)
    if planted == "as it was called":
        monkeypatch.setattr(files, "_safe_name", lambda name, _ending: name.replace("\0", ""))
    if planted == "everything is taken":
        monkeypatch.setattr(files, "_kind_of", lambda _content: "application/pdf")
        monkeypatch.setattr(files, "_open", lambda _kind, _content: None)
        monkeypatch.setattr(confined, "demand_sound", lambda _content: None)
    some = (Upload("a\u202efdp.exe", pdf, True), Upload("page.html", lambda: b"<script>1</script>", False))
    assert attack(app, signed_in, some) != []
