"""templates, text blocks, and the papers written from them"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KINDS = ("OFFICER_REPORT", "COMPLETION", "REFERRAL", "CONFIRMATION", "LETTER")
WAYS = ("MAIL", "POST", "KEPT")
_OF_EVERY_FUND = sa.text("fund_id IS NULL")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _one_of(members: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*members, name=name, native_enum=False, create_constraint=True, length=40)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _ends(table: str) -> tuple[sa.Constraint, sa.Constraint]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
    )


def upgrade() -> None:
    _make_templates()
    _make_blocks()
    _make_written()


def _make_templates() -> None:
    op.create_table(
        "paper_template",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("kind", _one_of(KINDS, "paperkind"), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("fund_id", _key(), nullable=True),
        sa.Column("version", _key(), nullable=False),
        sa.Column("is_in_use", sa.Boolean(), nullable=False),
        sa.Column("heading", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", _key(), nullable=True),
        sa.CheckConstraint("version >= 1", name=op.f("ck_paper_template_version_from_one")),
        sa.UniqueConstraint(
            "kind", "language", "fund_id", "version", name=op.f("uq_paper_template_kind_language_fund_id_version")
        ),
        _to("paper_template", "fund_id", "fund"),
        _to("paper_template", "made_by_id", "account"),
        *_ends("paper_template"),
    )
    op.create_index(
        "ix_paper_template_of_every_fund",
        "paper_template",
        ["kind", "language", "version"],
        unique=True,
        postgresql_where=_OF_EVERY_FUND,
        sqlite_where=_OF_EVERY_FUND,
    )


def _make_blocks() -> None:
    op.create_table(
        "text_block",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=True),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("fund_id", _key(), nullable=True),
        sa.Column("kind", _one_of(KINDS, "paperkind"), nullable=True),
        sa.Column("version", _key(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", _key(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("code", name=op.f("uq_text_block_code")),
        _to("text_block", "fund_id", "fund"),
        _to("text_block", "changed_by_id", "account"),
        *_ends("text_block"),
    )


def _make_written() -> None:
    op.create_table(
        "written_paper",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("application_id", _key(), nullable=False),
        sa.Column("template_id", _key(), nullable=True),
        sa.Column("kind", _one_of(KINDS, "paperkind"), nullable=False),
        sa.Column("heading", sa.String(length=200), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("other_language", sa.String(length=10), nullable=False),
        sa.Column("other_text", sa.String(), nullable=False),
        sa.Column("to_name", sa.String(length=200), nullable=False),
        sa.Column("to_email", sa.String(length=254), nullable=False),
        sa.Column("way", _one_of(WAYS, "way"), nullable=False),
        sa.Column("version", _key(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by_id", _key(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_id", _key(), nullable=True),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (document_id IS NULL)", name=op.f("ck_written_paper_finished_is_filed")
        ),
        _to("written_paper", "application_id", "application"),
        _to("written_paper", "template_id", "paper_template"),
        _to("written_paper", "saved_by_id", "account"),
        _to("written_paper", "document_id", "document"),
        *_ends("written_paper"),
    )
    op.create_index("ix_written_paper_application_id", "written_paper", ["application_id"])


def downgrade() -> None:
    for table in ("written_paper", "text_block", "paper_template"):
        op.drop_table(table)
