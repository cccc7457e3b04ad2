"""A municipality's bodies, and the running numbers each of them gives."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.db import Base, enum_type

DIARY_PATTERN = "{board} {year}:{number}"


class Series(enum.Enum):
    """What a body numbers, each anew every year: its cases in the diary, its decisions as paragraphs, those taken for
    it by delegation.
    """

    DIARY = "diary"
    PARAGRAPH = "paragraph"
    DELEGATION = "delegation"


class Board(Base):
    """One body: a column of the plan, a nämnd with its förvaltning, or both.

    `code` is the plan's column ("FoK"), `abbreviation` what stands before a number ("FoKN"). `name_source` says where
    the names come from, or that they are an assumption; `diary_pattern` is one for Kalix. `sittings`: how the body
    sits, as data, each value with its source: {"members", "substitutes", "standing_items": [{"kind", "heading",
    "text"}], "notice_days", "begins_at", "place", "kept_at", "noticeboard"}; empty for a body that does not sit here.
    """

    __tablename__ = "board"
    __table_args__ = (UniqueConstraint("municipality", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    municipality: Mapped[str]
    code: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    administration: Mapped[str | None]
    abbreviation: Mapped[str]
    name_source: Mapped[str]
    diary_pattern: Mapped[str] = mapped_column(default=DIARY_PATTERN)
    is_deciding: Mapped[bool] = mapped_column(default=False)
    sittings: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def board_id(self) -> int:
        """Itself, for whoever asks which body something belongs to."""
        return self.id

    def diary_number(self, year: int, number: int) -> str:
        """`KS 2017:12` from the year and the running number."""
        return self.diary_pattern.format(board=self.abbreviation, year=year, number=number)

    def __repr__(self) -> str:
        return f"<Board {self.municipality}/{self.code}>"


class Counter(Base):
    """The last number given in one series of one body and year."""

    __tablename__ = "counter"
    __table_args__ = (
        UniqueConstraint("board_id", "series", "year"),
        CheckConstraint("last >= 0", name="last_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    series: Mapped[Series] = mapped_column(enum_type(Series))
    year: Mapped[int]
    last: Mapped[int] = mapped_column(default=0)

    board: Mapped[Board] = relationship()
