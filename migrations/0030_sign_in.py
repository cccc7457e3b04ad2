"""how somebody signed in, and when they last showed who they are"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_METHODS = "'MAIL', 'PASSWORD', 'PASSKEY', 'OIDC'"


def upgrade() -> None:
    with op.batch_alter_table("login_session") as table:
        table.add_column(sa.Column("method", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE login_session SET method = 'MAIL', proved_at = created_at")
    with op.batch_alter_table("login_session") as table:
        table.alter_column("method", nullable=False)
        table.alter_column("proved_at", nullable=False)
        table.create_check_constraint(table.f("ck_login_session_signinmethod"), f"method IN ({_METHODS})")


def downgrade() -> None:
    with op.batch_alter_table("login_session") as table:
        table.drop_constraint(table.f("ck_login_session_signinmethod"), type_="check")
        table.drop_column("proved_at")
        table.drop_column("method")
