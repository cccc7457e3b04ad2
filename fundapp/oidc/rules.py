"""What is sent to the provider and what must come back. Plain Python."""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

START_LASTS = timedelta(minutes=15)
LEEWAY = 60  # seconds that the provider's clock may be off
# Signatures with the provider's private key alone: none, and nothing that is made with a secret both have (HS256).
ALGORITHMS = ("RS256", "PS256", "ES256")
_ENTRA = "https://login.microsoftonline.com/"


@dataclass(frozen=True)
class Said:
    """What the provider has said of who came, after every check of how it was said.

    `email` is empty unless the provider vouches for the address; `proved_at` is when the person signed in there (UTC).
    """

    issuer: str
    subject: str
    email: str
    proved_at: datetime | None


def new_state() -> str:
    """256 bits; small letters and digits, as what no page shows again."""
    return secrets.token_hex(32)


def made_of(state: str, purpose: str, *, secret: str) -> str:
    """The nonce or the PKCE verifier of a start: 43 letters that belong to its state, and that only we can make."""
    words = f"fundapp oidc\0{purpose}\0{state}".encode()
    return base64.urlsafe_b64encode(hmac.new(secret.encode(), words, sha256).digest()).rstrip(b"=").decode()


def hashed(state: str) -> str:
    return sha256(state.encode()).hexdigest()


def vouched_address(claims: Mapping[str, Any], issuer: str) -> str:
    """The e-mail address, in small letters, where the provider says that it is this person's; else nothing.

    Entra ID knows no `email_verified`; there the claim `xms_edov` says that the domain's owner has proven the address,
    of the very tenant that the issuer is. An address with other letters than ASCII's is none: in small letters one of
    them could become somebody else's (the Kelvin sign becomes k).
    """
    address = claims.get("email")
    if not isinstance(address, str) or "@" not in address or len(address) > 254 or not address.isascii():
        return ""
    address = address.strip().lower()
    is_own_tenant = bool(claims.get("tid")) and issuer == f"{_ENTRA}{claims['tid']}/v2.0"
    is_vouched = claims.get("email_verified") is True or (
        is_own_tenant and claims.get("xms_edov") in (True, "1", "true")
    )
    return address if is_vouched else ""


def instant(seconds: Any) -> datetime | None:
    """A claim's seconds since 1970 as an instant; None for what is no such number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def is_fresh(said: Said, *, since: datetime, now: datetime) -> bool:
    """Whether the person showed the provider who they are after `since`, and not in a time to come."""
    slack = timedelta(seconds=LEEWAY)
    return said.proved_at is not None and since - slack <= said.proved_at <= now + slack


class ProviderDown(Exception):
    """The provider does not answer, or answers what nobody can read; the text is for the log."""


class NotBelieved(Exception):
    """What came back does not agree with what was asked for; the text is for the log and tells nothing secret."""


class TooWeak(Exception):
    """The person signed in there, at a lower level of assurance than is asked for, or at none that is told."""
