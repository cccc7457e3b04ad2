"""Pages for signing in and out, one's account and organisations, people's roles, and conflicts of interest."""

from flask import Blueprint, abort, flash, g, jsonify, redirect, render_template, request, session, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.accounts import actions, contacts, giros, memberships, particulars, queries, rules, sessions
from fundapp.accounts.forms import (
    AccountForm,
    CodeForm,
    ConflictForm,
    InvitationForm,
    OrganisationForm,
    RightsForm,
    RoleEndForm,
    RoleForm,
    SignInForm,
)
from fundapp.accounts.models import (
    Account,
    Conflict,
    Invitation,
    Organisation,
    RoleGiven,
    SignInAttempt,
    SignInMethod,
)
from fundapp.boards.queries import boards_of
from fundapp.config import settings
from fundapp.db import db
from fundapp.languages import _, _d
from fundapp.permissions import Permission, has_case_rights, is_allowed
from fundapp.web.access import needs, public
from fundapp.web.fields import tidy
from fundapp.web.limits import CODE, INVITATION, MAIL, ORGANISATION, PARTICULARS, limited, reached, remember_here
from fundapp.web.once import once
from fundapp.web.onward import inside
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("accounts", __name__)
Page = str | Response | tuple[str, int]


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
@limited(MAIL)
def sign_in() -> Page:
    if current_user.is_authenticated:
        return redirect(url_for("public.start"))
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form), form.status
    attempt = actions.ask_to_sign_in(form.email.data, next_path=inside(request.args.get("next", "")))
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
        account, token = actions.use_attempt(attempt, is_shared="is_shared" in request.form)
    except StepNotPossible as fault:
        flash(str(fault.reason), "attention")
        return render_template("accounts/sign_in.html", form=SignInForm(formdata=None)), 409
    return let_in(account, token, attempt.next_path)


def let_in(account: Account, token: str, onward: str = "") -> Response:
    """Put a new session's token in the cookie, and lead on; who has no name yet is asked for it first."""
    sessions.open_door_for(token)
    onward = onward or first_page(account)
    page = redirect(onward if account.name else url_for("accounts.account", next=onward))
    return page if "is_shared" in request.form else remember_here(page, account.email)


def first_page(account: Account) -> str:
    """Where a person's work lies: the cases, an administrator's people, an applicant's own applications; of an official
    whose roles are held back, where a stronger sign-in is set up.
    """
    if account.has_roles_held_back and account.role_rows:
        return url_for("factors.show")
    if has_case_rights(account):
        return url_for("registry.start")
    return url_for("accounts.people" if is_allowed(account, Permission.GIVE_ROLES) else "applications.list")


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """Shut the door, and let the browser forget what its pages keep (save.js)."""
    is_elsewhere_too = current_user.is_authenticated and g.login_session.method is SignInMethod.OIDC
    sessions.shut_door()
    page = redirect(url_for("oidc.signed_out" if is_elsewhere_too else "public.start"))
    page.headers["Clear-Site-Data"] = '"storage"'
    return page


@blueprint.post("/session")
@needs(Permission.USE_ACCOUNT)
def stay() -> Response:
    """Stay signed in: to ask is enough. Gives for how many seconds."""
    return jsonify(ends_in=sessions.ENDS_IN)


@blueprint.route("/account", methods=["GET", "POST"])
@needs(Permission.USE_ACCOUNT)
def account() -> Page:
    """One's own name, phone and language; a new person comes here first, and goes on to `next`."""
    form, onward = AccountForm(obj=current_user), inside(request.args.get("next", ""))
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
@limited(ORGANISATION)
@once
def new_organisation() -> Page:
    """A new organisation that the person acts for; `next` leads on, to the application it is needed for."""
    form, onward = OrganisationForm(), inside(request.args.get("next", ""))
    if not form.validate_on_submit():
        return _particulars_page(None, form, onward), form.status
    organisation = form.write_to(Organisation())
    giros.use(organisation, form.accounts)
    actions.add_organisation(organisation, by=current_user)
    flash(_("%(name)s is saved.", name=organisation.name), "good")
    return redirect(onward or url_for("accounts.organisations"))


