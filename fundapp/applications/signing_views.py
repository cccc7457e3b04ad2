"""Pages for joint signing: the applicant asks the signatories, and each confirms by an own link, without an account."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.applications import answers as reading
from fundapp.applications import queries, rules, signing
from fundapp.applications.forms import SigningForm
from fundapp.applications.models import Application, Signature
from fundapp.languages import _, _n
from fundapp.permissions import Permission
from fundapp.web.access import needs, public
from fundapp.web.limits import INVITATION, limited
from fundapp.web.once import once
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("signing", __name__)
Page = str | Response | tuple[str, int]


_MOST_MAILS = 10  # an organisation has no more signatories (accounts/forms.py)


def _mails() -> int:
    """How many mails one press asks for: one to each address that is typed, however many more fields are made up."""
    typed = sum(name.startswith("email_") and bool(text.strip()) for name, text in request.form.items())
    return min(typed, _MOST_MAILS)


@blueprint.route("/applications/<public_id>/signatures", methods=["GET", "POST"])
@needs(Permission.EDIT_APPLICATION, of=queries.own)
@limited(INVITATION, times=_mails)
@once
def ask(application: Application) -> Page:
    """Who has confirmed, and an address for each who has not; the button mails each an own link."""
    if not signing.is_needed(application):
        return redirect(url_for("applications.show", public_id=application.public_id))
    signers = signing.signers(application)
    missing = rules.missing_parts(reading.states(application))
    form = SigningForm.for_signers(signers)
    if missing or not form.validate_on_submit():
        status = 409 if missing and request.method == "POST" else form.status
        page = render_template(
            "applications/sign.html", application=application, form=form, signers=signers, missing=missing
        )
        return page, status
    count = signing.ask(application, form.addresses, by=current_user)
    flash(_n("%(n)s mail with a link is sent.", "%(n)s mails with a link each are sent.", count), "good")
    return redirect(url_for("applications.check", public_id=application.public_id))


@blueprint.route("/sign/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> Response:
    """The application as it will be sent, for the signatory who holds the link. Only the button confirms."""
    found = signing.by_token(token)
    if found is None:
        return _no_store(render_template("applications/confirm.html", signature=None, reason=None), 404)
    if request.method != "POST":
        return _no_store(_confirm_page(found, token, signing.why_not_confirm(found)), 200)
    try:
        signing.confirm(found, request.form.get("seen", ""))
    except StepNotPossible as fault:
        reason = signing.why_not_confirm(found)
        return _no_store(_confirm_page(found, token, reason, told=None if reason else fault.reason), 409)
    flash(_("You have confirmed the application."), "good")
    return _no_store(redirect(url_for("signing.confirm", token=token)))


def _confirm_page(found: Signature, token: str, reason: Any, *, told: Any = None) -> str:
    application = found.application
    return render_template(
        "applications/confirm.html",
        signature=found,
        application=application,
        reason=reason,
        told=told,
        token=token,
        seen=signing.content_hash(application),
        sections=[] if reason else reading.all_sections(application),
    )


def _no_store(page: Any, status: int | None = None) -> Response:
    """A link is a secret: no browser keeps its page. Its address is told to pages of ours alone, as on every page; told
    to nobody at all, a browser would send the form without what shows over https that it comes from here.
    """
    answer = make_response(page, status) if status is not None else make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer
