"""What several officials think of one case, each by themself; and a second pair of eyes before it leaves the desk."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application, Submission
from fundapp.db import Base, enum_type, public_id_column
from fundapp.workflow import Outcome


class Review(Base):
    """One official's own assessment of a case: asked for, written, sent. `scores` as in an assessment.

    `submission`: the frozen copy that was the newest when the text was last saved. `is_blind`: when it was asked for
    nobody's text had been open to be read, and nobody had been asked again who was let off before. It ends by being
    withdrawn before it is sent, or by being asked for anew.
    """

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint("proposed_amount IS NULL OR proposed_amount > 0", name="amount_above_zero"),
        CheckConstraint("sent_at IS NULL OR submission_id IS NOT NULL", name="sent_names_version"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    version: Mapped[int] = mapped_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    assessor_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    is_blind: Mapped[bool]
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))
    scores: Mapped[dict[str, Any]]
    text: Mapped[str] = mapped_column(default="")
    proposed_outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    proposed_amount: Mapped[int | None]
    saved_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(String(500), default="")

    __mapper_args__ = {"version_id_col": version}

    application: Mapped[Application] = relationship()
    assessor: Mapped[Account] = relationship(foreign_keys=assessor_id)
    submission: Mapped[Submission | None] = relationship()

    @property
    def thread(self) -> str:
        return self.application.public_id


class SecondLook(Base):
    """A colleague is asked to read the report before the case leaves; agrees, or sends it back with a remark.

    An agreement falls when what it was about is changed; then it no longer counts.
    """

    __tablename__ = "second_look"
    __table_args__ = (
        CheckConstraint("(agrees IS NULL) = (answered_at IS NULL)", name="answered_has_instant"),
        CheckConstraint("asked_of_id <> asked_by_id", name="never_oneself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    asked_of_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    question: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[datetime | None]
    agrees: Mapped[bool | None]
    remark: Mapped[str] = mapped_column(String(2000), default="")
    withdrawn_at: Mapped[datetime | None]
    fallen_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship()
    asked_of: Mapped[Account] = relationship(foreign_keys=asked_of_id)
    asked_by: Mapped[Account] = relationship(foreign_keys=asked_by_id)

    @property
    def thread(self) -> str:
        return self.application.public_id


LIVES = Review.ended_at.is_(None)
IS_OPEN = and_(SecondLook.answered_at.is_(None), SecondLook.withdrawn_at.is_(None))
Index(
    "uq_review_open",
    Review.application_id,
    Review.assessor_id,
    unique=True,
    sqlite_where=LIVES,
    postgresql_where=LIVES,
)
Index("uq_second_look_open", SecondLook.application_id, unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN)
