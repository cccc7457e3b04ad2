"""The signed-in person of a request, for Flask-Login: cookie token, session row, account."""

from typing import Any

from flask import Flask, g, session
from flask_login import AnonymousUserMixin, LoginManager, login_user, logout_user

from fundapp import clock
from fundapp.accounts import rules
from fundapp.accounts.actions import end_session, note_seen
from fundapp.accounts.models import Account, LoginSession
from fundapp.accounts.queries import open_session
from fundapp.config import settings
from fundapp.permissions import Role
from fundapp.web import security
from fundapp.web.typed import new_token, owner_in

# Seconds that a page may count on: being seen is noted once a minute.
ENDS_IN = int((rules.SESSION_LASTS - rules.SEEN_AT_MOST_EVERY).total_seconds())


class Anonymous(AnonymousUserMixin):
    """Nobody: no roles, no organisations."""

    id = 0
    name = email = ""
    has_roles_held_back = False
    roles: frozenset[Role] = frozenset()
    organisation_ids: frozenset[int] = frozenset()
    writes_for: frozenset[int] = frozenset()
    sends_for: frozenset[int] = frozenset()
    manages: frozenset[int] = frozenset()
    conflicting_organisation_ids: frozenset[int] = frozenset()
    conflicting_org_numbers: frozenset[str] = frozenset()
    conflicting_application_ids: frozenset[int] = frozenset()
    closed_applicant_ids: frozenset[int] = frozenset()
    closed_applicant_numbers: frozenset[str] = frozenset()


class SignedIn:
    """What Flask-Login keeps in the cookie: the session's token, never the account's id."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, token: str) -> None:
        self.token = token

    def get_id(self) -> str:
        return self.token


def set_up(app: Flask) -> None:
    manager = LoginManager()
    manager.anonymous_user = Anonymous
    manager.session_protection = None
    manager.user_loader(_account_of)
    manager.init_app(app)
    app.context_processor(lambda: {"session_ends_in": ENDS_IN, "is_shared_computer": is_shared})


def _account_of(token: str) -> Account | None:
    kept = open_session(rules.hashed(token))
    if kept is None or not kept.account.is_active:
        return None
    # abs: a clock that ran ahead and was set back must not leave sessions that last until it is there again.
    if abs(clock.now() - kept.last_seen_at) > rules.SESSION_LASTS:
        return None
    if abs(clock.now() - kept.created_at) > rules.SESSION_LASTS_AT_MOST:
        return None
    note_seen(kept)
    g.is_shared_computer = kept.is_shared
    g.login_session = kept
    _hold_back(kept)
    return kept.account


def _hold_back(kept: LoginSession) -> None:
    """A mailed link alone gives no roles where officials must show more."""
    kept.account.has_roles_held_back = not (kept.method.is_strong or settings().are_officials_let_in_by_mail)


def is_shared() -> bool:
    """Whether the signed-in person said that others use the computer too."""
    return bool(g.get("is_shared_computer", False))


def open_door_for(token: str) -> None:
    """Put a new session's token in a fresh cookie: nothing that stood there before sign-in stays."""
    session.clear()
    login_user(SignedIn(token))
    kept = open_session(rules.hashed(token))
    if kept is not None:
        _hold_back(kept)
        session["csrf_token"] = new_token(kept.account.public_id)
        security.note("signed in", how=kept.method.name.lower())


def change_lock(token: str) -> None:
    """Go on under a new session's token, in the same browser: pages that stand open there keep their own."""
    before = session.get("csrf_token")
    open_door_for(token)
    g.pop("_login_user", None)  # Flask-Login's own: the account is read anew, with its new session
    if owner_in(before) and owner_in(before) == owner_in(session.get("csrf_token")):
        session["csrf_token"] = before


def shut_door() -> None:
    """Sign out: end the row, empty the cookie."""
    token: Any = session.get("_user_id")
    if token:
        end_session(token)
        security.note("signed out")
    logout_user()
    session.clear()
