"""what follows when a decision is annulled

The case may be granted anew, so an application has one project that stands and any number that are annulled. What was
paid is asked back whether or not there is a report, so a claim stands on the project. On the way down a claim without
a report gets an empty one.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_STANDS = sa.text("status <> 'ANNULLED'")
_LINK = "fk_repayment_project_id_project"

_report = sa.table(
    "report",
    *(sa.column(name) for name in ("id", "public_id", "version", "project_id", "status", "language")),
    *(sa.column(name) for name in ("carried_out", "what_was_done", "deviations", "lives_on", "review_note")),
    sa.column("answers", sa.JSON()),
    sa.column("saved_at", sa.DateTime(timezone=True)),
)
_project = sa.table("project", sa.column("id"), sa.column("started_at", sa.DateTime(timezone=True)))
_repayment = sa.table("repayment", sa.column("id"), sa.column("report_id"), sa.column("project_id"))


def upgrade() -> None:
    with op.batch_alter_table("project") as project:
        project.drop_constraint(project.f("uq_project_application_id"), type_="unique")
        project.create_index("ix_project_application_id", ["application_id"])
        project.create_index(
            "ix_project_standing", ["application_id"], unique=True, postgresql_where=_STANDS, sqlite_where=_STANDS
        )
    with op.batch_alter_table("repayment") as repayment:
        repayment.add_column(sa.Column("project_id", _KEY, nullable=True))
    of_report = sa.select(_report.c.project_id).where(_report.c.id == _repayment.c.report_id).scalar_subquery()
    op.execute(_repayment.update().values(project_id=of_report))
    with op.batch_alter_table("repayment") as repayment:
        repayment.alter_column("project_id", existing_type=_KEY, nullable=False)
        repayment.alter_column("report_id", existing_type=_KEY, nullable=True)
        repayment.create_foreign_key(repayment.f(_LINK), "project", ["project_id"], ["id"])
        repayment.create_index(repayment.f("ix_repayment_project_id"), ["project_id"])


def downgrade() -> None:
    """An application with two projects, or a project with two claims, has no place in the older tables: then this
    stops at their rules, before anything is lost.
    """
    _give_reports()
    with op.batch_alter_table("repayment") as repayment:
        repayment.drop_index(repayment.f("ix_repayment_project_id"))
        repayment.drop_constraint(repayment.f(_LINK), type_="foreignkey")
        repayment.drop_column("project_id")
        repayment.alter_column("report_id", existing_type=_KEY, nullable=False)
    with op.batch_alter_table("project") as project:
        project.drop_index("ix_project_standing")
        project.drop_index("ix_project_application_id")
        project.create_unique_constraint(project.f("uq_project_application_id"), ["application_id"])


def _give_reports() -> None:
    bind = op.get_bind()
    claims = sa.select(_repayment.c.id, _repayment.c.project_id, _project.c.started_at).join(
        _project, _project.c.id == _repayment.c.project_id
    )
    for claim in bind.execute(claims.where(_repayment.c.report_id.is_(None))).all():
        mine = sa.select(_report.c.id).where(_report.c.project_id == claim.project_id)
        if bind.execute(mine).first() is None:
            texts = dict.fromkeys(("carried_out", "what_was_done", "deviations", "lives_on", "review_note"), "")
            bind.execute(
                _report.insert().values(
                    public_id="".join(secrets.choice(_LETTERS) for _ in range(12)),
                    version=1,
                    project_id=claim.project_id,
                    status="DRAFT",
                    language="sv",
                    answers={},
                    saved_at=claim.started_at,
                    **texts,
                )
            )
        bind.execute(_repayment.update().where(_repayment.c.id == claim.id).values(report_id=mine.scalar_subquery()))
