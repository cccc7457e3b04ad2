"""Applications: a draft kept as typed, facts as columns from the day it is sent, and the frozen copies."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Connection,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    event,
    false,
    inspect,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import workflow
from fundapp.accounts.models import Account, Organisation
from fundapp.db import Base, Sealed, enum_type, public_id_column
from fundapp.documents import Paper
from fundapp.files import StoredFile
from fundapp.funds.models import Round, terms_at
from fundapp.goals.models import GoalArea
from fundapp.languages import LabelledEnum, _l
from fundapp.registry.models import Case
from fundapp.search import SORTED_BY, searchable
from fundapp.workflow import ApplicationStatus


class ApplicationKind(LabelledEnum):
    """Which form was filled in. A nomination needs no organisation; only a grant has budget, period and project."""

    GRANT = "grant", _l("Application for a grant")
    AWARD = "award", _l("Application for the stipend")
    NOMINATION = "nomination", _l("Nomination for the stipend")


def _language_of_page(row: Any) -> str:
    """The language of the questions, where the applicant has named no other to write in."""
    return str(row.get_current_parameters()["language"])


SORT_KEYS = ("title_key", "applicant_key", "officer_key", "number_key", "sought_key", "state_key")


def _sort_key() -> Mapped[str]:
    """A text that `search.sort_key` made, compared sign by sign whatever the database's own order."""
    kind = String(SORTED_BY, collation="C").with_variant(String(SORTED_BY), "sqlite")
    return mapped_column(kind, default="", server_default=text("''"), deferred=True)


class Application(Base):
    """One application or nomination. Facts are empty while it is a draft; sums in kronor, days local."""

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint("status = 'DRAFT' OR submitted_at IS NOT NULL", name="sent_has_instant"),
        CheckConstraint(
            "status IN ('DRAFT', 'SUBMITTED', 'WITHDRAWN', 'MERGED') OR case_id IS NOT NULL", name="has_case"
        ),
        CheckConstraint("kind <> 'GRANT' OR status = 'DRAFT' OR amount_requested > 0", name="grant_asks_for_money"),
        CheckConstraint("kind = 'NOMINATION' OR organisation_id IS NOT NULL", name="has_organisation"),
        CheckConstraint("NOT is_try_out OR status = 'DRAFT'", name="try_out_is_draft"),
        Index("ix_application_status_submitted_at", "status", "submitted_at"),
        Index("ix_application_submitted_at_id", "submitted_at", "id"),
        # The list of cases goes by id, newest first, under each of its filters.
        Index("ix_application_status_id", "status", "id"),
        Index("ix_application_round_id_id", "round_id", "id"),
        Index("ix_application_officer_id_id", "officer_id", "id"),
        *(Index(f"ix_application_{name}_id", name, "id") for name in SORT_KEYS),
        Index(
            "ix_application_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
            # Every search reads what is not sorted in yet; PostgreSQL's own 4 MB would be a slow read.
            postgresql_with={"gin_pending_list_limit": 256},
            info={"engine": "postgresql"},
        ).ddl_if(dialect="postgresql"),
    )
    STEPS = workflow.APPLICATION_STEPS

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    kind: Mapped[ApplicationKind] = mapped_column(enum_type(ApplicationKind))
    status: Mapped[ApplicationStatus] = mapped_column(enum_type(ApplicationStatus), default=ApplicationStatus.DRAFT)
    version: Mapped[int] = mapped_column()
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(10))
    # Which language the answers are written in; `language` is that of the questions and of our letters.
    text_language: Mapped[str] = mapped_column(String(10), default=_language_of_page, server_default="sv")
    form_version: Mapped[int]
    terms_version: Mapped[int | None]  # the fund's version it was begun under, and from sending on the one it was sent
    is_try_out: Mapped[bool] = mapped_column(default=False, server_default=false())  # an administrator's, never sent

    submitted_at: Mapped[datetime | None]
    is_late: Mapped[bool] = mapped_column(default=False, server_default=false())  # it came in when the round had closed
    # A registrar entered it for the sender (the package intake); until it is received, the applicant does not see it.
    is_entered: Mapped[bool] = mapped_column(default=False, server_default=false())
    end_told_on: Mapped[date | None]  # when the mail went out that says that the draft will be removed
    title: Mapped[str | None] = mapped_column(String(200))
    summary: Mapped[str | None]
    applicant_name: Mapped[str | None] = mapped_column(String(200))
    org_number: Mapped[str | None] = mapped_column(String(10), index=True)
    amount_requested: Mapped[int | None]
    total_cost: Mapped[int | None]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    women: Mapped[int | None]
    men: Mapped[int | None]
    girls: Mapped[int | None]
    boys: Mapped[int | None]

    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), unique=True)
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    search_text: Mapped[str | None] = mapped_column(deferred=True)  # see _keep_searchable
    # What lists are sorted by, in order and without gaps of NULL; see searched.py.
    title_key: Mapped[str] = _sort_key()
    applicant_key: Mapped[str] = _sort_key()
    officer_key: Mapped[str] = _sort_key()
    number_key: Mapped[str] = _sort_key()
    sought_key: Mapped[int] = mapped_column(default=0, server_default="0", deferred=True)
    state_key: Mapped[int] = mapped_column(default=0, server_default="0", deferred=True)

    __mapper_args__ = {"version_id_col": version}

    round: Mapped[Round] = relationship(lazy="joined", innerjoin=True)
    organisation: Mapped[Organisation | None] = relationship()
    created_by: Mapped[Account] = relationship(foreign_keys=created_by_id)
    officer: Mapped[Account | None] = relationship(foreign_keys=officer_id)
    case: Mapped[Case | None] = relationship()
    sections: Mapped[list["Section"]] = relationship(back_populates="application", order_by="Section.id")
    submissions: Mapped[list["Submission"]] = relationship(back_populates="application", order_by="Submission.number")
    attachments: Mapped[list["Attachment"]] = relationship(
        back_populates="application",
        order_by="Attachment.id",
        primaryjoin="and_(Application.id==Attachment.application_id, Attachment.removed_at==None)",
    )
    areas: Mapped[list[GoalArea]] = relationship(secondary="application_area", order_by=GoalArea.number)

    @property
    def thread(self) -> str:
        return self.public_id

    @property
    def permission_subject(self) -> "Application":
        return self

    @property
    def terms(self) -> dict[str, Any]:
        """The fund's terms as they were when it was sent; of a draft as they are now."""
        fund = self.round.fund
        if self.status is ApplicationStatus.DRAFT or self.terms_version in (None, fund.version):
            return fund.terms
        return terms_at(fund, self.terms_version)

    @property
    def reference(self) -> str:
        """What the applicant quotes before there is a diary number: the public id in groups of four."""
        letters = self.public_id.upper()
        return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))

    @property
    def participants(self) -> int | None:
        """Planned participants in all, or None where the form does not ask."""
        counts = (self.women, self.men, self.girls, self.boys)
        return None if any(count is None for count in counts) else sum(count or 0 for count in counts)

    @property
    def last_submission(self) -> "Submission | None":
        return self.submissions[-1] if self.submissions else None


