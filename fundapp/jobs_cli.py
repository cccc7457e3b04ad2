"""The command that works."""

import signal
from threading import Event

import click
from flask.cli import with_appcontext

from fundapp import jobs, outbox


@click.command()
@click.option("--once", is_flag=True, help="Do what is due and end; for cron.")
@with_appcontext
def work(once: bool) -> None:
    """Send mail, write reminders, clear away what is old; until it is stopped (SIGTERM, Ctrl-C).

    Run at least one. Several may run at once, and one may be killed at any moment.
    """
    refused = jobs.is_refused()
    if refused:
        raise click.ClickException(refused)
    if not outbox.can_send():
        click.echo("FUNDAPP_SMTP_HOST is not set: mail is kept in the outbox.", err=True)
    if once:
        jobs.work_once()
        return
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    click.echo("At work.", err=True)
    jobs.work(stopped)
