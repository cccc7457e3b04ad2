"""`fundapp demo`: load what the demo shows."""

import click
from flask import current_app
from flask.cli import with_appcontext

from fundapp.accounts.actions import account_by_email
from fundapp.config import settings
from fundapp.db import db
from fundapp.demo.cases import add_cases
from fundapp.demo.people import PEOPLE, add_organisations, add_people
from fundapp.demo.reviewed import add_reviews
from fundapp.demo.seats import add_seats
from fundapp.record.actions import enter_waiting
from fundapp.reference import load_reference
from fundapp.registry import saved


@click.command()
@with_appcontext
def demo() -> None:
    """Load plans, funds and fictitious people and cases; run twice, nothing doubles. Not in production."""
    if not settings().is_demo:
        raise click.ClickException("the demo is loaded only with FUNDAPP_DEMO=1")
    with current_app.test_request_context("/sv/", base_url=settings().base_url):
        load_reference(db.session, settings().municipality)
        if account_by_email(PEOPLE[0].email) is None and settings().municipality == "kalix":
            accounts = add_people()
            add_seats(accounts)
            add_cases(accounts, add_organisations(accounts))
            add_reviews(accounts)
            officer = accounts["officer@kalix.example"]
            saved.save("Utan handläggare", "state=registered&officer=nobody", is_shared=True, by=officer)
        db.session.commit()
        enter_waiting()  # the demo has no worker
    click.echo(f"\nfundapp's demo: {settings().base_url}\n")
    click.echo("Sign in with one of these addresses; the mail with the code is at /demo/mail:")
    for person in PEOPLE:
        click.echo(f"  {person.email:27} {person.what}")
    click.echo("")
