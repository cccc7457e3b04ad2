"""secrecy, masked copies, and a ranking"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_OPEN = sa.text("lifted_at IS NULL")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def upgrade() -> None:
    op.create_index("ix_document_dated_id", "document", ["dated", "id"])
    _secrecy_mark()
    _masked_copy()
    _given_out()
    _ranking()


def _secrecy_mark() -> None:
    op.create_table(
        "secrecy_mark",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("document_id", _key(), nullable=False),
        sa.Column("paragraph", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("hides_case", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("marked_by_id", _key(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", _key(), nullable=True),
        sa.Column("lifted_reason", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by_id IS NULL)", name=op.f("ck_secrecy_mark_lifted_by_somebody")
        ),
        _points("secrecy_mark", "document_id", "document"),
        _points("secrecy_mark", "marked_by_id", "account"),
        _points("secrecy_mark", "lifted_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secrecy_mark")),
        sa.UniqueConstraint("public_id", name=op.f("uq_secrecy_mark_public_id")),
    )
    op.create_index(op.f("ix_secrecy_mark_document_id"), "secrecy_mark", ["document_id"])
    op.create_index(
        "ix_secrecy_mark_stands",
        "secrecy_mark",
        ["document_id"],
        unique=True,
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )


def _masked_copy() -> None:
    op.create_table(
        "masked_copy",
        sa.Column("id", _key(), nullable=False),
        sa.Column("document_id", _key(), nullable=False),
        sa.Column("copy_id", _key(), nullable=False),
        sa.Column("paragraph", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", _key(), nullable=False),
        _points("masked_copy", "document_id", "document"),
        _points("masked_copy", "copy_id", "document"),
        _points("masked_copy", "made_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masked_copy")),
        sa.UniqueConstraint("copy_id", name=op.f("uq_masked_copy_copy_id")),
    )
    op.create_index(op.f("ix_masked_copy_document_id"), "masked_copy", ["document_id"])


def _given_out() -> None:
    op.create_table(
        "given_out",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("document_id", _key(), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("paragraph", sa.String(length=100), server_default=sa.text("''"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        _points("given_out", "document_id", "document"),
        _points("given_out", "recorded_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_given_out")),
        sa.UniqueConstraint("public_id", name=op.f("uq_given_out_public_id")),
    )
    op.create_index(op.f("ix_given_out_document_id"), "given_out", ["document_id"])
    op.create_index(op.f("ix_given_out_given_on"), "given_out", ["given_on"])


def _ranking() -> None:
    op.create_table(
        "ranking",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("meeting_id", _key(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("version", _key(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", _key(), nullable=False),
        _points("ranking", "meeting_id", "meeting"),
        _points("ranking", "made_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ranking_public_id")),
        sa.UniqueConstraint("meeting_id", "name", "version", name=op.f("uq_ranking_meeting_id_name_version")),
    )


def downgrade() -> None:
    for table in ("ranking", "given_out", "masked_copy", "secrecy_mark"):
        op.drop_table(table)
    op.drop_index("ix_document_dated_id", table_name="document")
