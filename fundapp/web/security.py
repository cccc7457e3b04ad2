"""A line in the log for what a break-in would look like: who signed in and out how, and what was refused to whom.

A person is told by the account's random public id alone: it leads to a name only for who has the database too. What was
typed, the address (which may hold a sign-in link) and the network address are not told.
"""

import logging

from flask import Flask, Response, g, request

log = logging.getLogger("fundapp.security")
_REFUSED = frozenset({400, 401, 403, 404, 429})
_SIGN_IN = frozenset({"accounts", "factors", "oidc"})


def set_up(app: Flask) -> None:
    """Call before what answers a request, so that it sees every answer."""
    app.after_request(_note_refusal)


def note(what: str, **facts: str) -> None:
    """Something that happened to a sign-in; `facts` are words of ours, such as its method."""
    log.info(what, extra={"facts": {"who": _who(), **facts}})


def _note_refusal(response: Response) -> Response:
    is_refused = response.status_code in _REFUSED
    # A code or a password that was wrong comes back as a form to be filled in again.
    is_refused |= response.status_code in (409, 422) and request.blueprint in _SIGN_IN
    if is_refused and request.endpoint not in (None, "static"):
        facts = {"who": _who(), "method": request.method, "status": response.status_code}
        log.info("refused", extra={"facts": facts})
    return response


def _who() -> str:
    """The signed-in account, as far as the request has got to know it: nothing is asked of the database here."""
    known = g.get("_login_user")
    return str(getattr(known, "public_id", "") or "nobody")
