"""a role holds from and to a day, for a fund or a body

A person may have the same role for two bodies, so the key over person and role goes. On the way down of several rows of
one role the oldest stays, and one that has ended goes: the older code knows no days and would let it hold again.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_given = sa.table(
    "role_given",
    *(sa.column(name) for name in ("id", "public_id", "account_id", "role")),
    sa.column("begins_on", sa.Date()),
    sa.column("ends_on", sa.Date()),
)


def upgrade() -> None:
    with op.batch_alter_table("role_given") as given:
        given.drop_constraint(given.f("uq_role_given_account_id_role"), type_="unique")
        given.add_column(sa.Column("public_id", sa.String(length=12), nullable=True))
        given.add_column(sa.Column("fund_id", _KEY, nullable=True))
        given.add_column(sa.Column("begins_on", sa.Date(), nullable=True))
        given.add_column(sa.Column("ends_on", sa.Date(), nullable=True))
    for key in op.get_bind().scalars(sa.select(_given.c.id)).all():
        public_id = "".join(secrets.choice(_LETTERS) for _ in range(12))
        op.execute(_given.update().where(_given.c.id == key).values(public_id=public_id))
    with op.batch_alter_table("role_given") as given:
        given.alter_column("public_id", existing_type=sa.String(length=12), nullable=False)
        given.create_unique_constraint(given.f("uq_role_given_public_id"), ["public_id"])
        given.create_foreign_key(given.f("fk_role_given_fund_id_fund"), "fund", ["fund_id"], ["id"])
        given.create_check_constraint(
            given.f("ck_role_given_ends_after_it_begins"),
            "ends_on IS NULL OR begins_on IS NULL OR ends_on >= begins_on",
        )
        given.create_index(given.f("ix_role_given_account_id"), ["account_id"])


def downgrade() -> None:
    older = _given.alias()
    is_later = sa.exists().where(
        older.c.account_id == _given.c.account_id, older.c.role == _given.c.role, older.c.id < _given.c.id
    )
    op.execute(
        _given.delete().where(
            sa.or_(_given.c.ends_on < sa.func.current_date(), _given.c.begins_on > sa.func.current_date())
        )
    )
    op.execute(_given.delete().where(is_later))
    with op.batch_alter_table("role_given") as given:
        given.drop_index(given.f("ix_role_given_account_id"))
        given.drop_constraint(given.f("ck_role_given_ends_after_it_begins"), type_="check")
        given.drop_constraint(given.f("fk_role_given_fund_id_fund"), type_="foreignkey")
        given.drop_constraint(given.f("uq_role_given_public_id"), type_="unique")
        for column in ("ends_on", "begins_on", "fund_id", "public_id"):
            given.drop_column(column)
        given.create_unique_constraint(given.f("uq_role_given_account_id_role"), ["account_id", "role"])
