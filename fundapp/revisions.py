"""The revisions of the database: which one the code expects, and Alembic for whoever migrates.

Alembic is dear to import, with Mako and Pygments behind it, and no page migrates: a web worker never does.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from flask import Flask

from fundapp.db import Base, dangling, rebuilding
from fundapp.paths import MIGRATIONS
from fundapp.record import guards

_NAMED = re.compile(r"""^(revision|down_revision)\b[^=]*=\s*["'](\w+)["']""", re.MULTILINE)


@cache
def head() -> str:
    """The newest revision, read from the files once. Errors: ValueError where two revisions follow the same one."""
    found = [dict(_NAMED.findall(path.read_text())) for path in MIGRATIONS.glob("*.py")]
    (newest,) = {names["revision"] for names in found} - {names.get("down_revision") for names in found}
    return newest


def set_up(app: Flask) -> None:
    """Register Flask-Alembic as the app's `alembic`: for commands, tests and data sets."""
    from flask_alembic import Alembic  # noqa: PLC0415  see above

    class Rebuilding(Alembic):
        def run_migrations(self, fn: Any, **choices: Any) -> None:
            def unguarded(revision: Any, context: Any) -> Iterator[Any]:
                """A step may move rows that are written once, and on SQLite loses a table's triggers."""
                for step in fn(revision, context):
                    guards.take_down(context.connection)
                    yield step

            with rebuilding():
                super().run_migrations(unguarded, **choices)  # type: ignore[arg-type]  # steps are read once, in order

    app.config["ALEMBIC_CONTEXT"]["on_version_apply"] = _end_step
    Rebuilding(app, metadatas=Base.metadata, run_mkdir=False, command_name="")


def _end_step(ctx: Any, **_of_the_step: Any) -> None:
    """What is written once is guarded again. Errors: RuntimeError where a step left rows that point nowhere; nothing of
    the migration is kept then.
    """
    tables = dangling(ctx.connection)
    if tables:
        raise RuntimeError(f"rows that point nowhere in {', '.join(tables)}")
    guards.put_up(ctx.connection)
