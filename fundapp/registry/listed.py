"""What the list of cases keeps: views that a person has named, and files that take a while to make."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.db import Base, public_id_column


class SavedView(Base):
    """A list of cases under a name: `query` is its address's, without the page. `name_key` is the name as it is
    compared: nobody has two of the same.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("account_id", "name_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(1000))
    is_shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    saved_at: Mapped[datetime]

    account: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.public_id


class ListExport(Base):
    """A list as a file, for the person who asked alone, and for a day.

    `query` is the list's address, `chosen` the public ids of rows that were chosen in it (None: all). `rights` is what
    the person might see when it was made, in a hash: where that is another now the file is not given out. `key` is its
    place in the store; `total` and `done` count rows.
    """

    __tablename__ = "list_export"
    __table_args__ = (
        CheckConstraint("kind IN ('csv', 'xlsx')", name="kind_known"),
        CheckConstraint("made_at IS NULL OR store_key <> ''", name="made_has_file"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(4))
    language: Mapped[str] = mapped_column(String(10))
    query: Mapped[str] = mapped_column(String(1000))
    chosen: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    asked_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    made_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    store_key: Mapped[str] = mapped_column(String(100), default="")
    rights: Mapped[str] = mapped_column(String(64), default="")

    account: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.public_id
