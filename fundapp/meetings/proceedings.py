"""What happened at a sitting: who was there for which §, who was disqualified, what was moved, voted and reserved.

Sources: KL 2017:725 5:66–67 by 6:35 (what the minutes hold), 6:28–32 (disqualification), 4:27 (reservations). Ranges
are numbers of §, both ends included; None at an end is the sitting's own.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.applications.models import Application
from fundapp.db import Base, enum_type, public_id_column
from fundapp.languages import LabelledEnum, _dl
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.seats.models import Seat


class Capacity(LabelledEnum):
    SERVING = "serving", _dl("Serves")
    SUBSTITUTE = "substitute", _dl("Substitute, present")
    OTHER = "other", _dl("Others present")


class Presence(Base):
    """One person's presence for a range of §. Whoever leaves and comes back has two rows.

    `in_place_of`: the member whose place a serving substitute takes. `title` is for others than the body's own.
    """

    __tablename__ = "presence"
    __table_args__ = (
        CheckConstraint("first IS NULL OR last IS NULL OR first <= last", name="range_in_order"),
        CheckConstraint("(capacity = 'OTHER') = (seat_id IS NULL)", name="only_others_have_no_seat"),
        CheckConstraint("in_place_of_id IS NULL OR capacity = 'SERVING'", name="only_serving_takes_a_place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(100), default="")
    capacity: Mapped[Capacity] = mapped_column(enum_type(Capacity))
    in_place_of_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    first: Mapped[int | None]
    last: Mapped[int | None]

    meeting: Mapped[Meeting] = relationship()
    seat: Mapped[Seat | None] = relationship(foreign_keys=seat_id)
    in_place_of: Mapped[Seat | None] = relationship(foreign_keys=in_place_of_id)

    @property
    def thread(self) -> str:
        return self.meeting.thread


class Chairing(Base):
    """Who was in the chair for a range of §."""

    __tablename__ = "chairing"
    __table_args__ = (CheckConstraint("first IS NULL OR last IS NULL OR first <= last", name="range_in_order"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    first: Mapped[int | None]
    last: Mapped[int | None]

    meeting: Mapped[Meeting] = relationship()
    seat: Mapped[Seat] = relationship()

    @property
    def thread(self) -> str:
        return self.meeting.thread


class Ground(LabelledEnum):
    """How a disqualification came to be known."""

    DECLARED = "declared", _dl("Told by the person")
    FOUND = "found", _dl("Found by the system")
    DECIDED = "decided", _dl("Decided by the body")


class Disqualification(Base):
    """Somebody takes no part in a case under a § (jäv) and leaves the room: KL 6:28, 6:30. `application` None: in all
    of the §. `replaced_by`: the substitute who serves instead.
    """

    __tablename__ = "disqualification"
    __table_args__ = (UniqueConstraint("minute_item_id", "application_id", "seat_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    minute_item_id: Mapped[int] = mapped_column(ForeignKey("minute_item.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    name: Mapped[str] = mapped_column(String(200))
    ground: Mapped[Ground] = mapped_column(enum_type(Ground))
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    item: Mapped[MinuteItem] = relationship()
    application: Mapped[Application | None] = relationship()
    seat: Mapped[Seat | None] = relationship(foreign_keys=seat_id)
    replaced_by: Mapped[Seat | None] = relationship(foreign_keys=replaced_by_id)

    @property
    def thread(self) -> str:
        return self.item.thread


class Motion(Base):
    """A proposal moved at the table (yrkande); one that was withdrawn stays out of the minutes."""

    __tablename__ = "motion"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    minute_item_id: Mapped[int] = mapped_column(ForeignKey("minute_item.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    text: Mapped[str]
    moved_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    item: Mapped[MinuteItem] = relationship()
    seat: Mapped[Seat] = relationship()

    @property
    def thread(self) -> str:
        return self.item.thread


class Vote(Base):
    """An open vote: what a yes and a no mean, and whether yes won. `casting_seat`: whose casting vote decided a tie
    (the chair's: KL 5:54 by 6:33).
    """

    __tablename__ = "vote"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    minute_item_id: Mapped[int] = mapped_column(ForeignKey("minute_item.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))
    yes_means: Mapped[str] = mapped_column(String(500))
    no_means: Mapped[str] = mapped_column(String(500))
    is_carried: Mapped[bool]
    casting_seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))
    held_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    item: Mapped[MinuteItem] = relationship()
    casting_seat: Mapped[Seat | None] = relationship()
    ballots: Mapped[list["Ballot"]] = relationship(
        back_populates="vote", order_by="Ballot.id", cascade="all, delete-orphan"
    )

    @property
    def thread(self) -> str:
        return self.item.thread


class Choice(LabelledEnum):
    YES = "yes", _dl("Yes")
    NO = "no", _dl("No")
    ABSTAIN = "abstain", _dl("Abstains")


class Ballot(Base):
    """How one serving member voted, openly."""

    __tablename__ = "ballot"
    __table_args__ = (UniqueConstraint("vote_id", "seat_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    choice: Mapped[Choice] = mapped_column(enum_type(Choice))

    vote: Mapped[Vote] = relationship(back_populates="ballots")
    seat: Mapped[Seat] = relationship()


class RemarkKind(LabelledEnum):
    RESERVATION = "reservation", _dl("Reservation")
    NOTE = "note", _dl("Note in the minutes")


class Remark(Base):
    """A reservation, or a note for the minutes, of one who took part. A reservation is announced before the sitting
    ends (KL 4:27); its written text may come until the minutes are approved.
    """

    __tablename__ = "remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    minute_item_id: Mapped[int] = mapped_column(ForeignKey("minute_item.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    kind: Mapped[RemarkKind] = mapped_column(enum_type(RemarkKind))
    text: Mapped[str] = mapped_column(default="")
    announced_at: Mapped[datetime]

    item: Mapped[MinuteItem] = relationship()
    seat: Mapped[Seat] = relationship()

    @property
    def thread(self) -> str:
        return self.item.thread
