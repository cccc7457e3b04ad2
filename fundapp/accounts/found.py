"""What keeps an official from cases beside what is declared: interests in the register, and one's own name or address
in an application or with its applicant, until "Is this you?" is answered with no. Source: KL 6:28.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Connection, ForeignKey, String, UniqueConstraint, event, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp import clock
from fundapp.accounts.models import Account, Organisation, Signatory
from fundapp.applications.models import Application, Submission
from fundapp.db import Base, public_id_column
from fundapp.search import comparable

LONGEST = 254
# Questions of the form whose answer names a person of the applicant's.
_NAMES = frozenset({"contact_name", "signatory_name", "nominee_contact", "nominator_name"})
_ADDRESSES = frozenset({"contact_email", "nominee_email"})


class Interest(Base):
    """An office, job or ownership somewhere, from a local day until another, both included (None: until further
    notice). `organisation_id` where it is one that has applied; else the number, where it is known.
    """

    __tablename__ = "interest"
    __table_args__ = (CheckConstraint("ends_on IS NULL OR ends_on >= begins_on", name="ends_after_it_begins"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(200))
    org_number: Mapped[str | None] = mapped_column(String(10))
    role: Mapped[str] = mapped_column(String(200))
    begins_on: Mapped[date]
    ends_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    kept_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship(back_populates="interests")
    organisation: Mapped[Organisation | None] = relationship()

    application_id = None  # as a conflict has it; an interest is never in a single case

    @property
    def thread(self) -> str:
        return self.public_id

    @property
    def holds(self) -> bool:
        """Whether it counts today."""
        today = clock.today()
        return self.begins_on <= today and (self.ends_on is None or self.ends_on >= today)

    @property
    def hides_cases(self) -> bool:
        """Whether the system can tell the organisation's cases by it."""
        return self.organisation_id is not None or self.org_number is not None


class NamedPerson(Base):
    """A name or an address, as `comparable` makes it, of a person of an applicant: of the organisation, or of a single
    case where there is none (a nomination). It stays when the applicant later names somebody else.
    """

    __tablename__ = "named_person"
    __table_args__ = (
        CheckConstraint("(organisation_id IS NULL) <> (application_id IS NULL)", name="one_of_two"),
        UniqueConstraint("text", "organisation_id"),
        UniqueConstraint("text", "application_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    text: Mapped[str] = mapped_column(String(LONGEST))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    application_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"), index=True)

    organisation: Mapped[Organisation | None] = relationship()
    application: Mapped[Application | None] = relationship()

    @property
    def org_number(self) -> str | None:
        return self.organisation.org_number if self.organisation is not None else None

    @property
    def place(self) -> tuple[int | None, int | None]:
        """What a question is about, however many names and addresses of it are the person's."""
        return self.organisation_id, self.application_id


class FoundAnswer(Base):
    """What an official answered to "Is this you?"; a yes is also a declared conflict."""

    __tablename__ = "found_answer"
    __table_args__ = (UniqueConstraint("account_id", "named_person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    named_person_id: Mapped[int] = mapped_column(ForeignKey("named_person.id"), index=True)
    is_me: Mapped[bool]
    answered_at: Mapped[datetime]

    account: Mapped[Account] = relationship(back_populates="found_answers")
    named_person: Mapped[NamedPerson] = relationship()

    @property
    def thread(self) -> str:
        return self.named_person.public_id


def people_in(content: dict[str, Any]) -> list[str]:
    """The persons in a frozen copy: contact, signatory, nominator, the organisation's signatories then."""
    answers = [answer for section in content["sections"] for answer in section["answers"]]
    wanted = [answer["answer"] for answer in answers if answer["code"] in _NAMES | _ADDRESSES]
    then = (content.get("organisation") or {}).get("signatories", [])
    wanted += [person[what] for person in then for what in ("name", "contact")]
    account = content.get("account") or {}
    wanted += [account.get("name"), account.get("email")]
    return [text for text in wanted if isinstance(text, str) and text.strip()]


def compared(texts: list[str]) -> list[str]:
    """Each text once as it is compared; what has no letter (a telephone) names nobody here."""
    keys = dict.fromkeys(comparable(text)[:LONGEST] for text in texts)
    return [key for key in keys if any(letter.isalpha() for letter in key)]


def _note(connection: Connection, texts: list[str], **place: int) -> None:
    rows = [{"text": text, **place} for text in compared(texts)]
    if rows:
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
        connection.execute(insert(NamedPerson.__table__).values(rows).on_conflict_do_nothing())


@event.listens_for(Submission, "after_insert")
def _note_people(_mapper: Any, connection: Connection, submission: Submission) -> None:
    """Whoever a frozen copy names is known from the moment it is sent, in the same transaction."""
    application = inspect(submission).dict.get("application")
    organisation = (
        application.organisation_id
        if application is not None
        else connection.scalar(select(Application.organisation_id).where(Application.id == submission.application_id))
    )
    place = (
        {"organisation_id": organisation} if organisation is not None else {"application_id": submission.application_id}
    )
    _note(connection, people_in(submission.content), **place)


@event.listens_for(Signatory, "after_insert")
@event.listens_for(Signatory, "after_update")
def _note_signatory(_mapper: Any, connection: Connection, signatory: Signatory) -> None:
    """Only of an organisation that has sent something: anybody can write any official's name in an entry that never
    does, and who stands in one that does is noted from the frozen copy.
    """
    sent = select(Submission.id).join(Submission.application)
    if connection.scalar(sent.where(Application.organisation_id == signatory.organisation_id).limit(1)) is not None:
        _note(connection, [signatory.name, signatory.contact or ""], organisation_id=signatory.organisation_id)
