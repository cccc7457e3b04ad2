"""the delegation register, and decisions taken under it"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ROLES = ("APPLICANT", "REGISTRAR", "OFFICER", "SECRETARY", "MEMBER", "ADMINISTRATOR", "AUDITOR")
BEFORE, AFTER = "series IN ('DIARY', 'PARAGRAPH')", "series IN ('DIARY', 'PARAGRAPH', 'DELEGATION')"
_UNREPORTED = sa.text("minute_item_id IS NULL")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _number_series(rule: str) -> None:
    with op.batch_alter_table("counter") as table:
        table.drop_constraint(table.f("ck_counter_series"), type_="check")
        table.create_check_constraint(table.f("ck_counter_series"), rule)


def upgrade() -> None:
    _number_series(AFTER)
    op.create_table(
        "delegation_point",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("board_id", _key(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("delegate", sa.String(length=200), nullable=False),
        sa.Column(
            "role", sa.Enum(*ROLES, name="role", native_enum=False, create_constraint=True, length=40), nullable=False
        ),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ends_on IS NULL OR ends_on >= begins_on", name=op.f("ck_delegation_point_ends_after_begin")
        ),
        _to("delegation_point", "board_id", "board"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation_point")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delegation_point_public_id")),
    )
    op.create_index("ix_delegation_point_board_id", "delegation_point", ["board_id"])
    op.create_table(
        "delegated_decision",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("board_id", _key(), nullable=False),
        sa.Column("year", _key(), nullable=False),
        sa.Column("number", _key(), nullable=False),
        sa.Column("point_id", _key(), nullable=True),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("application_id", _key(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("delegate_name", sa.String(length=200), nullable=False),
        sa.Column("delegate_title", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        sa.Column("minute_item_id", _key(), nullable=True),
        sa.CheckConstraint("(point_id IS NULL) = is_urgent", name=op.f("ck_delegated_decision_point_or_urgent")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_delegated_decision_number_from_one")),
        _to("delegated_decision", "board_id", "board"),
        _to("delegated_decision", "point_id", "delegation_point"),
        _to("delegated_decision", "application_id", "application"),
        _to("delegated_decision", "recorded_by_id", "account"),
        _to("delegated_decision", "minute_item_id", "minute_item"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegated_decision")),
        sa.UniqueConstraint("board_id", "year", "number", name=op.f("uq_delegated_decision_board_id_year_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_delegated_decision_public_id")),
    )
    for column in ("application_id", "minute_item_id"):
        op.create_index(f"ix_delegated_decision_{column}", "delegated_decision", [column])
    op.create_index(
        "ix_delegated_decision_unreported",
        "delegated_decision",
        ["board_id"],
        postgresql_where=_UNREPORTED,
        sqlite_where=_UNREPORTED,
    )


def downgrade() -> None:
    op.drop_table("delegated_decision")
    op.drop_table("delegation_point")
    op.execute("DELETE FROM counter WHERE series = 'DELEGATION'")
    _number_series(BEFORE)
