"""candidates for the stipend: their cases, what the association answered, the ceremony; decisions that follow another

A decision that follows another has its outcome and no sum. On the way down it cannot stand beside the rule that every
grant has one, so it becomes closed without a decision in the matter.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_GRANTS = "outcome IN ('GRANT', 'GRANT_IN_PART')"
_BEFORE = f"({_GRANTS}) = (amount IS NOT NULL)"
_AFTER = f"({_GRANTS} AND follows_id IS NULL) = (amount IS NOT NULL)"


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _instant() -> sa.types.TypeEngine[object]:
    return sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _make_candidate() -> None:
    op.create_table(
        "candidate",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", _key(), nullable=False),
        sa.Column("round_id", _key(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("org_number", sa.String(length=10), nullable=True),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("made_at", _instant(), nullable=False),
        sa.Column("confirmed_at", _instant(), nullable=True),
        sa.Column("confirmed_by_id", _key(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("asked_at", _instant(), nullable=True),
        sa.Column("expires_at", _instant(), nullable=True),
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("answered_at", _instant(), nullable=True),
        sa.Column("answer_recorded_by_id", _key(), nullable=True),
        sa.Column("remarks", sa.String(), nullable=False),
        sa.Column("statutes_id", _key(), nullable=True),
        sa.Column("guests", sa.String(length=500), nullable=False),
        sa.CheckConstraint("answer IN ('ACCEPTS', 'DECLINES')", name=op.f("ck_candidate_nomineeanswer")),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_candidate_answered_has_instant")),
        sa.CheckConstraint("(token_hash IS NULL) = (asked_at IS NULL)", name=op.f("ck_candidate_asked_has_link")),
        _to("candidate", "round_id", "round"),
        _to("candidate", "confirmed_by_id", "account"),
        _to("candidate", "answer_recorded_by_id", "account"),
        _to("candidate", "statutes_id", "stored_file"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint("public_id", name=op.f("uq_candidate_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_candidate_token_hash")),
    )
    op.create_index(op.f("ix_candidate_round_id"), "candidate", ["round_id"])


def upgrade() -> None:
    _make_candidate()
    op.create_table(
        "candidate_entry",
        sa.Column("id", _key(), nullable=False),
        sa.Column("candidate_id", _key(), nullable=False),
        sa.Column("application_id", _key(), nullable=False),
        sa.Column("placed_at", _instant(), nullable=False),
        _to("candidate_entry", "candidate_id", "candidate"),
        _to("candidate_entry", "application_id", "application"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_entry")),
        sa.UniqueConstraint("application_id", name=op.f("uq_candidate_entry_application_id")),
    )
    op.create_index(op.f("ix_candidate_entry_candidate_id"), "candidate_entry", ["candidate_id"])
    op.create_table(
        "ceremony",
        sa.Column("id", _key(), nullable=False),
        sa.Column("round_id", _key(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("occasion", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        _to("ceremony", "round_id", "round"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremony")),
        sa.UniqueConstraint("round_id", name=op.f("uq_ceremony_round_id")),
    )
    with op.batch_alter_table("decision") as table:
        table.add_column(
            sa.Column("follows_id", _key(), sa.ForeignKey("decision.id", name="fk_decision_follows_id_decision"))
        )
    _rule(_AFTER)
    op.create_index(op.f("ix_decision_follows_id"), "decision", ["follows_id"])


def downgrade() -> None:
    op.execute(f"UPDATE decision SET outcome = 'WRITE_OFF' WHERE {_GRANTS} AND follows_id IS NOT NULL")  # noqa: S608
    op.drop_index(op.f("ix_decision_follows_id"), "decision")
    _rule(_BEFORE)
    with op.batch_alter_table("decision") as table:
        table.drop_constraint(table.f("fk_decision_follows_id_decision"), type_="foreignkey")
        table.drop_column("follows_id")
    op.drop_table("ceremony")
    op.drop_table("candidate_entry")
    op.drop_table("candidate")


def _rule(told: str) -> None:
    with op.batch_alter_table("decision") as table:
        table.drop_constraint(table.f("ck_decision_only_grants_have_amount"), type_="check")
        table.create_check_constraint(table.f("ck_decision_only_grants_have_amount"), told)
