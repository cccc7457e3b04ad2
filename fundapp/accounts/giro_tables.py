"""Changes of an organisation's account numbers that wait for an official, or were answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account, Organisation
from fundapp.db import Base, enum_type, public_id_column
from fundapp.languages import LabelledEnum, _dl

_WAITING = text("decided_at IS NULL")


class GiroAnswer(LabelledEnum):
    APPROVED = "approved", _dl("Approved")
    REFUSED = "refused", _dl("Not approved")
    TAKEN_BACK = "taken_back", _dl("Taken back")


class GiroChange(Base):
    """Other account numbers than those that money is paid to; those stay in use until an official approves.

    `before` and `after`: as `Organisation.accounts`. `verified`: how the official made sure that the organisation
    itself asked. `remark`: why it was not approved. One waits at a time.
    """

    __tablename__ = "giro_change"
    __table_args__ = (
        CheckConstraint(
            "(decided_at IS NULL) = (answer IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_has_answer",
        ),
        CheckConstraint(
            "answer <> 'APPROVED' OR (decided_by_id <> asked_by_id AND verified <> '')", name="approved_by_another"
        ),
        Index(
            "ix_giro_change_waiting", "organisation_id", unique=True, postgresql_where=_WAITING, sqlite_where=_WAITING
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[GiroAnswer | None] = mapped_column(enum_type(GiroAnswer))
    verified: Mapped[str] = mapped_column(default="")
    remark: Mapped[str] = mapped_column(default="")

    organisation: Mapped[Organisation] = relationship()
    asked_by: Mapped[Account] = relationship(foreign_keys=asked_by_id)
    decided_by: Mapped[Account | None] = relationship(foreign_keys=decided_by_id)

    @property
    def thread(self) -> str:
        return self.organisation.thread

    @property
    def permission_subject(self) -> Organisation:
        return self.organisation
