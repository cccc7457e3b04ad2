"""Settings from the environment, in one typed place; start-up refuses with every fault named at once."""

import base64
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

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
    """What a deployment decides. `demo_date` is None outside the demo.

    `proxies` is how many of our own proxies a request passes, and so how many hops of X-Forwarded-For are believed;
    `limit_factor` multiplies every limit of web/limits.py (a load test sets it high);
    `export_rows` is how many cases a file of the list takes.
    `record_key` is a private key of Ed25519 in base64; `record_folder` is where signed roots of the record are put.
    `are_officials_let_in_by_mail`: whether a mailed link alone gives the roles too; `step_up_minutes` is for how long a
    proof of who one is holds, before money, decisions and roles ask for another. `oidc_…` is the sign-in of the
    officials' own organisation, called `oidc_name` on the page; `is_oidc_mail_trusted`: its verified e-mail addresses
    lead to the accounts that have them (Entra ID of one's own tenant, not a broker that takes anybody); `oidc_acr` are
    the levels of assurance of which a sign-in there must have one, or any where it is empty.
    `security_contact` is a mailto: or https: address for whoever has found a hole (RFC 9116).
    `funds` is a folder of the town's own terms, beside those that are shipped (funds/terms.py).
    `store` is s3://bucket/prefix where stored files do not lie in the folder `files`; `clamd` is host:port or the path
    of a socket; `backup_recipients` are public keys of age with blanks between, `backup_identity` a private one's file.
    """

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
    smtp_tls: str  # starttls, tls or none
    smtp_ca: Path | None
    mail_from: str
    proxies: int = 0
    metrics_token: str | None = None
    security_contact: str | None = None
    limit_factor: int = 1
    export_rows: int = 200_000
    store: str | None = None
    store_endpoint: str | None = None
    store_region: str = "eu-north-1"
    store_key_id: str | None = None
    store_secret: str | None = None
    clamd: str | None = None
    backup_recipients: str | None = None
    backup_identity: Path | None = None
    funds: Path | None = None
    record_key: str | None = None
    record_folder: Path | None = None
    are_officials_let_in_by_mail: bool = True
    step_up_minutes: int = 30
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_name: str = "Entra ID"
    oidc_ca: Path | None = None
    is_oidc_mail_trusted: bool = False
    oidc_acr: tuple[str, ...] = ()

    @property
    def demo_clock(self) -> Path:
        return self.instance / "demo-clock"


