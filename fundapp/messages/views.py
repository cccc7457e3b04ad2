"""The applicant's page of messages; the desk's is `registry.messages`."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.applications.models import Application
from fundapp.applications.queries import own, title_of
from fundapp.languages import _
from fundapp.messages import actions, queries
from fundapp.messages.forms import MessageForm
from fundapp.permissions import Permission, why_not
from fundapp.web.access import needs
from fundapp.web.limits import MESSAGE, limited

blueprint = Blueprint("messages", __name__)
Page = str | Response | tuple[str, int]


@blueprint.get("/applications/<public_id>/messages")
@needs(Permission.READ_APPLICATION, of=own)
def show(application: Application) -> Page:
    """The thread, and the form where one can write."""
    return _page(application, MessageForm())


@blueprint.post("/applications/<public_id>/messages")
@needs(Permission.WRITE_MESSAGE, of=own)
@limited(MESSAGE)
def write(application: Application) -> Page:
    form = MessageForm()
    if not form.validate():
        return _page(application, form), 422
    actions.write(application, form.text.data, by=current_user, as_applicant=True, key=form.key, seen=form.seen)
    flash(_("Your message is sent."), "good")
    return redirect(url_for("messages.show", public_id=application.public_id))


def _page(application: Application, form: MessageForm) -> str:
    return render_template(
        "messages/show.html",
        application=application,
        title=title_of(application),
        form=form,
        thread=queries.thread(application),
        closed=why_not(current_user, Permission.WRITE_MESSAGE, application) or actions.why_closed(application),
    )


@blueprint.post("/applications/<public_id>/messages/read")
@needs(Permission.WRITE_MESSAGE, of=own)
def mark_read(application: Application) -> Page:
    """The applicant has read what stood on the page."""
    actions.mark_read(application, request.form.get("_seen", "")[:12], by=current_user, as_applicant=True)
    return redirect(url_for("messages.show", public_id=application.public_id))
