"""The delegation register, what is decided under it, and the report to the body."""

from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.delegations import actions, queries
from fundapp.delegations.forms import DecisionForm, EndPointForm, PointForm
from fundapp.delegations.models import DelegationPoint
from fundapp.languages import _d, _dn
from fundapp.meetings.models import Meeting
from fundapp.meetings.queries import meeting
from fundapp.paging import beyond_of
from fundapp.permissions import Permission, is_allowed
from fundapp.web.access import needs
from fundapp.web.once import once
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("delegations", __name__)
Page = str | tuple[str, int] | Response


@blueprint.get("/delegations")
@needs(Permission.READ_MEETING)
def show() -> str:
    """The register of each body."""
    return render_template(
        "delegations/show.html",
        registers=queries.registers_on(clock.today()),
        may_keep=partial(is_allowed, current_user, Permission.KEEP_DELEGATIONS),
    )


@blueprint.route("/delegations/new", methods=["GET", "POST"])
@needs(Permission.KEEP_DELEGATIONS)
@once
def new_point() -> Page:
    """A point comes to the register."""
    form = PointForm()
    status = form.status
    if form.validate_on_submit():
        try:
            point = actions.add_point(form.boards[form.board.data], by=current_user, **form.facts())
        except StepNotPossible as fault:
            form.form_errors.append(str(fault.reason))
            status = 409
        else:
            flash(_d("Point %(number)s is in the register.", number=point.number), "good")
            return redirect(url_for("delegations.show"))
    return render_template("delegations/new_point.html", form=form), status


@blueprint.route("/delegations/points/<public_id>", methods=["GET", "POST"])
@needs(Permission.KEEP_DELEGATIONS, of=queries.point)
def end_point(point: DelegationPoint) -> Page:
    """A point ends."""
    form = EndPointForm()
    status = form.status
    if form.validate_on_submit():
        try:
            actions.end_point(point, ends_on=form.ends_on.data, by=current_user)
        except StepNotPossible as fault:
            form.form_errors.append(str(fault.reason))
            status = 409
        else:
            flash(_d("The last day of point %(number)s is set.", number=point.number), "good")
            return redirect(url_for("delegations.show"))
    return render_template("delegations/end_point.html", form=form, point=point), status


@blueprint.get("/delegations/decisions")
@needs(Permission.READ_MEETING)
def list() -> str:
    """What was decided, the newest first; those not reported yet by `only=waiting`."""
    is_unreported = request.args.get("only") == "waiting"
    return render_template(
        "delegations/list.html",
        page=queries.decisions(beyond_of(request.args), is_unreported=is_unreported),
        is_unreported=is_unreported,
        may_decide=is_allowed(current_user, Permission.DECIDE_BY_DELEGATION),
    )


@blueprint.route("/delegations/decisions/new", methods=["GET", "POST"])
@needs(Permission.DECIDE_BY_DELEGATION)
@once
def decide() -> Page:
    """Record a decision under the register."""
    form = DecisionForm(current_user)
    status = form.status
    if form.validate_on_submit():
        facts = form.facts()
        board = facts["point"].board if facts["point"] is not None else form.boards[form.board.data]
        try:
            decided = actions.decide(board, by=current_user, **facts)
        except StepNotPossible as fault:
            form.form_errors.append(str(fault.reason))
            status = 409
        else:
            flash(_d("The decision has the number %(number)s.", number=decided.designation), "good")
            return redirect(url_for("delegations.list"))
    return render_template("delegations/decide.html", form=form), status


@blueprint.post("/meetings/<public_id>/delegations")
@needs(Permission.PREPARE_MEETING, of=meeting)
def report(meeting: Meeting) -> Response:
    """What waits is reported at the sitting, or, by `way=back`, waits for another."""
    item = queries.item_of(meeting) or abort(404)
    if request.form.get("way") == "back":
        actions.take_back_report(item, by=current_user)
        flash(_d("The decisions wait for another sitting."), "good")
    else:
        reported = actions.report(item, by=current_user)
        flash(_dn("%(n)s decision is reported.", "%(n)s decisions are reported.", len(reported)), "good")
    return redirect(url_for("meetings.show", public_id=meeting.public_id, _anchor=f"item-{item.public_id}"))
