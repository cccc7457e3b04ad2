"""payments proposed by one and approved by another; changes of giro

What was paid before stays as it is, marked as one person's. On the way down a proposed payment is planned again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_PROPOSED, _WAITING = sa.text("status = 'PROPOSED'"), sa.text("decided_at IS NULL")
_PEOPLE = {name: f"fk_instalment_{name}_account" for name in ("proposed_by_id", "approved_by_id")}
_RULES = {
    "approved_by_another": (
        "approved_by_id IS NULL OR (proposed_by_id IS NOT NULL AND approved_by_id <> proposed_by_id)"
    ),
    "paid_is_approved": "(approved_by_id IS NOT NULL) = (status = 'PAID' AND NOT is_of_one_person)",
    "proposed_has_person_and_day": (
        "status <> 'PROPOSED' OR (proposed_by_id IS NOT NULL AND proposed_at IS NOT NULL AND paid_on IS NOT NULL)"
    ),
    "planned_is_not_proposed": (
        "status NOT IN ('PLANNED', 'CANCELLED') OR (proposed_by_id IS NULL AND paid_on IS NULL)"
    ),
    "instalmentstatus": "status IN ('PLANNED', 'PROPOSED', 'PAID', 'CANCELLED')",
}  # fmt: skip
_instalment = sa.table(
    "instalment",
    *(sa.column(name) for name in ("status", "paid_on", "reference", "remark")),
    sa.column("payee", sa.JSON()),
    sa.column("is_of_one_person", sa.Boolean()),
)


def upgrade() -> None:
    with op.batch_alter_table("instalment") as table:
        table.add_column(sa.Column("payee", sa.JSON(), nullable=True))
        table.add_column(sa.Column("proposed_by_id", _KEY, nullable=True))
        table.add_column(sa.Column("proposed_at", _INSTANT, nullable=True))
        table.add_column(sa.Column("approved_by_id", _KEY, nullable=True))
        table.add_column(sa.Column("approved_at", _INSTANT, nullable=True))
        table.add_column(sa.Column("remark", sa.String(), nullable=True))
        table.add_column(sa.Column("is_of_one_person", sa.Boolean(), nullable=True))
    op.execute(_instalment.update().values(payee={}, remark="", is_of_one_person=_instalment.c.status == "PAID"))
    with op.batch_alter_table("instalment") as table:
        for name, kind in (("payee", sa.JSON()), ("remark", sa.String()), ("is_of_one_person", sa.Boolean())):
            table.alter_column(name, existing_type=kind, nullable=False)
        for column, name in _PEOPLE.items():
            table.create_foreign_key(table.f(name), "account", [column], ["id"])
        table.drop_constraint(table.f("ck_instalment_instalmentstatus"), type_="check")
        for name, rule in _RULES.items():
            table.create_check_constraint(table.f(f"ck_instalment_{name}"), rule)
        table.create_index("ix_instalment_proposed", ["project_id"], postgresql_where=_PROPOSED, sqlite_where=_PROPOSED)
    _add_giro_changes()


def _add_giro_changes() -> None:
    op.create_table(
        "giro_change",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("organisation_id", _KEY, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("asked_by_id", _KEY, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("decided_by_id", _KEY, nullable=True),
        sa.Column("decided_at", _INSTANT, nullable=True),
        sa.Column(
            "answer",
            sa.Enum(
                "APPROVED",
                "REFUSED",
                "TAKEN_BACK",
                name="giroanswer",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("verified", sa.String(), nullable=False),
        sa.Column("remark", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (answer IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_giro_change_decided_has_answer"),
        ),
        sa.CheckConstraint(
            "answer <> 'APPROVED' OR (decided_by_id <> asked_by_id AND verified <> '')",
            name=op.f("ck_giro_change_approved_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_giro_change_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_giro_change_asked_by_id_account")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["account.id"], name=op.f("fk_giro_change_decided_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_giro_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_giro_change_public_id")),
    )
    op.create_index("ix_giro_change_organisation_id", "giro_change", ["organisation_id"])
    op.create_index(
        "ix_giro_change_waiting",
        "giro_change",
        ["organisation_id"],
        unique=True,
        postgresql_where=_WAITING,
        sqlite_where=_WAITING,
    )


def downgrade() -> None:
    op.drop_table("giro_change")
    with op.batch_alter_table("instalment") as table:
        table.drop_index("ix_instalment_proposed")
        for name in _RULES:
            table.drop_constraint(table.f(f"ck_instalment_{name}"), type_="check")
    proposed = _instalment.update().where(_instalment.c.status == "PROPOSED")
    op.execute(proposed.values(status="PLANNED", paid_on=None, reference=""))
    with op.batch_alter_table("instalment") as table:
        for name in _PEOPLE.values():
            table.drop_constraint(table.f(name), type_="foreignkey")
        for name in ("payee", "proposed_by_id", "proposed_at", "approved_by_id", "approved_at", "remark"):
            table.drop_column(name)
        table.drop_column("is_of_one_person")
        table.create_check_constraint(
            table.f("ck_instalment_instalmentstatus"), "status IN ('PLANNED', 'PAID', 'CANCELLED')"
        )
