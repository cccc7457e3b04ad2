"""The list of cases as a table for a spreadsheet: CSV as Swedish Excel opens it, read and sent piece by piece.

It has a connection of its own, which only reads and sees one moment, as it is one statement: the page's transaction is
closed before the body is sent. What a cell holds was typed by somebody, so that none may begin as a formula does.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any

from flask import Response
from sqlalchemy import Result, select
from sqlalchemy.orm import aliased

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db, is_reading
from fundapp.funds.models import Fund, Round
from fundapp.languages import _d, language_name
from fundapp.permissions import Person
from fundapp.registry import queries, rules, words
from fundapp.registry.models import Case
from fundapp.workflow import OPEN_TO_OFFICIALS

ROWS = 500  # read and sent at a time
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for something else
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_Officer = aliased(Account)


def cell(value: str | int | None) -> str | int:
    """A number as it is; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def cases(person: Person, filters: queries.Filters) -> Response:
    """Every case of the list that the filters give, newest first, as a file. Within a page that only reads."""
    if not is_reading():
        raise RuntimeError("an export must not hold the turn to write")
    with ExitStack() as stack:
        connection = stack.enter_context(db.engine.connect())
        found = connection.execute(_query(person, filters), execution_options={"yield_per": ROWS})
        stack.callback(found.close)
        first = next(found.partitions(), [])  # where the database fails, here, and not in the middle of the body
        response = Response(_pieces(first, found), mimetype="text/csv")
        response.call_on_close(stack.pop_all().close)
    what = _d("cases")
    name = f"{what}-{clock.today().isoformat()}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _query(person: Person, filters: queries.Filters) -> Any:
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
        .where(*queries.whole_list(person, filters))
        .order_by(Application.id.desc())
    )


def _pieces(first: Any, rest: Result[Any]) -> Iterator[bytes]:
    states = {status: str(rules.desk_words(status)) for status in OPEN_TO_OFFICIALS}
    kinds = {kind: str(words.kind_words(kind)) for kind in ApplicationKind}
    buffer = io.StringIO()
    table = csv.writer(buffer, delimiter=";")
    buffer.write(BYTE_ORDER_MARK)
    table.writerow(_heads())
    for rows in chain([first], rest.partitions()):
        for row in rows:
            table.writerow([cell(value) for value in _values(row, states, kinds)])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


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


def _values(row: Any, states: dict[Any, str], kinds: dict[Any, str]) -> list[str | int | None]:
    return [
        row.diary_number,
        row.title,
        row.applicant_name,
        kinds[row.kind],
        row.fund,
        row.amount_requested,
        states[row.status],
        clock.local_day(row.submitted_at).isoformat(),
        row.officer,
        language_name(row.language),
    ]
