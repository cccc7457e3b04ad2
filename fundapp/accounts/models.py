"""People and organisations, what they may act for, and what they must keep away from."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    column,
    select,
    table,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship, validates

from fundapp import clock
from fundapp.boards.models import Board
from fundapp.db import Base, enum_type, public_id_column
from fundapp.languages import LabelledEnum, _l
from fundapp.permissions import Limit, Role
from fundapp.search import comparable

if TYPE_CHECKING:  # they point here
    from fundapp.accounts.found import FoundAnswer, Interest, NamedPerson


class OrganisationKind(LabelledEnum):
    """Who may apply, as the fund's page and the plan name them."""

    ASSOCIATION = "association", _l("Non-profit association")
    FAITH_COMMUNITY = "faith_community", _l("Faith community")
    STUDY_ASSOCIATION = "study_association", _l("Study association")
    OTHER_ORGANISATION = "other_organisation", _l("Other organisation or network")
    MUNICIPAL_UNIT = "municipal_unit", _l("Municipal unit")
    COMPANY = "company", _l("Company")


class SignInMethod(LabelledEnum):
    """What somebody showed to be let in. All but the mail alone are strong: two factors, or one that is bound to us."""

    MAIL = "mail", _l("Link or code by e-mail")
    PASSWORD = "password", _l("Password and code from an app")
    PASSKEY = "passkey", _l("Passkey")
    OIDC = "oidc", _l("The municipality's sign-in")

    @property
    def is_strong(self) -> bool:
        return self is not SignInMethod.MAIL


class Account(Base):
    """A person who can sign in. The address is kept as it is compared: lower case; `name_key` is the name so."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    name_key: Mapped[str] = mapped_column(String(400), default="", index=True)
    phone: Mapped[str] = mapped_column(String(40), default="")
    language: Mapped[str] = mapped_column(String(10), default="sv")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    role_rows: Mapped[list["RoleGiven"]] = relationship(back_populates="account", lazy="selectin")
    memberships: Mapped[list["Membership"]] = relationship(back_populates="account", lazy="selectin")
    conflicts: Mapped[list["Conflict"]] = relationship(
        back_populates="account",
        lazy="selectin",
        primaryjoin="and_(Account.id==Conflict.account_id, Conflict.ended_at==None)",
    )
    interests: Mapped[list["Interest"]] = relationship(
        back_populates="account",
        primaryjoin="and_(Account.id==Interest.account_id, Interest.taken_back_at==None)",
    )
    # Where somebody of this name or address is named; and what the person has answered to "Is this you?".
    named: Mapped[list["NamedPerson"]] = relationship(
        viewonly=True,
        primaryjoin="or_(remote(foreign(NamedPerson.text))==Account.name_key,"
        " remote(foreign(NamedPerson.text))==Account.email)",
    )
    found_answers: Mapped[list["FoundAnswer"]] = relationship(back_populates="account")

    is_authenticated = True
    is_anonymous = False
    # Of who is signed in by mail alone, where officials must show more: see accounts.sessions.
    has_roles_held_back = False

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that hold today."""
        if self.has_roles_held_back:
            return frozenset()
        return frozenset(row.role for row in self.role_rows if row.holds)

    @property
    def role_limits(self) -> dict[Role, frozenset[Limit]]:
        """Where a role holds that is for certain funds or bodies alone; one that holds everywhere is not in it, nor is
        a member's: how far that one reaches, the seat tells.
        """
        limits: dict[Role, set[Limit]] = {}
        for row in self.role_rows:
            if row.holds and row.role is not Role.MEMBER:
                limits.setdefault(row.role, set()).add((row.fund_id, row.board_id))
        return {role: frozenset(places) for role, places in limits.items() if (None, None) not in places}

    @property
    def organisation_ids(self) -> frozenset[int]:
        return frozenset(membership.organisation_id for membership in self.memberships)

    @property
    def writes_for(self) -> frozenset[int]:
        """Organisations whose applications the person may write."""
        return frozenset(each.organisation_id for each in self.memberships if each.may_edit)

    @property
    def sends_for(self) -> frozenset[int]:
        """Organisations whose applications the person may send and withdraw."""
        return frozenset(each.organisation_id for each in self.memberships if each.may_submit)

    @property
    def manages(self) -> frozenset[int]:
        """Organisations whose people the person invites and removes."""
        return frozenset(each.organisation_id for each in self.memberships if each.may_manage)

    @validates("name")
    def _keep_name_key(self, _key: str, name: str) -> str:
        self.name_key = comparable(name)
        return name

    @property
    def open_questions(self) -> list["NamedPerson"]:
        """Where an official's own name or address stands and nobody has said yet whether it is the same person; until
        then it is taken for a conflict of interest.
        """
        if not self.role_rows:
            return []
        known = {answer.named_person_id for answer in self.found_answers}
        return [named for named in self.named if named.id not in known]

    @property
    def _is_known(self) -> list["Conflict | Interest"]:
        held = [interest for interest in self.interests if interest.holds] if self.role_rows else []
        return [*self.conflicts, *held]

    @property
    def _keeps_from(self) -> list["Conflict | Interest | NamedPerson"]:
        return [*self._is_known, *self.open_questions]

    @property
    def conflicting_organisation_ids(self) -> frozenset[int]:
        """Declared, of an interest that holds, or found and not answered."""
        return frozenset(each.organisation_id for each in self._keeps_from if each.organisation_id is not None)

    @property
    def conflicting_org_numbers(self) -> frozenset[str]:
        """Numbers of the organisations in such conflicts and of the person's own: doubles share the number. Not of what
        is found and not answered: anybody can write another's number and an official's name beside it.
        """
        numbers = {each.org_number for each in self._is_known} | {m.organisation.org_number for m in self.memberships}
        return frozenset(number for number in numbers if number)

    @property
    def conflicting_application_ids(self) -> frozenset[int]:
        """As `conflicting_organisation_ids`, where a single case is meant: a nomination."""
        return frozenset(each.application_id for each in self._keeps_from if each.application_id is not None)

    @property
    def closed_applicant_ids(self) -> frozenset[int]:
        """Who applies in the single cases that are closed to the person, at a sitting say.

        Not conflicting organisations: the law asks of each case by itself (KL 6:28), so the applicant's other cases
        stay open. But its account and particulars are one for them all: who keeps from one case keeps from those.
        """
        return frozenset(each.applicant_id for each in self.conflicts if each.applicant_id is not None)

    @property
    def closed_applicant_numbers(self) -> frozenset[str]:
        """Their numbers: doubles share them, and a nominee has nothing else."""
        return frozenset(each.applicant_number for each in self.conflicts if each.applicant_number)

    @property
    def thread(self) -> str:
        return self.public_id


