"""What an administrator does with another's account as a whole: sign it out, close it, open it again."""

from flask import Blueprint, flash, redirect, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.accounts import closing, queries
from fundapp.accounts.models import Account
from fundapp.languages import _d
from fundapp.permissions import Permission
from fundapp.web.access import needs

blueprint = Blueprint("people", __name__)


@blueprint.post("/people/<public_id>/sign-out")
@needs(Permission.GIVE_ROLES, of=queries.account_by_public_id)
def sign_out(person: Account) -> Response:
    closing.sign_out(person, by=current_user)
    flash(_d("%(name)s is signed out everywhere.", name=_name(person)), "good")
    return _back(person)


@blueprint.post("/people/<public_id>/close")
@needs(Permission.GIVE_ROLES, of=queries.account_by_public_id)
def close(person: Account) -> Response:
    closing.close(person, by=current_user)
    flash(_d("The account of %(name)s is closed.", name=_name(person)), "good")
    return _back(person)


@blueprint.post("/people/<public_id>/reopen")
@needs(Permission.GIVE_ROLES, of=queries.account_by_public_id)
def reopen(person: Account) -> Response:
    closing.reopen(person, by=current_user)
    flash(_d("The account of %(name)s is open again.", name=_name(person)), "good")
    return _back(person)


def _name(person: Account) -> str:
    return person.name or person.email


def _back(person: Account) -> Response:
    return redirect(url_for("accounts.person", public_id=person.public_id))
