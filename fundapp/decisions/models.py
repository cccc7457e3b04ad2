"""Decisions: the outcome for one application under one §; pending until the minutes are approved."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, and_, or_, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import Base, Sealed, enum_type, public_id_column
from fundapp.documents import Paper
from fundapp.funds.models import LedgerEntry
from fundapp.languages import LabelledEnum, _dl
from fundapp.meetings.models import MinuteItem
from fundapp.meetings.proceedings import Disqualification
from fundapp.registry.models import Case
from fundapp.workflow import Outcome

# Kalix is an administrative area for both (SFS 2013:1086).
TRANSLATED_BY_RIGHT = frozenset({"fi", "fit"})


class Decision(Sealed, Base):
    """What the board decided, in kronor; `final_at` is None while the outcome is pending.

    A pending grant points to the ledger row that reserved its sum; a final one also to the row that granted it, and
    to the letter that the applicant got. `follows`: another case of the same candidate for the stipend carries the sum;
    this one has the same outcome without it.
    """

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("minute_item_id", "application_id"),
        CheckConstraint(
            "(outcome IN ('GRANT', 'GRANT_IN_PART') AND follows_id IS NULL) = (amount IS NOT NULL)",
            name="only_grants_have_amount",
        ),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount_above_zero"),
        CheckConstraint("outcome <> 'REFER_BACK' OR reasons <> ''", name="referral_has_reason"),
        CheckConstraint("amount IS NULL OR reservation_id IS NOT NULL", name="grant_is_reserved"),
        CheckConstraint(
            "final_at IS NULL OR (amount IS NULL) = (grant_entry_id IS NULL)", name="final_grant_is_in_ledger"
        ),
        CheckConstraint("letter_id IS NULL OR final_at IS NOT NULL", name="only_final_has_letter"),
    )

    # A final decision is changed only by a new one.
    sealed_when = "final_at"
    sealed_columns = frozenset({
        "minute_item_id", "application_id", "outcome", "amount", "reasons", "conditions", "final_at", "follows_id",
    })  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    version: Mapped[int] = mapped_column()
    minute_item_id: Mapped[int] = mapped_column(ForeignKey("minute_item.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    outcome: Mapped[Outcome] = mapped_column(enum_type(Outcome))
    amount: Mapped[int | None]
    reasons: Mapped[str] = mapped_column(default="")
    conditions: Mapped[str] = mapped_column(default="")
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    grant_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    final_at: Mapped[datetime | None]
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("paper.id"))

    __mapper_args__ = {"version_id_col": version}

    item: Mapped[MinuteItem] = relationship()
    application: Mapped[Application] = relationship()
    follows: Mapped["Decision | None"] = relationship(remote_side="Decision.id")
    recorded_by: Mapped[Account] = relationship()
    reservation: Mapped[LedgerEntry | None] = relationship(foreign_keys=reservation_id)
    grant_entry: Mapped[LedgerEntry | None] = relationship(foreign_keys=grant_entry_id)
    letter: Mapped[Paper | None] = relationship()
    translations: Mapped[list["DecisionTranslation"]] = relationship(order_by="DecisionTranslation.id")
    appeals: Mapped[list["Appeal"]] = relationship(back_populates="decision", order_by="Appeal.id")
    early_payment: Mapped["EarlyPayment | None"] = relationship(back_populates="decision")
    disqualified: Mapped[list[Disqualification]] = relationship(
        primaryjoin=lambda: and_(
            foreign(Disqualification.minute_item_id) == Decision.minute_item_id,
            or_(
                foreign(Disqualification.application_id) == Decision.application_id,
                Disqualification.application_id.is_(None),
            ),
        ),
        order_by=Disqualification.id,
        viewonly=True,
    )

    @property
    def is_final(self) -> bool:
        return self.final_at is not None

    @property
    def case(self) -> Case:
        """The application's case. Errors: LookupError; none without a case comes to an agenda."""
        if self.application.case is None:
            raise LookupError(f"application {self.application.public_id} has no case")
        return self.application.case

    @property
    def thread(self) -> str:
        return self.application.thread

    @property
    def newest_translations(self) -> list["DecisionTranslation"]:
        """One for each language: the newest that is made, or what is asked for."""
        return list({row.language: row for row in self.translations}.values())

    @property
    def permission_subject(self) -> Application:
        return self.application


