"""Who an account is at the officials' own sign-in, and which returns from there were used."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.db import Base


class Identity(Base):
    """A subject of an issuer, which never becomes another person's there: it leads to one account, and an account has
    at most one of each issuer. The e-mail address at the issuer is not kept: it may become somebody else's.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("account_id", "issuer"))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]

    account: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.account.public_id


class UsedReturn(Base):
    """A return from the provider that somebody came in by. Its state counts once, whoever has copied the cookie."""

    __tablename__ = "used_return"

    id: Mapped[int] = mapped_column(primary_key=True)
    state_hash: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime]