@blueprint.route("/organisations/<public_id>", methods=["GET", "POST"])
@needs(Permission.EDIT_ORGANISATION, of=queries.own_organisation)
@limited(PARTICULARS)
@once
def organisation(organisation: Organisation) -> Page:
    """Particulars that somebody else has changed meanwhile are shown beside what was typed."""
    form, onward = OrganisationForm(obj=organisation), inside(request.args.get("next", ""))
    if not form.validate_on_submit():
        return _particulars_page(organisation, form, onward), form.status
    try:
        particulars.hold(organisation, seen=form.seen.data or "")
    except particulars.ParticularsChanged:
        form.seen.data = particulars.seen_of(organisation)
        return _particulars_page(organisation, form, onward, form.differing(organisation)), 409
    reason = particulars.why_not_number(organisation, form.number, by=current_user)
    if reason is not None:
        form.refuse_number(organisation, reason)
        return _particulars_page(organisation, form, onward), 422
    before = contacts.contact_of(organisation)
    form.write_to(organisation)
    change = giros.set_accounts(organisation, form.accounts, old_email=before["email"], by=current_user)
    contacts.correct_organisation(organisation, before=before, by=current_user)
    flash(_("%(name)s is saved.", name=organisation.name), "good")
    if change is not None:
        flash(_("The new account waits until an official has approved it."), "attention")
    return redirect(onward or url_for("accounts.organisations"))


def _particulars_page(
    organisation: Organisation | None,
    form: OrganisationForm,
    onward: str,
    theirs: list[tuple[str, str]] | None = None,
) -> str:
    return render_template(
        "accounts/organisation.html",
        form=form,
        organisation=organisation,
        onward=onward,
        change=organisation and giros.waiting(organisation),
        is_held=organisation is not None and giros.is_paid_to(organisation),
        theirs=theirs,
    )


@blueprint.get("/organisations/<public_id>/people")
@needs(Permission.READ_ORGANISATION, of=queries.own_organisation)
def members(organisation: Organisation) -> Page:
    """Who acts for the organisation and with which rights, and who is invited."""
    return render_template(
        "accounts/members.html",
        organisation=organisation,
        people=queries.people_of(organisation),
        invitations=queries.open_invitations(organisation),
        now=clock.now(),
    )


@blueprint.route("/organisations/<public_id>/people/invite", methods=["GET", "POST"])
@needs(Permission.MANAGE_PEOPLE, of=queries.own_organisation)
@limited(INVITATION)
@once
def invite(organisation: Organisation) -> Page:
    form = InvitationForm()
    if not form.validate_on_submit():
        return render_template("accounts/invite.html", form=form, organisation=organisation), form.status
    try:
        memberships.invite(organisation, form.email.data, form.rights, language=form.language.data, by=current_user)
    except StepNotPossible as fault:
        form.email.errors = [str(fault.reason)]
        return render_template("accounts/invite.html", form=form, organisation=organisation), 422
    flash(_("An invitation is on its way to %(email)s.", email=form.email.data), "good")
    return redirect(url_for("accounts.members", public_id=organisation.public_id))


@blueprint.post("/organisations/<public_id>/invitations/<invitation_id>/again")
@needs(Permission.MANAGE_PEOPLE, of=queries.own_organisation)
@limited(INVITATION)
@once
def invite_again(organisation: Organisation, invitation_id: str) -> Page:
    found = queries.invitation_of(organisation, invitation_id) or abort(404)
    memberships.invite_again(found, by=current_user)
    flash(_("An invitation is on its way to %(email)s.", email=found.email), "good")
    return redirect(url_for("accounts.members", public_id=organisation.public_id))


@blueprint.post("/organisations/<public_id>/invitations/<invitation_id>/withdraw")
@needs(Permission.MANAGE_PEOPLE, of=queries.own_organisation)
def withdraw_invitation(organisation: Organisation, invitation_id: str) -> Page:
    found = queries.invitation_of(organisation, invitation_id) or abort(404)
    memberships.withdraw_invitation(found, by=current_user)
    flash(_("The invitation is withdrawn. Its link no longer works."), "good")
    return redirect(url_for("accounts.members", public_id=organisation.public_id))


@blueprint.route("/organisations/<public_id>/people/<member_id>", methods=["GET", "POST"])
@needs(Permission.MANAGE_PEOPLE, of=queries.own_organisation)
def member(organisation: Organisation, member_id: str) -> Page:
    """One person's rights, and the way to remove them."""
    found = queries.member_of(organisation, member_id) or abort(404)
    form = RightsForm(obj=found)
    if not form.validate_on_submit():
        return render_template("accounts/member.html", form=form, organisation=organisation, member=found), form.status
    memberships.change_rights(found, form.rights, by=current_user)
    flash(_("Saved."), "good")
    return redirect(url_for("accounts.members", public_id=organisation.public_id))


