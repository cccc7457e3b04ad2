"""Show that it is you: what is asked for, how it is looked at, and how what was typed comes through it."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select, update
from werkzeug.wrappers import Response

from fundapp.accounts import sessions
from fundapp.accounts.actions import ask_to_sign_in, spend_attempt
from fundapp.accounts.models import SignInAttempt, SignInMethod
from fundapp.accounts.rules import MOST_TRIES, is_same
from fundapp.accounts.views import first_page
from fundapp.config import settings
from fundapp.db import db, roll_back
from fundapp.factors import actions, devices, queries
from fundapp.factors.devices import NotShown
from fundapp.factors.forms import MailedCodeForm, PasskeyForm, ProofForm
from fundapp.languages import _, _n
from fundapp.web import proof
from fundapp.web.access import keep_anyway
from fundapp.web.limits import reached
from fundapp.web.onward import inside
from fundapp.web.proof import ProofNeeded
from fundapp.web.typed import Typed, readable, typed
from fundapp.workflow import StepNotPossible

_KEPT_FOR = 12 * 3600
_MOST_KEPT = 1_000_000  # characters, of what was typed


@dataclass
class Asked:
    """What the page shows: `kept` is what waits, signed; the forms hold the faults."""

    kept: str = ""
    onward: str = ""
    lost: Typed | None = None
    form: Any = None
    is_mailed: bool = False
    wait: str | None = None


def first() -> Response | None:
    """Before one's own sign-in is changed: a fresh proof, and not by mail alone where more is asked for. A page that
    is only opened leads to the proof and back. Errors: ProofNeeded, where something was sent.
    """
    ways = queries.ways_of(current_user, g.login_session)
    if proof.is_fresh() and (g.login_session.method.is_strong or SignInMethod.MAIL in ways):
        return None
    if request.method == "POST":
        raise ProofNeeded
    return redirect(url_for("factors.prove", next=request.full_path.rstrip("?")))


def ask_for_proof(_fault: ProofNeeded) -> Response:
    """The page for 403, which keeps what was typed."""
    roll_back()
    sent = typed()
    asked = Asked(onward=inside(sent.page or ""))
    if sent.again is not None and sum(len(value) for _name, value in sent.fields) <= _MOST_KEPT:
        asked.kept = _signed().dumps([current_user.public_id, sent.again, sent.fields])
    else:
        asked.lost = sent
    return make_response(_draw(asked), 403)


def page() -> Any:
    """The page by itself; whose roles are held back, and who has nothing to show for them, sets something up first."""
    if current_user.has_roles_held_back and queries.ways_of(current_user, g.login_session) == [SignInMethod.MAIL]:
        return redirect(url_for("factors.show"))
    return _draw(Asked(onward=inside(request.args.get("next", ""))))


def look_at_proof() -> Any:
    """A proof was sent: right, it leads on; else the page stands again with what was kept."""
    asked = Asked(kept=request.form.get("_kept", ""), onward=inside(request.args.get("next", "")))
    way = request.form.get("way", "")
    if way not in {each.name for each in queries.ways_of(current_user, g.login_session)}:
        return _draw(asked), 422
    if refusal := reached():
        asked.wait = _n("%(n)s minute", "%(n)s minutes", -(-refusal.seconds // 60))
        return _draw(asked), 429, {"Retry-After": str(refusal.seconds)}
    if way == SignInMethod.MAIL.name and request.form.get("step") == "ask":
        session["attempt"] = ask_to_sign_in(current_user.email, next_path=asked.onward).public_id
        asked.is_mailed = True
        return _draw(asked)
    is_shown = {"PASSKEY": _is_passkey, "PASSWORD": _is_password, "MAIL": _is_mailed_code}.get(way)
    if is_shown is None or not is_shown(asked):  # the provider's is shown there
        return _draw(asked), 422
    sessions.change_lock(actions.renew_session(g.login_session, method=SignInMethod[way]))
    return _go_on(asked)


def _go_on(asked: Asked) -> Any:
    waiting = _unsigned(asked.kept)
    if waiting is None:
        return redirect(asked.onward or first_page(current_user))
    again, fields = waiting
    return render_template("factors/proved.html", again=again, fields=fields, words=readable(fields)[0])


def _is_passkey(asked: Asked) -> bool:
    asked.form = form = PasskeyForm()
    if form.validate():
        try:
            if devices.read_shown(form.credential.data).id == current_user.id:
                return True
        except NotShown:
            pass
        form.credential.errors = [_("It did not work. Try again, or choose another way.")]
    return False


def _is_password(asked: Asked) -> bool:
    asked.form = form = ProofForm()
    if form.validate():
        if actions.prove_by_password(current_user, form.password.data, form.code.data):
            return True
        form.code.errors = [_("These do not go together. Look at both, and write a new code from the app.")]
    return False


def _is_mailed_code(asked: Asked) -> bool:
    """Each try is counted before it is compared, and stays counted when the answer is 422."""
    asked.form, asked.is_mailed = (form := MailedCodeForm()), True
    if not form.validate():
        return False
    wanted = SignInAttempt.public_id == session.get("attempt", ""), SignInAttempt.email == current_user.email
    counted = update(SignInAttempt).where(*wanted, SignInAttempt.tries < MOST_TRIES)
    keep_anyway()
    found = db.session.execute(
        counted.values(tries=SignInAttempt.tries + 1).execution_options(synchronize_session=False)
    )
    if found.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult
        asked.is_mailed = False
        form.mailed.errors = [_("The code has been tried too many times. Ask for a new one.")]
        return False
    attempt = db.session.scalars(select(SignInAttempt).where(*wanted)).one()
    try:
        if is_same(form.mailed.data, attempt.code_hash):
            spend_attempt(attempt)
            return True
    except StepNotPossible as fault:
        form.mailed.errors = [str(fault.reason)]
        return False
    form.mailed.errors = [_("That is not the code in the mail. Look again and write it once more.")]
    return False


def _draw(asked: Asked) -> str:
    ways = [each.name for each in queries.ways_of(current_user, g.login_session)]
    return render_template(
        "factors/prove.html",
        ways=ways,
        form=asked.form,
        password_form=asked.form if isinstance(asked.form, ProofForm) else ProofForm(formdata=None),
        mail_form=asked.form if isinstance(asked.form, MailedCodeForm) else MailedCodeForm(formdata=None),
        kept=asked.kept,
        lost=asked.lost,
        onward=asked.onward,
        is_mailed=asked.is_mailed,
        wait=asked.wait,
        lasts=_n("%(n)s minute", "%(n)s minutes", settings().step_up_minutes),
        oidc_name=settings().oidc_name,
        waiting=_unsigned(asked.kept),
    )


def _unsigned(kept: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Where to and what to send again, as we signed it for this very account; None where there is nothing of it."""
    try:
        owner, again, fields = _signed().loads(kept, max_age=_KEPT_FOR)
    except (BadData, ValueError, TypeError):
        return None
    return (again, tuple((name, value) for name, value in fields)) if owner == current_user.public_id else None


def _signed() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="fundapp kept until proved")
