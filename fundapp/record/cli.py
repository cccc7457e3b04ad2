"""The commands of the record."""

from collections.abc import Callable
from pathlib import Path

import click
from flask.cli import with_appcontext

from fundapp.db import db
from fundapp.record import actions, guards, keys, verifying
from fundapp.record.keys import NoKey, SignedRoot

_PATH = click.Path(path_type=Path)


@click.group()
def record() -> None:
    """The sealed record of every event and decision: verify it, export its root."""


@record.command()
def key() -> None:
    """Print a new private key, for FUNDAPP_RECORD_KEY."""
    click.echo(keys.new_key())


@record.command("public-key")
@with_appcontext
def public_key() -> None:
    """Print the public key that this deployment's roots are signed with: keep it where the server cannot reach it."""
    click.echo(_or_told(keys.public_key))


@record.command()
@with_appcontext
def enter() -> None:
    """Enter what waits, as `fundapp work` does every minute."""
    click.echo(f"{actions.enter_waiting()} entered")


@record.command()
@click.argument("folder", type=_PATH, required=False)
@with_appcontext
def export(folder: Path | None) -> None:
    """Sign the root of now and put it into FOLDER (FUNDAPP_RECORD_FOLDER), as `fundapp work` does every day."""
    actions.enter_waiting()
    try:
        path = actions.export(folder)
    except (NoKey, OSError) as fault:
        raise click.ClickException(str(fault)) from fault
    db.session.commit()
    click.echo(f"written: {path}")


@record.command()
@with_appcontext
def guard() -> None:
    """Let the database refuse again to change what is written once: makes its triggers anew."""
    with db.engine.begin() as connection:
        guards.put_up(connection)
        missing = guards.missing(connection)
    if missing:
        raise click.ClickException(f"not made: {', '.join(missing)}")
    click.echo("what is written once is guarded")


@record.command()
@click.argument("role")
@with_appcontext
def grants(role: str) -> None:
    """Print the statements that leave the PostgreSQL ROLE no right to change what is written once."""
    if not role.isidentifier():
        raise click.ClickException("write a role's name in letters, digits and underscores")
    for statement in guards.grants(role):
        click.echo(f"{statement};")


@record.command()
@click.option("--root", type=_PATH, help="An exported root: also tells of an end that was cut off and of a new tree.")
@click.option("--public-key", help="The key that must have signed; without it this deployment's own.")
@with_appcontext
def verify(root: Path | None, public_key: str | None) -> None:
    """Hold every row against the record and the record against its roots; exit code 1 where something is not right."""
    given = _read(root) if root else None
    found = verifying.verify(given, public_key or _or_told(keys.public_key))
    with db.engine.connect() as connection:
        unguarded = guards.missing(connection)
    for fault in found.faults:
        click.echo(f"fault: {fault}")
    for name in unguarded:
        click.echo(f"fault: trigger {name} is missing: `fundapp record guard` makes it")
    _sum_up(found)
    if found.faults or unguarded:
        raise SystemExit(1)
    click.echo("the record is whole" + (f", and goes on from {root}" if root else ""))


def _sum_up(found: verifying.Findings) -> None:
    click.echo(f"{found.size} entries, root {found.root}")
    if found.disposed:
        click.echo(f"{found.disposed} of them of rows that are disposed of")
    if found.waiting:
        click.echo(f"{len(found.waiting)} rows wait to be entered: {', '.join(found.waiting[:10])}")


def _read(path: Path) -> SignedRoot:
    try:
        return keys.read_root(path.read_text())
    except (OSError, ValueError) as fault:
        raise click.ClickException(f"{path} cannot be read as an exported root: {fault}") from fault


def _or_told(ask: Callable[[], str]) -> str:
    try:
        return ask()
    except NoKey as fault:
        raise click.ClickException(str(fault)) from fault
