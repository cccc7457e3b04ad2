"""Recording what the board decided, and the letter as a PDF."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from fundapp import documents
from fundapp.applications.models import Application
from fundapp.decisions import actions, queries
from fundapp.decisions.forms import OutcomeForm
from fundapp.decisions.models import Decision
from fundapp.funds.queries import round_sums
from fundapp.languages import _d
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("decisions", __name__)


@blueprint.route("/meetings/items/<item>/cases/<public_id>", methods=["GET", "POST"])
@needs(Permission.RECORD_DECISION, of=queries.case)
def record_outcome(application: Application, item: str) -> tuple[str, int] | AnyResponse:
    """The outcome of one case under one §, pending until the minutes are approved."""
    place = queries.item_with(application, item) or abort(404)
    actions.demand_opened(place)
    form = OutcomeForm(application, queries.decision_of(place, application), queries.assessment_of(application))
    status = form.status
    if form.validate_on_submit():
        try:
            actions.record_outcome(place, application, by=current_user, **form.facts())
        except StepNotPossible as fault:
            form.form_errors.append(fault.reason)
            status = 409
        else:
            flash(_d("The outcome is recorded. It is pending until the minutes are approved."), "good")
            anchor = f"case-{application.public_id}"
            return redirect(url_for("meetings.show", public_id=place.meeting.public_id, _anchor=anchor))
    return _page(application, place, form), status


def _page(application: Application, item: MinuteItem, form: OutcomeForm) -> str:
    decision = queries.decision_of(item, application)
    held = decision.amount or 0 if decision is not None else 0
    return render_template(
        "decisions/record_outcome.html",
        application=application,
        item=item,
        form=form,
        decision=decision,
        assessment=queries.assessment_of(application),
        earlier=queries.final_decisions(application),
        sums=round_sums(application.round),
        left_here=application.round.left + held,
        is_stale=form.facts()["version"] != (decision.version if decision is not None else 0),
    )


@blueprint.get("/decisions/<public_id>/letter.pdf")
@needs(Permission.USE_ACCOUNT, of=queries.decision_with_letter)
def letter(decision: Decision) -> Response:
    """The letter as the applicant got it."""
    if decision.letter is None:
        abort(404)
    response = Response(documents.pdf(decision.letter), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=decision.letter.file_name)
    return response
