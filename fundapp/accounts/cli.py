"""`fundapp people`: the first administrator, and who has which role, from the server's own command line."""

import click
from email_validator import EmailNotValidError, validate_email
from flask.cli import with_appcontext
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import account_by_email, give_role
from fundapp.accounts.models import Account, RoleGiven
from fundapp.boards.models import Board
from fundapp.config import settings
from fundapp.db import db
from fundapp.permissions import Role

ROLES = [role.value for role in Role if role is not Role.APPLICANT]


@click.group()
def people() -> None:
    """People and their roles; the first administrator is made here."""


@people.command("list")
@with_appcontext
def list_people() -> None:
    """Everybody who has a role: address, name, roles."""
    found = db.session.scalars(
        select(Account).where(Account.id.in_(select(RoleGiven.account_id))).order_by(Account.email)
    )
    for account in found:
        click.echo(f"{account.email}\t{account.name}\t{', '.join(sorted(role.value for role in account.roles))}")


@people.command()
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--name", default="", help="The person's name, where the account is new.")
@click.option("--board", "code", help="The body's code, for a secretary or a member (KS).")
@with_appcontext
def give(email: str, role: str, name: str, code: str | None) -> None:
    """Give the person with EMAIL a ROLE; an account is made where there is none. Twice changes nothing."""
    try:
        address = validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError as fault:
        raise click.BadParameter(str(fault), param_hint="EMAIL") from None
    board = _board(code) if code else None
    account = account_by_email(address)
    if account is None:
        account = Account(email=address, name=name, created_at=clock.now())
        db.session.add(account)
        db.session.flush()
    give_role(account, Role[role.upper()], by=None, board=board)
    db.session.commit()
    click.echo(f"{address}: {', '.join(sorted(each.value for each in account.roles))}")


def _board(code: str) -> Board:
    found = db.session.scalar(select(Board).where(Board.municipality == settings().municipality, Board.code == code))
    if found is None:
        raise click.BadParameter(f"there is no body {code!r} here", param_hint="--board")
    return found
