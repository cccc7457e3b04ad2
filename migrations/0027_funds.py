"""funds and rounds that an administrator changes: states, versions, try-outs"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

STATES = ("DRAFT", "TRIED", "OPEN")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fund_version",
        sa.Column("fund_id", _key(), autoincrement=False, nullable=False),
        sa.Column("number", _key(), autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", _key(), nullable=True),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_fund_version_fund_id_fund")),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"], name=op.f("fk_fund_version_made_by_id_account")),
        sa.PrimaryKeyConstraint("fund_id", "number", name=op.f("pk_fund_version")),
    )
    with op.batch_alter_table("fund") as table:
        table.add_column(sa.Column("state", sa.String(length=40), server_default="OPEN", nullable=False))
        table.add_column(sa.Column("version", _key(), server_default="1", nullable=False))
        table.add_column(sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
        states = ", ".join(f"'{state}'" for state in STATES)
        table.create_check_constraint(table.f("ck_fund_fundstate"), f"state IN ({states})")
    with op.batch_alter_table("fund") as table:
        table.alter_column("state", existing_type=sa.String(length=40), server_default=None)
        table.alter_column("version", existing_type=_key(), server_default=None)
    with op.batch_alter_table("application") as table:
        table.add_column(sa.Column("terms_version", _key(), nullable=True))
        table.add_column(sa.Column("is_try_out", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.create_check_constraint(table.f("ck_application_try_out_is_draft"), "NOT is_try_out OR status = 'DRAFT'")
    _keep_first_versions()


def _keep_first_versions() -> None:
    """The terms that stand now are each fund's first version, and what there is was asked under it."""
    fund = sa.table("fund", sa.column("id", _key()), sa.column("terms", sa.JSON()))
    version = sa.table(
        "fund_version",
        sa.column("fund_id", _key()),
        sa.column("number", _key()),
        sa.column("part", sa.String()),
        sa.column("terms", sa.JSON()),
        sa.column("made_at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(fund)).all():
        terms = json.loads(row.terms) if isinstance(row.terms, str) else row.terms
        first = {"fund_id": row.id, "number": 1, "part": "file", "terms": terms, "made_at": datetime.now(UTC)}
        connection.execute(sa.insert(version).values(**first))
    connection.execute(sa.text("UPDATE application SET terms_version = 1"))


def downgrade() -> None:
    with op.batch_alter_table("application") as table:
        table.drop_constraint(table.f("ck_application_try_out_is_draft"), type_="check")
        table.drop_column("is_try_out")
        table.drop_column("terms_version")
    with op.batch_alter_table("fund") as table:
        table.drop_constraint(table.f("ck_fund_fundstate"), type_="check")
        table.drop_column("edited_at")
        table.drop_column("version")
        table.drop_column("state")
    op.drop_table("fund_version")
