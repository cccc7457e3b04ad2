"""days that a law has made holidays, or no holidays, after the shipped calendar was made"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "holiday_change",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_holiday", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["account.id"], name=op.f("fk_holiday_change_recorded_by_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_holiday_change_public_id")),
        sa.UniqueConstraint("day", name=op.f("uq_holiday_change_day")),
    )


def downgrade() -> None:
    op.drop_table("holiday_change")
