"""Pages of the register of interests, and of the question whether a person who is named in a case is the reader."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from fundapp.accounts import interests
from fundapp.accounts.found import Interest, NamedPerson
from fundapp.accounts.interests_forms import ChangeForm, InterestForm
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.languages import _d
from fundapp.permissions import Permission, is_allowed
from fundapp.web.access import needs
from fundapp.web.once import once

blueprint = Blueprint("interests", __name__)
_BOTH = ["GET", "POST"]


def own_interest(public_id: str) -> Interest | None:
    return db.session.scalar(
        select(Interest).where(Interest.public_id == public_id, Interest.account_id == current_user.id)
    )


def own_question(public_id: str) -> NamedPerson | None:
    """A question that the signed-in person has not answered."""
    return next((each for each in current_user.open_questions if each.public_id == public_id), None)


@blueprint.route("/interests", methods=_BOTH)
@needs(Permission.DECLARE_CONFLICT)
@once
def list() -> Any:
    """One's own interests; the form adds one, which counts at once."""
    form = InterestForm()
    if not form.validate_on_submit():
        own = select(Interest).where(Interest.account_id == current_user.id).order_by(Interest.id.desc())
        page = render_template(
            "accounts/interests.html",
            form=form,
            interests=db.session.scalars(own).all(),
            may_read_all=is_allowed(current_user, Permission.READ_INTERESTS),
        )
        return page, form.status
    kept = interests.keep(name=form.name.data, org_number=form.org_number.data, by=current_user, **form.values())
    if kept.hides_cases:
        flash(_d("%(name)s is in the register. While it holds you do not see their cases.", name=kept.name), "good")
    else:
        flash(
            _d("%(name)s is in the register. Without a number the system cannot find their cases.", name=kept.name),
            "attention",
        )
    return redirect(url_for("interests.list"))


@blueprint.route("/interests/<public_id>", methods=_BOTH)
@needs(Permission.DECLARE_CONFLICT, of=own_interest)
def change(interest: Interest) -> Any:
    form = ChangeForm(obj=interest)
    if not form.validate_on_submit():
        return render_template("accounts/interest.html", form=form, interest=interest), form.status
    interests.change(interest, by=current_user, **form.values())
    flash(_d("The interest is saved."), "good")
    return redirect(url_for("interests.list"))


@blueprint.post("/interests/<public_id>/take-back")
@needs(Permission.DECLARE_CONFLICT, of=own_interest)
def take_back(interest: Interest) -> Any:
    interests.take_back(interest, by=current_user)
    flash(_d("It no longer counts. It stays in the register as taken back."), "good")
    return redirect(url_for("interests.list"))


@blueprint.get("/interests/all")
@needs(Permission.READ_INTERESTS)
def register() -> str:
    """Everybody's, by name; the newest of each first."""
    every = (
        select(Interest)
        .join(Interest.account)
        .options(contains_eager(Interest.account).load_only(Account.name, Account.email))
        .order_by(func.coalesce(Account.name_key, ""), Account.id, Interest.id.desc())
    )
    return render_template("accounts/interests_register.html", interests=db.session.scalars(every).unique().all())


@blueprint.get("/is-this-you")
@needs(Permission.DECLARE_CONFLICT)
def found() -> str:
    """Each applicant who names somebody of the reader's name or address, and nothing else of the case."""
    asked = {each.place: each for each in current_user.open_questions}
    return render_template("accounts/found.html", questions=asked.values())


@blueprint.post("/is-this-you/<public_id>/yes")
@needs(Permission.DECLARE_CONFLICT, of=own_question)
def is_me(named: NamedPerson) -> Any:
    interests.answer(named, is_me=True, by=current_user)
    flash(_d("Your conflict of interest is noted. You do not see the cases."), "good")
    return redirect(url_for("interests.found"))


@blueprint.post("/is-this-you/<public_id>/no")
@needs(Permission.DECLARE_CONFLICT, of=own_question)
def is_not_me(named: NamedPerson) -> Any:
    interests.answer(named, is_me=False, by=current_user)
    flash(_d("Noted. You can see the cases."), "good")
    return redirect(url_for("interests.found"))
