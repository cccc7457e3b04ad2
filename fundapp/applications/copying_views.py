"""The page where an application that was sent is copied to a new draft."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import languages
from fundapp.applications import copying, queries
from fundapp.applications.copying import Copied
from fundapp.applications.forms import CopyForm
from fundapp.applications.models import Application
from fundapp.funds.models import Round
from fundapp.languages import _, _n, listed
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.web.limits import START, limited
from fundapp.web.once import once

blueprint = Blueprint("copying", __name__)
Page = str | Response | tuple[str, int]


@blueprint.route("/applications/<public_id>/copy", methods=["GET", "POST"])
@needs(Permission.EDIT_APPLICATION, of=queries.own)
@limited(START)
@once
def copy(application: Application) -> Page:
    """Choose the round, and which files to send along once more; then the new draft, with word of what was copied."""
    if not copying.is_copyable(application):
        return redirect(url_for("applications.show", public_id=application.public_id))
    rounds: Sequence[Round] = [each for each in queries.open_rounds() if copying.fits(each, application.kind)]
    form = CopyForm(rounds, copying.reusable(application))
    if not rounds or not form.validate_on_submit():
        page = render_template(
            "applications/copy.html", application=application, form=form, title=queries.title_of(application)
        )
        return page, 409 if form.is_submitted() and not rounds else form.status
    copied = copying.copy(
        application, form.chosen, files=form.chosen_files, by=current_user, language=languages.current().code
    )
    _tell(copied)
    return redirect(url_for("applications.show", public_id=copied.application.public_id))


def _tell(copied: Copied) -> None:
    flash(_n("%(n)s part is copied to a new draft.", "%(n)s parts are copied to a new draft.", copied.parts), "good")
    if copied.files:
        flash(_n("%(n)s file is attached again.", "%(n)s files are attached again.", copied.files), "good")
    if copied.cleared:
        told = _("These days do not fit the new round and are left out: %(days)s", days=listed(copied.cleared))
        flash(told, "attention")
    flash(_("Read all through, and make the declaration anew."), "attention")
