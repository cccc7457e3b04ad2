"""Letters about decisions are held until somebody releases them; which they are."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("id", KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("paper_id", KEY, nullable=False),
        sa.Column("counterpart", sa.String(length=200), nullable=False),
        sa.Column("is_to_applicant", sa.Boolean(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by_id", KEY, nullable=True),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by_id IS NULL)", name=op.f("ck_letter_released_by_somebody")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_letter_decision_id_decision")),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_letter_paper_id_paper")),
        sa.ForeignKeyConstraint(["released_by_id"], ["account.id"], name=op.f("fk_letter_released_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("paper_id", name=op.f("uq_letter_paper_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_letter_public_id")),
    )
    op.create_index(op.f("ix_letter_decision_id"), "letter", ["decision_id"])
    op.create_index(op.f("ix_enclosure_paper_id"), "enclosure", ["paper_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_enclosure_paper_id"), table_name="enclosure")
    op.drop_index(op.f("ix_letter_decision_id"), table_name="letter")
    op.drop_table("letter")
