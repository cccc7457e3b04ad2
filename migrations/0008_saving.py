"""A section's version, and what a session keeps in a browser."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("section", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", KEY, nullable=False, server_default="1"))
    with op.batch_alter_table("section", schema=None) as batch_op:
        batch_op.alter_column("version", existing_type=KEY, server_default=None)
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_shared", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.alter_column("is_shared", existing_type=sa.Boolean(), server_default=None)
    op.create_table(
        "section_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("section_id", KEY, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("page", sa.String(length=12), nullable=False),
        sa.Column("step", KEY, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["section_id"], ["section.id"], name=op.f("fk_section_change_section_id_section"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["saved_by_id"], ["account.id"], name=op.f("fk_section_change_saved_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section_change")),
        sa.UniqueConstraint("section_id", "version", name=op.f("uq_section_change_section_id_version")),
    )
    op.create_table(
        "section_aside",
        sa.Column("id", KEY, nullable=False),
        sa.Column("section_id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["section_id"], ["section.id"], name=op.f("fk_section_aside_section_id_section"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_section_aside_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_section_aside")),
        sa.UniqueConstraint("section_id", "account_id", name=op.f("uq_section_aside_section_id_account_id")),
    )


def downgrade() -> None:
    op.drop_table("section_aside")
    op.drop_table("section_change")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_column("is_shared")
    with op.batch_alter_table("section", schema=None) as batch_op:
        batch_op.drop_column("version")
