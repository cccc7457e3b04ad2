"""The holidays of a year: what the shipped calendar says, and what the town has changed."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from fundapp import clock
from fundapp.holidays import actions, queries
from fundapp.holidays.forms import HolidayForm
from fundapp.holidays.models import HolidayChange
from fundapp.languages import _d
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.web.once import once
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("holidays", __name__)
FIRST, LAST = 1990, 2100  # years that the shipped calendar counts by today's law, or nearly


@blueprint.route("/holidays", methods=["GET", "POST"], endpoint="list")
@needs(Permission.KEEP_SETTINGS)
@once
def list_holidays() -> Any:
    """The year's holidays; the form changes one day."""
    form, asked = HolidayForm(), request.args.get("year", type=int)
    year = asked if asked is not None and FIRST <= asked <= LAST else clock.today().year
    status = form.status
    if form.validate_on_submit():
        try:
            actions.change(
                form.day.data, is_holiday=form.kind.data == "holiday", source=form.source.data, by=current_user
            )
        except StepNotPossible as fault:
            form.form_errors.append(fault.reason)
            status = 409
        else:
            flash(_d("The day is changed. Notices that stand already keep their days."), "good")
            return redirect(url_for("holidays.list", year=form.day.data.year))
    page = render_template("holidays/list.html", form=form, year=year, holidays=queries.holidays(year))
    return page, status


@blueprint.post("/holidays/<public_id>/take-back")
@needs(Permission.KEEP_SETTINGS, of=queries.change_of)
def take_back(changed: HolidayChange) -> Any:
    year = changed.day.year
    actions.take_back(changed, by=current_user)
    flash(_d("The calendar decides of the day again."), "good")
    return redirect(url_for("holidays.list", year=year))
