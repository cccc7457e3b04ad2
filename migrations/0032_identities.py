"""who an account is at the officials' own sign-in, and which of its returns were used"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_identity_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identity_issuer_subject")),
        sa.UniqueConstraint("account_id", "issuer", name=op.f("uq_identity_account_id_issuer")),
    )
    op.create_table(
        "used_return",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_return")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_used_return_state_hash")),
    )


def downgrade() -> None:
    op.drop_table("used_return")
    op.drop_table("identity")
