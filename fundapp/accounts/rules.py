"""How sign-in secrets are made and compared. Plain Python."""

import hashlib
import hmac
import secrets
from datetime import timedelta

LINK_LASTS = timedelta(minutes=30)
INVITATION_LASTS = timedelta(days=7)
MOST_TRIES = 5
SESSION_LASTS = timedelta(hours=12)  # without a click
SESSION_LASTS_AT_MOST = timedelta(hours=24)  # whatever is clicked (NIST SP 800-63B, AAL2)
SEEN_AT_MOST_EVERY = timedelta(minutes=1)
KEPT_AFTER_END = timedelta(days=30)  # attempts and sessions; nobody can use them any more


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def hashed(secret: str) -> str:
    """SHA-256 in hex: enough for a long random token; a code is guarded by its few tries and short life."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same(secret: str, kept_hash: str) -> bool:
    return hmac.compare_digest(hashed(secret), kept_hash)
