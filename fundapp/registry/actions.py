"""Open a case with its diary number; file a document. No station above is known here."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from fundapp import clock
from fundapp.boards.actions import next_number
from fundapp.boards.models import Board, Series
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.registry.models import Case, Direction, Document


def open_case(*, board: Board, subject: str, by: Any) -> Case:
    """A new case of the body in the present year, with the next number of its diary."""
    year = clock.today().year
    number = next_number(db.session, board=board, series=Series.DIARY, year=year)
    case = Case(
        board=board,
        year=year,
        number=number,
        diary_number=board.diary_number(year, number),
        subject=subject,
        opened_at=clock.now(),
        opened_by_id=by.id,
    )
    db.session.add(case)
    db.session.flush()
    return case


def file_document(
    case: Case,
    *,
    direction: Direction,
    subject: str,
    by: Any,
    counterpart: str = "",
    dated: date | None = None,
    paper: Paper | None = None,
    file: StoredFile | None = None,
) -> Document:
    """Add a document under the case's next number. The case's row is locked: two filers get two numbers."""
    db.session.refresh(case, attribute_names=["id"], with_for_update=True)
    last = db.session.scalar(select(func.max(Document.number)).where(Document.case_id == case.id)) or 0
    document = Document(
        case=case,
        number=last + 1,
        direction=direction,
        dated=dated or clock.today(),
        counterpart=counterpart[:200],
        subject=subject[:400],
        paper=paper,
        file=file,
        filed_by_id=by.id if by is not None else None,
        filed_at=clock.now(),
    )
    db.session.add(document)
    db.session.flush()
    return document
