"""What came otherwise than through the form, cases that were merged, and changes of particulars that wait for a second
person.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application
from fundapp.db import Base, enum_type, public_id_column
from fundapp.files import StoredFile
from fundapp.languages import LabelledEnum, _dl


class Way(LabelledEnum):
    """How it came."""

    LETTER = "letter", _dl("By post")
    COUNTER = "counter", _dl("Over the counter")
    PHONE = "phone", _dl("By telephone")
    EMAIL = "email", _dl("By e-mail")


class Intake(Base):
    """An application or nomination that the registrar enters for somebody. `received_on` is the local day it came,
    which counts, whenever it is typed; name and address are the sender's, for letters on paper.
    """

    __tablename__ = "intake"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    way: Mapped[Way] = mapped_column(enum_type(Way))
    received_on: Mapped[date]
    sender: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(200), default="")
    postal_code: Mapped[str] = mapped_column(String(5), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    entered_at: Mapped[datetime]

    application: Mapped[Application] = relationship()
    scan: Mapped[StoredFile | None] = relationship()
    entered_by: Mapped[Account] = relationship()

    @property
    def permission_subject(self) -> Application:
        return self.application


class MergedCase(Base):
    """Two applications that are the same one: `application` is handled in the case of `into`."""

    __tablename__ = "merged_case"
    __table_args__ = (CheckConstraint("application_id <> into_id", name="into_another"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), unique=True)
    into_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    reason: Mapped[str]
    merged_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    merged_at: Mapped[datetime]


class CorrectionKind(LabelledEnum):
    """What is to be changed on the applicant's request."""

    PARTICULARS = "particulars", _dl("The organisation's address, contact or account")
    EMAIL = "email", _dl("The sender's e-mail address")
    CONNECT = "connect", _dl("A person who may act for the organisation")
    DOUBLES = "doubles", _dl("Two entries of the same organisation")


class Correction(Base):
    """A change that one official proposes and another approves; until then nothing is changed.

    `before` and `after`: a field's name → its text. `other`: the double whose people and applications move.
    `is_approved` False: declined, or taken back by whoever proposed it.
    """

    __tablename__ = "correction"
    __table_args__ = (
        CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_somebody"),
        CheckConstraint("(decided_at IS NULL) = (is_approved IS NULL)", name="decided_has_answer"),
        CheckConstraint("decided_by_id <> proposed_by_id OR NOT is_approved", name="approved_by_another"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    kind: Mapped[CorrectionKind] = mapped_column(enum_type(CorrectionKind))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str]
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    proposed_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    is_approved: Mapped[bool | None]
    remark: Mapped[str] = mapped_column(default="")

    application: Mapped[Application] = relationship()
    organisation: Mapped[Organisation | None] = relationship(foreign_keys=organisation_id)
    account: Mapped[Account | None] = relationship(foreign_keys=account_id)
    other: Mapped[Organisation | None] = relationship(foreign_keys=other_id)
    proposed_by: Mapped[Account] = relationship(foreign_keys=proposed_by_id)

    @property
    def permission_subject(self) -> Application:
        return self.application
