"""referral for comment, flags and notes"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

_UNRESOLVED, _OPEN = sa.text("resolved_at IS NULL"), sa.text("ended_at IS NULL")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _instant() -> sa.types.TypeEngine[object]:
    return sa.DateTime(timezone=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _own(table: str) -> tuple[sa.Constraint, ...]:
    """The keys that each of these tables has."""
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
    )


def upgrade() -> None:
    _flags()
    _notes()
    _referrals()
    _answers()


def _flags() -> None:
    kind = sa.Enum("LOOK", "STOP", name="flagkind", native_enum=False, create_constraint=True, length=40)
    op.create_table(
        "flag",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("application_id", _key(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("raised_at", _instant(), nullable=False),
        sa.Column("raised_by_id", _key(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("resolved_at", _instant(), nullable=True),
        sa.Column("resolved_by_id", _key(), nullable=True),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by_id IS NULL)", name=op.f("ck_flag_resolved_by_somebody")
        ),
        _to("flag", "application_id", "application"),
        _to("flag", "raised_by_id", "account"),
        _to("flag", "resolved_by_id", "account"),
        *_own("flag"),
    )
    op.create_index("ix_flag_application_id_id", "flag", ["application_id", "id"])
    op.create_index(
        "ix_flag_unresolved", "flag", ["application_id"], postgresql_where=_UNRESOLVED, sqlite_where=_UNRESOLVED
    )


def _notes() -> None:
    op.create_table(
        "note",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("application_id", _key(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", _instant(), nullable=False),
        sa.Column("written_by_id", _key(), nullable=False),
        sa.Column("corrects_id", _key(), nullable=True),
        _to("note", "application_id", "application"),
        _to("note", "written_by_id", "account"),
        _to("note", "corrects_id", "note"),
        *_own("note"),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_note_corrects_id")),
    )
    op.create_index("ix_note_application_id_id", "note", ["application_id", "id"])


def _referrals() -> None:
    op.create_table(
        "referral",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("application_id", _key(), nullable=False),
        sa.Column("board_id", _key(), nullable=True),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("document_id", _key(), nullable=False),
        sa.Column("asked_at", _instant(), nullable=False),
        sa.Column("asked_by_id", _key(), nullable=False),
        sa.Column("ended_at", _instant(), nullable=True),
        sa.Column("withdrawn_by_id", _key(), nullable=True),
        sa.Column("withdrawal", sa.String(), nullable=False),
        sa.CheckConstraint("email <> '' OR address <> ''", name=op.f("ck_referral_can_be_reached")),
        sa.CheckConstraint(
            "withdrawn_by_id IS NULL OR ended_at IS NOT NULL", name=op.f("ck_referral_withdrawn_has_ended")
        ),
        _to("referral", "application_id", "application"),
        _to("referral", "board_id", "board"),
        _to("referral", "document_id", "document"),
        _to("referral", "asked_by_id", "account"),
        _to("referral", "withdrawn_by_id", "account"),
        *_own("referral"),
        sa.UniqueConstraint("document_id", name=op.f("uq_referral_document_id")),
    )
    op.create_index("ix_referral_application_id_id", "referral", ["application_id", "id"])
    op.create_index("ix_referral_open", "referral", ["answer_by"], postgresql_where=_OPEN, sqlite_where=_OPEN)


def _answers() -> None:
    op.create_table(
        "referral_document",
        sa.Column("referral_id", _key(), nullable=False),
        sa.Column("document_id", _key(), nullable=False),
        _to("referral_document", "referral_id", "referral"),
        _to("referral_document", "document_id", "document"),
        sa.PrimaryKeyConstraint("referral_id", "document_id", name=op.f("pk_referral_document")),
    )
    op.create_table(
        "referral_answer",
        sa.Column("id", _key(), nullable=False),
        sa.Column("referral_id", _key(), nullable=False),
        sa.Column("came_on", sa.Date(), nullable=False),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("document_id", _key(), nullable=False),
        sa.Column("recorded_at", _instant(), nullable=False),
        sa.Column("recorded_by_id", _key(), nullable=False),
        _to("referral_answer", "referral_id", "referral"),
        _to("referral_answer", "document_id", "document"),
        _to("referral_answer", "recorded_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_answer")),
        sa.UniqueConstraint("referral_id", name=op.f("uq_referral_answer_referral_id")),
        sa.UniqueConstraint("document_id", name=op.f("uq_referral_answer_document_id")),
    )


def downgrade() -> None:
    op.drop_table("referral_answer")
    op.drop_table("referral_document")
    op.drop_table("referral")
    op.drop_table("note")
    op.drop_table("flag")
