"""messages in a case, and what a project asks to have changed"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_UNREAD, _WAITING = sa.text("read_at IS NULL"), sa.text("decided_at IS NULL")


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _instant() -> sa.types.TypeEngine[object]:
    return sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "case_message",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("application_id", _key(), nullable=False),
        sa.Column("document_id", _key(), nullable=False),
        sa.Column("is_from_applicant", sa.Boolean(), nullable=False),
        sa.Column("written_by_id", _key(), nullable=False),
        sa.Column("written_at", _instant(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("read_at", _instant(), nullable=True),
        sa.Column("read_by_id", _key(), nullable=True),
        sa.CheckConstraint("(read_at IS NULL) = (read_by_id IS NULL)", name=op.f("ck_case_message_read_has_reader")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_case_message_application_id_application")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_case_message_document_id_document")),
        sa.ForeignKeyConstraint(["read_by_id"], ["account.id"], name=op.f("fk_case_message_read_by_id_account")),
        sa.ForeignKeyConstraint(["written_by_id"], ["account.id"], name=op.f("fk_case_message_written_by_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_message")),
        sa.UniqueConstraint("document_id", name=op.f("uq_case_message_document_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_case_message_public_id")),
    )
    op.create_index("ix_case_message_application_id_id", "case_message", ["application_id", "id"])
    op.create_index(
        "ix_case_message_unread",
        "case_message",
        ["application_id"],
        postgresql_where=_UNREAD,
        sqlite_where=_UNREAD,
    )
    op.create_table(
        "change_request",
        sa.Column("id", _key(), nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("project_id", _key(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("new_ends_on", sa.Date(), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("asked_at", _instant(), nullable=False),
        sa.Column("asked_by_id", _key(), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("decided_at", _instant(), nullable=True),
        sa.Column("decided_by_id", _key(), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (is_approved IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_change_request_decided_has_answer"),
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["account.id"], name=op.f("fk_change_request_asked_by_id_account")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["account.id"], name=op.f("fk_change_request_decided_by_id_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_change_request_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
        sa.UniqueConstraint("public_id", name=op.f("uq_change_request_public_id")),
    )
    op.create_index("ix_change_request_project_id_id", "change_request", ["project_id", "id"])
    op.create_index(
        "ix_change_request_waiting",
        "change_request",
        ["project_id"],
        unique=True,
        postgresql_where=_WAITING,
        sqlite_where=_WAITING,
    )


def downgrade() -> None:
    op.drop_table("change_request")
    op.drop_table("case_message")
