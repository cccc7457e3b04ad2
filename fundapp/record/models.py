"""The record's tables. Rows are only ever added; the database itself refuses the rest (`guards`).

An entry holds no personal text: only which row it is about, and a salted hash of each of its columns. Without the salt
a hash tells nothing, so that disposal (gallring) takes the row and its salt away and leaves the entry.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.db import Base, Sealed


class RecordEntry(Sealed, Base):
    """Entry `number`, from 0 and without a gap, about one row of one table. `hashes`: {column: hex SHA-256}; `salt`:
    the hex SHA-256 of the salt that made them.
    """

    __tablename__ = "record_entry"
    __table_args__ = (UniqueConstraint("table_name", "row_id"),)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    table_name: Mapped[str] = mapped_column(String(60))
    row_id: Mapped[int]
    entered_at: Mapped[datetime]
    salt: Mapped[str] = mapped_column(String(64))
    hashes: Mapped[dict[str, Any]] = mapped_column(JSON())


class RecordSalt(Base):
    """The 32 secret bytes that the hashes of an entry are made with; gone when its row is disposed of."""

    __tablename__ = "record_salt"

    number: Mapped[int] = mapped_column(ForeignKey("record_entry.number"), primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))


class RecordNode(Sealed, Base):
    """A node of the tree that never changes again: at `level` 0 the leaf of entry `place`, above it what stands over
    two whole ones. `hash`: hex SHA-256.
    """

    __tablename__ = "record_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


class RecordRoot(Sealed, Base):
    """A signed root that was exported: of the first `size` entries. Key and signature (Ed25519) in base64."""

    __tablename__ = "record_root"

    id: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime]
    public_key: Mapped[str] = mapped_column(String(44))
    signature: Mapped[str] = mapped_column(String(88))


class RecordDisposal(Sealed, Base):
    """An entry whose row was lawfully disposed of, by which decision. It is itself entered in the record."""

    __tablename__ = "record_disposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(ForeignKey("record_entry.number"), unique=True)
    authority: Mapped[str] = mapped_column(String(200))
    disposed_at: Mapped[datetime]
    disposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
