"""Pages for signing in and out, one's account and organisations, people's roles, and conflicts of interest."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from fundapp.accounts import actions, queries, rules, sessions
from fundapp.accounts.forms import AccountForm, CodeForm, ConflictForm, OrganisationForm, RoleForm, SignInForm
from fundapp.accounts.models import Account, Conflict, Organisation, SignInAttempt
from fundapp.boards.queries import boards_of
from fundapp.config import settings
from fundapp.db import db
from fundapp.languages import _, _d
from fundapp.permissions import Permission, Role, has_case_rights, is_allowed
from fundapp.web.access import needs, public
from fundapp.web.fields import tidy
from fundapp.web.limits import CODE, MAIL, limited, reached, remember_here
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
@limited(MAIL)
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
@limited(CODE)
def enter_code() -> Page:
    """The code of the mail. Over the limit a right code still opens at its first try; nothing else is tried then."""
    public_id = session.get("attempt")
    if public_id is None:
        return redirect(url_for("accounts.sign_in"))
    form = CodeForm()
    if not form.validate_on_submit():
        return render_template("accounts/code.html", form=form, email=session.get("email", "")), form.status
    refusal = reached()
    has_tries = actions.count_try(public_id, most=1 if refusal else rules.MOST_TRIES)
    attempt = db.session.scalar(select(SignInAttempt).where(SignInAttempt.public_id == public_id))
    code = "".join(str(int(c)) for c in form.code.data if c.isdecimal())
    if attempt is not None and has_tries and rules.is_same(code, attempt.code_hash):
        return _enter(attempt)
    if refusal:
        raise refusal
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
    if request.method != "POST":
        return render_template("accounts/link.html", token=token)
    return _enter(attempt)


def _enter(attempt: SignInAttempt) -> Response | tuple[str, int]:
    try:
        account, token = actions.use_attempt(attempt)
    except StepNotPossible as fault:
        flash(str(fault.reason), "attention")
        return render_template("accounts/sign_in.html", form=SignInForm(formdata=None)), 409
    sessions.open_door_for(token)
    onward = attempt.next_path or _first_page(account)
    page = redirect(onward if account.name else url_for("accounts.account", next=onward))
    return remember_here(page, account.email)


def _first_page(account: Account) -> str:
    """Where a person's work lies: the cases, an administrator's people, an applicant's own applications."""
    if has_case_rights(account):
        return url_for("registry.start")
    return url_for("accounts.people" if is_allowed(account, Permission.GIVE_ROLES) else "applications.list")


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    sessions.shut_door()
    return redirect(url_for("public.start"))


@blueprint.route("/account", methods=["GET", "POST"])
@needs(Permission.USE_ACCOUNT)
def account() -> Page:
    """One's own name, phone and language; a new person comes here first, and goes on to `next`."""
    form, onward = AccountForm(obj=current_user), _inside(request.args.get("next", ""))
    if not form.validate_on_submit():
        is_official = is_allowed(current_user, Permission.DECLARE_CONFLICT)
        return render_template("accounts/account.html", form=form, onward=onward, is_official=is_official), form.status
    actions.correct_account(
        current_user, name=form.name.data, phone=form.phone.data or "", language=form.language.data, by=current_user
    )
    flash(_("Your account is saved."), "good")
    return redirect(onward or url_for("accounts.account"))


@blueprint.get("/organisations")
@needs(Permission.USE_ACCOUNT)
def organisations() -> Page:
    return render_template("accounts/organisations.html", organisations=queries.own_organisations(current_user))


@blueprint.route("/organisations/new", methods=["GET", "POST"])
@needs(Permission.USE_ACCOUNT)
def new_organisation() -> Page:
    """A new organisation that the person acts for; `next` leads on, to the application it is needed for."""
    form, onward = OrganisationForm(), _inside(request.args.get("next", ""))
    if not form.validate_on_submit():
        return render_template("accounts/organisation.html", form=form, organisation=None, onward=onward), form.status
    organisation = actions.add_organisation(form.write_to(Organisation()), by=current_user)
    flash(_("%(name)s is saved.", name=organisation.name), "good")
    return redirect(onward or url_for("accounts.organisations"))


@blueprint.route("/organisations/<public_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_ORGANISATION, of=queries.own_organisation)
def organisation(organisation: Organisation) -> Page:
    form, onward = OrganisationForm(obj=organisation), _inside(request.args.get("next", ""))
    if not form.validate_on_submit():
        page = render_template("accounts/organisation.html", form=form, organisation=organisation, onward=onward)
        return page, form.status
    form.write_to(organisation)
    actions.correct_organisation(organisation, by=current_user)
    flash(_("%(name)s is saved.", name=organisation.name), "good")
    return redirect(onward or url_for("accounts.organisations"))


@blueprint.get("/people")
@needs(Permission.GIVE_ROLES)
def people() -> Page:
    """Who has which role; with `q`, everybody whose name or address holds it."""
    asked = tidy(request.args.get("q", ""))[:200]
    found = queries.people_named(asked) if asked else queries.people_with_roles()
    return render_template("accounts/people.html", people=found, asked=asked)


@blueprint.route("/people/<public_id>", methods=["GET", "POST"])
@needs(Permission.GIVE_ROLES, of=queries.account_by_public_id)
def person(person: Account) -> Page:
    """One person's roles; the form gives one more."""
    form = RoleForm(boards_of(settings().municipality), person.roles)
    if not form.validate_on_submit():
        return render_template("accounts/person.html", form=form, person=person), form.status
    role, board = form.chosen
    actions.give_role(person, role, board=board, by=current_user)
    flash(_d("%(name)s is now %(role)s.", name=person.name or person.email, role=role.label), "good")
    return redirect(url_for("accounts.person", public_id=person.public_id))


@blueprint.post("/people/<public_id>/roles/<role>/take")
@needs(Permission.GIVE_ROLES, of=queries.account_by_public_id)
def take_role(person: Account, role: str) -> Page:
    if role not in Role.__members__ or Role[role] not in person.roles:
        abort(404)
    actions.take_role(person, Role[role], by=current_user)
    flash(_d("%(name)s is no longer %(role)s.", name=person.name or person.email, role=Role[role].label), "good")
    return redirect(url_for("accounts.person", public_id=person.public_id))


@blueprint.route("/conflicts", methods=["GET", "POST"])
@needs(Permission.DECLARE_CONFLICT)
def conflicts() -> Page:
    """One's own declared conflicts of interest; the form declares one more, which works at once."""
    form = ConflictForm(queries.applying_organisations(current_user))
    if not form.validate_on_submit():
        own = queries.own_conflicts(current_user)
        return render_template("accounts/conflicts.html", form=form, conflicts=own), form.status
    actions.declare_conflict(organisation=form.chosen, reason=form.reason.data, by=current_user)
    flash(_d("From now on you neither see nor touch the cases of %(name)s.", name=form.chosen.name), "good")
    return redirect(url_for("accounts.conflicts"))


@blueprint.post("/conflicts/<public_id>/end")
@needs(Permission.DECLARE_CONFLICT, of=queries.own_conflict)
def end_conflict(conflict: Conflict) -> Page:
    actions.end_conflict(conflict, by=current_user)
    flash(_d("The conflict of interest has ended. You can see the cases again."), "good")
    return redirect(url_for("accounts.conflicts"))
