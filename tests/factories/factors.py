"""What people sign in with, set up by the real steps; and an app that shows codes."""

from dataclasses import dataclass

import pyotp
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import begin_session
from fundapp.accounts.models import Account, LoginSession
from fundapp.accounts.rules import hashed
from fundapp.db import db
from fundapp.factors import actions, rules

PASSWORD = "fjällripa under granen"


@dataclass(frozen=True)
class Phone:
    """An app with its key, and the recovery codes that lie beside it."""

    key: str
    codes: list[str]

    def code(self, *, later: int = 0) -> str:
        """What the app shows, `later` half minutes from now."""
        return pyotp.TOTP(self.key).at(int(clock.now().timestamp()) + later * rules.STEP)


def session_of(account: Account) -> LoginSession:
    """A new open session."""
    token = begin_session(account)
    return db.session.scalars(select(LoginSession).where(LoginSession.token_hash == hashed(token))).one()


def with_password(account: Account, password: str = PASSWORD) -> Phone:
    """The account gets a password and an app; the code shown for it was an old one, so that the present one counts."""
    key, here = rules.new_totp_key(), session_of(account)
    codes = actions.set_password(account, password, key=key, step=0, by=account, here=here)
    db.session.flush()
    return Phone(key, codes)


def with_passkey(account: Account, name: str = "Min telefon") -> str:
    """A passkey that no device holds; gives its public id."""
    passkey = actions.add_passkey(
        account, credential_id=f"of-{account.public_id}", public_key="none", sign_count=0, name=name, by=account
    )
    db.session.flush()
    return passkey.public_id
