"""the sealed record"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "record_entry",
        sa.Column("number", _key(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("row_id", _key(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("hashes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_record_entry")),
        sa.UniqueConstraint("table_name", "row_id", name=op.f("uq_record_entry_table_name_row_id")),
    )
    op.create_table(
        "record_node",
        sa.Column("level", _key(), autoincrement=False, nullable=False),
        sa.Column("place", _key(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name=op.f("pk_record_node")),
    )
    op.create_table(
        "record_root",
        sa.Column("id", _key(), nullable=False),
        sa.Column("size", _key(), nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_key", sa.String(length=44), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_root")),
    )
    op.create_table(
        "record_salt",
        sa.Column("number", _key(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["record_entry.number"], name=op.f("fk_record_salt_number_record_entry")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_record_salt")),
    )
    op.create_table(
        "record_disposal",
        sa.Column("id", _key(), nullable=False),
        sa.Column("number", _key(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("disposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disposed_by_id", _key(), nullable=True),
        sa.ForeignKeyConstraint(
            ["number"], ["record_entry.number"], name=op.f("fk_record_disposal_number_record_entry")
        ),
        sa.ForeignKeyConstraint(
            ["disposed_by_id"], ["account.id"], name=op.f("fk_record_disposal_disposed_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_disposal")),
        sa.UniqueConstraint("number", name=op.f("uq_record_disposal_number")),
    )


def downgrade() -> None:
    for name in ("record_disposal", "record_salt", "record_root", "record_node", "record_entry"):
        op.drop_table(name)