class RoleGiven(Base):
    """A role that an administrator gave, from and to local days, both included; without a day there is no end.

    `board` is set where the role is for one body (a secretary's, a member's), `fund_id` where it is for one fund; that
    table stands above this one, and only the database knows it.
    """

    __tablename__ = "role_given"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR begins_on IS NULL OR ends_on >= begins_on", name="ends_after_it_begins"),
        Index("ix_role_given_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"))
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))
    begins_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    account: Mapped[Account] = relationship(back_populates="role_rows")
    board: Mapped[Board | None] = relationship()

    @property
    def holds(self) -> bool:
        """Whether the role holds today."""
        today = clock.today()
        return (self.begins_on is None or self.begins_on <= today) and (self.ends_on is None or today <= self.ends_on)

    @property
    def thread(self) -> str:
        return self.account.public_id


ACCOUNTS = ("bankgiro", "plusgiro", "internal_account")


class Organisation(Base):
    """An applicant. The org.nr gives no access and is not unique: two people may each enter the same association.

    A municipal unit has administration, unit and internal account instead of org.nr and giro.
    """

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("(kind = 'MUNICIPAL_UNIT') = (org_number IS NULL)", name="org_number_or_municipal_unit"),
        Index("ix_organisation_org_number", "org_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    kind: Mapped[OrganisationKind] = mapped_column(enum_type(OrganisationKind))
    name: Mapped[str] = mapped_column(String(200))
    org_number: Mapped[str | None] = mapped_column(String(10))  # ten digits, without the hyphen
    administration: Mapped[str] = mapped_column(String(200), default="")
    internal_account: Mapped[str] = mapped_column(String(60), default="")
    address: Mapped[str] = mapped_column(String(200))
    postal_code: Mapped[str] = mapped_column(String(5))
    city: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(40))
    website: Mapped[str] = mapped_column(String(200), default="")
    bankgiro: Mapped[str] = mapped_column(String(8), default="")  # digits only
    plusgiro: Mapped[str] = mapped_column(String(8), default="")
    signs_jointly: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    # The other entry of the same organisation that has taken over its people and applications.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))

    signatories: Mapped[list["Signatory"]] = relationship(
        back_populates="organisation", order_by="Signatory.position", cascade="all, delete-orphan"
    )
    memberships: Mapped[list["Membership"]] = relationship(back_populates="organisation")

    @property
    def accounts(self) -> dict[str, str]:
        """The account numbers that a grant is paid to, those that are given."""
        return {name: number for name in ACCOUNTS if (number := getattr(self, name))}

    @property
    def thread(self) -> str:
        return self.public_id


