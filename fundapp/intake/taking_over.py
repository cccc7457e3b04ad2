"""Two entries of the same organisation become one. Anybody can type a number, and two officials can be mistaken: what
was sent, and who may read it, comes together, but nobody's drafts and not the account that money is paid to.
"""

from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import joinedload

from fundapp import clock
from fundapp.accounts import giros
from fundapp.accounts.found import NamedPerson
from fundapp.accounts.models import INVITATION_IS_OPEN, Conflict, Invitation, Membership, Organisation
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.intake.models import Correction, CorrectionKind
from fundapp.languages import _dl
from fundapp.workflow import ApplicationStatus, StepNotPossible


def demand_double(organisation: Organisation, other: Organisation) -> None:
    """Errors: StepNotPossible where they are not doubles, or nobody would manage the people of what remains."""
    is_double = other.id != organisation.id and bool(other.org_number) and other.org_number == organisation.org_number
    if not is_double or other.merged_into_id is not None or organisation.merged_into_id is not None:
        raise StepNotPossible(_dl("These are not two entries with the same organisation number."))
    if _people(other) and not any(row.may_manage for row in _people(organisation)):
        raise StepNotPossible(
            _dl("Nobody acts for the entry that would remain. Propose it from a case of the other entry.")
        )


def account_in_question(organisation: Organisation, other: Organisation) -> tuple[Organisation, dict[str, str]] | None:
    """The entry that something was sent from and that would be paid to another account, with that one's numbers; None
    where nobody would be.
    """
    if organisation.accounts == other.accounts or db.session.scalar(_sent_from(other).limit(1)) is None:
        return None
    return (other, organisation.accounts) if organisation.accounts else (organisation, other.accounts)


def would_ask_for_account(correction: Correction) -> bool:
    """Whether an account would change by it, which is asked for first."""
    organisation, other = correction.organisation, correction.other
    if correction.decided_at is not None or organisation is None or other is None:
        return False
    return account_in_question(organisation, other) is not None


def asks_for_account(correction: Correction, *, by: Any) -> bool:
    """Ask for the account that would change, as for any other: it waits until an official has called and approved it.
    False where nobody would be paid to another. Errors: StepNotPossible where another change of account waits.
    """
    organisation, other = correction.organisation, correction.other
    if correction.kind is not CorrectionKind.DOUBLES or organisation is None or other is None:
        return False
    demand_double(organisation, other)
    if giros.waiting(organisation) is not None or giros.waiting(other) is not None:
        raise StepNotPossible(_dl("Another account waits for approval. It must be answered first."))
    found = account_in_question(organisation, other)
    if found is None:
        return False
    entry, numbers = found
    giros.ask(entry, numbers, by=by)
    return True


def take_over(organisation: Organisation, other: Organisation) -> list[str]:
    """Give the organisation what its double has sent. The double keeps its drafts and the people who write them.

    Who has a conflict of interest with the one has it with both. Gives the addresses that are told: both contacts, and
    all who manage the people of either.
    """
    # Drafts too: one that is being sent is waited for, or waits until it is known who has taken over.
    theirs = select(Application.id).where(Application.organisation_id == other.id).order_by(Application.id)
    db.session.execute(theirs.with_for_update())
    managers = [row.account.email for row in (*_people(organisation), *_people(other)) if row.may_manage]
    for row in db.session.scalars(_sent_from(other)).unique():
        row.organisation = organisation
    _let_in(organisation, other)
    ended = update(Invitation).where(Invitation.organisation_id == other.id, INVITATION_IS_OPEN)
    db.session.execute(ended.values(withdrawn_at=clock.now()))
    declared = update(Conflict).where(Conflict.organisation_id == other.id)
    db.session.execute(declared.values(organisation_id=organisation.id))
    _name_again(organisation, other)
    other.merged_into_id = organisation.id
    db.session.flush()
    return [other.email.lower(), organisation.email.lower(), *managers]


def _sent_from(organisation: Organisation) -> Select[Application]:
    """What has come to the municipality; of what came on paper, also what the registrar is typing."""
    has_come = or_(Application.status != ApplicationStatus.DRAFT, Application.is_entered)
    return select(Application).where(Application.organisation_id == organisation.id, has_come)


def _people(organisation: Organisation) -> list[Membership]:
    found = select(Membership).where(Membership.organisation_id == organisation.id).order_by(Membership.id)
    return list(db.session.scalars(found.options(joinedload(Membership.account))).unique())


def _let_in(organisation: Organisation, other: Organisation) -> None:
    """The double's people may write and send here as they did there, and let nobody in; who is here already keeps the
    right to manage that they have, and no other.
    """
    here = {row.account_id: row for row in _people(organisation)}
    for row in _people(other):
        own = here.get(row.account_id)
        if own is None:
            own = Membership(account_id=row.account_id, organisation_id=organisation.id, since=clock.now())
            own.may_edit, own.may_submit, own.may_manage = row.may_edit, row.may_submit, False
            db.session.add(own)
        own.may_edit, own.may_submit = own.may_edit or row.may_edit, own.may_submit or row.may_submit
        db.session.flush()
        db.session.expire(row.account, ["memberships"])
    db.session.expire(organisation, ["memberships"])


def _name_again(organisation: Organisation, other: Organisation) -> None:
    """An official who is named by the double is asked "Is this you?" of the organisation that has its cases now."""
    named = select(NamedPerson.text).where(NamedPerson.organisation_id == organisation.id)
    more = select(NamedPerson.text).where(NamedPerson.organisation_id == other.id, NamedPerson.text.not_in(named))
    for text in db.session.scalars(more).all():
        db.session.add(NamedPerson(text=text, organisation_id=organisation.id))


def who_came(correction: Correction) -> list[str]:
    """The double's people, each with their address, for the mail to all who are told; none of another correction."""
    if correction.kind is not CorrectionKind.DOUBLES or correction.other is None:
        return []
    return [f"{row.account.name} ({row.account.email})".strip() for row in _people(correction.other)]
