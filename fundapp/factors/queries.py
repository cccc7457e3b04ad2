"""What an account can show, and where it is signed in."""

from dataclasses import dataclass

from flask_login import current_user
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.models import Account, LoginSession, SignInMethod
from fundapp.accounts.rules import SESSION_LASTS
from fundapp.config import settings
from fundapp.db import db
from fundapp.factors.models import Passkey, Password, RecoveryCode
from fundapp.oidc.models import Identity


@dataclass(frozen=True)
class Factors:
    """All of an account's."""

    password: Password | None
    codes_left: int
    passkeys: list[Passkey]


def factors_of(account: Account) -> Factors:
    left = select(func.count(RecoveryCode.id)).where(
        RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None)
    )
    return Factors(
        db.session.scalar(select(Password).where(Password.account_id == account.id)),
        db.session.scalar(left) or 0,
        list(db.session.scalars(select(Passkey).where(Passkey.account_id == account.id).order_by(Passkey.id))),
    )


def own_passkey(public_id: str) -> Passkey | None:
    return db.session.scalar(
        select(Passkey).where(Passkey.public_id == public_id, Passkey.account_id == current_user.id)
    )


def open_sessions(account: Account) -> list[LoginSession]:
    """Where the account is signed in, the newest first."""
    return list(
        db.session.scalars(
            select(LoginSession)
            .where(
                LoginSession.account_id == account.id,
                LoginSession.ended_at.is_(None),
                LoginSession.last_seen_at > clock.now() - SESSION_LASTS,
            )
            .order_by(LoginSession.id.desc())
        )
    )


def ways_of(account: Account, here: LoginSession) -> list[SignInMethod]:
    """In which ways the person may show who they are, the best first. By mail alone only who has nothing stronger, or
    holds no role, now or later: else whoever reads an official's mail could change how the official signs in.
    """
    found = factors_of(account)
    ways = [SignInMethod.PASSKEY] if found.passkeys else []
    ways += [SignInMethod.PASSWORD] if found.password is not None else []
    ways += [SignInMethod.OIDC] if _has_identity(account) or here.method is SignInMethod.OIDC else []
    is_official = any(row.ends_on is None or row.ends_on >= clock.today() for row in account.role_rows)
    return ways if ways and is_official else [*ways, SignInMethod.MAIL]


def _has_identity(account: Account) -> bool:
    """Whether the account is linked to the officials' own sign-in, where there is one."""
    linked = select(Identity.id).where(Identity.account_id == account.id, Identity.issuer == settings().oidc_issuer)
    return settings().oidc_issuer is not None and db.session.scalar(linked) is not None
