"""Announcing on the noticeboard that minutes are approved."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.decisions import announcing, dates, legal
from fundapp.decisions.force_forms import AnnounceForm
from fundapp.holidays.queries import changes
from fundapp.languages import _d, long_day
from fundapp.meetings import queries
from fundapp.meetings.models import Meeting
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("announcing", __name__)


@blueprint.route("/meetings/<public_id>/announce", methods=["GET", "POST"])
@needs(Permission.APPROVE_MINUTES, of=queries.meeting)
def announce(meeting: Meeting) -> Response | tuple[str, int]:
    """The notice of what is approved and not announced yet."""
    form = AnnounceForm(meeting)
    status = form.status
    if form.validate_on_submit():
        try:
            notice = announcing.announce(meeting, by=current_user, **form.facts())
        except StepNotPossible as fault:
            form.form_errors.append(fault.reason)
            status = 409
        else:
            day = long_day(notice.last_appeal_day)
            flash(_d("The notice is recorded. The last day for appeals is %(day)s.", day=day), "good")
            if announcing.is_late(notice):
                flash(_d("It was put up later than the second day after the approval. That is recorded."), "attention")
            return redirect(url_for("meetings.show", public_id=meeting.public_id, _anchor="announced"))
    today = clock.today()
    page = render_template(
        "announcing/announce.html",
        meeting=meeting,
        form=form,
        announced=announcing.panel(meeting),
        today=today,
        last_today=dates.last_appeal_day(today, legal.legal_on(meeting.held_on).weeks, changes()),
        is_physical=dates.is_physical(today),
        law=legal.legal_on(meeting.held_on),
    )
    return page, status
