"""What an official finds and writes: formal check, requests for completion, assessment, goal links, the report."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import Base, Sealed, enum_type, public_id_column
from fundapp.documents import Paper
from fundapp.goals.models import Objective
from fundapp.languages import LabelledEnum, _dl
from fundapp.workflow import Outcome


class Finding(LabelledEnum):
    """The result for one item of the formal check. Missing leads to a request for completion, not to rejection."""

    YES = "yes", _dl("Yes")
    NO = "no", _dl("No")
    MISSING = "missing", _dl("Missing")
    NOT_APPLICABLE = "not_applicable", _dl("Not applicable")


class FormalCheck(Base):
    """One item of the formal check (formaliakontroll); `item` is its code in the fund's terms."""

    __tablename__ = "formal_check"
    __table_args__ = (UniqueConstraint("application_id", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    item: Mapped[str] = mapped_column(String(40))
    finding: Mapped[Finding] = mapped_column(enum_type(Finding))
    note: Mapped[str] = mapped_column(default="")
    checked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    checked_at: Mapped[datetime]

    checked_by: Mapped[Account] = relationship()

    @property
    def written(self) -> tuple[str, str]:
        """The finding's name and the note, as `together` compares them."""
        return self.finding.name, self.note


class CompletionRequest(Base):
    """What the applicant is asked to add, in which sections, by which local day; answered by a new submission.

    `questions` are those that open in a section ("budget.amount"); a section of which none is named opens as a whole.
    """

    __tablename__ = "completion_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    sections: Mapped[list[Any]]
    questions: Mapped[list[Any]] = mapped_column(default=list)
    what: Mapped[str]
    due_on: Mapped[date]
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    ended_at: Mapped[datetime | None]
    submission_id: Mapped[int | None] = mapped_column(ForeignKey("submission.id"))

    application: Mapped[Application] = relationship()


class Assessment(Base):
    """The officer's written assessment and proposal, one per application. The points are an aid, the text counts.

    `scores` maps a criterion's code to 0–3. Money in kronor.
    """

    __tablename__ = "assessment"
    __table_args__ = (CheckConstraint("proposed_amount IS NULL OR proposed_amount > 0", name="amount_above_zero"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    version: Mapped[int] = mapped_column()
    scores: Mapped[dict[str, Any]]
    summary: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    proposed_outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    proposed_amount: Mapped[int | None]
    reasons: Mapped[str] = mapped_column(default="")
    conditions: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    __mapper_args__ = {"version_id_col": version}

    application: Mapped[Application] = relationship()
    saved_by: Mapped[Account] = relationship()


class WorkingTranslation(Sealed, Base):
    """An official's Swedish working translation of one answer, beside what was written and never instead of it.

    `question`: as `rules.typed_answers` names it. Every change is a new row; the newest counts, an empty one takes it
    away. `original`: the text that was translated, since an answer may be completed afterwards.
    """

    __tablename__ = "working_translation"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    question: Mapped[str] = mapped_column(String(120))
    original: Mapped[str]
    text: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    made_by: Mapped[Account] = relationship()


class ObjectiveLink(Base):
    """An objective of the plan that the application serves, as the officer sees it."""

    __tablename__ = "objective_link"
    __table_args__ = (UniqueConstraint("application_id", "objective_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"), index=True)
    linked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    objective: Mapped[Objective] = relationship()


class OfficerReport(Base):
    """A finished officer's report (tjänsteskrivelse) to the board; a case referred back gets another."""

    __tablename__ = "officer_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"))
    proposed_outcome: Mapped[Outcome] = mapped_column(enum_type(Outcome))
    proposed_amount: Mapped[int | None]
    finished_at: Mapped[datetime]
    finished_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    paper: Mapped[Paper] = relationship()
    finished_by: Mapped[Account] = relationship()
