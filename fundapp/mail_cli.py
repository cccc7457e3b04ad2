"""Commands for the outbox."""

import click
from flask.cli import with_appcontext

from fundapp.outbox import send_waiting


@click.group()
def mail() -> None:
    """The outbox."""


@mail.command()
@click.option("--limit", default=100, show_default=True, help="How many messages at most.")
@with_appcontext
def send(limit: int) -> None:
    """Send what waits in the outbox by SMTP (FUNDAPP_SMTP_HOST …); exit code 1 where one could not be sent."""
    sent, failed = send_waiting(limit)
    click.echo(f"{sent} sent, {failed} not sent")
    if failed:
        raise SystemExit(1)
