"""The list of cases as a table for a spreadsheet: CSV as Swedish Excel opens it, sent piece by piece, or XLSX.

It has a connection of its own, which only reads and sees one moment, as it is one statement: the page's transaction is
closed before the body is sent. What a cell holds was typed by somebody, so that none may begin as a formula does.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import chain
from typing import IO, Any

from flask import Response
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application, ApplicationKind
from fundapp.config import settings
from fundapp.db import db, is_reading
from fundapp.funds.models import Fund, Round
from fundapp.languages import _d, _dl, language_name, number
from fundapp.permissions import Person
from fundapp.registry import queries, rules, words
from fundapp.registry.choices import Choices
from fundapp.registry.filters import Filters
from fundapp.registry.models import Case
from fundapp.registry.sorting import walk_of
from fundapp.workflow import OPEN_TO_OFFICIALS, StepNotPossible

ROWS = 500  # read and sent at a time
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
# Also in the wide forms of eastern scripts, and behind blanks and marks that are not seen.
_FORMULA = re.compile(
    r"\A(?:[\t\r\n]|[\s\0\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\-@＝＋－＠﹦﹢﹣﹫−])"
)
_WIDTHS = (16, 44, 32, 14, 28, 12, 22, 12, 24, 14)  # of a sheet's columns, in letters
_Officer = aliased(Account)
Cell = str | int | date | None


def cell(value: str | int | None) -> str | int:
    """A number as it is; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def size(person: Person, filters: Filters, choices: Choices, chosen: Sequence[str] | None = None) -> int:
    """How many rows the file has. Errors: StepNotPossible where that is more than a file takes."""
    asked = select(func.count()).select_from(Application).where(*_whole(person, filters, choices, chosen))
    count, most = db.session.scalar(asked) or 0, settings().export_rows
    if count > most:
        raise StepNotPossible(
            _dl(
                "The list has %(count)s cases, and a file takes at most %(most)s. Narrow the list, say by year.",
                count=number(count),
                most=number(most),
            )
        )
    return count


def cases(
    person: Person, filters: Filters, choices: Choices, *, kind: str = "csv", chosen: Sequence[str] | None = None
) -> Response:
    """Every case of the list that the filters give (or that was `chosen` in it), in its order, as a file. Within a page
    that only reads.
    """
    if not is_reading():
        raise RuntimeError("an export must not hold the turn to write")
    with ExitStack() as stack:
        found = _found(stack, _query(person, filters, choices, chosen))
        first = next(found, [])  # where the database fails, here, and not in the middle of the body
        pieces = _csv(chain([first], found)) if kind == "csv" else _pieces(_sheet(chain([first], found)))
        response = Response(pieces, mimetype=TYPES[kind])
        response.call_on_close(stack.pop_all().close)
    response.headers.set("Content-Disposition", "attachment", filename=file_name(kind))
    return response


def file_name(kind: str) -> str:
    what = _d("cases")
    return f"{what}-{clock.today().isoformat()}.{kind}"


def content(
    person: Person,
    filters: Filters,
    choices: Choices,
    *,
    kind: str,
    chosen: Sequence[str] | None,
    tell: Callable[[int], None],
) -> bytes:
    """The whole file, made beside the pages; `tell` hears how many rows are done."""
    with ExitStack() as stack:
        rows = _told(_found(stack, _query(person, filters, choices, chosen)), tell)
        pieces = _csv(rows) if kind == "csv" else _pieces(_sheet(rows))
        return b"".join(pieces)


def _told(pieces: Iterator[Sequence[Row[Any]]], tell: Callable[[int], None]) -> Iterator[Sequence[Row[Any]]]:
    done = 0
    for rows in pieces:
        yield rows
        done += len(rows)
        tell(done)


def _found(stack: ExitStack, query: Select[*tuple[Any, ...]]) -> Iterator[Sequence[Row[Any]]]:
    connection = stack.enter_context(db.engine.connect())
    found = connection.execute(query, execution_options={"yield_per": ROWS})
    stack.callback(found.close)
    return found.partitions()


def _whole(person: Person, filters: Filters, choices: Choices, chosen: Sequence[str] | None) -> list[Any]:
    if chosen is not None:  # what was chosen need not be found again by what was typed
        return [visible_to(person), Application.public_id.in_(chosen)]
    return queries.whole_list(person, filters, choices)


def _query(
    person: Person, filters: Filters, choices: Choices, chosen: Sequence[str] | None
) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Case.diary_number,
            Application.title,
            Application.applicant_name,
            Application.kind,
            Fund.name.label("fund"),
            Application.amount_requested,
            Application.status,
            Application.submitted_at,
            _Officer.name.label("officer"),
            Application.text_language.label("language"),
        )
        .outerjoin(Case, Case.id == Application.case_id)
        .outerjoin(_Officer, _Officer.id == Application.officer_id)
        .join(Round, Round.id == Application.round_id)
        .join(Fund, Fund.id == Round.fund_id)
        .where(*_whole(person, filters, choices, chosen))
        .order_by(*walk_of(filters.sort).ordered())
    )


def _csv(pieces: Iterator[Sequence[Row[Any]]]) -> Iterator[bytes]:
    values = _values()
    buffer = io.StringIO()
    table = csv.writer(buffer, delimiter=";")
    buffer.write(BYTE_ORDER_MARK)
    table.writerow(_heads())
    for rows in pieces:
        for row in rows:
            table.writerow([cell(v.isoformat() if isinstance(v, date) else v) for v in values(row)])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def _sheet(pieces: Iterator[Sequence[Row[Any]]]) -> IO[bytes]:
    """A workbook of one sheet, row after row on the disk: a text stays a text, a number a number, a day a day."""
    import xlsxwriter  # noqa: PLC0415  few requests need it

    file, values = io.BytesIO(), _values()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet, day, bold = (
            book.add_worksheet(_d("Cases")[:31]),
            book.add_format({"num_format": "yyyy-mm-dd"}),
            book.add_format({"bold": True}),
        )
        for column, (head, width) in enumerate(zip(_heads(), _WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, head, bold)
        sheet.freeze_panes(1, 0)
        for place, row in enumerate(chain.from_iterable(pieces), 1):
            for column, value in enumerate(values(row)):
                _write(sheet, place, column, value, day)
    file.seek(0)
    return file


def _write(sheet: Any, row: int, column: int, value: Cell, day: Any) -> None:
    if isinstance(value, date):
        sheet.write_datetime(row, column, value, day)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value:
        sheet.write_string(row, column, value)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(64 * 1024):
            yield piece


def _heads() -> list[str]:
    return [
        _d("Number"),
        _d("Subject"),
        _d("Applicant"),
        _d("Kind"),
        _d("Fund"),
        _d("Sought, kr"),
        _d("State"),
        _d("Sent in on"),
        _d("Officer"),
        _d("Language"),
    ]


def _values() -> Callable[[Any], list[Cell]]:
    """What turns a row into its cells, with the words of the language that is spoken now."""
    states = {status: str(rules.desk_words(status)) for status in OPEN_TO_OFFICIALS}
    kinds = {kind: str(words.kind_words(kind)) for kind in ApplicationKind}

    def values(row: Any) -> list[Cell]:
        return [
            row.diary_number,
            row.title,
            row.applicant_name,
            kinds[row.kind],
            row.fund,
            row.amount_requested,
            states[row.status],
            clock.local_day(row.submitted_at),
            row.officer,
            language_name(row.language),
        ]

    return values
