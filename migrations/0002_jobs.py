"""the job queue

Procrastinate's own tables, on PostgreSQL alone; on SQLite the outbox is its own queue. The statements come from the
installed library, which keeps them and every step since its first release, so they are not copied here. What was laid
is noted on the table: a later library needs a revision that runs the library's steps beyond the noted one
(`fundapp.jobs.missing_steps` names them).
"""

from pathlib import Path

import procrastinate.schema
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TAKE_AWAY = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT oid::regprocedure AS name FROM pg_proc WHERE starts_with(proname, 'procrastinate_') LOOP
        EXECUTE 'DROP FUNCTION ' || found.name || ' CASCADE';
    END LOOP;
    FOR found IN SELECT oid::regtype AS name FROM pg_type
        WHERE starts_with(typname, 'procrastinate_') AND typtype IN ('e', 'c') LOOP
        EXECUTE 'DROP TYPE ' || found.name || ' CASCADE';
    END LOOP;
END $$;
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    manager = procrastinate.schema.SchemaManager
    newest = max(path.name for path in Path(manager.get_migrations_path()).glob("*.sql"))
    # The driver's own call: many statements at once, and per cent signs that stand for themselves.
    connection = op.get_bind().connection.driver_connection
    connection.execute(manager.get_schema())
    connection.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{newest}'")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().connection.driver_connection.execute(TAKE_AWAY)
