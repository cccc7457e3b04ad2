"""What a deployment starts from: the municipality's bodies, every plan, its funds. Idempotent."""

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from fundapp.boards.actions import load_boards
from fundapp.config import settings
from fundapp.db import db
from fundapp.funds.loading import load_funds
from fundapp.goals.actions import load_plan
from fundapp.goals.rules import plan_codes


def load_reference(session: Session, municipality: str = "kalix") -> None:
    """Load bodies, plans and funds into the running transaction; what a board has answered stays."""
    load_boards(session, municipality)
    for code in plan_codes():
        load_plan(session, code)
    load_funds(session, municipality)


@click.command()
@with_appcontext
def load() -> None:
    """Load the municipality's bodies, plans and funds; run again after an upgrade, it changes nothing twice."""
    load_reference(db.session, settings().municipality)
    db.session.commit()
