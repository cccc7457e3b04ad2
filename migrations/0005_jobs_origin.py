"""which request a message comes from, so that its sending is logged under that request's id"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("origin", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("message", "origin")
