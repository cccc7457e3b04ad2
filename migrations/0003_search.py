"""what the list of cases is searched by

Each application keeps one text that is searched, on PostgreSQL by a trigram index, and the list goes by id under each
of its filters. The text of what there is already is written here, some hundreds at a time; how it is folded stands in
this file as it was then.

PostgreSQL's extension pg_trgm comes with PostgreSQL (Debian: in its main package, elsewhere postgresql-contrib) and is
a trusted one: the owner of the database may add it.
"""

import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AT_A_TIME = 500
NO_TRIGRAMS = (
    "The search needs PostgreSQL's extension pg_trgm, which could not be added. Install PostgreSQL's contrib package "
    "if it is missing, let the owner of the database or a superuser run CREATE EXTENSION pg_trgm; in this database, "
    "and upgrade again. Nothing has been changed."
)

application = sa.table(
    "application",
    *(sa.column(name) for name in ("id", "status", "title", "applicant_name", "org_number", "case_id", "search_text")),
)
case = sa.table("case", *(sa.column(name) for name in ("id", "diary_number", "subject")))


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        _add_trigrams()
    # Not in a batch: that makes the table anew on SQLite, which takes it away from all that refer to it.
    op.add_column("application", sa.Column("search_text", sa.String(), nullable=True))
    for column in ("round_id", "officer_id"):
        op.drop_index(f"ix_application_{column}", "application")
    _fill()
    for column in ("status", "round_id", "officer_id"):
        op.create_index(f"ix_application_{column}_id", "application", [column, "id"])
    if is_postgresql:
        op.create_index(
            "ix_application_search_text",
            "application",
            ["search_text"],
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
            postgresql_with={"gin_pending_list_limit": 256},
        )


def downgrade() -> None:
    """The extension stays: it harms nothing, and somebody else may use it."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_application_search_text", "application")
    for column in ("status", "round_id", "officer_id"):
        op.drop_index(f"ix_application_{column}_id", "application")
    for column in ("round_id", "officer_id"):
        op.create_index(f"ix_application_{column}", "application", [column])
    op.drop_column("application", "search_text")


def _add_trigrams() -> None:
    found = sa.text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
    if op.get_bind().scalar(found) is not None:
        return
    try:
        op.execute("CREATE EXTENSION pg_trgm")
    except DBAPIError as fault:
        raise RuntimeError(NO_TRIGRAMS) from fault


def _fill() -> None:
    columns = (application.c.id, application.c.title, application.c.applicant_name, application.c.org_number)
    query = (
        sa.select(*columns, case.c.diary_number, case.c.subject)
        .outerjoin(case, case.c.id == application.c.case_id)
        .where(application.c.status != "DRAFT")
        .order_by(application.c.id)
        .limit(AT_A_TIME)
    )
    write = (
        sa.update(application).where(application.c.id == sa.bindparam("key")).values(search_text=sa.bindparam("text"))
    )
    last = 0
    while rows := op.get_bind().execute(query.where(application.c.id > last)).all():
        op.get_bind().execute(write, [{"key": row.id, "text": _text_of(row)} for row in rows])
        last = rows[-1].id


def _text_of(row: Any) -> str:
    number = row.org_number
    written = [row.title, row.applicant_name, f"{number} {number[:6]}-{number[6:]}" if number else None]
    written += [row.diary_number, row.subject]
    words: dict[str, None] = {}
    for word in re.findall(r"\w(?:\S*\w)?", _folded(" ".join(part for part in written if part))):
        for form in (word, *re.findall(r"\w+", word)):
            words[form] = words[_plain(form)] = None
    return "".join(f" {word}" for word in words)


def _folded(text: str) -> str:
    return "".join(c if c in "åäö" else _plain(c) for c in unicodedata.normalize("NFKC", text).casefold())


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