# Every variable that is read, in the order in which they are shown, and the setting that it becomes.
VARIABLES = {
    "FUNDAPP_ENV": "is_production",
    "FUNDAPP_DEMO": "is_demo",
    "FUNDAPP_DEMO_DATE": "demo_date",
    "FUNDAPP_MUNICIPALITY": "municipality",
    "FUNDAPP_FUNDS": "funds",
    "FUNDAPP_BASE_URL": "base_url",
    "FUNDAPP_PROXIES": "proxies",
    "FUNDAPP_SECRET_KEY": "secret_key",
    "FUNDAPP_INSTANCE": "instance",
    "FUNDAPP_DATABASE_URL": "database_url",
    "FUNDAPP_FILES": "files",
    "FUNDAPP_STORE": "store",
    "FUNDAPP_STORE_ENDPOINT": "store_endpoint",
    "FUNDAPP_STORE_REGION": "store_region",
    "FUNDAPP_STORE_KEY_ID": "store_key_id",
    "FUNDAPP_STORE_SECRET": "store_secret",
    "FUNDAPP_CLAMD": "clamd",
    "FUNDAPP_BACKUP_RECIPIENTS": "backup_recipients",
    "FUNDAPP_BACKUP_IDENTITY": "backup_identity",
    "FUNDAPP_RECORD_KEY": "record_key",
    "FUNDAPP_RECORD_FOLDER": "record_folder",
    "FUNDAPP_SMTP_HOST": "smtp_host",
    "FUNDAPP_SMTP_PORT": "smtp_port",
    "FUNDAPP_SMTP_USER": "smtp_user",
    "FUNDAPP_SMTP_PASSWORD": "smtp_password",
    "FUNDAPP_SMTP_TLS": "smtp_tls",
    "FUNDAPP_SMTP_CA": "smtp_ca",
    "FUNDAPP_MAIL_FROM": "mail_from",
    "FUNDAPP_OFFICIALS_BY_MAIL": "are_officials_let_in_by_mail",
    "FUNDAPP_STEP_UP_MINUTES": "step_up_minutes",
    "FUNDAPP_OIDC_ISSUER": "oidc_issuer",
    "FUNDAPP_OIDC_CLIENT_ID": "oidc_client_id",
    "FUNDAPP_OIDC_CLIENT_SECRET": "oidc_client_secret",
    "FUNDAPP_OIDC_NAME": "oidc_name",
    "FUNDAPP_OIDC_CA": "oidc_ca",
    "FUNDAPP_OIDC_TRUSTS_MAIL": "is_oidc_mail_trusted",
    "FUNDAPP_OIDC_ACR": "oidc_acr",
    "FUNDAPP_METRICS_TOKEN": "metrics_token",
    "FUNDAPP_SECURITY_CONTACT": "security_contact",
    "FUNDAPP_LIMIT_FACTOR": "limit_factor",
    "FUNDAPP_EXPORT_ROWS": "export_rows",
}


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of FUNDAPP_*. Errors: BadSettings, naming every fault at once."""
    found, faults = read(environ)
    if faults:
        raise BadSettings(faults)
    return found


def read(environ: Mapping[str, str] = os.environ) -> tuple[Settings, list[str]]:
    """The settings, as far as they can be read, and every fault in them.

    Production is the default, so that a forgotten setting is the strict one.
    """
    faults: list[str] = []
    is_production = environ.get("FUNDAPP_ENV", "production") != "development"
    is_demo = environ.get("FUNDAPP_DEMO", "") == "1"
    instance = Path(environ.get("FUNDAPP_INSTANCE", INSTANCE)).absolute()
    found = Settings(
        is_production=is_production,
        is_demo=is_demo,
        demo_date=_demo_date(environ.get("FUNDAPP_DEMO_DATE"), is_demo, faults),
        municipality=environ.get("FUNDAPP_MUNICIPALITY", "kalix"),
        database_url=_with_driver(environ.get("FUNDAPP_DATABASE_URL") or f"sqlite:///{instance / 'fundapp.db'}"),
        secret_key=environ.get("FUNDAPP_SECRET_KEY", "") or ("" if is_production else _kept_secret(instance, faults)),
        base_url=environ.get("FUNDAPP_BASE_URL", "" if is_production else "http://127.0.0.1:8000").rstrip("/"),
        instance=instance,
        funds=Path(environ["FUNDAPP_FUNDS"]).absolute() if environ.get("FUNDAPP_FUNDS") else None,
        record_key=environ.get("FUNDAPP_RECORD_KEY") or None,
        record_folder=Path(environ.get("FUNDAPP_RECORD_FOLDER") or instance / "record").absolute(),
        **_files(environ, instance),
        **_smtp(environ, faults),
        **_sign_in(environ, is_production, faults),
        mail_from=environ.get("FUNDAPP_MAIL_FROM", "fundapp@localhost"),
        proxies=_number(environ, "FUNDAPP_PROXIES", 0, faults),
        metrics_token=environ.get("FUNDAPP_METRICS_TOKEN") or None,
        security_contact=environ.get("FUNDAPP_SECURITY_CONTACT") or None,
        limit_factor=_number(environ, "FUNDAPP_LIMIT_FACTOR", 1, faults),
        export_rows=_number(environ, "FUNDAPP_EXPORT_ROWS", 200_000, faults),
    )
    return found, faults + _unfit(found, environ)


def _unfit(found: Settings, environ: Mapping[str, str]) -> list[str]:
    """What can be read but does not go together."""
    faults = []
    if found.is_production and found.is_demo:
        faults.append("FUNDAPP_DEMO=1 does not go with production")
    if found.is_production and environ.get("FUNDAPP_DEMO_DATE"):
        faults.append("FUNDAPP_DEMO_DATE does not go with production: the clock there is the real one")
    if found.demo_date and not found.is_demo:
        faults.append("FUNDAPP_DEMO_DATE needs FUNDAPP_DEMO=1")
    if found.is_production and len(found.secret_key) < 32:
        faults.append("FUNDAPP_SECRET_KEY is missing or shorter than 32 characters")
    if found.is_production and not found.base_url.startswith("https://"):
        faults.append("FUNDAPP_BASE_URL must be an https address")
    if found.metrics_token and len(found.metrics_token) < 16:
        faults.append("FUNDAPP_METRICS_TOKEN is shorter than 16 characters")
    if found.security_contact and not re.fullmatch(r"(mailto:[^\s@]+@|https://)[^\s@]+", found.security_contact):
        faults.append("FUNDAPP_SECURITY_CONTACT must be mailto: and an e-mail address, or an https address")
    if found.limit_factor < 1:
        faults.append("FUNDAPP_LIMIT_FACTOR must be 1 or more")
    if found.is_production and not found.record_key:
        faults.append("FUNDAPP_RECORD_KEY is missing: `fundapp record key` makes one")
    if found.record_key and not _is_key(found.record_key):
        faults.append("FUNDAPP_RECORD_KEY must be 32 bytes in base64, as `fundapp record key` makes them")
    return faults + _unfit_store(found) + _unfit_sign_in(found)


def _sign_in(environ: Mapping[str, str], is_production: bool, faults: list[str]) -> dict[str, Any]:
    """How officials sign in. A mailed link alone lets them in only where somebody says so, or in development."""
    authorities = environ.get("FUNDAPP_OIDC_CA")
    return {
        "are_officials_let_in_by_mail": (environ.get("FUNDAPP_OFFICIALS_BY_MAIL") or str(int(not is_production)))
        == "1",
        "step_up_minutes": _number(environ, "FUNDAPP_STEP_UP_MINUTES", 30, faults),
        "oidc_issuer": environ.get("FUNDAPP_OIDC_ISSUER") or None,
        "oidc_client_id": environ.get("FUNDAPP_OIDC_CLIENT_ID") or None,
        "oidc_client_secret": environ.get("FUNDAPP_OIDC_CLIENT_SECRET") or None,
        "oidc_name": environ.get("FUNDAPP_OIDC_NAME") or "Entra ID",
        "oidc_ca": Path(authorities).absolute() if authorities else None,
        "is_oidc_mail_trusted": environ.get("FUNDAPP_OIDC_TRUSTS_MAIL", "") == "1",
        "oidc_acr": tuple(environ.get("FUNDAPP_OIDC_ACR", "").split()),
    }


def _unfit_sign_in(found: Settings) -> list[str]:
    faults = []
    if not 1 <= found.step_up_minutes <= 720:
        faults.append("FUNDAPP_STEP_UP_MINUTES must be from 1 to 720")
    if found.oidc_issuer and found.is_production and not found.oidc_issuer.startswith("https://"):
        faults.append("FUNDAPP_OIDC_ISSUER must be an https address")
    if found.oidc_issuer and not (found.oidc_client_id and found.oidc_client_secret):
        faults.append("FUNDAPP_OIDC_ISSUER needs FUNDAPP_OIDC_CLIENT_ID and FUNDAPP_OIDC_CLIENT_SECRET")
    if found.oidc_ca and not found.oidc_ca.is_file():
        faults.append("FUNDAPP_OIDC_CA must be a file of certificates")
    return faults


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except ValueError:
        return False


def _number(environ: Mapping[str, str], name: str, otherwise: int, faults: list[str]) -> int:
    text = environ.get(name) or str(otherwise)
    if text.isascii() and text.isdigit():
        return int(text)
    faults.append(f"{name} must be a number")
    return otherwise


def _files(environ: Mapping[str, str], instance: Path) -> dict[str, Any]:
    """Where files lie and who looks through them; for whom a backup of them is written."""
    store, identity = environ.get("FUNDAPP_STORE") or "", environ.get("FUNDAPP_BACKUP_IDENTITY")
    is_folder = bool(store) and "://" not in store
    folder = store if is_folder else environ.get("FUNDAPP_FILES") or instance / "files"
    return {
        "files": Path(folder).absolute(),
        "store": None if is_folder else store or None,
        "store_endpoint": environ.get("FUNDAPP_STORE_ENDPOINT") or None,
        "store_region": environ.get("FUNDAPP_STORE_REGION") or "eu-north-1",
        "store_key_id": environ.get("FUNDAPP_STORE_KEY_ID") or None,
        "store_secret": environ.get("FUNDAPP_STORE_SECRET") or None,
        "clamd": environ.get("FUNDAPP_CLAMD") or None,
        "backup_recipients": environ.get("FUNDAPP_BACKUP_RECIPIENTS") or None,
        "backup_identity": Path(identity).absolute() if identity else None,
    }


def _unfit_store(found: Settings) -> list[str]:
    """What a store on S3 lacks, where no scanner can be, and whom a backup cannot be encrypted for."""
    faults = []
    if found.store and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?", found.store):
        faults.append("FUNDAPP_STORE must be a folder or s3://bucket/prefix")
    if found.store and not (found.store_key_id and found.store_secret):
        faults.append("FUNDAPP_STORE on S3 needs FUNDAPP_STORE_KEY_ID and FUNDAPP_STORE_SECRET")
    if found.store_endpoint and found.is_production and not found.store_endpoint.startswith("https://"):
        faults.append("FUNDAPP_STORE_ENDPOINT must be an https address")
    if found.clamd and not re.fullmatch(r"/.+|[^/]+:[0-9]+", found.clamd):
        faults.append("FUNDAPP_CLAMD must be host:port or the path of a socket")
    if not all(re.fullmatch("age1[a-z0-9]{58}", key) for key in (found.backup_recipients or "").split()):
        faults.append("FUNDAPP_BACKUP_RECIPIENTS must be public keys of age: age1 and 58 letters and digits each")
    return faults


def _demo_date(text: str | None, is_demo: bool, faults: list[str]) -> date | None:
    if not text:
        return DEFAULT_DEMO_DATE if is_demo else None
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append("FUNDAPP_DEMO_DATE must be a day written as 2017-03-06")
        return None


def _kept_secret(instance: Path, faults: list[str]) -> str:
    """Development's own secret, made once."""
    path = instance / "secret"
    try:
        if not path.exists():
            instance.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text()
    except OSError as fault:
        faults.append(f"FUNDAPP_SECRET_KEY is missing, and none can be kept in {instance}: {fault.strerror}")
        return ""