class DecisionTranslation(Sealed, Base):
    """A decision's reasons and conditions in another language, asked for by the applicant or given unasked.

    Source: lag (2009:724) 8 §, for Finnish and Meänkieli; other languages are a service. Made once; a correction is a
    new row with the next number. `paper`: the letter in Swedish and this language.
    """

    __tablename__ = "decision_translation"
    __table_args__ = (
        UniqueConstraint("decision_id", "language", "number"),
        CheckConstraint("(made_at IS NULL) = (paper_id IS NULL)", name="made_has_paper"),
        CheckConstraint("made_at IS NOT NULL OR asked_at IS NOT NULL", name="asked_or_made"),
        Index(
            "ix_decision_translation_asked",
            "decision_id",
            postgresql_where=text("made_at IS NULL"),
            sqlite_where=text("made_at IS NULL"),
        ),
    )
    sealed_when = "made_at"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    language: Mapped[str] = mapped_column(String(10))
    number: Mapped[int]
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reasons: Mapped[str] = mapped_column(default="")
    conditions: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("paper.id"))

    paper: Mapped[Paper | None] = relationship()

    @property
    def is_made(self) -> bool:
        return self.made_at is not None

    @property
    def is_by_right(self) -> bool:
        """Whether lag (2009:724) 8 § gives the applicant a right to it."""
        return self.language in TRANSLATED_BY_RIGHT


class Letter(Base):
    """A letter about a decision to one receiver (`counterpart`), in the outbox and held there until it is released.

    Its mails, one for each address, are those that enclose `paper`. The diary gets it when it is released.
    """

    __tablename__ = "letter"
    __table_args__ = (CheckConstraint("(released_at IS NULL) = (released_by_id IS NULL)", name="released_by_somebody"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("paper.id"), unique=True)
    counterpart: Mapped[str] = mapped_column(String(200))
    is_to_applicant: Mapped[bool] = mapped_column(default=True)
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    decision: Mapped[Decision] = relationship()
    paper: Mapped[Paper] = relationship()
    released_by: Mapped[Account | None] = relationship()

    @property
    def thread(self) -> str:
        return self.decision.thread


class AppealEnd(LabelledEnum):
    """How an appeal ended (laglighetsprövning: KL 2017:725 ch. 13; before 2018 KL 1991:900 ch. 10)."""

    DISMISSED = "dismissed", _dl("Dismissed: the decision stands")
    LATE = "late", _dl("Rejected as late")
    WITHDRAWN = "withdrawn", _dl("Withdrawn")
    ANNULLED = "annulled", _dl("The decision is annulled")


class Appeal(Base):
    """Somebody asked the court to test the decision's lawfulness. While one is open the decision is not in force."""

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint("(ended_on IS NULL) = (end_kind IS NULL)", name="ended_has_kind"),
        CheckConstraint("ended_on IS NULL OR ended_on >= received_on", name="ends_after_it_came"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), index=True)
    received_on: Mapped[date]
    appellant: Mapped[str] = mapped_column(String(200))
    court_number: Mapped[str] = mapped_column(String(60), default="")
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    end_kind: Mapped[AppealEnd | None] = mapped_column(enum_type(AppealEnd))
    ended_on: Mapped[date | None]

    decision: Mapped[Decision] = relationship(back_populates="appeals")

    @property
    def thread(self) -> str:
        return self.decision.thread

    @property
    def permission_subject(self) -> Application:
        return self.decision.application


class EarlyPayment(Sealed, Base):
    """Leave to pay before the decision is in force, with its reason: KL 2017:725 13:14."""

    __tablename__ = "early_payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), unique=True)
    reason: Mapped[str]
    allowed_at: Mapped[datetime]
    allowed_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    decision: Mapped[Decision] = relationship(back_populates="early_payment")
    allowed_by: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.decision.thread
