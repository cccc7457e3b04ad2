"""The accessibility statement with its form, and the list of what was written."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from fundapp.feedback import actions, queries, rules
from fundapp.feedback.forms import FeedbackForm
from fundapp.languages import _
from fundapp.paging import beyond_of
from fundapp.permissions import Permission
from fundapp.web.access import needs, public
from fundapp.web.limits import FEEDBACK, limited

blueprint = Blueprint("feedback", __name__)
Page = str | Response | tuple[str, int]


@blueprint.route("/accessibility", methods=["GET", "POST"])
@public
@limited(FEEDBACK)
def statement() -> Page:
    form = FeedbackForm()
    if not form.validate_on_submit():
        return render_template("feedback/statement.html", form=form, rules=rules), form.status
    actions.leave(form.text.data, page=form.page.data or "", email=form.email.data or "")
    flash(_("Thank you. We have received what you wrote."), "good")
    return redirect(url_for("feedback.statement"))


@blueprint.get("/feedback")
@needs(Permission.READ_FEEDBACK)
def list() -> Page:
    return render_template("feedback/list.html", page=queries.messages(beyond_of(request.args)))