def _with_driver(url: str) -> str:
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _smtp(environ: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """How to reach the mail server; TLS is verified, by the system's authorities or by those in FUNDAPP_SMTP_CA."""
    tls = environ.get("FUNDAPP_SMTP_TLS", "starttls")
    authorities = environ.get("FUNDAPP_SMTP_CA")
    password = environ.get("FUNDAPP_SMTP_PASSWORD")
    if tls not in ("starttls", "tls", "none"):
        faults.append("FUNDAPP_SMTP_TLS must be starttls, tls or none")
    if tls == "none" and password:
        faults.append("FUNDAPP_SMTP_PASSWORD does not go with FUNDAPP_SMTP_TLS=none: it would be sent in the clear")
    if authorities and not Path(authorities).is_file():
        faults.append("FUNDAPP_SMTP_CA must be a file of certificates")
    return {
        "smtp_host": environ.get("FUNDAPP_SMTP_HOST") or None,
        "smtp_port": _number(environ, "FUNDAPP_SMTP_PORT", {"tls": 465, "starttls": 587}.get(tls, 25), faults),
        "smtp_user": environ.get("FUNDAPP_SMTP_USER"),
        "smtp_password": password,
        "smtp_tls": tls,
        "smtp_ca": Path(authorities).absolute() if authorities else None,
    }


def settings() -> Settings:
    """The settings of the running app."""
    kept: Settings = current_app.extensions["fundapp.settings"]
    return kept
