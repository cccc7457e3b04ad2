"""What an account can be proved with besides the mail: a password with an app's codes, passkeys, recovery codes.

A password is of use only together with a code: who has one row of `password` has one of `totp_key` too.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.db import Base, public_id_column


class Password(Base):
    """An account's password, as argon2id's own text: parameters, salt and hash."""

    __tablename__ = "password"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    hash: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime]


class TotpKey(Base):
    """The key that an app makes its codes from (RFC 6238), encrypted with a key made of the installation's secret.

    `last_step` is the number of the half minute whose code was used last: neither it nor an earlier one is taken again.
    """

    __tablename__ = "totp_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), unique=True)
    sealed: Mapped[str] = mapped_column(String(300))
    last_step: Mapped[int]
    set_at: Mapped[datetime]


class Passkey(Base):
    """A key pair that somebody's device keeps (WebAuthn); here is its public half. Bytes are kept as base64url.

    `sign_count` is what the device counted last; one that does not count says 0 for ever.
    """

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str]
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.account.public_id


class RecoveryCode(Base):
    """One of ten codes on paper, each good once in place of the app's; its keyed hash alone is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """What a device is asked to sign, once and in time; its hash alone is kept. `account_id` where a key is added."""

    __tablename__ = "passkey_challenge"

    id: Mapped[int] = mapped_column(primary_key=True)
    challenge_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
