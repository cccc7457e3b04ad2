"""`fundapp demo`: load what the demo shows."""

import click
from flask.cli import with_appcontext

from fundapp.config import settings
from fundapp.db import db
from fundapp.reference import load_reference


@click.command()
@with_appcontext
def demo() -> None:
    """Load plans, funds and fictitious people and cases; run twice, nothing doubles. Not in production."""
    if not settings().is_demo:
        raise click.ClickException("the demo is loaded only with FUNDAPP_DEMO=1")
    load_reference(db.session, settings().municipality)
    db.session.commit()
