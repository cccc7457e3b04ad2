"""What somebody wrote stays a cell in a table, one header in a mail, one line in a log; and text in a paper."""

import csv
import io
import json
import logging
import unicodedata
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock, documents, mail
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.mail import Message
from fundapp.registry import exports
from fundapp.smtp import as_email
from fundapp.web import watch
from tests.factories.house import House
from tests.ground.house import Restore, address_of, client_of
from tests.security import corpus
from tests.security.stored import fill, within

# --- tables -------------------------------------------------------------------------------------------------------

BEGINS = (
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    " =",
    "\u00a0=",
    "\ufeff=",
    "\u200b=",
    "\u202e=",
    "\0=",
    "＝",
    "＋",
    "－",
    "＠",
    "﹦",
    "−",
)
FORMULAS = (
    'HYPERLINK("http://evil.example";"x5")',
    "cmd|' /C calc'!A0 x5",
    'WEBSERVICE("http://evil.example/x5")',
    "1+1;=2 x5",
    '1"\r\n=1+1;"x5',
)
TABLES = {
    "registry.export": ("officer", {"kind": "csv"}),
    "registry.export xlsx": ("officer", {"kind": "xlsx"}),
    "diary.as_csv": ("registrar", {}),
    "diary.as_xlsx": ("registrar", {}),
}


def begins_a_formula(value: object) -> bool:
    """Whether a spreadsheet of some kind would take the cell for more than a text."""
    if not isinstance(value, str) or not value:
        return False
    seen = "".join(c for c in value if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf"))
    return unicodedata.normalize("NFKC", seen)[:1] in ("=", "+", "-", "@", "\u2212") or value[0] in "\t\r\n"


def cells_of(content: bytes) -> list[object]:
    """The cells of a CSV file or a workbook; a workbook, where a text says so of itself, holds no formula at all."""
    if not content.startswith(b"PK"):
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
        return [cell for row in rows for cell in row]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets"))
    assert b"<f>" not in parts
    assert b"<hyperlink" not in parts
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]


def _tables(app: Flask, house: House) -> Iterator[tuple[str, bytes]]:
    for name, (who, more) in TABLES.items():
        endpoint = name.partition(" ")[0]
        there = House(house.sessions, house.places | {endpoint: more}, house.posts)  # type: ignore[dict-item]
        with client_of(app, house, who).get(address_of(app, there, endpoint)) as answer:
            assert answer.status_code == 200, name
            yield name, answer.data


def _formula_for(place: str) -> str:
    return BEGINS[sum(map(ord, place)) % len(BEGINS)] + FORMULAS[len(place) % len(FORMULAS)]


def test_no_cell_of_any_table_is_a_formula(house: House, copied: tuple[Flask, Restore], tmp_path: Path) -> None:
    fill(tmp_path / "copy.db", _formula_for)
    for name, content in _tables(copied[0], house):
        cells = cells_of(content)
        assert sum("x5" in str(cell) for cell in cells) >= 2, name
        if not content.startswith(b"PK"):
            assert not [cell for cell in cells if begins_a_formula(cell)], name


@pytest.mark.parametrize("begin", BEGINS)
def test_whatever_a_formula_begins_with_gets_an_apostrophe(begin: str) -> None:
    for rest in FORMULAS:
        assert exports.cell(begin + rest) == f"'{begin}{rest}"
    assert exports.cell(f"Kalix {begin}") == f"Kalix {begin}"


