"""Answer a change of account numbers: an official who acts for nobody there, and who has called the organisation."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from fundapp import clock, permissions
from fundapp.accounts import giro_emails, giros
from fundapp.accounts.giro_tables import GiroAnswer, GiroChange
from fundapp.accounts.models import Organisation
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.history.actions import record
from fundapp.languages import Lazy, _d, _dl, speaking
from fundapp.permissions import Permission, Person
from fundapp.projects.actions import hold
from fundapp.projects.models import Instalment, Project
from fundapp.projects.paying import unpropose
from fundapp.workflow import InstalmentStatus, NotAllowed, StepNotPossible


def approve_account(change: GiroChange, *, verified: str, by: Any) -> None:
    """Use the new numbers, send back what is proposed to the old ones, and tell the contact and the managers.

    `verified`: how the official made sure. Errors: NotAllowed; StepNotPossible for who asked for it, where it is
    answered, or where the numbers have changed in another way since.
    """
    _hold(change, by)
    if not verified.strip():
        raise StepNotPossible(_dl("Write how you made sure that the organisation itself asks for this."))
    reason = why_not_approved(change, by=by)
    if reason is not None:
        raise StepNotPossible(reason)
    to = giros.receivers(change)
    giros.use(change.organisation, change.after)
    with db.session.no_autoflush:
        change.verified = verified.strip()
    _answer(change, GiroAnswer.APPROVED, "approve_account", by=by)
    _send_back_proposed(change.organisation, by=by)
    giro_emails.send_answered(change, to=to)


def refuse_account(change: GiroChange, *, remark: str, by: Any) -> None:
    """The numbers stay as they are; `remark` is told to the organisation. Errors: NotAllowed, StepNotPossible."""
    _hold(change, by)
    if not remark.strip():
        raise StepNotPossible(_dl("Write why the account is not changed."))
    with db.session.no_autoflush:
        change.remark = remark.strip()
    _answer(change, GiroAnswer.REFUSED, "refuse_account", by=by)
    giro_emails.send_answered(change, to=giros.receivers(change))


def why_not_approved(change: GiroChange, *, by: Any) -> Lazy | None:
    """Why the person cannot approve the change as it stands, as a sentence; None where they can."""
    if change.asked_by_id == by.id:
        return _dl("You asked for this account. Another person must approve it.")
    if change.organisation.accounts != change.before:
        return _dl(
            "The account has changed in another way since this was asked for. Refuse it, so that it is asked anew."
        )
    return None


def open_to(person: Person) -> ColumnElement[bool]:
    """A condition on Organisation, the same as `permissions.is_impartial_to_organisation`: the person neither acts for
    it nor has an interest in it, nor is kept from a case of its.
    """
    keys = person.organisation_ids | person.conflicting_organisation_ids | person.closed_applicant_ids
    is_free = Organisation.id.not_in(keys)
    numbers = person.conflicting_org_numbers | person.closed_applicant_numbers
    return and_(is_free, or_(Organisation.org_number.is_(None), Organisation.org_number.not_in(numbers)))


def _hold(change: GiroChange, by: Any) -> None:
    """Lock the organisation, read it and the change anew. Errors: NotAllowed, StepNotPossible where it is answered."""
    reason = permissions.why_not(by, Permission.APPROVE_GIRO, change.organisation)
    if reason is not None:
        raise NotAllowed(reason)
    reread(change.organisation, with_for_update={"of": Organisation})
    reread(change)
    if change.decided_at is not None:
        raise StepNotPossible(_dl("It is answered already."))


def _answer(change: GiroChange, answer: GiroAnswer, event: str, *, by: Any) -> None:
    with db.session.no_autoflush:
        change.answer, change.decided_by, change.decided_at = answer, by, clock.now()
    record(change, event, by=by)
    db.session.flush()


def _send_back_proposed(organisation: Organisation, *, by: Any) -> None:
    """A payment that is proposed to the old number is proposed anew, to the new one."""
    theirs = select(Project).join(Project.application).where(Application.organisation_id == organisation.id)
    for project in db.session.scalars(theirs.order_by(Project.id)).unique().all():
        hold(project)
        for part in project.instalments:
            if part.status is InstalmentStatus.PROPOSED:
                _send_back(part, by=by)
    db.session.flush()


def _send_back(part: Instalment, *, by: Any) -> None:
    unpropose(part, "send_back", by=by)
    with speaking("sv"):
        part.remark = _d("The account has changed. Propose the payment anew.")
