"""What is published around a sitting: the notice of meeting before it, its minutes with their signatures, and the
notice on the noticeboard that they are approved.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.db import Base, Sealed, enum_type, public_id_column
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.languages import LabelledEnum, _dl
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.seats.models import Seat


class NoticeOfMeeting(Sealed, Base):
    """A published version of the agenda with its cases (kallelse). `content` is what the board pack is made of, each
    case with its application's public id, so that a member's own pack leaves out what the member may not read.
    """

    __tablename__ = "notice_of_meeting"
    __table_args__ = (UniqueConstraint("meeting_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    meeting: Mapped[Meeting] = relationship()
    published_by: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.meeting.thread


class Minutes(Base):
    """A drawn-up version of the minutes, or of one § that is approved at once (`item`). The newest is the one signed;
    a new version makes the signatures under an older one void.
    """

    __tablename__ = "minutes"
    __table_args__ = (UniqueConstraint("meeting_id", "minute_item_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    minute_item_id: Mapped[int | None] = mapped_column(ForeignKey("minute_item.id"))
    version: Mapped[int]
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"))
    drawn_up_at: Mapped[datetime]
    drawn_up_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    meeting: Mapped[Meeting] = relationship()
    item: Mapped[MinuteItem | None] = relationship()
    paper: Mapped[Paper] = relationship()
    signatures: Mapped[list["MinutesSignature"]] = relationship(
        back_populates="minutes", order_by="MinutesSignature.id"
    )
    left_out: Mapped["LeftOut | None"] = relationship(back_populates="minutes")

    @property
    def thread(self) -> str:
        return self.meeting.thread


class LeftOut(Sealed, Base):
    """Whom the public does not read of in an approved version, as the people behind its cases were called then: what
    somebody is called later changes nothing in it. `people`: {an application's public id: {"names", "kept"}}, as
    `masking.People`.
    """

    __tablename__ = "left_out"

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"), unique=True)
    people: Mapped[dict[str, Any]]

    minutes: Mapped[Minutes] = relationship(back_populates="left_out")

    @property
    def thread(self) -> str:
        return self.minutes.thread


class Signer(LabelledEnum):
    CHAIR = "chair", _dl("Chair")
    CHECKER = "checker", _dl("Minutes checker")


class MinutesSignature(Sealed, Base):
    """The chair's or the checker's approval of the minutes: given here by the person, or on a signed page (`file`)."""

    __tablename__ = "minutes_signature"
    __table_args__ = (UniqueConstraint("minutes_id", "seat_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    minutes_id: Mapped[int] = mapped_column(ForeignKey("minutes.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    signer: Mapped[Signer] = mapped_column(enum_type(Signer))
    signed_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))

    minutes: Mapped[Minutes] = relationship(back_populates="signatures")
    seat: Mapped[Seat] = relationship()
    recorded_by: Mapped[Account] = relationship()
    file: Mapped[StoredFile | None] = relationship()

    @property
    def thread(self) -> str:
        return self.minutes.thread


announced = Table(
    "board_notice_item",
    Base.metadata,
    Column("board_notice_id", ForeignKey("board_notice.id"), primary_key=True),
    Column("minute_item_id", ForeignKey("minute_item.id"), primary_key=True, unique=True),
)


class BoardNotice(Base):
    """The announcement on the noticeboard that minutes are approved (bevis om anslag): KL 8:12. Local days.

    `last_appeal_day` is counted from `announced_on`; it stands until `taken_down_on`, which may be later than it must.
    `is_physical`: it stood on the board in the town hall, before 2018-01-01; then this is its record.
    """

    __tablename__ = "board_notice"
    __table_args__ = (
        CheckConstraint("last_appeal_day > announced_on", name="appeal_after_announcement"),
        CheckConstraint("taken_down_on > last_appeal_day", name="stands_until_appeal_is_over"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    paragraphs: Mapped[str] = mapped_column(String(200))
    is_immediate: Mapped[bool] = mapped_column(default=False)
    is_physical: Mapped[bool] = mapped_column(default=False)
    announced_on: Mapped[date] = mapped_column(index=True)
    last_appeal_day: Mapped[date]
    taken_down_on: Mapped[date]
    kept_at: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    meeting: Mapped[Meeting] = relationship()
    items: Mapped[list[MinuteItem]] = relationship(secondary=announced, order_by=MinuteItem.number)

    @property
    def thread(self) -> str:
        return self.meeting.thread
