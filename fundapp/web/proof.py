"""Who does money, decisions and roles shows anew who they are, where the last time was too long ago."""

from datetime import timedelta

from flask import g, request

from fundapp import clock
from fundapp.config import settings
from fundapp.permissions import NEEDS_PROOF, Permission
from fundapp.web.headers import SAFE

_CLOCKS_DIFFER = timedelta(minutes=2)


class ProofNeeded(Exception):
    """The step waits for a proof of who one is; factors/proving_views.py makes the page that asks."""


def is_fresh() -> bool:
    """Whether the signed-in person has shown lately who they are. An instant that lies ahead of us proves nothing."""
    kept = g.get("login_session")
    if kept is None:
        return False
    age = clock.now() - kept.proved_at
    return bool(-_CLOCKS_DIFFER <= age <= timedelta(minutes=settings().step_up_minutes))


def demand(permission: Permission) -> None:
    """Errors: ProofNeeded, for what changes something under a permission that asks for it."""
    if request.method not in SAFE and permission in NEEDS_PROOF and not is_fresh():
        raise ProofNeeded
