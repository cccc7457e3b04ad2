"""To the provider and back. Who comes back presses a button before anything is done, as with a mailed link: a GET
writes nothing, and nobody is signed in by being led somewhere.
"""

import hmac
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import clock, languages
from fundapp.accounts import sessions
from fundapp.accounts.models import SignInMethod
from fundapp.accounts.views import let_in
from fundapp.config import settings
from fundapp.db import roll_back
from fundapp.factors import proving
from fundapp.languages import _, _d
from fundapp.oidc import actions, queries, rules
from fundapp.oidc.actions import Unknown
from fundapp.oidc.rules import NotBelieved, ProviderDown, Said, TooWeak
from fundapp.permissions import Permission
from fundapp.web.access import needs, public
from fundapp.web.limits import RETURN, limited
from fundapp.web.onward import inside
from fundapp.workflow import NotAllowed, StepNotPossible

blueprint = Blueprint("oidc", __name__)
Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]
ENTER, CONNECT, PROVE = "enter", "connect", "prove"
RETRY_AFTER = 15  # seconds
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """A way to the provider that this browser has set out on, as its signed cookie keeps it."""

    state: str
    purpose: str
    at: datetime  # UTC
    onward: str
    language: str


@blueprint.app_context_processor
def _for_pages() -> dict[str, Any]:
    """The provider's name where one is set up, and whom the signed-in person is there."""
    return {
        "oidc_name": settings().oidc_name if queries.is_set_up() else None,
        "own_identity": lambda: queries.identity_of(current_user),
    }


def provider() -> Any:
    """What speaks with the provider."""
    from fundapp.oidc import provider as found  # noqa: PLC0415  dear to import, and few requests need it

    return found


@blueprint.get("/oidc/start")
@public
def start() -> Page:
    """To the provider, in order to sign in."""
    onward = inside(request.args.get("next", ""))
    if not queries.is_set_up():
        return redirect(url_for("accounts.sign_in"))
    return _set_out(ENTER, onward)


@blueprint.get("/oidc/connect")
@needs(Permission.USE_ACCOUNT)
def connect() -> Page:
    """To the provider, in order to connect the account. Whoever does so has just shown who they are, and does so anew
    there: else somebody else's sign-in that happens to be open in the browser could be connected.
    """
    if not queries.is_set_up():
        return redirect(url_for("factors.show"))
    return proving.first() or _set_out(CONNECT, url_for("factors.show"))


@blueprint.get("/oidc/step-up")
@needs(Permission.USE_ACCOUNT)
def step_up() -> Page:
    """To the provider, in order to show anew who one is."""
    if not queries.is_set_up():
        return redirect(url_for("factors.show"))
    return _set_out(PROVE, inside(request.args.get("next", "")))


def _set_out(purpose: str, onward: str) -> Page:
    state = rules.new_state()
    try:
        there = provider().way_there(state, is_anew=purpose != ENTER)
    except (ProviderDown, NotBelieved) as fault:
        return _gone(fault)
    session["oidc"] = [state, purpose, int(clock.now().timestamp()), onward, languages.current().code]
    return redirect(there)


def _started() -> Start | None:
    """The way that this browser is on, where it is the one that the return belongs to, and not too long ago."""
    try:
        state, purpose, at, onward, language = session["oidc"]
        found = Start(state, purpose, datetime.fromtimestamp(at, UTC), onward, language)
    except (KeyError, TypeError, ValueError):
        return None
    is_same = hmac.compare_digest(found.state.encode(), request.args.get("state", "").encode())
    is_in_time = clock.now() - rules.START_LASTS <= found.at <= clock.now()
    is_somebody = found.purpose == ENTER or current_user.is_authenticated
    return found if is_same and is_in_time and is_somebody else None


@blueprint.route("/oidc/return", methods=["GET", "POST"])
@public
@limited(RETURN)
def come_back() -> Page:
    """What the provider leads back to: a page with a button, which brings the code."""
    begun = _started() if queries.is_set_up() else None
    if begun is None:
        return _begin_again("the return belongs to no start of this browser")
    languages.set_current(begun.language)
    try:
        if not provider().is_ours(request.args.get("iss")):
            return _begin_again("the return is another issuer's")
    except (ProviderDown, NotBelieved) as fault:
        return _gone(fault)
    if "error" in request.args:
        return _not_let_in()
    if request.method == "GET":
        back = {name: request.args[name] for name in ("state", "iss") if name in request.args}
        code = request.args.get("code", "")
        return render_template("oidc/come_back.html", purpose=begun.purpose, code=code, back=back)
    return _finish(begun, request.form.get("code", "")[:4000])


