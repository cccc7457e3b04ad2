"""passwords, codes from an app, passkeys and recovery codes"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _of_account(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        "password",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        *_of_account("password"),
        sa.UniqueConstraint("account_id", name=op.f("uq_password_account_id")),
    )
    op.create_table(
        "totp_key",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("sealed", sa.String(length=300), nullable=False),
        sa.Column("last_step", _KEY, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        *_of_account("totp_key"),
        sa.UniqueConstraint("account_id", name=op.f("uq_totp_key_account_id")),
    )
    _passkeys()
    op.create_table(
        "recovery_code",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_of_account("recovery_code"),
        sa.UniqueConstraint("account_id", "code_hash", name=op.f("uq_recovery_code_account_id_code_hash")),
    )


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("sign_count", _KEY, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        *_of_account("passkey"),
        sa.UniqueConstraint("public_id", name=op.f("uq_passkey_public_id")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey") as table:
        table.create_index(op.f("ix_passkey_account_id"), ["account_id"])
    op.create_table(
        "passkey_challenge",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", _KEY, nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_of_account("passkey_challenge"),
        sa.UniqueConstraint("challenge_hash", name=op.f("uq_passkey_challenge_challenge_hash")),
    )


def downgrade() -> None:
    for table in ("passkey_challenge", "recovery_code", "passkey", "totp_key", "password"):
        op.drop_table(table)