class Signatory(Base):
    """A person who may sign for the organisation (firmatecknare)."""

    __tablename__ = "signatory"

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(254), default="")

    organisation: Mapped[Organisation] = relationship(back_populates="signatories")


class Membership(Base):
    """An account may act for an organisation: read all, and what else is marked. One who may manage always remains."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "organisation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    since: Mapped[datetime]
    may_edit: Mapped[bool] = mapped_column(default=True)
    may_submit: Mapped[bool] = mapped_column(default=True)
    may_manage: Mapped[bool] = mapped_column(default=True)

    account: Mapped[Account] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship(back_populates="memberships", lazy="joined")

    @property
    def public_id(self) -> str:
        return self.account.public_id


class Invitation(Base):
    """An address is asked to act for an organisation, by a mailed link that is used once. Only its hash is kept.

    `language` is the mail's. At most one invitation of an address to an organisation is open.
    """

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(10))
    may_edit: Mapped[bool]
    may_submit: Mapped[bool]
    may_manage: Mapped[bool]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()
    invited_by: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.organisation.public_id


INVITATION_IS_OPEN = and_(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
Index(
    "uq_invitation_open",
    Invitation.organisation_id,
    Invitation.email,
    unique=True,
    sqlite_where=INVITATION_IS_OPEN,
    postgresql_where=INVITATION_IS_OPEN,
)


# As much of a table above this one as a conflict in one of its rows must tell.
_CASES = table("application", column("id", Integer), column("organisation_id", Integer), column("org_number", String))


class Conflict(Base):
    """A declared conflict of interest (jäv), with an organisation (and its doubles by org.nr) or with one application.

    Source: KL 2017:725 6:28, 7:4. `application_id` names a table above this one; only the database knows it, as it does
    `disqualification_id`: a disqualification recorded at a sitting closes the case until it is lifted there.
    `applicant_id` and `applicant_number` are those of the application, read with the row and kept nowhere: they are as
    they are now, and end with it.
    """

    __tablename__ = "conflict"
    __table_args__ = (
        CheckConstraint("(organisation_id IS NULL) <> (application_id IS NULL)", name="one_of_two"),
        Index("ix_conflict_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))
    disqualification_id: Mapped[int | None] = mapped_column(ForeignKey("disqualification.id"))
    org_number: Mapped[str | None] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(500))
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    applicant_id: Mapped[int | None] = column_property(
        select(_CASES.c.organisation_id).where(_CASES.c.id == application_id).correlate_except(_CASES).scalar_subquery()
    )
    applicant_number: Mapped[str | None] = column_property(
        select(_CASES.c.org_number).where(_CASES.c.id == application_id).correlate_except(_CASES).scalar_subquery()
    )

    account: Mapped[Account] = relationship(back_populates="conflicts")
    organisation: Mapped[Organisation | None] = relationship()

    @property
    def thread(self) -> str:
        return self.public_id


class SignInAttempt(Base):
    """A mailed link and code: valid until `expires_at`, used once, its code tried at most a few times.

    Only hashes are kept; the plain token and code are in the mail alone.
    """

    __tablename__ = "sign_in_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(10))
    next_path: Mapped[str] = mapped_column(String(500), default="")
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class LoginSession(Base):
    """A signed-in browser. Ended at sign-out; the cookie's token is kept as a hash. A shared one keeps no words.

    `proved_at` is the UTC instant when the person last showed who they are: at sign-in, or at a step-up since.
    """

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    is_shared: Mapped[bool] = mapped_column(default=False)
    method: Mapped[SignInMethod] = mapped_column(enum_type(SignInMethod), default=SignInMethod.MAIL)
    proved_at: Mapped[datetime]

    account: Mapped[Account] = relationship(lazy="joined")
