"""The demo's own pages: the mail it would have sent, and its clock."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.config import settings
from fundapp.db import db
from fundapp.languages import _, long_day
from fundapp.mail import Message
from fundapp.web.access import public

blueprint = Blueprint("demo", __name__, url_prefix="/demo")
STEPS = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


@blueprint.get("/mail")
@public
def mail() -> str:
    """The latest fifty messages, newest first."""
    messages = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(50)).all()
    return render_template("demo/mail.html", messages=messages)


@blueprint.route("/clock", methods=["GET", "POST"])
@public
def clock_page() -> str | Response:
    step = STEPS.get(request.form.get("step", ""))
    if request.method == "POST" and step is not None:
        clock.move_forward(step, settings().demo_clock)
        flash(_("The demo's clock says %(day)s.", day=long_day(clock.today())), "good")
        return redirect(url_for("demo.clock_page"))
    return render_template("demo/clock.html")
