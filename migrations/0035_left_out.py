"""whom approved minutes leave out, as they were called then"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "left_out",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("minutes_id", _KEY, nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["minutes_id"], ["minutes.id"], name=op.f("fk_left_out_minutes_id_minutes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_left_out")),
        sa.UniqueConstraint("minutes_id", name=op.f("uq_left_out_minutes_id")),
    )


def downgrade() -> None:
    op.drop_table("left_out")
