"""Ask that an organisation is paid to another account. Where an application has been sent, an official approves it.

Until then the number that is known stays in use: who has got hold of one person's mail must not get the grant.
"""

from typing import Any

from sqlalchemy import select

from fundapp import clock, permissions
from fundapp.accounts import contacts, giro_emails
from fundapp.accounts.giro_tables import GiroAnswer, GiroChange
from fundapp.accounts.models import ACCOUNTS, Organisation
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import _l
from fundapp.permissions import Permission
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible

Numbers = dict[str, str]


def is_paid_to(organisation: Organisation) -> bool:
    """Whether the organisation has sent an application: from then on its account numbers are held."""
    sent = select(Application.id).where(
        Application.organisation_id == organisation.id, Application.status != ApplicationStatus.DRAFT
    )
    return db.session.scalar(sent.limit(1)) is not None


def waiting(organisation: Organisation) -> GiroChange | None:
    """The change that has no answer yet."""
    return db.session.scalar(
        select(GiroChange).where(GiroChange.organisation_id == organisation.id, GiroChange.decided_at.is_(None))
    )


def set_accounts(organisation: Organisation, numbers: Numbers, *, old_email: str, by: Any) -> GiroChange | None:
    """Use these numbers at once where nothing has been sent, else ask an official, and tell the old contact and all
    who manage the organisation's people. Gives the change that waits, None where none was asked for.

    `old_email`: the contact address before this edit. The same once more (a double click) asks once; other numbers
    take the place of those that wait. Errors: NotAllowed.
    """
    _demand(organisation, by)
    reread(organisation, with_for_update={"of": Organisation})
    wanted = {name: number for name, number in numbers.items() if number}
    if wanted == organisation.accounts:
        return None
    if not is_paid_to(organisation):
        use(organisation, wanted)
        return None
    before = waiting(organisation)
    if before is not None and before.after == wanted:
        return before
    if before is not None:
        _end(before, GiroAnswer.TAKEN_BACK, by=by)
    return ask(organisation, wanted, old_email=old_email, by=by)


def ask(organisation: Organisation, wanted: Numbers, *, old_email: str = "", by: Any) -> GiroChange:
    """Put other numbers before an official, and tell the organisation. The caller holds the row, has asked whether `by`
    may ask, and sees that nothing else waits.
    """
    change = GiroChange(
        organisation=organisation, before=organisation.accounts, after=wanted, asked_by=by, asked_at=clock.now()
    )
    db.session.add(change)
    db.session.flush()
    record(change, "ask_for_account", by=by)
    giro_emails.send_asked(change, to=receivers(change, old_email))
    return change


def use(organisation: Organisation, numbers: Numbers) -> None:
    """Set the numbers; those that are not given become empty."""
    for name in ACCOUNTS:
        setattr(organisation, name, numbers.get(name, ""))


def take_back(change: GiroChange, *, by: Any) -> None:
    """By one of the organisation's people. Errors: NotAllowed; StepNotPossible where it is answered."""
    _demand(change.organisation, by)
    reread(change.organisation, with_for_update={"of": Organisation})
    reread(change)
    if change.decided_at is not None:
        raise StepNotPossible(_l("It is answered already."))
    _end(change, GiroAnswer.TAKEN_BACK, by=by)


def _end(change: GiroChange, answer: GiroAnswer, *, by: Any) -> None:
    with db.session.no_autoflush:
        change.answer, change.decided_by, change.decided_at = answer, by, clock.now()
    record(change, "take_back_account", by=by)
    db.session.flush()


def _demand(organisation: Organisation, by: Any) -> None:
    reason = permissions.why_not(by, Permission.EDIT_ORGANISATION, organisation)
    if reason is not None:
        raise NotAllowed(reason)


def known_before(change: GiroChange) -> contacts.Known:
    """How the organisation could be reached before the change was asked for: see `contacts.known`."""
    return contacts.known(change.organisation, until=change.asked_at)


def receivers(change: GiroChange, *old: str) -> dict[str, str]:
    """Who is told, each address with its language: the contact now and every one before, the oldest first, and all who
    manage the organisation's people.
    """
    earlier = list(known_before(change)["email"])[: contacts.MOST_TOLD]
    return contacts.told(change.organisation, [change.organisation.email, *old, *earlier])
