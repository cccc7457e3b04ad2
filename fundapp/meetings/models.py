"""Sittings and their paragraphs. A § is numbered when the sitting opens, through the year, per body.

Who was there, what was moved and voted stands in `proceedings`; the notice of meeting, the minutes, their signatures
and the notice on the noticeboard in `minutes`.
"""

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import workflow
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.db import Base, enum_type, public_id_column
from fundapp.languages import LabelledEnum, _dl
from fundapp.seats.models import Seat
from fundapp.workflow import MeetingStatus


class Meeting(Base):
    """A sitting of a body on a local day, called to `begins_at` local time; opened, and ended, at an instant.

    `approved_on` is the day its minutes were approved (justerade): by the chair, and by the member in seat `checker`,
    who was chosen to be asked on `signing_on`.
    """

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
    begins_at: Mapped[time | None]
    place: Mapped[str] = mapped_column(String(200), default="")
    is_public: Mapped[bool] = mapped_column(default=False)
    status: Mapped[MeetingStatus] = mapped_column(enum_type(MeetingStatus), default=MeetingStatus.PLANNED)
    version: Mapped[int] = mapped_column()
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    checker_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    signing_on: Mapped[date | None]
    signing_place: Mapped[str] = mapped_column(String(200), default="")
    approved_on: Mapped[date | None]
    approved_at: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": version}

    board: Mapped[Board] = relationship(lazy="joined", innerjoin=True)
    checker: Mapped[Seat | None] = relationship()
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


class ItemKind(LabelledEnum):
    """What a paragraph is for; those that come with every sitting are the body's own list (`Board.sittings`)."""

    ROLL_CALL = "roll_call", _dl("Roll call")
    CHECKER = "checker", _dl("Choice of minutes checker")
    AGENDA = "agenda", _dl("Approval of the agenda")
    CASES = "cases", _dl("Cases")
    DELEGATIONS = "delegations", _dl("Delegated decisions reported")
    OTHER = "other", _dl("Other")


class MinuteItem(Base):
    """A paragraph (§) of the minutes: none, one or many cases. `number` is None until the sitting opens.

    `resolution`: what was decided where there is no case, in Swedish. `propositions`: the order in which the chair put
    them. `approved_on`: the day this § was approved, with the minutes or at once (omedelbar justering).
    """

    __tablename__ = "minute_item"
    __table_args__ = (
        UniqueConstraint("board_id", "year", "number"),
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("(approved_on IS NULL) = (approved_at IS NULL)", name="approved_has_instant"),
        CheckConstraint("approved_on IS NULL OR number IS NOT NULL", name="only_numbered_is_approved"),
        CheckConstraint("NOT is_immediate OR approved_on IS NOT NULL", name="immediate_is_approved"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    position: Mapped[int]
    kind: Mapped[ItemKind] = mapped_column(enum_type(ItemKind), default=ItemKind.OTHER)
    heading: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(default="")
    resolution: Mapped[str] = mapped_column(default="")
    propositions: Mapped[str] = mapped_column(default="")
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    year: Mapped[int]
    number: Mapped[int | None]
    approved_on: Mapped[date | None]
    approved_at: Mapped[datetime | None]
    is_immediate: Mapped[bool] = mapped_column(default=False)

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
    """An application on a paragraph. A referred or tabled case stands on several, never twice on one.

    `propositions`: the order in which the chair put them in this case.
    """

    __tablename__ = "agenda_case"
    __table_args__ = (UniqueConstraint("minute_item_id", "application_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    minute_item_id: Mapped[int] = mapped_column(ForeignKey("minute_item.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    propositions: Mapped[str] = mapped_column(default="")

    item: Mapped[MinuteItem] = relationship(back_populates="cases")
    application: Mapped[Application] = relationship()
