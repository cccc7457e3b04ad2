"""Settings from the environment, in one typed place; start-up refuses with every fault named at once."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask import current_app

from fundapp.paths import INSTANCE

DEFAULT_DEMO_DATE = date(2017, 3, 6)


class BadSettings(Exception):
    """One or more settings stop the app from starting; `faults` names each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Settings:
    """What a deployment decides. `demo_date` is None outside the demo."""

    is_production: bool
    is_demo: bool
    demo_date: date | None
    municipality: str
    database_url: str
    secret_key: str
    base_url: str
    instance: Path
    files: Path
    smtp_host: str | None
    smtp_port: int
    smtp_user: str | None
    smtp_password: str | None
    smtp_starttls: bool
    mail_from: str

    @property
    def demo_clock(self) -> Path:
        return self.instance / "demo-clock"


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read FUNDAPP_* once. Production is the default, so that a forgotten setting is the strict one.

    Errors: BadSettings, naming every fault at once.
    """
    faults: list[str] = []
    is_production = environ.get("FUNDAPP_ENV", "production") != "development"
    is_demo = environ.get("FUNDAPP_DEMO", "") == "1"
    instance = Path(environ.get("FUNDAPP_INSTANCE", INSTANCE)).absolute()
    demo_date = _demo_date(environ.get("FUNDAPP_DEMO_DATE"), is_demo, faults)
    if is_production and is_demo:
        faults.append("FUNDAPP_DEMO=1 does not go with production")
    if is_production and environ.get("FUNDAPP_DEMO_DATE"):
        faults.append("FUNDAPP_DEMO_DATE does not go with production: the clock there is the real one")
    if demo_date and not is_demo:
        faults.append("FUNDAPP_DEMO_DATE needs FUNDAPP_DEMO=1")
    secret = environ.get("FUNDAPP_SECRET_KEY", "")
    if not secret and not is_production:
        secret = _kept_secret(instance)
    if is_production and len(secret) < 32:
        faults.append("FUNDAPP_SECRET_KEY is missing or shorter than 32 characters")
    base_url = environ.get("FUNDAPP_BASE_URL", "" if is_production else "http://127.0.0.1:8000").rstrip("/")
    if is_production and not base_url.startswith("https://"):
        faults.append("FUNDAPP_BASE_URL must be an https address")
    port = environ.get("FUNDAPP_SMTP_PORT", "25")
    if not port.isascii() or not port.isdigit():
        faults.append("FUNDAPP_SMTP_PORT must be a number")
    if faults:
        raise BadSettings(faults)
    return Settings(
        is_production=is_production,
        is_demo=is_demo,
        demo_date=demo_date,
        municipality=environ.get("FUNDAPP_MUNICIPALITY", "kalix"),
        database_url=_with_driver(environ.get("FUNDAPP_DATABASE_URL") or f"sqlite:///{instance / 'fundapp.db'}"),
        secret_key=secret,
        base_url=base_url,
        instance=instance,
        files=Path(environ.get("FUNDAPP_FILES", instance / "files")).absolute(),
        smtp_host=environ.get("FUNDAPP_SMTP_HOST"),
        smtp_port=int(port),
        smtp_user=environ.get("FUNDAPP_SMTP_USER"),
        smtp_password=environ.get("FUNDAPP_SMTP_PASSWORD"),
        smtp_starttls=environ.get("FUNDAPP_SMTP_STARTTLS", "1") == "1",
        mail_from=environ.get("FUNDAPP_MAIL_FROM", "fundapp@localhost"),
    )


def _demo_date(text: str | None, is_demo: bool, faults: list[str]) -> date | None:
    if not text:
        return DEFAULT_DEMO_DATE if is_demo else None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append("FUNDAPP_DEMO_DATE must be a day written as 2017-03-06")
        return None


def _kept_secret(instance: Path) -> str:
    path = instance / "secret"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def _with_driver(url: str) -> str:
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def settings() -> Settings:
    """The settings of the running app."""
    kept: Settings = current_app.extensions["fundapp.settings"]
    return kept
