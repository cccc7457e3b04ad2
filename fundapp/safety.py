"""What stops the app from starting although its settings can be read: the place and the database that they name."""

import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from fundapp.config import Settings
from fundapp.db import unsafe_settings
from fundapp.goals.rules import UnknownPlan, municipality_named
from fundapp.record import guards


def unsafe_place(ours: Settings) -> list[str]:
    """Every fault of the place, each in one line. What would only lose somebody's real data is asked of production."""
    faults = [*_of_municipality(ours.municipality), *_of_instance(ours.instance)]
    if ours.is_production:
        faults += [*_of_files(ours.files), *_of_database(ours.database_url)]
    return faults


def _of_municipality(code: str) -> list[str]:
    try:
        municipality_named(code)
    except UnknownPlan as fault:
        return [f"FUNDAPP_MUNICIPALITY: {fault}"]
    return []


def _of_instance(folder: Path) -> list[str]:
    """Written to and not asked about: a full or read-only disk says nothing in its permissions."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"fundapp")
    except OSError as fault:
        return [f"FUNDAPP_INSTANCE: {folder} cannot be written to: {fault.strerror}"]
    return []


def _of_files(folder: Path) -> list[str]:
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:  # the first file makes it, for its owner alone
        return []
    except OSError as fault:
        return [f"FUNDAPP_FILES: {folder} cannot be looked at: {fault.strerror}"]
    if not stat.S_ISDIR(mode):
        return [f"FUNDAPP_FILES: {folder} is not a folder"]
    open_to = [word for bit, word in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "write to")) if mode & bit]
    if open_to:
        return [f"FUNDAPP_FILES: everybody on this machine may {' and '.join(open_to)} {folder}; run chmod o= on it"]
    return []


def unguarded(url: str) -> list[str]:
    """What the database would let somebody change although it is written once. For `fundapp check`: a migration mends
    it, and must be able to start.
    """
    told = "the database lets what is written once be changed: trigger {} is missing; run `fundapp record guard`"
    return [told.format(name) for name in _asked(url, guards.missing)]


def too_many_rights(url: str) -> list[str]:
    """The tables that PostgreSQL's role may change although the app never does."""
    return _asked(url, guards.too_many_rights)


def _asked(url: str, ask: Callable[[Connection], list[str]]) -> list[str]:
    """Nothing where there is no database to ask: that is told of by `unsafe_place`."""
    try:
        made = make_url(url)
        is_sqlite = made.get_backend_name() == "sqlite"
        if is_sqlite and not Path(made.database or "").is_file():
            return []
        waits = {} if is_sqlite else {"connect_timeout": 5}
        engine = create_engine(made, poolclass=NullPool, connect_args=waits, hide_parameters=True)
        with engine.connect() as connection:
            return ask(connection)
    except (ArgumentError, ImportError, DBAPIError):
        return []


def _in_the_clear(url: URL) -> list[str]:
    """A database on another machine is spoken to over TLS, with its certificate looked at."""
    if url.get_backend_name() != "postgresql":
        return []
    named = url.query.get("host", url.host or "")
    hosts = [host for part in ([named] if isinstance(named, str) else named) for host in part.split(",")]
    is_elsewhere = any(not _is_here(host) for host in hosts)
    if is_elsewhere and url.query.get("sslmode") not in ("verify-full", "verify-ca"):
        return ["FUNDAPP_DATABASE_URL: the database is on another machine; add sslmode=verify-full (and sslrootcert=…)"]
    return []


def _is_here(host: str) -> bool:
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    return not name or name.startswith(("/", "127.")) or name in ("localhost", "::1", "[::1]")


def _of_database(url: str) -> list[str]:
    waits = {} if url.startswith("sqlite") else {"connect_timeout": 5}
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=waits, hide_parameters=True)
        return _in_the_clear(engine.url) or unsafe_settings(engine)
    except (ArgumentError, ImportError):
        return ["FUNDAPP_DATABASE_URL cannot be understood: write sqlite:///… or postgresql://…"]
    except DBAPIError as fault:  # its own text may name people and passwords
        return [f"FUNDAPP_DATABASE_URL: the database does not answer ({type(fault.orig).__name__})"]
