"""on paper, twice, and to be corrected"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPLICATION = (
    "DRAFT", "SUBMITTED", "REGISTERED", "UNDER_ASSESSMENT", "COMPLETION_REQUESTED", "ASSESSED", "ON_AGENDA", "GRANTED",
    "GRANTED_IN_PART", "REJECTED", "DISMISSED", "WRITTEN_OFF", "WITHDRAWN",
)  # fmt: skip
MESSAGE = ("WAITING", "SENDING", "SENT", "FAILED", "HELD")
WITHOUT_CASE = ("DRAFT", "SUBMITTED", "WITHDRAWN")


def _in(values: tuple[str, ...]) -> str:
    return "status IN ({})".format(", ".join(f"'{value}'" for value in values))


def _allow(table: str, rules: dict[str, str]) -> None:
    """Put other CHECKs in the place of those of the same names."""
    with op.batch_alter_table(table) as batch:
        for name, rule in rules.items():
            batch.drop_constraint(batch.f(f"ck_{table}_{name}"), type_="check")
            batch.create_check_constraint(batch.f(f"ck_{table}_{name}"), rule)


def _kind(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    _allow(
        "application",
        {
            "applicationstatus": _in((*APPLICATION, "MERGED")),
            "has_case": f"{_in((*WITHOUT_CASE, 'MERGED'))} OR case_id IS NOT NULL",
        },
    )
    op.add_column("application", sa.Column("is_entered", sa.Boolean(), server_default=sa.false(), nullable=False))
    _allow("message", {"messagestatus": _in((*MESSAGE, "BY_POST"))})
    with op.batch_alter_table("organisation") as batch:
        batch.add_column(sa.Column("merged_into_id", KEY, nullable=True))
        batch.create_foreign_key(
            batch.f("fk_organisation_merged_into_id_organisation"), "organisation", ["merged_into_id"], ["id"]
        )
    op.create_table(
        "intake",
        sa.Column("id", KEY, nullable=False),
        sa.Column("application_id", KEY, nullable=False),
        sa.Column("way", _kind("way", "LETTER", "COUNTER", "PHONE", "EMAIL"), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("postal_code", sa.String(length=5), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("scan_id", KEY, nullable=True),
        sa.Column("entered_by_id", KEY, nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_intake_application_id_application")
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["stored_file.id"], name=op.f("fk_intake_scan_id_stored_file")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["account.id"], name=op.f("fk_intake_entered_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
        sa.UniqueConstraint("application_id", name=op.f("uq_intake_application_id")),
    )
    op.create_table(
        "merged_case",
        sa.Column("id", KEY, nullable=False),
        sa.Column("application_id", KEY, nullable=False),
        sa.Column("into_id", KEY, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("merged_by_id", KEY, nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("application_id <> into_id", name=op.f("ck_merged_case_into_another")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_merged_case_application_id_application")
        ),
        sa.ForeignKeyConstraint(["into_id"], ["application.id"], name=op.f("fk_merged_case_into_id_application")),
        sa.ForeignKeyConstraint(["merged_by_id"], ["account.id"], name=op.f("fk_merged_case_merged_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merged_case")),
        sa.UniqueConstraint("application_id", name=op.f("uq_merged_case_application_id")),
    )
    op.create_index(op.f("ix_merged_case_into_id"), "merged_case", ["into_id"])
    _create_correction()


def _create_correction() -> None:
    op.create_table(
        "correction",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("application_id", KEY, nullable=False),
        sa.Column("kind", _kind("correctionkind", "PARTICULARS", "EMAIL", "CONNECT", "DOUBLES"), nullable=False),
        sa.Column("organisation_id", KEY, nullable=True),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("other_id", KEY, nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by_id", KEY, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", KEY, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("remark", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_correction_decided_by_somebody")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (is_approved IS NULL)", name=op.f("ck_correction_decided_has_answer")
        ),
        sa.CheckConstraint(
            "decided_by_id <> proposed_by_id OR NOT is_approved", name=op.f("ck_correction_approved_by_another")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_correction_application_id_application")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_correction_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_correction_account_id_account")),
        sa.ForeignKeyConstraint(["other_id"], ["organisation.id"], name=op.f("fk_correction_other_id_organisation")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["account.id"], name=op.f("fk_correction_proposed_by_id_account")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["account.id"], name=op.f("fk_correction_decided_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
        sa.UniqueConstraint("public_id", name=op.f("uq_correction_public_id")),
    )
    op.create_index(op.f("ix_correction_application_id"), "correction", ["application_id"])


def downgrade() -> None:
    op.drop_table("correction")
    op.drop_table("merged_case")
    op.drop_table("intake")
    with op.batch_alter_table("organisation") as batch:
        batch.drop_constraint(batch.f("fk_organisation_merged_into_id_organisation"), type_="foreignkey")
        batch.drop_column("merged_into_id")
    op.execute("UPDATE message SET status = 'FAILED' WHERE status = 'BY_POST'")
    _allow("message", {"messagestatus": _in(MESSAGE)})
    op.drop_column("application", "is_entered")
    op.execute("UPDATE application SET status = 'WITHDRAWN' WHERE status = 'MERGED'")
    _allow(
        "application",
        {
            "applicationstatus": _in(APPLICATION),
            "has_case": f"{_in(WITHOUT_CASE)} OR case_id IS NOT NULL",
        },
    )
