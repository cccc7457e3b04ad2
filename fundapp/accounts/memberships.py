"""An organisation's people: invite, accept, change rights, remove, leave. The next request feels a change."""

from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from fundapp import clock
from fundapp.accounts import emails, rules
from fundapp.accounts.actions import account_by_email
from fundapp.accounts.models import INVITATION_IS_OPEN, Account, Invitation, Membership, Organisation
from fundapp.applications.models import Application, Signature
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import Lazy, _l
from fundapp.permissions import Permission, why_not
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible

_USED = _l("This link has been used. If you accepted the invitation, sign in as usual.")
_TOO_OLD = _l("This invitation is too old. Ask the organisation to send it again.")
_WITHDRAWN = _l("This invitation has been withdrawn. Ask the organisation if you think that this is wrong.")
_ONE_MUST_REMAIN = _l("One person who manages people must remain. Give somebody else that right first.")
_INVITED_ALREADY = _l("This address is invited already. You can send the invitation again from the list of people.")


@dataclass(frozen=True)
class Rights:
    """What a person may do for an organisation besides reading all."""

    edit: bool
    submit: bool
    manage: bool

    def __str__(self) -> str:
        """For the history."""
        given = [name for name in ("edit", "submit", "manage") if getattr(self, name)]
        return " ".join(given) or "read"


def rights_of(row: Membership | Invitation) -> Rights:
    return Rights(row.may_edit, row.may_submit, row.may_manage)


def _give(row: Membership | Invitation, rights: Rights) -> None:
    row.may_edit, row.may_submit, row.may_manage = rights.edit, rights.submit, rights.manage


def _demand_manager(organisation: Organisation, by: Account) -> None:
    reason = why_not(by, Permission.MANAGE_PEOPLE, organisation)
    if reason is not None:
        raise NotAllowed(reason)


def _hold(organisation: Organisation) -> list[Membership]:
    """The organisation's people as they are now; who else changes them waits until this transaction ends."""
    db.session.flush()
    db.session.execute(select(Organisation.id).where(Organisation.id == organisation.id).with_for_update())
    found = select(Membership).where(Membership.organisation_id == organisation.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)).unique())


def _demand_right_still(people: list[Membership], by: Account) -> None:
    """As `_demand_manager`, of what holds now that others wait."""
    if not any(each.account_id == by.id and each.may_manage for each in people):
        raise NotAllowed(_l("Only the person who manages the organisation's people can do this."))


def invite(organisation: Organisation, email: str, rights: Rights, *, language: str, by: Account) -> Invitation:
    """Mail a link that is used once, within INVITATION_LASTS. Errors: NotAllowed, StepNotPossible with the reason."""
    _demand_manager(organisation, by)
    email = email.strip().lower()
    people = _hold(organisation)
    _demand_right_still(people, by)
    if email == by.email:
        raise StepNotPossible(_l("This is your own address. You act for the organisation already."))
    if any(each.account.email == email for each in people):
        raise StepNotPossible(_l("A person with this address acts for the organisation already."))
    token, now = rules.new_token(), clock.now()
    invitation = Invitation(
        organisation=organisation,
        email=email,
        language=language,
        token_hash=rules.hashed(token),
        invited_by=by,
        invited_at=now,
        expires_at=now + rules.INVITATION_LASTS,
    )
    _give(invitation, rights)
    try:
        with db.session.begin_nested():
            db.session.add(invitation)
    except IntegrityError:
        raise StepNotPossible(_INVITED_ALREADY) from None
    record(invitation, "invite", by=by, rights=rights)
    emails.send_invitation(invitation, token=token)
    return invitation


def _demand_open(invitation: Invitation) -> None:
    """Read the row anew, others waiting. Errors: StepNotPossible."""
    db.session.refresh(invitation, with_for_update={"of": Invitation})
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise StepNotPossible(_l("This invitation has been used or withdrawn."))


def invite_again(invitation: Invitation, *, by: Account) -> None:
    """Mail a new link that lasts as long again; the old one is worth nothing. Errors: NotAllowed, StepNotPossible."""
    _demand_manager(invitation.organisation, by)
    _demand_open(invitation)
    token = rules.new_token()
    invitation.token_hash, invitation.expires_at = rules.hashed(token), clock.now() + rules.INVITATION_LASTS
    record(invitation, "invite_again", by=by)
    emails.send_invitation(invitation, token=token)


def withdraw_invitation(invitation: Invitation, *, by: Account) -> None:
    """The link is worth nothing from now on. Errors: NotAllowed, StepNotPossible."""
    _demand_manager(invitation.organisation, by)
    _demand_open(invitation)
    invitation.withdrawn_at = clock.now()
    record(invitation, "withdraw_invitation", by=by)


def why_not_accept(invitation: Invitation) -> Lazy | None:
    """Why the link no longer works, or None where it does."""
    if invitation.accepted_at is not None:
        return _USED
    if invitation.withdrawn_at is not None:
        return _WITHDRAWN
    return None if invitation.expires_at > clock.now() else _TOO_OLD


