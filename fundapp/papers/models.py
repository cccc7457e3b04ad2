"""Templates of the municipality's papers, its text blocks, and papers that an official is writing in a case."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import Base, Sealed, enum_type, public_id_column
from fundapp.funds.models import Fund
from fundapp.languages import LabelledEnum, _dl
from fundapp.registry.models import Document

_OF_EVERY_FUND = text("fund_id IS NULL")


class PaperKind(LabelledEnum):
    """What a template is for. The first three are written on pages of their own, with more facts."""

    OFFICER_REPORT = "officer_report", _dl("Officer's report")
    COMPLETION = "completion", _dl("Request for completion")
    REFERRAL = "referral", _dl("Referral for comment")
    CONFIRMATION = "confirmation", _dl("Confirmation of receipt")
    LETTER = "letter", _dl("Letter")


class Way(LabelledEnum):
    """How a paper leaves, or that it stays here."""

    MAIL = "mail", _dl("By e-mail, with the PDF")
    POST = "post", _dl("By post: I print it and send it")
    KEPT = "kept", _dl("Not at all: it is only filed here")


class PaperTemplate(Sealed, Base):
    """One version of a template, never changed: a change is a new row. The newest of its kind, fund and language holds.

    `fund_id` None: for every fund that has none of its own. `made_by_id` None: delivered with the program. `is_in_use`
    False: the fund has gone back to the template of every fund.
    """

    __tablename__ = "paper_template"
    __table_args__ = (
        UniqueConstraint("kind", "language", "fund_id", "version"),
        # A NULL is unlike every other one, so the rule above says nothing of the templates of every fund.
        Index(
            "ix_paper_template_of_every_fund",
            "kind",
            "language",
            "version",
            unique=True,
            postgresql_where=_OF_EVERY_FUND,
            sqlite_where=_OF_EVERY_FUND,
        ),
        CheckConstraint("version >= 1", name="version_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    kind: Mapped[PaperKind] = mapped_column(enum_type(PaperKind))
    language: Mapped[str] = mapped_column(String(10))
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))
    version: Mapped[int]
    is_in_use: Mapped[bool]
    heading: Mapped[str] = mapped_column(String(200))
    body: Mapped[str]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    fund: Mapped[Fund | None] = relationship()
    made_by: Mapped[Account | None] = relationship()

    @property
    def thread(self) -> str:
        return f"template-{self.kind.value}"


class TextBlock(Base):
    """A text for a common reason, put into a field where it is chosen. `code`: one that came with the program."""

    __tablename__ = "text_block"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    code: Mapped[str | None] = mapped_column(String(60), unique=True)
    topic: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str]
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))
    kind: Mapped[PaperKind | None] = mapped_column(enum_type(PaperKind))
    version: Mapped[int] = mapped_column(default=1)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None]

    fund: Mapped[Fund | None] = relationship()
    changed_by: Mapped[Account | None] = relationship()

    @property
    def thread(self) -> str:
        return f"block-{self.public_id}"


class WrittenPaper(Base):
    """A paper of a case while it is written, and what became of it: `document_id` from the moment it is filed.

    `text` is Swedish; `other_text` the same in `other_language`, the applicant's, where that is another.
    """

    __tablename__ = "written_paper"
    __table_args__ = (
        CheckConstraint("(finished_at IS NULL) = (document_id IS NULL)", name="finished_is_filed"),
        Index("ix_written_paper_application_id", "application_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    template_id: Mapped[int | None] = mapped_column(ForeignKey("paper_template.id"))
    kind: Mapped[PaperKind] = mapped_column(enum_type(PaperKind))
    heading: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    other_language: Mapped[str] = mapped_column(String(10), default="")
    other_text: Mapped[str] = mapped_column(default="")
    to_name: Mapped[str] = mapped_column(String(200))
    to_email: Mapped[str] = mapped_column(String(254))
    way: Mapped[Way] = mapped_column(enum_type(Way))
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    finished_at: Mapped[datetime | None]
    document_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))

    application: Mapped[Application] = relationship()
    saved_by: Mapped[Account] = relationship()
    document: Mapped[Document | None] = relationship()

    @property
    def permission_subject(self) -> Application:
        return self.application
