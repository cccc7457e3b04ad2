"""The funded project: what the grant turned into, which objectives it serves, and how the money is paid."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import workflow
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import Base, enum_type, public_id_column
from fundapp.decisions.models import Decision
from fundapp.funds.models import LedgerEntry
from fundapp.goals.models import Objective
from fundapp.workflow import InstalmentStatus, ProjectStatus

_STANDS = text("status <> 'ANNULLED'")
_RUNNING, _PLANNED = text("status = 'RUNNING'"), text("status = 'PLANNED'")
_PROPOSED = text("status = 'PROPOSED'")
_WAITING = text("decided_at IS NULL")


class Project(Base):
    """Started by a final grant. Granted in kronor; days local; `report_due_on` from the fund's terms. An application
    has one that stands; others are annulled.
    """

    __tablename__ = "project"
    __table_args__ = (
        CheckConstraint("granted > 0", name="granted_above_zero"),
        Index("ix_project_standing", "application_id", unique=True, postgresql_where=_STANDS, sqlite_where=_STANDS),
        # The officials' list goes by the report's day, whatever it is narrowed to.
        Index("ix_project_report_due_on_id", "report_due_on", "id"),
        Index("ix_project_running", "report_due_on", "id", postgresql_where=_RUNNING, sqlite_where=_RUNNING),
    )
    STEPS = workflow.PROJECT_STEPS

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), unique=True)
    status: Mapped[ProjectStatus] = mapped_column(enum_type(ProjectStatus), default=ProjectStatus.RUNNING, index=True)
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str]
    granted: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    report_due_on: Mapped[date]
    started_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship(lazy="joined", innerjoin=True)
    decision: Mapped[Decision] = relationship()
    instalments: Mapped[list["Instalment"]] = relationship(back_populates="project", order_by="Instalment.number")
    objectives: Mapped[list[Objective]] = relationship(secondary="project_objective", order_by=Objective.code)

    @property
    def thread(self) -> str:
        return self.application.thread

    @property
    def permission_subject(self) -> "Project":
        return self

    @property
    def paid(self) -> int:
        """Kronor paid so far."""
        return sum(i.amount for i in self.instalments if i.status is InstalmentStatus.PAID)

    @property
    def proposed(self) -> int:
        """Kronor that one person has proposed to pay, and that wait for another."""
        return sum(i.amount for i in self.instalments if i.status is InstalmentStatus.PROPOSED)

    @property
    def to_plan(self) -> int:
        """Kronor of the grant that are neither paid nor proposed."""
        return self.granted - self.paid - self.proposed


class ProjectObjective(Base):
    """An objective of the plan that the project serves, carried over from the officer's links."""

    __tablename__ = "project_objective"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    objective_id: Mapped[int] = mapped_column(ForeignKey("objective.id"), primary_key=True, index=True)


class Instalment(Base):
    """A part of the grant (utbetalningsdel): planned for a local day, proposed by one person with the payment's day and
    reference, and paid when another approves.

    `payee`: the organisation's account numbers when it was proposed, as `Organisation.accounts`. `remark`: why it was
    last sent back. `is_of_one_person`: paid before two were asked for.
    """

    __tablename__ = "instalment"
    __table_args__ = (
        UniqueConstraint("project_id", "number"),
        CheckConstraint("amount > 0", name="amount_above_zero"),
        CheckConstraint(
            "(status = 'PAID') = (paid_on IS NOT NULL AND ledger_entry_id IS NOT NULL)", name="paid_has_day_and_entry"
        ),
        CheckConstraint(
            "approved_by_id IS NULL OR (proposed_by_id IS NOT NULL AND approved_by_id <> proposed_by_id)",
            name="approved_by_another",
        ),
        CheckConstraint(
            "(approved_by_id IS NOT NULL) = (status = 'PAID' AND NOT is_of_one_person)", name="paid_is_approved"
        ),
        CheckConstraint(
            "status <> 'PROPOSED' OR (proposed_by_id IS NOT NULL AND proposed_at IS NOT NULL AND paid_on IS NOT NULL)",
            name="proposed_has_person_and_day",
        ),
        CheckConstraint(
            "status NOT IN ('PLANNED', 'CANCELLED') OR (proposed_by_id IS NULL AND paid_on IS NULL)",
            name="planned_is_not_proposed",
        ),
        Index("ix_instalment_planned", "planned_on", "project_id", postgresql_where=_PLANNED, sqlite_where=_PLANNED),
        Index("ix_instalment_proposed", "project_id", postgresql_where=_PROPOSED, sqlite_where=_PROPOSED),
    )
    STEPS = workflow.INSTALMENT_STEPS

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    version: Mapped[int] = mapped_column()
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    amount: Mapped[int]
    planned_on: Mapped[date]
    status: Mapped[InstalmentStatus] = mapped_column(enum_type(InstalmentStatus), default=InstalmentStatus.PLANNED)
    paid_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(String(100), default="")
    ledger_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    payee: Mapped[dict[str, Any]] = mapped_column(default=dict)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    approved_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(default="")
    is_of_one_person: Mapped[bool] = mapped_column(default=False)

    __mapper_args__ = {"version_id_col": version}

    project: Mapped[Project] = relationship(back_populates="instalments")
    ledger_entry: Mapped[LedgerEntry | None] = relationship()
    proposed_by: Mapped[Account | None] = relationship(foreign_keys=proposed_by_id)
    approved_by: Mapped[Account | None] = relationship(foreign_keys=approved_by_id)

    @property
    def thread(self) -> str:
        return self.project.thread

    @property
    def permission_subject(self) -> Project:
        return self.project


class ChangeRequest(Base):
    """What the project asks to have changed, and the answer. `new_ends_on`: a local day, where the period is asked for.

    One waits at a time. Both ways it is a document of the case.
    """

    __tablename__ = "change_request"
    __table_args__ = (
        CheckConstraint(
            "(decided_at IS NULL) = (is_approved IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_has_answer",
        ),
        Index("ix_change_request_project_id_id", "project_id", "id"),
        Index("ix_change_request_waiting", "project_id", unique=True, postgresql_where=_WAITING, sqlite_where=_WAITING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    what: Mapped[str]
    why: Mapped[str]
    new_ends_on: Mapped[date | None]
    language: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    is_approved: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    project: Mapped[Project] = relationship()
    asked_by: Mapped[Account] = relationship(foreign_keys=asked_by_id)

    @property
    def thread(self) -> str:
        return self.project.thread

    @property
    def permission_subject(self) -> Project:
        return self.project
