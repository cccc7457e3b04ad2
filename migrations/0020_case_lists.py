"""what the list of cases is sorted by, the words of what was sent, named views, and files of the list

Sort keys and words are written here for what there is already; how they are folded stands in this file as it was then.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

AT_A_TIME = 200
SORTED_BY = 60
TEXTS, NUMBERS = ("title_key", "applicant_key", "officer_key", "number_key"), ("sought_key", "state_key")
STATES = (
    *("DRAFT", "SUBMITTED", "REGISTERED", "UNDER_ASSESSMENT", "COMPLETION_REQUESTED", "ASSESSED", "ON_AGENDA"),
    *("GRANTED", "GRANTED_IN_PART", "REJECTED", "DISMISSED", "WRITTEN_OFF", "WITHDRAWN", "MERGED"),
)
LAST_LETTERS = str.maketrans({"å": "{", "ä": "|", "æ": "|", "ö": "}", "ø": "}"})
_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_application = sa.table(
    "application",
    *(sa.column(name) for name in ("id", "status", "title", "applicant_name", "amount_requested", "case_id")),
    *(sa.column(name) for name in ("officer_id", *TEXTS, *NUMBERS)),
)
_case = sa.table("case", *(sa.column(name) for name in ("id", "year", "number", "board_id")))
_account = sa.table("account", sa.column("id"), sa.column("name"))
_submission = sa.table("submission", sa.column("application_id"), sa.column("number"), sa.column("content", sa.JSON()))
_written = sa.table("written_text", sa.column("application_id"), sa.column("words"))


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    # Not in a batch: that makes the table anew on SQLite, which takes it away from all that refer to it.
    kind = sa.String(SORTED_BY, collation="C" if is_postgresql else None)
    for name in TEXTS:
        op.add_column("application", sa.Column(name, kind, server_default="", nullable=False))
    for name in NUMBERS:
        number = sa.BigInteger() if is_postgresql else sa.Integer()
        op.add_column("application", sa.Column(name, number, server_default="0", nullable=False))
    op.create_table(
        "written_text",
        sa.Column("application_id", _KEY, nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_written_text_application_id_application")
        ),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_written_text")),
    )
    _sort()
    _write_words()
    op.drop_index("ix_application_submitted_at", "application")
    for name in ("submitted_at", *TEXTS, *NUMBERS):
        op.create_index(f"ix_application_{name}_id", "application", [name, "id"])
    if is_postgresql:
        op.create_index(
            "ix_written_text_words",
            "written_text",
            ["words"],
            postgresql_using="gin",
            postgresql_ops={"words": "gin_trgm_ops"},
            postgresql_with={"gin_pending_list_limit": 1024},
        )
    _make_lists()


def _make_lists() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "saved_view",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_key", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("is_shared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("saved_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_saved_view_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("public_id", name=op.f("uq_saved_view_public_id")),
        sa.UniqueConstraint("account_id", "name_key", name=op.f("uq_saved_view_account_id_name_key")),
    )
    op.create_table(
        "list_export",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=True),
        sa.Column("asked_at", instant, nullable=False),
        sa.Column("begun_at", instant, nullable=True),
        sa.Column("made_at", instant, nullable=True),
        sa.Column("failed_at", instant, nullable=True),
        sa.Column("total", _KEY, nullable=False),
        sa.Column("done", _KEY, nullable=False),
        sa.Column("store_key", sa.String(length=100), nullable=False),
        sa.Column("rights", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('csv', 'xlsx')", name=op.f("ck_list_export_kind_known")),
        sa.CheckConstraint("made_at IS NULL OR store_key <> ''", name=op.f("ck_list_export_made_has_file")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_list_export_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_export")),
        sa.UniqueConstraint("public_id", name=op.f("uq_list_export_public_id")),
    )
    op.create_index(op.f("ix_list_export_account_id"), "list_export", ["account_id"])


def downgrade() -> None:
    """Named views and files of the list are gone; what they were made of stays."""
    op.drop_table("list_export")
    op.drop_table("saved_view")
    op.drop_table("written_text")
    for name in ("submitted_at", *TEXTS, *NUMBERS):
        op.drop_index(f"ix_application_{name}_id", "application")
    op.create_index("ix_application_submitted_at", "application", ["submitted_at"])
    for name in (*TEXTS, *NUMBERS):
        op.drop_column("application", name)


def _sort() -> None:
    columns = (_application.c.title, _application.c.applicant_name, _application.c.amount_requested)
    query = (
        sa.select(_application.c.id, _application.c.status, *columns, _case, _account.c.name)
        .outerjoin(_case, _case.c.id == _application.c.case_id)
        .outerjoin(_account, _account.c.id == _application.c.officer_id)
        .order_by(_application.c.id)
        .limit(AT_A_TIME)
    )
    write = _application.update().where(_application.c.id == sa.bindparam("at"))
    write = write.values({name: sa.bindparam(f"new_{name}") for name in (*TEXTS, *NUMBERS)})
    last = 0
    while rows := op.get_bind().execute(query.where(_application.c.id > last)).all():
        op.get_bind().execute(write, [{"at": row.id} | _keys_of(row) for row in rows])
        last = rows[-1].id


def _keys_of(row: Any) -> dict[str, str | int]:
    return {
        "new_title_key": _sort_key(row.title),
        "new_applicant_key": _sort_key(row.applicant_name),
        "new_officer_key": _sort_key(row.name),
        "new_number_key": f"{row.year}{row.number:08} {row.board_id}" if row.number is not None else "",
        "new_sought_key": row.amount_requested or 0,
        "new_state_key": STATES.index(row.status),
    }


def _write_words() -> None:
    newer = _submission.alias()
    newest = sa.select(sa.func.max(newer.c.number)).where(newer.c.application_id == _submission.c.application_id)
    query = (
        sa.select(_submission.c.application_id, _submission.c.content)
        .where(_submission.c.number == newest.scalar_subquery())
        .order_by(_submission.c.application_id)
        .limit(AT_A_TIME)
    )
    last = 0
    while rows := op.get_bind().execute(query.where(_submission.c.application_id > last)).all():
        told = [{"application_id": row.application_id, "words": _words_of(row.content)} for row in rows]
        op.get_bind().execute(_written.insert(), told)
        last = rows[-1].application_id


def _words_of(content: dict[str, Any]) -> str:
    return _searchable(" ".join(_typed(part for section in content["sections"] for part in section["answers"])))


def _typed(answers: Iterable[Any]) -> Iterator[str]:
    for answer in answers:
        if isinstance(answer, list):
            yield from _typed(answer)
        elif isinstance(answer["answer"], list):
            yield from _typed(part for part in answer["answer"] if isinstance(part, list))
        elif answer.get("is_typed") and answer["answer"]:
            yield str(answer["answer"])


def _sort_key(text: str | None) -> str:
    return " ".join(re.findall(r"\w+", _folded(text or ""))).translate(LAST_LETTERS)[:SORTED_BY]


def _searchable(text: str) -> str:
    words: dict[str, None] = {}
    for word in re.findall(r"\w(?:\S*\w)?", _folded(text)):
        for form in (word, *re.findall(r"\w+", word)):
            words[form] = words[_plain(form)] = None
    return "".join(f" {word}" for word in words)


def _folded(text: str) -> str:
    return "".join(c if c in "åäö" else _plain(c) for c in unicodedata.normalize("NFKC", text).casefold())


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