def accept(invitation: Invitation, *, by: Account) -> None:
    """Act for the organisation from now on. A person who does already keeps the rights they have.

    Errors: NotAllowed (another address was invited), StepNotPossible (used, withdrawn or too old).
    """
    if by.email != invitation.email:
        raise NotAllowed(_l("The invitation is for another address. Sign out, and sign in with that address."))
    used = db.session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id, INVITATION_IS_OPEN, Invitation.expires_at > clock.now())
        .values(accepted_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        db.session.refresh(invitation)
        raise StepNotPossible(why_not_accept(invitation) or _USED)
    membership = Membership(account_id=by.id, organisation_id=invitation.organisation_id, since=clock.now())
    _give(membership, rights_of(invitation))
    try:
        with db.session.begin_nested():
            db.session.add(membership)
    except IntegrityError:
        return  # somebody who has come to act for it in another way
    db.session.expire(by, ["memberships"])
    record(invitation, "accept_invitation", by=by, rights=rights_of(invitation))


def account_for(invitation: Invitation) -> Account | None:
    """A new account for the invited address, which the link's arrival has proved; None where there is one already:
    its owner signs in as usual, since a link that lasts for days must not open an account with things in it.

    Errors: StepNotPossible.
    """
    reason = why_not_accept(invitation)
    if reason is not None:
        raise StepNotPossible(reason)
    if account_by_email(invitation.email) is not None:
        return None
    account = Account(email=invitation.email, language=invitation.language, created_at=clock.now())
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError:
        return None
    record(account, "create_account", by=None)
    return account


def change_rights(membership: Membership, rights: Rights, *, by: Account) -> None:
    """Give a person these rights and no others. Errors: NotAllowed, StepNotPossible (nobody would manage people)."""
    _demand_manager(membership.organisation, by)
    people = _hold(membership.organisation)
    _demand_right_still(people, by)
    if rights == rights_of(membership):
        return
    if not rights.manage:
        _demand_another_manager(people, membership)
        _withdraw_invitations_of(membership)
    if not rights.edit:
        _withdraw_signing_links_of(membership)
    _give(membership, rights)
    record(membership.organisation, "change_rights", by=by, person=membership.account, rights=rights)


def remove(membership: Membership, *, by: Account) -> None:
    """The person no longer acts for the organisation; drafts stay with it. Errors as in change_rights."""
    organisation, account = membership.organisation, membership.account
    _demand_manager(organisation, by)
    people = _hold(organisation)
    _demand_right_still(people, by)
    _demand_another_manager(people, membership)
    _end(membership)
    record(organisation, "remove_person", by=by, person=account)
    emails.send_removed(organisation, account)


def leave(organisation: Organisation, *, by: Account) -> None:
    """`by` no longer acts for the organisation. Errors: StepNotPossible (nobody would manage people)."""
    people = _hold(organisation)
    own = next((each for each in people if each.account_id == by.id), None)
    if own is None:
        raise StepNotPossible(_l("Only people of the organisation can do this."))
    _demand_another_manager(people, own)
    _end(own)
    record(organisation, "leave_organisation", by=by)


def _demand_another_manager(people: list[Membership], leaving: Membership) -> None:
    """One whose account is closed lets nobody in. Who manages nobody is not the last who does."""
    others = (each for each in people if each.id != leaving.id)
    if leaving.may_manage and not any(each.may_manage and each.account.is_active for each in others):
        raise StepNotPossible(_ONE_MUST_REMAIN)


def _end(membership: Membership) -> None:
    account = membership.account
    _withdraw_invitations_of(membership)
    _withdraw_signing_links_of(membership)
    db.session.delete(membership)
    db.session.flush()
    db.session.expire(account, ["memberships"])


def withdraw_invitations_by(account: Account) -> None:
    """What the person had invited others to, or asked to sign, in every organisation, is worth nothing from now on."""
    for membership in account.memberships:
        _withdraw_invitations_of(membership)
        _withdraw_signing_links_of(membership)


def _withdraw_invitations_of(membership: Membership) -> None:
    """Whoever no longer manages people must not come back, or let anybody in, by a link sent before."""
    db.session.execute(
        update(Invitation)
        .where(
            Invitation.organisation_id == membership.organisation_id,
            Invitation.invited_by_id == membership.account_id,
            INVITATION_IS_OPEN,
        )
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )


def _withdraw_signing_links_of(membership: Membership) -> None:
    """Whoever no longer writes for the organisation must not read its drafts, or sign one in anybody's name, by a link
    that was sent to them or where they wished. A confirmation that was given stands.
    """
    account = membership.account
    drafts = select(Application.id).where(
        Application.organisation_id == membership.organisation_id, Application.status == ApplicationStatus.DRAFT
    )
    db.session.execute(
        update(Signature)
        .where(
            Signature.application_id.in_(drafts),
            or_(Signature.asked_by_id == account.id, Signature.email == account.email),
            Signature.confirmed_at.is_(None),
            Signature.replaced_at.is_(None),
        )
        .values(replaced_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