_SEARCHED = ("title", "applicant_name", "org_number", "case", "case_id")


@event.listens_for(Application, "before_insert")
@event.listens_for(Application, "before_update")
def _keep_searchable(_mapper: Any, _connection: Connection, application: Application) -> None:
    """Write what is searched in the statement that writes its sources. A case's number and subject never change; an
    UPDATE that is not made through an Application must see to the text itself.
    """
    attributes = inspect(application).attrs
    if any(attributes[name].history.has_changes() for name in _SEARCHED):
        number, case = application.org_number, application.case
        application.search_text = searchable(
            application.title,
            application.applicant_name,
            f"{number} {number[:6]}-{number[6:]}" if number else None,
            f"{case.diary_number} {case.subject}" if case else None,
        )


class Section(Base):
    """One section of a draft, exactly as typed: `answers` maps a field's name to the list of texts it was sent with.

    `version` grows with every save that changes something; see saving.py.
    """

    __tablename__ = "section"
    __table_args__ = (UniqueConstraint("application_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    code: Mapped[str] = mapped_column(String(40))
    answers: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    application: Mapped[Application] = relationship(back_populates="sections")


class SectionChange(Base):
    """What one save changed: `before` maps a field's name to the texts that stood there. Kept a few days.

    `page` is the page that the save came from, a letter for each time it was opened; `step` counts its saves.
    """

    __tablename__ = "section_change"
    __table_args__ = (UniqueConstraint("section_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id", ondelete="CASCADE"))
    version: Mapped[int]
    before: Mapped[dict[str, Any]]
    page: Mapped[str] = mapped_column(String(12), default="")
    step: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    saved_by: Mapped[Account] = relationship()


class SectionAside(Base):
    """What a person wrote where somebody else had written something else meanwhile, until the person has chosen."""

    __tablename__ = "section_aside"
    __table_args__ = (UniqueConstraint("section_id", "account_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    answers: Mapped[dict[str, Any]]


class Submission(Sealed, Base):
    """A frozen copy, made when the application was sent or completed; the first is number 1.

    `content`: {"form", "form_version", "language", "text_language" (of what was typed), "sections": [{"code", "title",
    "title_sv", "answers": [{"code", "question", "question_sv", "answer", "answer_sv", "is_typed"}]}], "organisation":
    {…} or null, "account": {…}, "attachments": [{"kind", "name", "size", "sha256"}]}. An answer is null, a text, a list
    of texts, or a list of rows, each a list of answers of the same shape (rows have no "answer_sv" of their own).
    """

    __tablename__ = "submission"
    __table_args__ = (UniqueConstraint("application_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    number: Mapped[int]
    language: Mapped[str] = mapped_column(String(10))
    content: Mapped[dict[str, Any]]
    submitted_at: Mapped[datetime]
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"))

    application: Mapped[Application] = relationship(back_populates="submissions")
    paper: Mapped[Paper] = relationship()


class ApplicationArea(Base):
    """A goal area of the plan that the applicant chose."""

    __tablename__ = "application_area"

    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), primary_key=True)
    goal_area_id: Mapped[int] = mapped_column(ForeignKey("goal_area.id"), primary_key=True)


class Attachment(Base):
    """A file the applicant sent along, as what (`kind`: statutes, annual_accounts …). Removing keeps the row."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship(back_populates="attachments")
    file: Mapped[StoredFile] = relationship(lazy="joined")


class Signature(Base):
    """A signatory of an organisation that signs jointly is asked, by an own mailed link, to confirm the application.

    `name` and `position` as in the organisation's list then; `content_hash` is that of what was confirmed
    (`signing.content_hash`), so that a later change withdraws it. `replaced_at`: asked anew, or taken back.
    """

    __tablename__ = "signature"
    __table_args__ = (CheckConstraint("(confirmed_at IS NULL) = (content_hash IS NULL)", name="confirmed_has_content"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime]
    content_hash: Mapped[str | None] = mapped_column(String(64))
    confirmed_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship()
