"""Changes of account numbers: what waits for an official, and the answer; the organisation may take its own back."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from fundapp.accounts import giros as asked
from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.models import Organisation
from fundapp.accounts.queries import own_organisation
from fundapp.db import db
from fundapp.languages import _, _d
from fundapp.permissions import Permission, is_allowed
from fundapp.projects import giros
from fundapp.projects.giro_forms import ApproveAccountForm, RefuseAccountForm
from fundapp.web.access import needs

blueprint = Blueprint("giros", __name__)
Page = str | Response | tuple[str, int]


def change_of(public_id: str) -> GiroChange | None:
    """The change, where the person is an official and may answer for that organisation."""
    if not is_allowed(current_user, Permission.APPROVE_GIRO):
        return None
    known = select(GiroChange).join(GiroChange.organisation).where(GiroChange.public_id == public_id)
    return db.session.scalar(known.where(giros.open_to(current_user)))


@blueprint.get("/account-changes", endpoint="list")
@needs(Permission.APPROVE_GIRO)
def list_changes() -> str:
    rows = select(GiroChange).join(GiroChange.organisation).where(GiroChange.decided_at.is_(None))
    found = db.session.scalars(rows.where(giros.open_to(current_user)).order_by(GiroChange.id)).all()
    return render_template("giros/list.html", changes=found)


@blueprint.get("/account-changes/<public_id>")
@needs(Permission.APPROVE_GIRO, of=change_of)
def show(change: GiroChange) -> str:
    return _page(change, ApproveAccountForm(formdata=None), RefuseAccountForm(formdata=None))


def _page(change: GiroChange, approval: ApproveAccountForm, refusal: RefuseAccountForm) -> str:
    return render_template(
        "giros/show.html",
        change=change,
        known=asked.known_before(change),
        why_not=giros.why_not_approved(change, by=current_user) if change.decided_at is None else None,
        approval=approval,
        refusal=refusal,
    )


@blueprint.post("/account-changes/<public_id>/approve")
@needs(Permission.APPROVE_GIRO, of=change_of)
def approve(change: GiroChange) -> Page:
    form = ApproveAccountForm()
    if not form.validate_on_submit():
        return _page(change, form, RefuseAccountForm(formdata=None)), form.status
    giros.approve_account(change, verified=form.verified.data, by=current_user)
    flash(_d("The new account is in use. The old contact and the new get word of it."), "good")
    return redirect(url_for("giros.list"))


@blueprint.post("/account-changes/<public_id>/refuse")
@needs(Permission.APPROVE_GIRO, of=change_of)
def refuse(change: GiroChange) -> Page:
    form = RefuseAccountForm()
    if not form.validate_on_submit():
        return _page(change, ApproveAccountForm(formdata=None), form), form.status
    giros.refuse_account(change, remark=form.remark.data, by=current_user)
    flash(_d("The account is not changed. The organisation gets word of it."), "good")
    return redirect(url_for("giros.list"))


@blueprint.post("/organisations/<public_id>/account-change/take-back")
@needs(Permission.EDIT_ORGANISATION, of=own_organisation)
def take_back(organisation: Organisation) -> Page:
    """The organisation's own people."""
    asked.take_back(asked.waiting(organisation) or abort(404), by=current_user)
    flash(_("It is taken back. We pay to the account that is used now."), "good")
    return redirect(url_for("accounts.organisation", public_id=organisation.public_id))