def _finish(begun: Start, code: str) -> Page:
    session.pop("oidc", None)
    roll_back()  # nobody waits for the database while we wait for the provider
    try:
        said = provider().exchange(code, begun.state)
        actions.use_return(begun.state)
    except ProviderDown as fault:
        return _gone(fault)
    except NotBelieved as fault:
        return _begin_again(str(fault))
    except TooWeak:
        return _too_weak()
    try:
        return {ENTER: _enter, CONNECT: _connect, PROVE: _prove}[begun.purpose](begun, said)
    except Unknown:
        return _told(_d("We do not know you yet"), _unknown_words(), 403, is_unknown=True)
    except StepNotPossible as fault:
        return _told(_("This is not possible now"), str(fault.reason), 409)
    except NotAllowed as fault:
        return _told(_("You may not do this"), str(fault.reason), 403)


def _enter(begun: Start, said: Said) -> Page:
    account, token = actions.enter(said, is_shared="is_shared" in request.form)
    sessions.shut_door()  # of whoever was signed in here before
    return let_in(account, token, begun.onward)


def _connect(begun: Start, said: Said) -> Page:
    if not _is_anew(begun, said):
        return _begin_again("the provider did not ask anew")
    sessions.change_lock(actions.connect(current_user, said, by=current_user, here=g.login_session))
    flash(_d("Connected. From now on you can sign in with %(name)s.", name=settings().oidc_name), "good")
    return redirect(begun.onward)


def _prove(begun: Start, said: Said) -> Page:
    if not _is_anew(begun, said):
        return _begin_again("the provider did not ask anew")
    sessions.change_lock(actions.prove(current_user, said, here=g.login_session))
    if begun.onward:
        return redirect(begun.onward)
    words = _d("Close this page, go back to the one you came from, and send again.")
    return _told(_d("You have shown that it is you"), words, 200)


def _is_anew(begun: Start, said: Said) -> bool:
    return rules.is_fresh(said, since=begun.at, now=clock.now())


@blueprint.post("/account/oidc/disconnect")
@needs(Permission.USE_ACCOUNT)
def disconnect() -> Page:
    """Take account and identity apart. Who came in by it is signed out."""
    proving.first()
    identity, here = queries.identity_of(current_user), g.login_session
    if identity is None:
        return redirect(url_for("factors.show"))
    actions.disconnect(identity, by=current_user, here=here)
    flash(_d("Disconnected."), "good")
    if here.method is not SignInMethod.OIDC:
        return redirect(url_for("factors.show"))
    sessions.shut_door()
    return redirect(url_for("accounts.sign_in"))


@blueprint.get("/oidc/signed-out")
@public
def signed_out() -> Page:
    """After signing out here: at the provider one is still signed in, and signs out there by a link."""
    out = None
    if queries.is_set_up():
        try:
            out = provider().way_out()
        except (ProviderDown, NotBelieved) as fault:
            log.warning("oidc: %s", fault)
    return render_template("oidc/signed_out.html", out=out)


def _unknown_words() -> str:
    return _d(
        "%(name)s has told us who you are, but no account here is connected with it. "
        "Sign in by mail first, and connect your account on the page about how you sign in.",
        name=settings().oidc_name,
    )


def _begin_again(why: str) -> Page:
    """The page for what cannot be believed; why is for the log alone."""
    log.warning("oidc: %s", why)
    words = _d("It was begun in another browser or too long ago, or it has been used already. Begin again.")
    return _told(_d("The sign-in could not be finished"), words, 400)


def _not_let_in() -> Page:
    session.pop("oidc", None)
    words = _d("You broke it off, or your account there may not be used here. Begin again, or sign in by mail.")
    return _told(_d("%(name)s did not let you in", name=settings().oidc_name), words, 403)


def _too_weak() -> Page:
    log.warning("oidc: the sign-in was weaker than is asked for")
    words = _d("Begin again, and choose a stronger way there: an e-ID, or your organisation's second step.")
    return _told(_d("This sign-in needs a stronger proof of who you are"), words, 403)


def _gone(fault: Exception) -> Page:
    log.error("oidc: the provider cannot be used: %s", fault)
    current_app.extensions["fundapp.tally"].count("fundapp_oidc_down", "Sign-ins that found no provider.", {})
    words = _d("Wait a minute and begin again, or sign in by mail.")
    page, status = _told(_d("%(name)s does not answer", name=settings().oidc_name), words, 503)
    return page, status, {"Retry-After": str(RETRY_AFTER)}


def _told(heading: str, words: str, status: int, *, is_unknown: bool = False) -> tuple[str, int]:
    return render_template("oidc/told.html", heading=heading, words=words, is_unknown=is_unknown), status
