"""Load a municipality's bodies; give the next number of a series."""

import tomllib
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from fundapp.boards import rules
from fundapp.boards.models import DIARY_PATTERN, Board, Counter, Series

BOARDS = Path(__file__).parent / "data"


class UnknownMunicipality(Exception):
    """No file of bodies for this municipality; the message is one line."""


class BadBoards(Exception):
    """The municipality's file of bodies does not hold; the message is one line."""


def load_boards(session: Session, municipality: str) -> list[Board]:
    """Make the table agree with the municipality's file: add what is missing, correct what differs, remove nothing.

    Errors: UnknownMunicipality, BadBoards.
    """
    path = BOARDS / f"{municipality}.toml"
    if path not in set(BOARDS.glob("*.toml")):
        raise UnknownMunicipality(f"there is no file of boards for {municipality!r}")
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["boards"]
    known = {board.code: board for board in session.scalars(select(Board).where(Board.municipality == municipality))}
    boards = []
    for position, row in enumerate(rows):
        board = known.get(row["code"])
        if board is None:
            board = Board(municipality=municipality, code=row["code"])
            session.add(board)
        board.position = position
        board.name = row["name"]
        board.administration = row.get("administration")
        board.abbreviation = row["abbreviation"]
        board.name_source = row["name_source"]
        board.diary_pattern = row.get("diary_pattern", DIARY_PATTERN)
        board.is_deciding = row["is_deciding"]
        board.sittings = _sittings(row)
        boards.append(board)
    session.flush()
    return boards


def _sittings(row: dict[str, Any]) -> dict[str, Any]:
    sittings: dict[str, Any] = row.get("sittings", {})
    fault = rules.fault_in_sittings(sittings)
    if fault is not None:
        raise BadBoards(f"{row['code']}: {fault}")
    return sittings


def next_number(session: Session, *, board: Board, series: Series, year: int) -> int:
    """The next number of a series, from 1. Gap-free: the counter's row stays locked until the caller's transaction
    ends, and a roll-back gives the number back, so none is lost and none is given twice.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    first = insert(Counter).values(board_id=board.id, series=series, year=year, last=0)
    session.execute(first.on_conflict_do_nothing())
    return session.execute(
        update(Counter)
        .where(Counter.board_id == board.id, Counter.series == series, Counter.year == year)
        .values(last=Counter.last + 1)
        .returning(Counter.last)
        .execution_options(synchronize_session=False)
    ).scalar_one()
