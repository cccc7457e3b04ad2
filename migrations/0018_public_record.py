"""words that a sitting's public papers leave out"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "masked_word",
        sa.Column("id", _key(), nullable=False),
        sa.Column("meeting_id", _key(), nullable=False),
        sa.Column("word", sa.String(length=100), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name=op.f("fk_masked_word_meeting_id_meeting")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["account.id"], name=op.f("fk_masked_word_recorded_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masked_word")),
        sa.UniqueConstraint("meeting_id", "word", name=op.f("uq_masked_word_meeting_id_word")),
    )


def downgrade() -> None:
    op.drop_table("masked_word")
