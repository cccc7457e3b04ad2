"""Which identity an account has at the sign-in that is set up."""

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.config import settings
from fundapp.db import db
from fundapp.oidc.models import Identity


def is_set_up() -> bool:
    return settings().oidc_issuer is not None


def identity_of(account: Account) -> Identity | None:
    """The account's identity at the present issuer; None where it has none, or nothing is set up."""
    of_account = select(Identity).where(Identity.account_id == account.id, Identity.issuer == settings().oidc_issuer)
    return db.session.scalar(of_account) if is_set_up() else None
