"""A draft's end, attachments that come later, late sendings, and the single questions that a completion opens."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("completion_request") as table:
        table.add_column(sa.Column("questions", sa.JSON(), server_default="[]", nullable=False))
    with op.batch_alter_table("completion_request") as table:  # the default was for the rows there were
        table.alter_column("questions", existing_type=sa.JSON(), server_default=None)
    op.add_column("application", sa.Column("is_late", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("application", sa.Column("end_told_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("application", "end_told_on")
    op.drop_column("application", "is_late")
    op.drop_column("completion_request", "questions")
