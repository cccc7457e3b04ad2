"""Set, change and remove what an account is proved with; compare what somebody shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from fundapp import clock
from fundapp.accounts.actions import begin_session, end_sessions
from fundapp.accounts.models import Account, LoginSession, SignInMethod
from fundapp.config import settings
from fundapp.db import db, reading
from fundapp.factors import emails, rules
from fundapp.factors.models import Passkey, Password, RecoveryCode, TotpKey
from fundapp.history.actions import record
from fundapp.languages import _dl, _l
from fundapp.oidc.models import Identity
from fundapp.permissions import Permission, why_not
from fundapp.workflow import NotAllowed, StepNotPossible

_NOBODYS_KEY = "A" * 32


@dataclass(frozen=True)
class Shown:
    """What was found to compare with for an address, known or not; 0 and empty where there is nothing."""

    account_id: int = 0
    is_active: bool = False
    password_hash: str | None = None
    sealed: str | None = None
    recovery_id: int = 0


def set_password(account: Account, password: str, *, key: str, step: int, by: Account, here: LoginSession) -> list[str]:
    """The first password, with the app whose code of `step` was shown; gives the recovery codes, which are not shown
    again. Other sessions end. Errors: NotAllowed; StepNotPossible, where there is one already.
    """
    _demand_self(account, by)
    if db.session.scalar(select(Password.id).where(Password.account_id == account.id)) is not None:
        raise StepNotPossible(_l("You have a password already."))
    now = clock.now()
    db.session.add(Password(account_id=account.id, hash=rules.HASHER.hash(rules.composed(password)), set_at=now))
    sealed = rules.seal(key, secret=settings().secret_key, now=now)
    db.session.add(TotpKey(account_id=account.id, sealed=sealed, last_step=step, set_at=now))
    record(account, "set_password", by=by)
    end_sessions(account, but=here)
    emails.send_added(account, emails.PASSWORD)
    return _new_codes(account)


def change_password(account: Account, password: str, *, by: Account, here: LoginSession) -> None:
    """Another password, with the same app; every other session ends. Errors: NotAllowed, StepNotPossible."""
    _demand_self(account, by)
    kept = db.session.scalar(select(Password).where(Password.account_id == account.id).with_for_update())
    if kept is None:
        raise StepNotPossible(_l("You have no password."))
    kept.hash, kept.set_at = rules.HASHER.hash(rules.composed(password)), clock.now()
    record(account, "change_password", by=by)
    end_sessions(account, but=here)
    emails.send_changed(account, emails.PASSWORD)


def remove_password(account: Account, *, by: Account, here: LoginSession) -> None:
    """Password, app and recovery codes, which are of no use without each other. Errors: NotAllowed."""
    _demand_self(account, by)
    for table in (Password, TotpKey, RecoveryCode):
        db.session.execute(delete(table).where(table.account_id == account.id))
    record(account, "remove_password", by=by)
    end_sessions(account, but=here)
    emails.send_removed(account, emails.PASSWORD)


def new_recovery_codes(account: Account, *, by: Account) -> list[str]:
    """Ten new codes; the earlier ones are worth nothing any more. Errors: NotAllowed, StepNotPossible."""
    _demand_self(account, by)
    if db.session.scalar(select(Password.id).where(Password.account_id == account.id).with_for_update()) is None:
        raise StepNotPossible(_l("You have no password."))
    record(account, "new_recovery_codes", by=by)
    emails.send_changed(account, emails.RECOVERY_CODES)
    return _new_codes(account)


def _new_codes(account: Account) -> list[str]:
    codes = [rules.new_recovery_code() for _number in range(rules.RECOVERY_CODES)]
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    secret = settings().secret_key
    db.session.add_all(
        RecoveryCode(account_id=account.id, code_hash=rules.recovery_hash(code, secret=secret)) for code in codes
    )
    return codes


def add_passkey(
    account: Account, *, credential_id: str, public_key: str, sign_count: int, name: str, by: Account
) -> Passkey:
    """Errors: NotAllowed; StepNotPossible for one that somebody has already."""
    _demand_self(account, by)
    if db.session.scalar(select(Passkey.id).where(Passkey.credential_id == credential_id)) is not None:
        raise StepNotPossible(_l("This passkey has been added already."))
    passkey = Passkey(
        account=account,
        credential_id=credential_id,
        public_key=public_key,
        sign_count=sign_count,
        name=name,
        added_at=clock.now(),
    )
    db.session.add(passkey)
    record(passkey, "add_passkey", by=by)
    emails.send_added(account, emails.PASSKEY)
    return passkey


def remove_passkey(passkey: Passkey, *, by: Account, here: LoginSession) -> None:
    """The passkey is worth nothing any more, and other sessions end. Errors: NotAllowed."""
    _demand_self(passkey.account, by)
    record(passkey, "remove_passkey", by=by)
    end_sessions(passkey.account, but=here)
    emails.send_removed(passkey.account, emails.PASSKEY)
    db.session.delete(passkey)


def end_other_sessions(account: Account, *, by: Account, here: LoginSession) -> None:
    """Sign out everywhere but here. Errors: NotAllowed."""
    _demand_self(account, by)
    record(account, "end_other_sessions", by=by, ended=end_sessions(account, but=here))


def clear_factors(account: Account, *, by: Account) -> None:
    """Take all factors from somebody who has lost them, and end every session; the person begins anew with a mail.

    Errors: NotAllowed, for who gives no roles and for oneself.
    """
    reason = why_not(by, Permission.GIVE_ROLES)
    if reason is not None:
        raise NotAllowed(reason)
    if account.id == by.id:
        raise NotAllowed(_dl("Another administrator must do this for you."))
    for table in (Password, TotpKey, RecoveryCode, Passkey, Identity):
        db.session.execute(delete(table).where(table.account_id == account.id))
    record(account, "clear_factors", by=by)
    end_sessions(account)
    emails.send_cleared(account)


def clock_of_apps() -> datetime:
    """What an app for codes takes the time to be, also where ours is the demo's."""
    return clock.true_now() if settings().is_demo else clock.now()


