"""An extract of the diary as a file: a table for a spreadsheet, or a paper to hand over."""

import csv
import io
from collections.abc import Sequence
from datetime import date

from flask import Response

from fundapp import clock, documents
from fundapp.config import settings
from fundapp.goals.rules import municipality_named
from fundapp.languages import AUTHORITY_LANGUAGE, _d, speaking
from fundapp.registry.diary import Asked, Entry
from fundapp.registry.exports import BYTE_ORDER_MARK, cell

MOST = 20_000  # documents in a table
MOST_ON_PAPER = 1_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | date


def _heads(asked: Asked) -> list[str]:
    heads = [_d("Diary number"), _d("No."), _d("Date"), _d("Direction"), _d("From or to"), _d("What it concerns")]
    return [*heads, _d("Case")] if asked.is_masked else [*heads, _d("Case"), _d("Examine secrecy")]


def _values(entry: Entry, asked: Asked) -> list[Cell]:
    values: list[Cell] = [entry.diary_number, entry.number, entry.dated, str(entry.direction.label), entry.counterpart]
    values += [entry.subject, entry.case_subject]
    return values if asked.is_masked else [*values, entry.paragraph]


def as_csv(asked: Asked, entries: Sequence[Entry]) -> bytes:
    """As Swedish Excel opens it; no cell begins as a formula does."""
    buffer = io.StringIO()
    buffer.write(BYTE_ORDER_MARK)
    table = csv.writer(buffer, delimiter=";")
    table.writerow(_heads(asked))
    for entry in entries:
        told = (value.isoformat() if isinstance(value, date) else value for value in _values(entry, asked))
        table.writerow([cell(value) for value in told])
    return buffer.getvalue().encode()


def as_xlsx(asked: Asked, entries: Sequence[Entry]) -> bytes:
    """Numbers as numbers and days as days; every text is a text, whatever it begins with."""
    import xlsxwriter  # noqa: PLC0415  only an export needs it

    buffer = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(buffer, plain) as book:
        day, bold = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True})
        sheet = book.add_worksheet(_d("Diary"))
        sheet.freeze_panes(1, 0)
        for column, width in enumerate((16, 6, 12, 12, 32, 40, 60, 16)):
            sheet.set_column(column, column, width)
        for column, head in enumerate(_heads(asked)):
            sheet.write_string(0, column, head, bold)
        for row, entry in enumerate(entries, 1):
            for column, value in enumerate(_values(entry, asked)):
                if isinstance(value, date):
                    sheet.write_datetime(row, column, value, day)
                elif isinstance(value, int):
                    sheet.write_number(row, column, value)
                else:
                    sheet.write_string(row, column, value)
    return buffer.getvalue()


def as_pdf(asked: Asked, entries: Sequence[Entry], board: str) -> bytes:
    """In Swedish, as our other papers. `board` is the body's name, "" for all. Errors: as `documents.compile_pdf`."""
    with speaking(AUTHORITY_LANGUAGE):
        meta = [
            (_d("Board"), board or _d("All boards")),
            (_d("Days"), f"{asked.begins.isoformat()} – {asked.ends.isoformat()}"),
            (_d("Drawn up"), clock.today().isoformat()),
            (_d("Documents"), str(len(entries))),
        ]
        if asked.is_masked:
            meta.append((_d("Masked"), _d("Names of private persons, and what is marked for secrecy examination")))
        heads = _heads(asked)
        content = {
            "title": _d("Extract of the diary"),
            "municipality": municipality_named(settings().municipality).name,
            "meta": meta,
            "heads": [*heads[:1], *heads[2:6]],
            "rows": [_line(entry) for entry in entries],
            "none": _d("Nothing was filed these days."),
        }
    return documents.compile_pdf("registry/documents/diary.typ", content, clock.now())


def _line(entry: Entry) -> dict[str, str]:
    return {
        "number": f"{entry.diary_number}-{entry.number}",
        "dated": entry.dated.isoformat(),
        "direction": str(entry.direction.label),
        "counterpart": entry.counterpart,
        "subject": entry.subject,
        "case": entry.case_subject,
        "secrecy": _d("Examine secrecy: %(paragraph)s", paragraph=entry.paragraph) if entry.paragraph else "",
    }


def sent(content: bytes, media_type: str, asked: Asked, ending: str) -> Response:
    """The file, to be saved."""
    what = _d("diary")
    name = f"{what}-{asked.begins.isoformat()}-{asked.ends.isoformat()}.{ending}"
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
