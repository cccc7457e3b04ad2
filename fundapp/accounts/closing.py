"""Close somebody's account and open it again, and sign somebody out everywhere; an administrator's, never one's own."""

from sqlalchemy import select

from fundapp.accounts import memberships
from fundapp.accounts.actions import end_sessions
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.permissions import Permission, why_not
from fundapp.workflow import NotAllowed, StepNotPossible


def close(account: Account, *, by: Account) -> None:
    """From the next click on the person is nobody. Roles, organisations and all that was written stay as they are;
    invitations that wait for an answer are withdrawn, since who had got hold of the account may have written them.

    Errors: NotAllowed, StepNotPossible (closed already).
    """
    _demand(account, by)
    if not account.is_active:
        raise StepNotPossible(_dl("The account is closed already."))
    account.is_active = False
    record(account, "close_account", by=by)
    end_sessions(account)
    memberships.withdraw_invitations_by(account)


def reopen(account: Account, *, by: Account) -> None:
    """The person may sign in again, and nothing that was open before goes on. Errors: NotAllowed, StepNotPossible."""
    _demand(account, by)
    if account.is_active:
        raise StepNotPossible(_dl("The account is open already."))
    end_sessions(account)  # of a sign-in that was under way when it was closed
    account.is_active = True
    record(account, "reopen_account", by=by)


def sign_out(account: Account, *, by: Account) -> None:
    """End what is open of the account in every browser. Errors: NotAllowed."""
    _demand(account, by)
    end_sessions(account)
    record(account, "end_sessions", by=by)


def _demand(account: Account, by: Account) -> None:
    reason = why_not(by, Permission.GIVE_ROLES)
    if reason is not None:
        raise NotAllowed(reason)
    if account.id == by.id:
        raise NotAllowed(_dl("Another administrator must do this for you."))
    # Both, in one order: of two administrators who close each other at once, one stays to open the other's again.
    both = select(Account).where(Account.id.in_((account.id, by.id))).order_by(Account.id).with_for_update(of=Account)
    for each in db.session.scalars(both.execution_options(populate_existing=True)):
        if each.id == by.id and not each.is_active:
            raise NotAllowed(_dl("The account is closed already."))
