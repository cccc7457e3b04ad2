"""Candidates for the stipend: one association, and all that was sent in about it in one round."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import Base, enum_type, public_id_column
from fundapp.files import StoredFile
from fundapp.funds.models import Round
from fundapp.languages import LabelledEnum, _dl
from fundapp.workflow import ApplicationStatus


class NomineeAnswer(LabelledEnum):
    ACCEPTS = "accepts", _dl("Wants to be considered")
    DECLINES = "declines", _dl("Does not want to be considered")


def is_withdrawn(application: Any) -> bool:
    """Whether nothing is decided in it any more: it was taken back, or merged with another case."""
    return application.status in (ApplicationStatus.WITHDRAWN, ApplicationStatus.MERGED)


def leading(applications: Sequence[Any]) -> Any:
    """The case that carries the outcome: not withdrawn, in time, the association's own before a nomination, the first
    that came.
    """

    def order(each: Any) -> tuple[Any, ...]:
        return is_withdrawn(each), each.is_late, each.organisation_id is None, each.submitted_at, each.id

    return min(applications, key=order)


class Candidate(Base):
    """An association that may get the stipend of a round. Its cases are decided together: one of them, `lead`, carries
    the outcome and the sum, the others follow it.

    `confirmed_at`: an official has seen that they concern the same association. The association is asked by a mailed
    link (only its hash is kept); `answer_recorded_by` is None where it answered by the link. `guests`: who comes to
    the ceremony, as an official noted it.
    """

    __tablename__ = "candidate"
    __table_args__ = (
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_has_instant"),
        CheckConstraint("(token_hash IS NULL) = (asked_at IS NULL)", name="asked_has_link"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    version: Mapped[int] = mapped_column()
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    org_number: Mapped[str | None] = mapped_column(String(10))  # ten digits, without the hyphen
    contact: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    language: Mapped[str] = mapped_column(String(10), default="sv")
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    answer: Mapped[NomineeAnswer | None] = mapped_column(enum_type(NomineeAnswer))
    answered_at: Mapped[datetime | None]
    answer_recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    remarks: Mapped[str] = mapped_column(default="")
    statutes_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    guests: Mapped[str] = mapped_column(String(500), default="")

    __mapper_args__ = {"version_id_col": version}

    round: Mapped[Round] = relationship()
    statutes: Mapped[StoredFile | None] = relationship()
    answer_recorded_by: Mapped[Account | None] = relationship(foreign_keys=answer_recorded_by_id)
    entries: Mapped[list["CandidateEntry"]] = relationship(
        back_populates="candidate", order_by="CandidateEntry.id", cascade="all, delete-orphan"
    )

    @property
    def thread(self) -> str:
        return self.lead.thread

    @property
    def permission_subject(self) -> Application:
        """The case that leads; whoever has a conflict in any of the cases does not come to see the candidate."""
        return self.lead

    @property
    def applications(self) -> list[Application]:
        return [entry.application for entry in self.entries]

    @property
    def lead(self) -> Application:
        """The case that carries the outcome and the sum."""
        found: Application = leading(self.applications)
        return found

    @property
    def followers(self) -> list[Application]:
        """The cases that follow the lead; what was withdrawn follows nothing."""
        return [each for each in self.applications if each is not self.lead and not is_withdrawn(each)]

    @property
    def has_applied(self) -> bool:
        """Whether the association has applied itself, and so needs not be asked."""
        return any(each.organisation_id is not None and not is_withdrawn(each) for each in self.applications)


class CandidateEntry(Base):
    """An application or nomination that concerns the candidate."""

    __tablename__ = "candidate_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), index=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    placed_at: Mapped[datetime]

    candidate: Mapped[Candidate] = relationship(back_populates="entries")
    application: Mapped[Application] = relationship(lazy="joined", innerjoin=True)


class Ceremony(Base):
    """Where and when a round's stipends are handed out: in Kalix at an event of the leisure and culture board."""

    __tablename__ = "ceremony"
    __table_args__ = (UniqueConstraint("round_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    held_on: Mapped[date]
    occasion: Mapped[str] = mapped_column(String(200), default="")
    place: Mapped[str] = mapped_column(String(200), default="")

    round: Mapped[Round] = relationship()

    @property
    def thread(self) -> str:
        return self.round.thread
