"""Pages for signing in and out."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from fundapp.accounts import actions, rules, sessions
from fundapp.accounts.forms import CodeForm, SignInForm
from fundapp.accounts.models import SignInAttempt
from fundapp.db import db
from fundapp.languages import _
from fundapp.web.access import public
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("accounts", __name__)
Page = str | Response | tuple[str, int]


def _inside(path: str) -> str:
    """`path` if it lies within this site, else nothing: a sign-in must not lead elsewhere."""
    parts = urlsplit(path)
    is_inside = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return path if is_inside and "\\" not in path and len(path) <= 500 else ""


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Page:
    if current_user.is_authenticated:
        return redirect(url_for("public.start"))
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form), form.status
    attempt = actions.ask_to_sign_in(form.email.data, next_path=_inside(request.args.get("next", "")))
    session["attempt"] = attempt.public_id
    session["email"] = attempt.email
    return redirect(url_for("accounts.enter_code"))


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
def enter_code() -> Page:
    public_id = session.get("attempt")
    if public_id is None:
        return redirect(url_for("accounts.sign_in"))
    form = CodeForm()
    if not form.validate_on_submit():
        return render_template("accounts/code.html", form=form, email=session.get("email", "")), form.status
    has_tries = actions.count_try(public_id)
    attempt = db.session.scalar(select(SignInAttempt).where(SignInAttempt.public_id == public_id))
    code = "".join(str(int(c)) for c in form.code.data if c.isdecimal())
    if attempt is not None and has_tries and rules.is_same(code, attempt.code_hash):
        return _enter(attempt)
    form.code.errors = [
        _("That is not the code in the mail. Look again and write it once more.")
        if has_tries
        else _("The code has been tried too many times. Ask for a new one.")
    ]
    return render_template("accounts/code.html", form=form, email=session.get("email", "")), 422


@blueprint.route("/sign-in/link/<token>", methods=["GET", "POST"])
@public
def open_link(token: str) -> Page:
    """The page a mailed link opens. Only its button signs in: mail scanners open links, but press no buttons."""
    attempt = db.session.scalar(select(SignInAttempt).where(SignInAttempt.token_hash == rules.hashed(token)))
    if attempt is None:
        abort(404)
    if request.method == "GET":
        return render_template("accounts/link.html", token=token)
    return _enter(attempt)


def _enter(attempt: SignInAttempt) -> Response | tuple[str, int]:
    try:
        account, token = actions.use_attempt(attempt)
    except StepNotPossible as fault:
        flash(str(fault.reason), "attention")
        return render_template("accounts/sign_in.html", form=SignInForm(formdata=None)), 409
    sessions.open_door_for(token)
    if attempt.next_path:
        return redirect(attempt.next_path)
    return redirect(url_for("registry.start" if account.roles else "applications.list"))


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    sessions.shut_door()
    return redirect(url_for("public.start"))