@blueprint.post("/organisations/<public_id>/people/<member_id>/remove")
@needs(Permission.MANAGE_PEOPLE, of=queries.own_organisation)
def remove_member(organisation: Organisation, member_id: str) -> Page:
    found = queries.member_of(organisation, member_id) or abort(404)
    name = found.account.name or found.account.email
    memberships.remove(found, by=current_user)
    flash(_("%(person)s no longer acts for %(name)s.", person=name, name=organisation.name), "good")
    is_own = found.account_id == current_user.id
    return redirect(
        url_for("accounts.organisations") if is_own else url_for("accounts.members", public_id=organisation.public_id)
    )


@blueprint.route("/organisations/<public_id>/leave", methods=["GET", "POST"])
@needs(Permission.READ_ORGANISATION, of=queries.own_organisation)
def leave(organisation: Organisation) -> Page:
    """A page that asks once more, and the leaving itself."""
    if request.method == "GET":
        return render_template("accounts/leave.html", organisation=organisation)
    memberships.leave(organisation, by=current_user)
    flash(_("You no longer act for %(name)s.", name=organisation.name), "good")
    return redirect(url_for("accounts.organisations"))


@blueprint.route("/invitation/<token>", methods=["GET", "POST"])
@public
def invitation(token: str) -> Page:
    """The page a mailed invitation leads to. Only its button accepts: mail scanners open links, but press none."""
    found = queries.invitation_by_token(token)
    if found is None:
        return render_template("accounts/invitation.html", invitation=None, reason=None), 404
    reason = memberships.why_not_accept(found)
    is_other = current_user.is_authenticated and current_user.email != found.email
    if request.method != "POST" or reason is not None or is_other:
        status = 200 if request.method != "POST" else 409
        page = render_template(
            "accounts/invitation.html", invitation=found, reason=reason, is_other=is_other, token=token
        )
        return page, status
    return _accept(found, token)


def _accept(found: Invitation, token: str) -> Page:
    account = current_user if current_user.is_authenticated else memberships.account_for(found)
    if account is None:
        return redirect(url_for("accounts.sign_in", next=url_for("accounts.invitation", token=token)))
    memberships.accept(found, by=account)
    if not current_user.is_authenticated:
        sessions.open_door_for(actions.begin_session(account, is_shared="is_shared" in request.form))
    flash(_("You now act for %(name)s.", name=found.organisation.name), "good")
    onward = url_for("accounts.organisations")
    page = redirect(onward if account.name else url_for("accounts.account", next=onward))
    return page if "is_shared" in request.form else remember_here(page, account.email)


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
    funds = queries.funds_of_the_town()
    form = RoleForm(boards_of(settings().municipality), funds, person.role_rows)
    if not form.validate_on_submit():
        return render_template("accounts/person.html", form=form, person=person, funds=dict(funds)), form.status
    actions.give_role(person, **form.chosen, by=current_user)
    name = person.name or person.email
    flash(_d("%(name)s is now %(role)s.", name=name, role=form.role_chosen.label), "good")
    return redirect(url_for("accounts.person", public_id=person.public_id))


@blueprint.route("/roles/<public_id>", methods=["GET", "POST"])
@needs(Permission.GIVE_ROLES, of=queries.role_given)
def role(given: RoleGiven) -> Page:
    """A role's last day."""
    form = RoleEndForm(given)
    if not form.validate_on_submit():
        return render_template("accounts/role.html", form=form, given=given), form.status
    actions.end_role(given, ends_on=form.ends_on.data, by=current_user)
    flash(_d("The last day is saved."), "good")
    return redirect(url_for("accounts.person", public_id=given.account.public_id))


@blueprint.post("/roles/<public_id>/take")
@needs(Permission.GIVE_ROLES, of=queries.role_given)
def take_role(given: RoleGiven) -> Page:
    person, taken = given.account, given.role
    actions.take_role(given, by=current_user)
    flash(_d("%(name)s is no longer %(role)s.", name=person.name or person.email, role=taken.label), "good")
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