def test_a_table_that_lets_a_formula_through_is_found(
    house: House, copied: tuple[Flask, Restore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "copy.db", lambda _place: "＝" + FORMULAS[0])
    monkeypatch.setattr(exports, "cell", lambda value: value)
    found = dict(_tables(copied[0], house))
    assert [cell for cell in cells_of(found["registry.export"]) if begins_a_formula(cell)]


# --- mails --------------------------------------------------------------------------------------------------------

HEADERS = {
    "message-id", "from", "to", "subject", "date", "content-type", "content-transfer-encoding", "mime-version",
    "content-language",
}  # fmt: skip
BREAKS = (
    "\r\n",
    "\n",
    "\r",
    "\u2028",
    "\u2029",
    "\x85",
    "\x0b",
    "\x0c",
    "\x1c",
    "\0",
    "=?utf-8?q?=0D=0A?=",
    "%0d%0a",
    "\\r\\n",
)
PLANTED = [f"Hej{end}Bcc: evil@evil.example{end}{end}<script>x5</script>" for end in BREAKS]


def faults_of(letter: EmailMessage, to: str) -> list[str]:
    """What a reader of the letter would find in it that we did not write there."""
    read = message_from_bytes(letter.as_bytes())
    names = [name.lower() for name in read]
    wrong = [name for name in names if name not in HEADERS or names.count(name) > 1]
    wrong += [f"to {read['To']}"] if to and read["To"] != to else []
    for part in read.walk():
        if part.get_content_type() not in ("text/plain", "multipart/mixed", "application/pdf"):
            wrong.append(part.get_content_type())
        wrong += [name for name in part if name.lower() in ("bcc", "cc", "reply-to")]
    return wrong


@pytest.mark.parametrize("planted", PLANTED, ids=lambda text: repr(text[3:8]))
@pytest.mark.parametrize("field", ["subject", "to", "file_name", "body"])
def test_no_field_opens_a_second_header(app: Flask, field: str, planted: str) -> None:
    """A letter that could not be made safe is not made: the outbox marks it as not sent."""
    fields = {"to": "amina@exempel.example", "subject": "Hej", "body": "Hej!", "file_name": "brev.pdf"} | {
        field: planted
    }
    with app.app_context():
        paper = Paper(
            template="registry/documents/diary.typ", content=_EMPTY, file_name=fields.pop("file_name"), language="sv",
            drawn_up_at=clock.now(), public_id="x",
        )  # fmt: skip
        message = mail.write(language="sv", papers=[paper], **fields)
        try:
            letter = as_email(message)
        except ValueError:
            assert field != "subject"
            return
        assert faults_of(letter, "" if field == "to" else message.to) == []


_EMPTY = {"title": "x", "municipality": "x", "meta": [], "heads": ["x"] * 5, "rows": [], "none": "x"}


def test_a_letter_with_a_second_header_is_found() -> None:
    letter = EmailMessage()
    letter["To"] = "amina@exempel.example"
    letter["Bcc"] = "evil@evil.example"
    letter.set_content("<p>", subtype="html")
    assert {"bcc", "text/html", "Bcc"} <= set(faults_of(letter, "amina@exempel.example"))


def test_every_mail_of_the_house_is_plain_text_whatever_was_stored(
    house: House, copied: tuple[Flask, Restore], tmp_path: Path
) -> None:
    fill(tmp_path / "copy.db", lambda _place: "\n".join(corpus.MARKUP))
    with copied[0].app_context():
        messages = db.session.scalars(select(Message)).all()
        assert len(messages) >= 10
        for message in messages:
            fields = ("message_id", "to", "language", "subject", "body", "written_at")
            letter = as_email(Message(**{name: getattr(message, name) for name in fields}))
            assert letter.get_content_type() == "text/plain"
            assert faults_of(letter, message.to) == []
            assert "<script>" in letter.get_content()
        db.session.rollback()


# --- logs ---------------------------------------------------------------------------------------------------------

LINES = (
    'x\n{"level": "error", "message": "x5"}', "x\r\nx5", "x\u2028x5", "x\u2029x5", "x\x85x5", "x\x0bx5\x0cx5",
    "x\x1cx5", "\x1b[2Jx5", "\x9b2Jx5", "\x1b]0;x5\x07", '"}, {"x5": "', "\\\"}\\n x5", "\u202ex5", "\ufeffx5",
    "\ud800x5", "\0x5",
)  # fmt: skip


def logged(text: str, form: logging.Formatter) -> str:
    """Everything a text can come into: the message, the facts, the name of a fault."""
    kind = type("Fault" + text.replace("\0", "").replace("\ud800", ""), (Exception,), {})
    try:
        raise kind(text)
    except kind as fault:
        record = logging.LogRecord(
            "fundapp.x", logging.ERROR, "x", 1, "%s", (text,), (type(fault), fault, fault.__traceback__)
        )
        record.facts = {"statement": text, "route": text}
        return form.format(record)


def faults_in(line: str) -> list[str]:
    wrong = [repr(c) for c in line if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs")]
    try:
        told = json.loads(line)
    except ValueError:
        return [*wrong, "no JSON"]
    return [*wrong, *(name for name in told if name == "x5"), *([] if told["level"] == "error" else ["level"])]


@pytest.mark.parametrize("text", LINES, ids=lambda text: repr(text[:8]))
def test_a_line_of_the_log_is_one_line_whatever_is_told_in_it(text: str) -> None:
    line = logged(text, watch.OneLine())
    assert faults_in(line) == []
    assert json.loads(line)["message"] == text


@pytest.mark.parametrize("text", LINES, ids=lambda text: repr(text[:8]))
def test_a_log_that_obeys_is_found(text: str) -> None:
    assert faults_in(logged(text, logging.Formatter('{"level": "error", "message": "%(message)s"}')))


@pytest.mark.parametrize("where", ["path", "query", "agent", "method", "host", "id"])
def test_a_request_writes_one_line_of_the_log(app: Flask, where: str) -> None:
    written = io.StringIO()
    out = logging.StreamHandler(written)
    out.setFormatter(watch.OneLine())
    ours = logging.getLogger("fundapp")
    before = ours.level
    ours.addHandler(out)
    ours.setLevel(logging.INFO)
    text = 'x\x1b[2J"}\n{"x5": "\u2028'
    asked = {
        "path": {"path": f"/livez{text}"},
        "query": {"path": "/livez", "query_string": {"q": text}},
        "agent": {"path": "/livez", "environ_overrides": {"HTTP_USER_AGENT": text, "HTTP_REFERER": text}},
        "method": {"path": "/livez", "method": text},
        "host": {"path": "/livez", "environ_overrides": {"HTTP_HOST": text}},
        "id": {"path": "/livez", "environ_overrides": {"HTTP_X_REQUEST_ID": text}},
    }[where]
    try:
        app.test_client().open(**asked).close()  # type: ignore[arg-type]
    finally:
        ours.removeHandler(out)
        ours.setLevel(before)
    lines = written.getvalue().split("\n")[:-1]
    assert [json.loads(line)["logger"] for line in lines].count("fundapp.requests") == 1
    assert "x5" not in written.getvalue()


# --- papers -------------------------------------------------------------------------------------------------------


def words_of(content: bytes) -> str:
    """All that can be read in a PDF, without blanks, which lines may end at."""
    with pypdfium2.PdfDocument(content) as document:
        return "".join("".join(page.get_textpage().get_text_bounded().split()) for page in document)


def _papers(app: Flask) -> list[tuple[str, dict[str, object]]]:
    """One paper of every template, as the house has drawn it up."""
    with app.app_context():
        rows = db.session.scalars(select(Paper).order_by(Paper.id)).all()
        return list({row.template: (row.template, row.content) for row in rows}.values())


SOME = "\n".join([*corpus.TYPST, *corpus.TEMPLATES])
SOUGHT = ('#read("/etc/passwd")x5', '#panic("x5")', "{{7*7}}x5", "#sys.inputs.contentx5")


def test_what_is_stored_is_text_in_every_paper(house: House, copied: tuple[Flask, Restore]) -> None:
    found = _papers(copied[0])
    assert len(found) >= 6
    shown = 0
    for template, content in found:
        read = words_of(documents.compile_pdf(template, within(content, SOME), clock.now()))
        assert "root:x:0" not in read, template
        assert "49x5" not in read, template
        for words in SOUGHT:
            if "x5" in read:
                assert words.replace(" ", "") in read, (template, words)
        shown += "x5" in read
    assert shown >= 5


@pytest.mark.slow
@pytest.mark.parametrize("group", range(4))
def test_every_text_of_the_corpus_in_every_paper(house: House, copied: tuple[Flask, Restore], group: int) -> None:
    for template, content in _papers(copied[0]):
        read = words_of(documents.compile_pdf(template, within(content, "\n".join(corpus.ALL[group::4])), clock.now()))
        assert "root:x:0" not in read, template


def test_a_paper_that_takes_typed_text_for_markup_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("root:x:0")
    template = '#set document(title: "x")\n#let c = json(bytes(sys.inputs.content))\n#eval(c.text, mode: "markup")\n'
    (tmp_path / "planted.typ").write_text(template)
    monkeypatch.setattr(documents, "TEMPLATES", tmp_path)
    read = words_of(documents.compile_pdf("planted.typ", {"text": '#read("/secret")'}, clock.now()))
    assert "root:x:0" in read
