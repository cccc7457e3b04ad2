"""What a deployment starts from: the municipality's bodies, every plan, its funds, its papers' texts. Idempotent."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from fundapp.boards.actions import load_boards
from fundapp.config import settings
from fundapp.db import db
from fundapp.funds.loading import load_funds
from fundapp.funds.queries import funds_here
from fundapp.funds.terms import BadTerms
from fundapp.goals.actions import load_plan
from fundapp.goals.rules import plan_codes
from fundapp.papers.loading import load_papers


def load_reference(session: Session, municipality: str = "kalix", own_funds: Path | None = None) -> None:
    """Load bodies, plans, funds and the texts of papers into the running transaction. What a board has answered and
    what the municipality has changed stays. Errors: BadTerms.
    """
    load_boards(session, municipality)
    for code in plan_codes():
        load_plan(session, code)
    load_funds(session, municipality, own_funds)
    load_papers(session)


@click.command()
@with_appcontext
def load() -> None:
    """Load the municipality's bodies, plans and funds; run again after an upgrade, it changes nothing twice."""
    try:
        load_reference(db.session, settings().municipality, settings().funds)
    except BadTerms as fault:
        raise click.ClickException(str(fault)) from fault
    db.session.commit()
    for fund in funds_here():
        if fund.edited_at is not None:
            click.echo(f"note: {fund.code} has been edited in the administration; what a file says of it is not read")
    rounds = [(fund, round_) for fund in funds_here() for round_ in fund.rounds]
    for fund, round_ in rounds:
        click.echo(f"{fund.code}, round {round_.label}: {'open' if round_.is_open else 'not open'}")
    if not any(round_.is_open for _fund, round_ in rounds):
        click.echo("note: nothing can be applied for today; a new round is told in FUNDAPP_FUNDS (docs/operate.md)")
