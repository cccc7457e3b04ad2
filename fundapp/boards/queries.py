"""What the bodies are."""

from sqlalchemy import select

from fundapp.boards.models import Board
from fundapp.db import db


def boards_of(code: str) -> list[Board]:
    """The municipality's bodies in the plan's order."""
    return list(db.session.scalars(select(Board).where(Board.municipality == code).order_by(Board.position)))
