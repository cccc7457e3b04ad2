"""Pages for signing in with a password or a passkey, for what one signs in with, and for showing who one is."""

from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.accounts import queries as accounts
from fundapp.accounts.actions import begin_session
from fundapp.accounts.models import Account, SignInMethod
from fundapp.accounts.views import let_in
from fundapp.config import settings
from fundapp.factors import actions, devices, drawing, proving, queries
from fundapp.factors.devices import NotShown
from fundapp.factors.forms import NewPasskeyForm, PasskeyForm, PasswordAndAppForm, PasswordForm, PasswordSignInForm
from fundapp.factors.models import Passkey
from fundapp.goals.rules import municipality_named
from fundapp.languages import _, _d
from fundapp.permissions import Permission
from fundapp.web.access import needs, public
from fundapp.web.limits import PASSKEY, PASSWORD, PROOF, limited
from fundapp.web.onward import inside
from fundapp.web.proof import ProofNeeded
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("factors", __name__)
blueprint.app_errorhandler(ProofNeeded)(proving.ask_for_proof)
_BOTH = ["GET", "POST"]


@blueprint.route("/sign-in/password", methods=_BOTH)
@public
@limited(PASSWORD)
def by_password() -> Any:
    """One refusal for all that can be wrong, and the same work for an address that nobody has."""
    if current_user.is_authenticated:
        return redirect(url_for("public.start"))
    form, onward = PasswordSignInForm(), inside(request.args.get("next", ""))
    if not form.validate_on_submit():
        return render_template("factors/by_password.html", form=form, onward=onward), form.status
    account = actions.enter_by_password(form.email.data, form.password.data, form.code.data)
    if account is None:
        form.code.errors = [_("These do not go together. Look at all three, and write a new code from the app.")]
        return render_template("factors/by_password.html", form=form, onward=onward), 422
    return _enter(account, SignInMethod.PASSWORD, onward)


@blueprint.route("/sign-in/passkey", methods=_BOTH)
@public
@limited(PASSKEY)
def by_passkey() -> Any:
    if current_user.is_authenticated:
        return redirect(url_for("public.start"))
    form, onward = PasskeyForm(), inside(request.args.get("next", ""))
    if form.validate_on_submit():
        try:
            return _enter(devices.read_shown(form.credential.data), SignInMethod.PASSKEY, onward)
        except NotShown:
            form.credential.errors = [_("It did not work. Try again, or choose another way.")]
    return render_template("factors/by_passkey.html", form=form, onward=onward), form.status


def _enter(account: Account, method: SignInMethod, onward: str) -> Response:
    token = begin_session(account, is_shared="is_shared" in request.form, method=method)
    return let_in(account, token, onward)


@blueprint.post("/sign-in/passkey/challenge")
@public
@limited(PASSKEY)
def challenge() -> Response:
    """What a device is to sign, for the script of the page that asks for a passkey."""
    return jsonify(devices.options_to_show())


@blueprint.get("/account/sign-in")
@needs(Permission.USE_ACCOUNT)
def show() -> str:
    """What one signs in with, and where one is signed in."""
    found = queries.factors_of(current_user)
    return render_template(
        "factors/show.html",
        password=found.password,
        codes_left=found.codes_left,
        passkeys=found.passkeys,
        sessions=queries.open_sessions(current_user),
        own_session_id=g.login_session.id,
    )