def enter_by_password(email: str, password: str, code: str) -> Account | None:
    """The account whose address, password and code these are; None where anything is wrong, after the same work.

    The slow comparing stands between two transactions, so that on SQLite nobody waits for it.
    """
    with reading():
        shown = _look_up(Account.email == email, code)
        db.session.rollback()
    return _compare(shown, password, code)


def prove_by_password(account: Account, password: str, code: str) -> bool:
    """Whether these are the signed-in person's own."""
    return _compare(_look_up(Account.id == account.id, code), password, code) is not None


def _look_up(whose: Any, code: str) -> Shown:
    """As many statements for an address that nobody has as for one with a password."""
    found = db.session.execute(
        select(Account.id, Account.is_active, Password.hash, TotpKey.sealed)
        .outerjoin(Password, Password.account_id == Account.id)
        .outerjoin(TotpKey, TotpKey.account_id == Account.id)
        .where(whose)
    ).one_or_none()
    account_id = found.id if found else 0
    recovery_id = db.session.scalar(
        select(RecoveryCode.id).where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_hash == rules.recovery_hash(code, secret=settings().secret_key),
            RecoveryCode.used_at.is_(None),
        )
    )
    if found is None:
        return Shown()
    return Shown(account_id, found.is_active, found.hash, found.sealed, recovery_id or 0)


def _compare(shown: Shown, password: str, code: str) -> Account | None:
    secret, now = settings().secret_key, clock_of_apps()
    key = rules.unseal(shown.sealed or rules.seal(_NOBODYS_KEY, secret=secret, now=now), secret=secret)
    step = rules.step_of(code, key or _NOBODYS_KEY, now=now)
    is_password = rules.is_password(password, shown.password_hash)
    has_step = step is not None and key is not None and shown.sealed is not None
    if not (is_password and shown.is_active and (has_step or shown.recovery_id)):
        return None
    return _spend(shown, password, step if has_step else None)


def _spend(shown: Shown, password: str, step: int | None) -> Account | None:
    """Use the code up: whoever shows the same one again, or at the same instant, is refused."""
    kept = db.session.scalar(select(Password).where(Password.account_id == shown.account_id).with_for_update())
    if kept is None or kept.hash != shown.password_hash:  # it was changed in between
        return None
    account = db.session.get_one(Account, shown.account_id)
    if step is not None:
        used = update(TotpKey).where(TotpKey.account_id == account.id, TotpKey.last_step < step).values(last_step=step)
    else:
        used = (
            update(RecoveryCode)
            .where(RecoveryCode.id == shown.recovery_id, RecoveryCode.used_at.is_(None))
            .values(used_at=clock.now())
        )
    found = db.session.execute(used.execution_options(synchronize_session=False))
    if found.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        return None
    if step is None:
        record(account, "use_recovery_code", by=account)
        emails.send_used(account, emails.RECOVERY_CODES)
    if rules.HASHER.check_needs_rehash(kept.hash):
        kept.hash = rules.HASHER.hash(rules.composed(password))
    return account


def renew_session(here: LoginSession, *, method: SignInMethod) -> str:
    """After a proof: the session goes on under a new token, and with the way in which it was proved."""
    here.ended_at = clock.now()
    return begin_session(here.account, is_shared=here.is_shared, method=method)


def _demand_self(account: Account, by: Account) -> None:
    if account.id != by.id:
        raise NotAllowed(_l("Only you can change your account."))
