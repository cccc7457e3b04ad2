"""The language of a text, its working translation, and a decision's translation."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("application", sa.Column("text_language", sa.String(10), nullable=False, server_default="sv"))
    op.execute("UPDATE application SET text_language = language")
    _working_translation()
    _decision_translation()


def _working_translation() -> None:
    op.create_table(
        "working_translation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("application_id", KEY, nullable=False),
        sa.Column("question", sa.String(120), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"]),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_working_translation_application_id", "working_translation", ["application_id"])


def _decision_translation() -> None:
    op.create_table(
        "decision_translation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by_id", KEY, nullable=True),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("conditions", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by_id", KEY, nullable=True),
        sa.Column("paper_id", KEY, nullable=True),
        sa.CheckConstraint(
            "(made_at IS NULL) = (paper_id IS NULL)", name=op.f("ck_decision_translation_made_has_paper")
        ),
        sa.CheckConstraint(
            "made_at IS NOT NULL OR asked_at IS NOT NULL", name=op.f("ck_decision_translation_asked_or_made")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("decision_id", "language", "number"),
    )
    where = sa.text("made_at IS NULL")
    op.create_index(
        "ix_decision_translation_asked",
        "decision_translation",
        ["decision_id"],
        postgresql_where=where,
        sqlite_where=where,
    )


def downgrade() -> None:
    op.drop_table("decision_translation")
    op.drop_table("working_translation")
    op.drop_column("application", "text_language")
