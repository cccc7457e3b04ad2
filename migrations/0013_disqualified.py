"""absences become disqualifications, and a conflict of interest may come from one

Who took no part in a decision was kept by name beside it; now it stands under the paragraph, for that case. On the way
down every name comes back beside the case's outcome; who was disqualified where there is none yet is kept here alone.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_LINK = "fk_conflict_disqualification_id_disqualification"

_absence = sa.table("absence", sa.column("id"), sa.column("decision_id"), sa.column("name"))
_decision = sa.table(
    "decision",
    *(sa.column(name) for name in ("id", "minute_item_id", "application_id", "recorded_at", "recorded_by_id")),
)
_MOVED = ("minute_item_id", "application_id", "name", "ground", "recorded_at", "recorded_by_id")
_disqualification = sa.table(
    "disqualification", sa.column("id"), sa.column("public_id"), *(sa.column(name) for name in _MOVED)
)


def upgrade() -> None:
    with op.batch_alter_table("conflict") as conflict:
        conflict.add_column(sa.Column("disqualification_id", _KEY, nullable=True))
        conflict.create_foreign_key(conflict.f(_LINK), "disqualification", ["disqualification_id"], ["id"])
    _move_up()
    op.drop_index("ix_absence_decision_id", "absence")
    op.drop_table("absence")


def _move_up() -> None:
    """A name that stands under the paragraph already, in that case, is not put there twice."""
    there = sa.select(_disqualification.c.id).where(
        _disqualification.c.minute_item_id == _decision.c.minute_item_id,
        sa.or_(
            _disqualification.c.application_id == _decision.c.application_id,
            _disqualification.c.application_id.is_(None),
        ),
        _disqualification.c.name == _absence.c.name,
    )
    rows = op.get_bind().execute(
        sa.select(
            _decision.c.minute_item_id,
            _decision.c.application_id,
            _absence.c.name,
            sa.literal("DECLARED").label("ground"),
            _decision.c.recorded_at,
            _decision.c.recorded_by_id,
        )
        .join(_decision, _decision.c.id == _absence.c.decision_id)
        .where(~there.exists())
        .order_by(_absence.c.id)
    )
    found = [dict(row._mapping) | {"public_id": _public_id()} for row in rows]
    if found:
        op.bulk_insert(_disqualification, found)


def _public_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def downgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("decision_id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_absence_decision_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_decision_id", "absence", ["decision_id"])
    kept = (
        sa.select(_decision.c.id, _disqualification.c.name)
        .join(_decision, _decision.c.minute_item_id == _disqualification.c.minute_item_id)
        .where(
            sa.or_(
                _disqualification.c.application_id == _decision.c.application_id,
                _disqualification.c.application_id.is_(None),
            )
        )
        .order_by(_disqualification.c.id)
    )
    op.execute(sa.insert(_absence).from_select(["decision_id", "name"], kept))
    with op.batch_alter_table("conflict") as conflict:
        conflict.drop_constraint(conflict.f(_LINK), type_="foreignkey")
        conflict.drop_column("disqualification_id")
