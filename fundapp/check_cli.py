"""`fundapp check`: every setting with its source, and every fault, before the app is started with them."""

import os
from collections.abc import Mapping
from typing import Any

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from fundapp import config, safety
from fundapp.config import Settings

SECRETS = frozenset(
    {"secret_key", "smtp_password", "metrics_token", "store_secret", "record_key", "oidc_client_secret"}
)


@click.command()
def check() -> None:
    """Print every setting (secrets masked) with its source, and every fault; exit code 1 where there is a fault."""
    ours, faults = config.read()
    faults += safety.unsafe_place(ours)
    faults += safety.unguarded(ours.database_url)
    faults += silent_provider(ours)
    for line in [*shown(ours, os.environ), *advice(ours, os.environ)]:
        click.echo(line)
    for fault in faults:
        click.echo(f"fault: {fault}")
    click.echo(f"{len(faults)} faults" if faults else "no faults")
    if faults:
        raise SystemExit(1)


def shown(ours: Settings, environ: Mapping[str, str]) -> list[str]:
    """A line per setting: name, value as it is used, source."""
    return [
        f"{name} = {_worded(setting, getattr(ours, setting))}  [{'environment' if environ.get(name) else 'default'}]"
        for name, setting in config.VARIABLES.items()
    ]


def silent_provider(ours: Settings) -> list[str]:
    """Whether the officials' own sign-in answers, and describes itself as it must. The app starts without it."""
    if not ours.oidc_issuer:
        return []
    from fundapp.oidc import provider  # noqa: PLC0415  dear to import, and only this command needs it
    from fundapp.oidc.rules import NotBelieved, ProviderDown  # noqa: PLC0415  as above

    try:
        provider.read_metadata(ours)
    except ProviderDown as fault:
        return [f"FUNDAPP_OIDC_ISSUER: no description of it can be read there ({fault})"]
    except NotBelieved as fault:
        return [f"FUNDAPP_OIDC_ISSUER: {fault}"]
    return []


def advice(ours: Settings, environ: Mapping[str, str]) -> list[str]:
    """What is no fault, but perhaps not meant."""
    strangers = sorted(name for name in environ if name.startswith("FUNDAPP_") and name not in config.VARIABLES)
    lines = [f"note: {name} is set, and nothing reads it" for name in strangers]
    if ours.is_production and not ours.proxies:
        lines.append("note: FUNDAPP_PROXIES is 0: behind a proxy, everybody would share the limits of one address")
    if ours.is_production and not ours.smtp_host:
        lines.append("note: FUNDAPP_SMTP_HOST is not set: no mail leaves, so nobody can sign in")
    rights = safety.too_many_rights(ours.database_url) if ours.is_production else []
    if rights:
        lines.append(f"note: the database's role may change {len(rights)} tables that are written once: docs/record.md")
    if ours.limit_factor > 1:
        lines.append(f"note: FUNDAPP_LIMIT_FACTOR is {ours.limit_factor}: meant for load tests")
    return lines


def _worded(setting: str, value: Any) -> str:
    if value is None or value == "":
        return "(not set)"
    if setting in SECRETS:
        return f"******** ({len(value)} characters)"
    if setting == "is_production":
        return "production" if value else "development"
    if setting == "database_url":
        return _without_password(value)
    return {True: "1", False: "0"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _without_password(url: str) -> str:
    try:
        return make_url(url).difference_update_query(["password"]).render_as_string(hide_password=True)
    except ArgumentError:
        return "******** (cannot be understood)"
