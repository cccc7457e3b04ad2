"""The console script: every command of every package, each with its own help."""

import sys

import click
from flask import Flask
from flask.cli import ScriptInfo, with_appcontext
from flask_alembic import Alembic
from flask_alembic.cli import cli as db_commands

from fundapp import revisions
from fundapp.accounts.cli import people
from fundapp.app import create_app
from fundapp.backup_cli import backup, backup_key, restore, verify
from fundapp.check_cli import check
from fundapp.config import BadSettings
from fundapp.demo.cli import demo
from fundapp.goals.cli import plans
from fundapp.jobs_cli import work
from fundapp.mail_cli import mail
from fundapp.record.cli import record
from fundapp.reference import load


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """A municipality's grants: from an application to what the money did for the plan."""


# Flask-Alembic's group expects Flask's own command line to have pushed the app.
assert db_commands.callback is not None  # noqa: S101
db_commands.callback = with_appcontext(db_commands.callback)


@db_commands.command()
@click.argument("revision")
@click.pass_obj
def downgrade(alembic: Alembic, revision: str) -> None:
    """Go back to REVISION (0002), or to base. Flask-Alembic's own command reads 0002 as two steps back."""
    alembic.downgrade(revision)


for command, name in (
    (check, "check"),
    (db_commands, "db"),
    (plans, "plans"),
    (people, "people"),
    (demo, "demo"),
    (mail, "mail"),
    (work, "work"),
    (load, "load"),
    (backup, "backup"),
    (backup_key, "backup-key"),
    (restore, "restore"),
    (verify, "verify"),
    (record, "record"),
):
    cli.add_command(command, name)


def _app() -> Flask:
    """The app with what only commands need."""
    app = create_app()
    revisions.set_up(app)
    return app


def main() -> None:
    """Run one command; a bad setting is told in one line each, with exit code 2."""
    try:
        cli(obj=ScriptInfo(create_app=_app), prog_name="fundapp")
    except BadSettings as fault:
        for line in fault.faults:
            click.echo(f"fundapp: {line}", err=True)
        sys.exit(2)
