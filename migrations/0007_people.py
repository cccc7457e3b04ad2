"""an organisation's people with rights and invitations, and the confirmations of signatories who sign together

Whoever acts for an organisation now keeps every right.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RIGHTS = ("may_edit", "may_submit", "may_manage")
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("membership") as membership:
        for right in RIGHTS:
            membership.add_column(sa.Column(right, sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("membership") as membership:
        for right in RIGHTS:
            membership.alter_column(right, server_default=None)
    op.create_table(
        "invitation",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(12), nullable=False),
        sa.Column("organisation_id", _KEY, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        *(sa.Column(right, sa.Boolean(), nullable=False) for right in RIGHTS),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("invited_by_id", _KEY, nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_invitation_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["invited_by_id"], ["account.id"], name=op.f("fk_invitation_invited_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invitation_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index("ix_invitation_organisation_id", "invitation", ["organisation_id"])
    is_open = sa.text("accepted_at IS NULL AND withdrawn_at IS NULL")
    op.create_index(
        "uq_invitation_open",
        "invitation",
        ["organisation_id", "email"],
        unique=True,
        postgresql_where=is_open,
        sqlite_where=is_open,
    )
    op.create_table(
        "signature",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(12), nullable=False),
        sa.Column("application_id", _KEY, nullable=False),
        sa.Column("position", _KEY, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", _KEY, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (content_hash IS NULL)", name=op.f("ck_signature_confirmed_has_content")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_signature_application_id_application")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_signature_asked_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("public_id", name=op.f("uq_signature_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_signature_token_hash")),
    )
    op.create_index("ix_signature_application_id", "signature", ["application_id"])


def downgrade() -> None:
    op.drop_index("ix_signature_application_id", "signature")
    op.drop_table("signature")
    op.drop_index("uq_invitation_open", "invitation")
    op.drop_index("ix_invitation_organisation_id", "invitation")
    op.drop_table("invitation")
    with op.batch_alter_table("membership") as membership:
        for right in reversed(RIGHTS):
            membership.drop_column(right)