@blueprint.route("/account/sign-in/password", methods=_BOTH)
@needs(Permission.USE_ACCOUNT)
def set_password() -> Any:
    """The first password, together with an app for codes; later another password with the same app."""
    if away := proving.first():
        return away
    words = (current_user.email, current_user.name, municipality_named(settings().municipality).name, "fundapp")
    is_first = queries.factors_of(current_user).password is None
    form = PasswordAndAppForm(words) if is_first else PasswordForm(words)
    if not form.validate_on_submit():
        picture = drawing.qr_code(form.key, current_user.email) if isinstance(form, PasswordAndAppForm) else None
        key = drawing.in_groups(form.key) if isinstance(form, PasswordAndAppForm) else ""
        return render_template("factors/set_password.html", form=form, picture=picture, key=key), form.status
    here = g.login_session
    if isinstance(form, PasswordAndAppForm):
        assert form.step is not None  # noqa: S101  the form was accepted with its code
        codes = actions.set_password(
            current_user, form.password.data, key=form.key, step=form.step, by=current_user, here=here
        )
        return render_template("factors/recovery_codes.html", codes=codes)
    actions.change_password(current_user, form.password.data, by=current_user, here=here)
    flash(_("Saved."), "good")
    return redirect(url_for("factors.show"))


@blueprint.post("/account/sign-in/password/remove")
@needs(Permission.USE_ACCOUNT)
def remove_password() -> Any:
    proving.first()
    actions.remove_password(current_user, by=current_user, here=g.login_session)
    flash(_("Saved."), "good")
    return redirect(url_for("factors.show"))


@blueprint.post("/account/sign-in/recovery-codes")
@needs(Permission.USE_ACCOUNT)
def new_recovery_codes() -> Any:
    """Ten new codes, shown in the answer alone."""
    proving.first()
    return render_template(
        "factors/recovery_codes.html", codes=actions.new_recovery_codes(current_user, by=current_user)
    )


@blueprint.route("/account/sign-in/passkey", methods=_BOTH)
@needs(Permission.USE_ACCOUNT)
def add_passkey() -> Any:
    if away := proving.first():
        return away
    form = NewPasskeyForm()
    if form.validate_on_submit():
        try:
            made = devices.read_new(form.credential.data, of=current_user)
            actions.add_passkey(current_user, name=form.name.data, by=current_user, **made)
        except NotShown:
            form.credential.errors = [_("It did not work. Try again, or choose another way.")]
        except StepNotPossible as fault:
            form.credential.errors = [str(fault.reason)]
        else:
            flash(_("Saved."), "good")
            return redirect(url_for("factors.show"))
    return render_template("factors/add_passkey.html", form=form), form.status


@blueprint.post("/account/sign-in/passkey/challenge")
@needs(Permission.USE_ACCOUNT)
@limited(PASSKEY)
def new_passkey_challenge() -> Response:
    proving.first()
    return jsonify(devices.options_to_make(current_user))


@blueprint.post("/account/sign-in/passkeys/<public_id>/remove")
@needs(Permission.USE_ACCOUNT, of=queries.own_passkey)
def remove_passkey(passkey: Passkey) -> Response:
    proving.first()
    actions.remove_passkey(passkey, by=current_user, here=g.login_session)
    flash(_("Saved."), "good")
    return redirect(url_for("factors.show"))


@blueprint.post("/account/sign-in/sessions/end")
@needs(Permission.USE_ACCOUNT)
def end_other_sessions() -> Response:
    actions.end_other_sessions(current_user, by=current_user, here=g.login_session)
    flash(_("You are signed out everywhere else."), "good")
    return redirect(url_for("factors.show"))


@blueprint.post("/people/<public_id>/clear-sign-in")
@needs(Permission.GIVE_ROLES, of=accounts.account_by_public_id)
def clear(person: Account) -> Response:
    """For somebody who has lost phone and codes: an administrator, who is not the person, takes all factors away."""
    actions.clear_factors(person, by=current_user)
    name = person.name or person.email
    flash(_d("%(name)s signs in by mail, and sets up a new sign-in.", name=name), "good")
    return redirect(url_for("accounts.person", public_id=person.public_id))


@blueprint.route("/account/prove", methods=_BOTH)
@needs(Permission.USE_ACCOUNT)
@limited(PROOF)
def prove() -> Any:
    """Show who one is; then what waited for it is one press away, or the page `next` opens."""
    return proving.look_at_proof() if request.method == "POST" else proving.page()
