"""several assessments of one case, second pair of eyes, interests, and who is named in an application

Who is named, and each account's name as it is compared, are made of what is there. On the way down they go with their
tables; what somebody answered "yes" to stays as a declared conflict.
"""

import secrets
import unicodedata
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_OUTCOMES = ["GRANT", "GRANT_IN_PART", "REJECT", "REFER_BACK", "TABLE", "DISMISS", "WRITE_OFF"]
_LIVES = sa.text("ended_at IS NULL")
_IS_OPEN = sa.text("answered_at IS NULL AND withdrawn_at IS NULL")


_OF_PEOPLE = frozenset(
    {"contact_name", "signatory_name", "nominee_contact", "nominator_name", "contact_email", "nominee_email"}
)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("name_key", sa.String(length=400), nullable=True))
    _fill_name_keys()
    with op.batch_alter_table("account") as account:
        account.alter_column("name_key", existing_type=sa.String(length=400), nullable=False)
        account.create_index(account.f("ix_account_name_key"), ["name_key"])
    _make_interest()
    _make_named_person()
    _make_found_answer()
    _make_review()
    _make_second_look()
    _fill_named()


def _make_interest() -> None:
    op.create_table(
        "interest",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("organisation_id", _KEY, nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("org_number", sa.String(length=10), nullable=True),
        sa.Column("role", sa.String(length=200), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("kept_at", _INSTANT, nullable=False),
        sa.Column("taken_back_at", _INSTANT, nullable=True),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= begins_on", name=op.f("ck_interest_ends_after_it_begins")),
        _to("interest", "account_id", "account"),
        _to("interest", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest")),
        sa.UniqueConstraint("public_id", name=op.f("uq_interest_public_id")),
    )
    op.create_index(op.f("ix_interest_account_id"), "interest", ["account_id"])


def _make_named_person() -> None:
    op.create_table(
        "named_person",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("text", sa.String(length=254), nullable=False),
        sa.Column("organisation_id", _KEY, nullable=True),
        sa.Column("application_id", _KEY, nullable=True),
        sa.CheckConstraint(
            "(organisation_id IS NULL) <> (application_id IS NULL)", name=op.f("ck_named_person_one_of_two")
        ),
        _to("named_person", "organisation_id", "organisation"),
        _to("named_person", "application_id", "application"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_person")),
        sa.UniqueConstraint("public_id", name=op.f("uq_named_person_public_id")),
        sa.UniqueConstraint("text", "organisation_id", name=op.f("uq_named_person_text_organisation_id")),
        sa.UniqueConstraint("text", "application_id", name=op.f("uq_named_person_text_application_id")),
    )
    op.create_index(op.f("ix_named_person_organisation_id"), "named_person", ["organisation_id"])
    op.create_index(op.f("ix_named_person_application_id"), "named_person", ["application_id"])


def _make_found_answer() -> None:
    op.create_table(
        "found_answer",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("account_id", _KEY, nullable=False),
        sa.Column("named_person_id", _KEY, nullable=False),
        sa.Column("is_me", sa.Boolean(), nullable=False),
        sa.Column("answered_at", _INSTANT, nullable=False),
        _to("found_answer", "account_id", "account"),
        _to("found_answer", "named_person_id", "named_person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_found_answer")),
        sa.UniqueConstraint("account_id", "named_person_id", name=op.f("uq_found_answer_account_id_named_person_id")),
    )
    op.create_index(op.f("ix_found_answer_named_person_id"), "found_answer", ["named_person_id"])


def _make_review() -> None:
    allowed = ", ".join(f"'{name}'" for name in _OUTCOMES)
    op.create_table(
        "review",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("version", _KEY, nullable=False),
        sa.Column("application_id", _KEY, nullable=False),
        sa.Column("assessor_id", _KEY, nullable=False),
        sa.Column("asked_by_id", _KEY, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("is_blind", sa.Boolean(), nullable=False),
        sa.Column("submission_id", _KEY, nullable=True),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("proposed_outcome", sa.String(length=40), nullable=True),
        sa.Column("proposed_amount", _KEY, nullable=True),
        sa.Column("saved_at", _INSTANT, nullable=True),
        sa.Column("sent_at", _INSTANT, nullable=True),
        sa.Column("ended_at", _INSTANT, nullable=True),
        sa.Column("end_reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("proposed_amount IS NULL OR proposed_amount > 0", name=op.f("ck_review_amount_above_zero")),
        sa.CheckConstraint("sent_at IS NULL OR submission_id IS NOT NULL", name=op.f("ck_review_sent_names_version")),
        sa.CheckConstraint(f"proposed_outcome IN ({allowed})", name=op.f("ck_review_outcome")),
        _to("review", "application_id", "application"),
        _to("review", "assessor_id", "account"),
        _to("review", "asked_by_id", "account"),
        _to("review", "submission_id", "submission"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
        sa.UniqueConstraint("public_id", name=op.f("uq_review_public_id")),
    )
    op.create_index(op.f("ix_review_application_id"), "review", ["application_id"])
    op.create_index(op.f("ix_review_assessor_id"), "review", ["assessor_id"])
    op.create_index(
        "uq_review_open",
        "review",
        ["application_id", "assessor_id"],
        unique=True,
        sqlite_where=_LIVES,
        postgresql_where=_LIVES,
    )


def _make_second_look() -> None:
    op.create_table(
        "second_look",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("public_id", sa.String(length=12), nullable=False),
        sa.Column("application_id", _KEY, nullable=False),
        sa.Column("asked_of_id", _KEY, nullable=False),
        sa.Column("asked_by_id", _KEY, nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("question", sa.String(length=1000), nullable=False),
        sa.Column("answered_at", _INSTANT, nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("remark", sa.String(length=2000), nullable=False),
        sa.Column("withdrawn_at", _INSTANT, nullable=True),
        sa.Column("fallen_at", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "(agrees IS NULL) = (answered_at IS NULL)", name=op.f("ck_second_look_answered_has_instant")
        ),
        sa.CheckConstraint("asked_of_id <> asked_by_id", name=op.f("ck_second_look_never_oneself")),
        _to("second_look", "application_id", "application"),
        _to("second_look", "asked_of_id", "account"),
        _to("second_look", "asked_by_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_look")),
        sa.UniqueConstraint("public_id", name=op.f("uq_second_look_public_id")),
    )
    op.create_index(op.f("ix_second_look_application_id"), "second_look", ["application_id"])
    op.create_index(op.f("ix_second_look_asked_of_id"), "second_look", ["asked_of_id"])
    op.create_index(
        "uq_second_look_open",
        "second_look",
        ["application_id"],
        unique=True,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )


def _fill_name_keys() -> None:
    account = sa.table("account", sa.column("id"), sa.column("name"), sa.column("name_key"))
    bind = op.get_bind()
    for row in bind.execute(sa.select(account.c.id, account.c.name)).all():
        bind.execute(account.update().where(account.c.id == row.id).values(name_key=_comparable(row.name)))


def _fill_named() -> None:
    """From every frozen copy, and from the signatories of today."""
    bind = op.get_bind()
    application = sa.table("application", sa.column("id"), sa.column("organisation_id"))
    submission = sa.table("submission", sa.column("application_id"), sa.column("content", sa.JSON()))
    signatory = sa.table("signatory", *(sa.column(name) for name in ("organisation_id", "name", "contact")))
    found: dict[tuple[str, Any, Any], None] = {}
    sent = sa.select(application.c.organisation_id, application.c.id, submission.c.content).join(
        submission, submission.c.application_id == application.c.id
    )
    for organisation, case, content in bind.execute(sent):
        for text in _compared(_people_in(content)):
            found[text, organisation, None if organisation is not None else case] = None
    for organisation, name, contact in bind.execute(sa.select(signatory)):
        for text in _compared([name, contact]):
            found[text, organisation, None] = None
    named = sa.table(
        "named_person", *(sa.column(name) for name in ("public_id", "text", "organisation_id", "application_id"))
    )
    rows = [
        {"public_id": _public_id(), "text": text, "organisation_id": organisation, "application_id": case}
        for text, organisation, case in found
    ]
    if rows:
        bind.execute(named.insert(), rows)


def _comparable(text: str) -> str:
    """As fundapp.search.comparable did when this was written."""
    small = unicodedata.normalize("NFKC", " ".join(text.split())).casefold()
    return "".join(
        c
        if c.isascii() or c in "åäö"
        else "".join(part for part in unicodedata.normalize("NFKD", c) if not unicodedata.combining(part))
        for c in small
    )


def _compared(texts: Iterable[Any]) -> list[str]:
    keys = dict.fromkeys(_comparable(text)[:254] for text in texts if isinstance(text, str))
    return [key for key in keys if any(letter.isalpha() for letter in key)]


def _people_in(content: dict[str, Any]) -> list[Any]:
    answers = [answer for section in content["sections"] for answer in section["answers"]]
    wanted = [answer["answer"] for answer in answers if answer["code"] in _OF_PEOPLE]
    then = (content.get("organisation") or {}).get("signatories", [])
    wanted += [person[what] for person in then for what in ("name", "contact")]
    account = content.get("account") or {}
    return [*wanted, account.get("name"), account.get("email")]


def _public_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def downgrade() -> None:
    for table in ("second_look", "review", "found_answer", "named_person", "interest"):
        op.drop_table(table)
    with op.batch_alter_table("account") as account:
        account.drop_index(account.f("ix_account_name_key"))
        account.drop_column("name_key")
