"""Let in who comes back from the provider; connect an account with an identity there, and take the two apart."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from fundapp import clock, languages
from fundapp.accounts.actions import account_by_email, begin_session, end_sessions
from fundapp.accounts.models import Account, LoginSession, SignInMethod
from fundapp.db import db
from fundapp.factors import emails
from fundapp.factors.actions import renew_session
from fundapp.history.actions import record
from fundapp.languages import _dl, _l
from fundapp.oidc import rules
from fundapp.oidc.models import Identity, UsedReturn
from fundapp.oidc.rules import NotBelieved, Said
from fundapp.workflow import NotAllowed, StepNotPossible

_METHOD = SignInMethod.OIDC


class Unknown(Exception):
    """The provider vouches for somebody whom no account is connected with."""


def use_return(state: str) -> None:
    """A return counts once, also where two come at the same instant. Errors: NotBelieved."""
    try:
        with db.session.begin_nested():
            db.session.add(UsedReturn(state_hash=rules.hashed(state), at=clock.now()))
    except IntegrityError as fault:
        raise NotBelieved("the return has been used") from fault


def enter(said: Said, *, is_shared: bool) -> tuple[Account, str]:
    """Sign in who the provider says has come; gives the account and a session's token.

    Errors: Unknown; StepNotPossible, for a closed account.
    """
    identity = _known(said) or _first_seen(said)
    account = identity.account
    if not account.is_active:
        raise StepNotPossible(_l("This account is closed. Write to the municipality."))
    identity.last_seen_at = clock.now()
    return account, begin_session(account, is_shared=is_shared, method=_METHOD)


def _known(said: Said) -> Identity | None:
    return db.session.scalar(
        select(Identity).where(Identity.issuer == said.issuer, Identity.subject == said.subject).with_for_update()
    )


def _first_seen(said: Said) -> Identity:
    """Somebody's first coming: to the account that has the address, or to a new one without roles, and only where the
    provider's word for an address is taken. An account that another identity leads to is not handed over.
    """
    if not said.email:
        raise Unknown
    account = account_by_email(said.email)
    if account is not None and not account.is_active:
        raise StepNotPossible(_l("This account is closed. Write to the municipality."))
    try:
        with db.session.begin_nested():
            if account is None:
                account = Account(email=said.email, language=languages.current().code, created_at=clock.now())
                db.session.add(account)
                record(account, "create_account", by=None)
            identity = _connected(account, said, by=None)
            db.session.flush()
    except IntegrityError as fault:  # another identity has the account, or the same person comes twice at once
        known = _known(said)
        if known is None:
            raise Unknown from fault
        return known
    return identity


def _connected(account: Account, said: Said, *, by: Any) -> Identity:
    """The new row, with its line in the history; the person is told, in case it was somebody else."""
    now = clock.now()
    identity = Identity(account=account, issuer=said.issuer, subject=said.subject, linked_at=now, last_seen_at=now)
    db.session.add(identity)
    record(identity, "connect_identity", by=by)
    emails.send_added(account, _METHOD.label)
    return identity


def connect(account: Account, said: Said, *, by: Account, here: LoginSession) -> str:
    """Let the identity lead to the account from now on; gives the token under which the session goes on, a strong one.

    Errors: NotAllowed, StepNotPossible.
    """
    _demand_self(account, by)
    try:
        with db.session.begin_nested():
            _connected(account, said, by=by)
    except IntegrityError as fault:
        known = _known(said)
        if known is not None and known.account_id == account.id:
            raise StepNotPossible(_dl("Your account is connected already.")) from fault
        if known is not None:
            raise StepNotPossible(_dl("This sign-in leads to another account. Ask an administrator.")) from fault
        raise StepNotPossible(
            _dl("Your account is connected with another sign-in already. Disconnect that first.")
        ) from fault
    return renew_session(here, method=_METHOD)


def prove(account: Account, said: Said, *, here: LoginSession) -> str:
    """The signed-in person has shown anew who they are; gives the session's new token. Errors: NotAllowed."""
    identity = _known(said)
    if identity is None or identity.account_id != account.id:
        raise NotAllowed(_dl("That was somebody else's sign-in. Show that it is you with your own."))
    identity.last_seen_at = clock.now()
    return renew_session(here, method=_METHOD)


def disconnect(identity: Identity, *, by: Account, here: LoginSession) -> None:
    """The identity leads nowhere any more; sessions elsewhere end, and this one where it began by it.

    Errors: NotAllowed.
    """
    account = identity.account
    _demand_self(account, by)
    record(identity, "disconnect_identity", by=by)
    db.session.delete(identity)
    end_sessions(account, but=None if here.method is _METHOD else here)
    emails.send_removed(account, _METHOD.label)


def forget_used() -> int:
    """Remove the marks of used returns that are too old to come again; gives how many."""
    old = delete(UsedReturn).where(UsedReturn.at < clock.now() - 2 * rules.START_LASTS).returning(UsedReturn.id)
    return len(db.session.scalars(old).all())


def _demand_self(account: Account, by: Account) -> None:
    if account.id != by.id:
        raise NotAllowed(_l("Only you can change your account."))
