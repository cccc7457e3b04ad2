"""Pages about funds: how the rounds stand, the ledger, what the terms say and why, and a new frame."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.funds import actions, queries
from fundapp.funds.forms import FrameForm
from fundapp.funds.models import Fund, Round
from fundapp.languages import _d, money
from fundapp.permissions import Permission, is_allowed
from fundapp.web.access import needs

blueprint = Blueprint("funds", __name__)
Page = str | Response | tuple[str, int]


@blueprint.get("/funds")
@needs(Permission.READ_LEDGER)
def list() -> Page:
    """Every fund and round with its sums."""
    may_keep = is_allowed(current_user, Permission.KEEP_FUNDS)
    drafts = queries.funds_not_open() if may_keep else []
    return render_template(
        "funds/list.html", funds=queries.funds_here(), drafts=drafts, may_keep=may_keep, sums=_sums()
    )


def _sums() -> Callable[[Round], queries.RoundSums]:
    """What the signed-in person may know of a round's totals."""
    return partial(queries.shown_sums, person=current_user)


@blueprint.get("/funds/<public_id>")
@needs(Permission.READ_LEDGER, of=queries.fund_by_code)
def show(fund: Fund) -> Page:
    """One fund: rounds, ledger, bodies, and every value of its terms with its source."""
    return render_template(
        "funds/show.html",
        fund=fund,
        ledger_of=partial(queries.ledger_of, person=current_user),
        sums=_sums(),
        values=queries.values_of(fund),
        values_of_round=queries.values_of_round,
        may_change_frame=is_allowed(current_user, Permission.CHANGE_FRAME, fund),
    )


@blueprint.route("/funds/rounds/<int(max=2147483647):public_id>/frame", methods=["GET", "POST"])
@needs(Permission.CHANGE_FRAME, of=queries.round_by_id)
def change_frame(round_: Round) -> Page:
    form = FrameForm(round_)
    if form.validate_on_submit():
        try:
            actions.change_frame(
                round_, form.frame.data, reference=form.reference, decided_on=form.decided_on.data, by=current_user
            )
        except actions.NotEnoughLeft as fault:  # somebody else was granted money since the form was checked
            form.frame.errors = [str(fault.reason)]
        else:
            flash(_d("The frame is now %(frame)s.", frame=money(round_.frame)), "good")
            return redirect(url_for("funds.show", public_id=round_.fund.code))
    return render_template("funds/frame.html", form=form, round=round_, sums=queries.round_sums(round_)), form.status
