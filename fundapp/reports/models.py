"""The account of a project (redovisning): money used, people reached, what came of each objective; and repayment."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import workflow
from fundapp.db import Base, enum_type, public_id_column
from fundapp.documents import Paper
from fundapp.funds.models import LedgerEntry
from fundapp.goals.models import Objective
from fundapp.projects.models import Project
from fundapp.workflow import ReportStatus

_SUBMITTED = text("status = 'SUBMITTED'")


class Report(Base):
    """One report per project. `answers` is the draft as typed; the columns are facts once it is sent."""

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint("status = 'DRAFT' OR (used IS NOT NULL AND submitted_at IS NOT NULL)", name="sent_has_facts"),
        CheckConstraint("used IS NULL OR used >= 0", name="used_not_negative"),
        CheckConstraint("(status = 'APPROVED') = (approved_at IS NOT NULL)", name="approved_has_instant"),
        Index("ix_report_submitted", "project_id", postgresql_where=_SUBMITTED, sqlite_where=_SUBMITTED),
    )
    STEPS = workflow.REPORT_STEPS

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    version: Mapped[int] = mapped_column()
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), unique=True)
    status: Mapped[ReportStatus] = mapped_column(enum_type(ReportStatus), default=ReportStatus.DRAFT)
    language: Mapped[str] = mapped_column(String(10))
    answers: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    used: Mapped[int | None]
    carried_out: Mapped[str] = mapped_column(default="")
    what_was_done: Mapped[str] = mapped_column(default="")
    deviations: Mapped[str] = mapped_column(default="")
    lives_on: Mapped[str] = mapped_column(default="")
    women: Mapped[int | None]
    men: Mapped[int | None]
    girls: Mapped[int | None]
    boys: Mapped[int | None]
    review_note: Mapped[str] = mapped_column(default="")
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("paper.id"))
    approved_at: Mapped[datetime | None]
    release_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))

    __mapper_args__ = {"version_id_col": version}

    project: Mapped[Project] = relationship(lazy="joined", innerjoin=True)
    results: Mapped[list["ObjectiveResult"]] = relationship(
        back_populates="report", order_by="ObjectiveResult.id", cascade="all, delete-orphan"
    )
    paper: Mapped[Paper | None] = relationship()
    release: Mapped[LedgerEntry | None] = relationship()

    @property
    def thread(self) -> str:
        return self.project.thread

    @property
    def permission_subject(self) -> Project:
        return self.project

    @property
    def participants(self) -> int | None:
        counts = (self.women, self.men, self.girls, self.boys)
        return None if any(count is None for count in counts) else sum(count or 0 for count in counts)

    @property
    def unused(self) -> int | None:
        """Kronor of the grant that were not used."""
        return None if self.used is None else max(self.project.granted - self.used, 0)


class ObjectiveResult(Base):
    """What the project reached for one linked objective, in the association's words."""

    __tablename__ = "objective_result"
    __table_args__ = (UniqueConstraint("report_id", "objective_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id"))
    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"))
    text: Mapped[str]

    report: Mapped[Report] = relationship(back_populates="results")
    objective: Mapped[Objective] = relationship()


class Repayment(Base):
    """Money that was paid and must come back (återbetalning), in kronor; `received_on` when it has. What was not used
    comes of a report; what was paid by a decision that a court annulled has none.
    """

    __tablename__ = "repayment"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_above_zero"),
        CheckConstraint("(received_on IS NULL) = (ledger_entry_id IS NULL)", name="received_has_entry"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("report.id"), unique=True)
    amount: Mapped[int]
    due_on: Mapped[date]
    received_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(String(100), default="")
    ledger_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))

    project: Mapped[Project] = relationship()
    report: Mapped[Report | None] = relationship()
    ledger_entry: Mapped[LedgerEntry | None] = relationship()

    @property
    def thread(self) -> str:
        return self.project.thread

    @property
    def permission_subject(self) -> Project:
        return self.project
