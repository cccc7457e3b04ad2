"""Sittings and their paragraphs. A § is numbered when the sitting opens, through the year, per body."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import workflow
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.db import Base, enum_type, public_id_column
from fundapp.workflow import MeetingStatus


class Meeting(Base):
    """A sitting of a body on a local day. `approved_on` is the day its minutes were approved (justerade)."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint("(status = 'APPROVED') = (approved_on IS NOT NULL)", name="approved_has_day"),
        CheckConstraint("approved_on IS NULL OR approved_on >= held_on", name="approved_after_sitting"),
    )
    STEPS = workflow.MEETING_STEPS

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    held_on: Mapped[date] = mapped_column(index=True)
    place: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[MeetingStatus] = mapped_column(enum_type(MeetingStatus), default=MeetingStatus.PLANNED)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    approved_on: Mapped[date | None]
    approved_at: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": version}

    board: Mapped[Board] = relationship(lazy="joined", innerjoin=True)
    items: Mapped[list["MinuteItem"]] = relationship(back_populates="meeting", order_by="MinuteItem.position")

    @property
    def thread(self) -> str:
        return self.public_id

    @property
    def permission_subject(self) -> "Meeting":
        return self


def designation(abbreviation: str, held_on: date, number: int | None) -> str:
    """How a decision is quoted: body, date, § (`KS 2017-03-06 § 23`)."""
    body = f"{abbreviation} {held_on.isoformat()}"
    return f"{body} § {number}" if number is not None else body


class MinuteItem(Base):
    """A paragraph (§) of the minutes: none, one or many cases. `number` is None until the sitting opens."""

    __tablename__ = "minute_item"
    __table_args__ = (
        UniqueConstraint("board_id", "year", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(default="")
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    year: Mapped[int]
    number: Mapped[int | None]

    meeting: Mapped[Meeting] = relationship(back_populates="items", lazy="joined", innerjoin=True)
    cases: Mapped[list["AgendaCase"]] = relationship(
        back_populates="item", order_by="AgendaCase.id", cascade="all, delete-orphan"
    )

    @property
    def designation(self) -> str:
        return designation(self.meeting.board.abbreviation, self.meeting.held_on, self.number)

    @property
    def thread(self) -> str:
        return self.meeting.thread


class AgendaCase(Base):
    """An application on a paragraph. A referred or tabled case stands on several, never twice on one."""

    __tablename__ = "agenda_case"
    __table_args__ = (UniqueConstraint("minute_item_id", "application_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    minute_item_id: Mapped[int] = mapped_column(ForeignKey("minute_item.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)

    item: Mapped[MinuteItem] = relationship(back_populates="cases")
    application: Mapped[Application] = relationship()
