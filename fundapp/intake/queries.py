"""What is being entered, what is to be posted, which corrections wait; nothing in which the reader has a conflict."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask_login import current_user
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from fundapp import clock, mail
from fundapp.accounts.models import Membership, Organisation
from fundapp.accounts.queries import visible_to, without_closed_applicant, without_conflict
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.funds.models import Fund, FundState, Round
from fundapp.intake.merging import why_not_into
from fundapp.intake.models import Correction, Intake
from fundapp.languages import Lazy, _dl
from fundapp.mail import Enclosure, Message, MessageStatus
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.workflow import ENDED, ApplicationStatus

MOST = 100
NEW_ENTRY = _dl(
    "The number is known here, but nobody who may send for it signs in with the address on the paper. A new entry is"
    " made, which only the municipality reads."
)


def rounds() -> list[Round]:
    """The rounds that have opened, the newest first: what comes late is received too."""
    found = select(Round).join(Round.fund).options(joinedload(Round.fund))
    found = found.where(Fund.state == FundState.OPEN, Round.opens_at <= clock.now())
    return list(db.session.scalars(found.order_by(Round.closes_at.desc(), Round.id).limit(20)))


def entry(public_id: str) -> Intake | None:
    """What is being entered, or has been, by the application's public id; who enters nothing is not told that it is
    there.
    """
    if not is_allowed(current_user, Permission.RECEIVE_ON_PAPER):
        return None
    found = select(Intake).join(Intake.application).where(Application.public_id == public_id)
    return db.session.scalar(found.where(without_conflict(current_user)))


def entries(person: Person) -> list[Intake]:
    """What was begun and is not received yet, the oldest first."""
    found = select(Intake).join(Intake.application).where(_is_begun(person)).order_by(Intake.id).limit(MOST)
    with_all = joinedload(Intake.application).options(
        joinedload(Application.organisation), selectinload(Application.sections)
    )
    return list(db.session.scalars(found.options(with_all, joinedload(Intake.entered_by))))


def _is_begun(person: Person) -> ColumnElement[bool]:
    return and_(Application.is_entered, Application.status == ApplicationStatus.DRAFT, without_conflict(person))


def begun(person: Person) -> Select[int]:
    """How many are being entered."""
    return select(func.count()).select_from(Application).where(_is_begun(person))


def entries_of(org_number: str | None) -> list[Organisation]:
    """The entries with this number that nobody has taken over, the oldest first, each with its people."""
    if org_number is None:
        return []
    found = select(Organisation).where(Organisation.org_number == org_number, Organisation.merged_into_id.is_(None))
    with_people = selectinload(Organisation.memberships).joinedload(Membership.account)
    return list(db.session.scalars(found.order_by(Organisation.id).options(with_people)).unique())


def entry_of_sender(entries_: Sequence[Organisation], email: str) -> Organisation | None:
    """The entry that a paper from this address ("": none is given) belongs to; None where a new one is needed.

    Anybody can type a number. So one with people is the sender's only where somebody who may send for it signs in with
    the address; what the entry itself gives as its e-mail proves nothing. One that nobody acts for was made from paper:
    it is taken where our letters to it go to the same address, or by post.
    """
    senders = (
        each
        for each in entries_
        for row in each.memberships
        if row.may_submit and row.account.is_active and row.account.email == email.lower()
    )
    on_paper = (
        each
        for each in entries_
        if not each.memberships and (mail.is_by_post(each.email) or each.email.lower() == email.lower())
    )
    return next(senders, None) or next(on_paper, None)


def doubles(organisation: Organisation) -> list[Organisation]:
    """Other entries with the same number that nobody has taken over."""
    return [each for each in entries_of(organisation.org_number) if each.id != organisation.id]


@dataclass(frozen=True)
class Posted:
    """A letter for the post, with its application: the right is asked of that."""

    message: Message
    application: Application

    @property
    def permission_subject(self) -> Application:
        return self.application


def _by_post(person: Person) -> Select[Message, Application]:
    return (
        select(Message, Application)
        .join(Application, Application.public_id == Message.thread)
        .where(Message.status == MessageStatus.BY_POST, visible_to(person))
    )


def to_post(person: Person) -> list[Posted]:
    """What is to be printed and posted, the oldest first."""
    found = _by_post(person).order_by(Message.id).limit(MOST)
    found = found.options(selectinload(Message.enclosures).joinedload(Enclosure.paper), joinedload(Application.case))
    return [Posted(row[0], row[1]) for row in db.session.execute(found)]


def waiting_for_post(person: Person) -> Select[int]:
    """How many are to be posted."""
    return select(func.count()).select_from(_by_post(person).subquery())


def letter(public_id: str) -> Posted | None:
    row = db.session.execute(_by_post(current_user).where(Message.public_id == public_id)).one_or_none()
    return Posted(row[0], row[1]) if row is not None else None


def correction(public_id: str) -> Correction | None:
    found = select(Correction).join(Correction.application)
    return db.session.scalar(found.where(Correction.public_id == public_id, _may_know(current_user)))


def corrections(person: Person) -> list[Correction]:
    """What waits for a second person, the oldest first."""
    found = select(Correction).join(Correction.application).where(_waits(), _may_know(person))
    with_all = (
        joinedload(Correction.application).joinedload(Application.case),
        joinedload(Correction.organisation),
        joinedload(Correction.account),
        joinedload(Correction.proposed_by),
    )
    return list(db.session.scalars(found.order_by(Correction.id).limit(MOST).options(*with_all)))


def _may_know(person: Person) -> ColumnElement[bool]:
    return and_(visible_to(person), without_closed_applicant(person))


def _waits() -> ColumnElement[bool]:
    return Correction.decided_at.is_(None)


def to_approve(person: Person) -> Select[int]:
    """How many wait for this person: not one's own."""
    found = select(func.count()).select_from(Correction).join(Correction.application)
    return found.where(_waits(), _may_know(person), Correction.proposed_by_id != person.id)


def may_merge_into(application: Application, person: Person) -> list[tuple[Application, Lazy | None]]:
    """The applicant's other applications that the person may see, each with why it cannot be merged into."""
    same: list[ColumnElement[bool]] = []
    if application.organisation_id is not None:
        same.append(Application.organisation_id == application.organisation_id)
    if application.org_number:
        same.append(Application.org_number == application.org_number)
    if not same:
        return []
    found = select(Application).where(or_(*same), Application.id != application.id, visible_to(person))
    found = found.where(Application.status.not_in(ENDED)).options(joinedload(Application.case))
    rows = db.session.scalars(found.order_by(Application.id.desc()).limit(20))
    return [(each, why_not_into(application, each)) for each in rows]
