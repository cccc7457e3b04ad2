"""what the pages of projects and goals are read by

The officials' list goes by the report's day under each of its choices, and counts those; the goal page asks for the
first and the last application that came in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)


def upgrade() -> None:
    op.drop_index("ix_project_report_due_on", "project")
    op.create_index("ix_project_report_due_on_id", "project", ["report_due_on", "id"])
    _partial("ix_project_running", "project", ["report_due_on", "id"], "status = 'RUNNING'")
    _partial("ix_instalment_planned", "instalment", ["planned_on", "project_id"], "status = 'PLANNED'")
    _partial("ix_report_submitted", "report", ["project_id"], "status = 'SUBMITTED'")
    op.create_index("ix_application_submitted_at", "application", ["submitted_at"])


def downgrade() -> None:
    op.drop_index("ix_application_submitted_at", "application")
    op.drop_index("ix_report_submitted", "report")
    op.drop_index("ix_instalment_planned", "instalment")
    op.drop_index("ix_project_running", "project")
    op.drop_index("ix_project_report_due_on_id", "project")
    op.create_index("ix_project_report_due_on", "project", ["report_due_on"])
