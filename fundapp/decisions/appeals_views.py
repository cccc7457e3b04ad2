"""Appeals at the desk: record one, how it ended, and leave to pay before the decision is in force."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from fundapp.accounts.queries import visible_to
from fundapp.db import db
from fundapp.decisions import appeals, force, legal, queries
from fundapp.decisions.force_forms import AppealForm, EarlyForm, EndForm
from fundapp.decisions.models import Appeal, Decision
from fundapp.languages import _d
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("appeals", __name__)
Page = Response | tuple[str, int]


def _seen_appeal(public_id: str) -> Appeal | None:
    """An appeal in a case that the reader may see as an official."""
    return db.session.scalar(
        select(Appeal)
        .join(Appeal.decision)
        .join(Decision.application)
        .where(Appeal.public_id == public_id, visible_to(current_user))
    )


@blueprint.route("/decisions/<public_id>/appeals/new", methods=["GET", "POST"])
@needs(Permission.RECORD_APPEAL, of=queries.seen_decision)
def new(decision: Decision) -> Page:
    """An appeal has come in."""
    reason = appeals.why_not_appealed(decision)
    if reason is not None:
        raise StepNotPossible(reason)
    form = AppealForm(decision)
    if form.validate_on_submit():
        appeal = appeals.record_appeal(
            decision,
            received_on=form.received_on.data,
            appellant=form.appellant.data,
            court_number=form.court_number.data or "",
            by=current_user,
        )
        flash(_d("The appeal is recorded and filed. The decision is not in force while it is open."), "good")
        if appeals.is_late(appeal):
            flash(_d("It came after the last day for appeals. That is recorded."), "attention")
        return _to_case(decision)
    return _page("appeals/new.html", decision, form=form), form.status


@blueprint.route("/appeals/<public_id>/end", methods=["GET", "POST"])
@needs(Permission.RECORD_APPEAL, of=_seen_appeal)
def end(appeal: Appeal) -> Page:
    """How an appeal ended."""
    if appeal.end_kind is not None:
        raise StepNotPossible(_d("The appeal has ended already."))
    form = EndForm(appeal)
    if form.validate_on_submit():
        assert form.chosen is not None  # noqa: S101  what `validate` has seen
        appeals.end_appeal(
            appeal,
            kind=form.chosen,
            ended_on=form.ended_on.data,
            court_number=form.court_number.data or "",
            by=current_user,
        )
        flash(_d("The end of the appeal is recorded."), "good")
        return _to_case(appeal.decision)
    return _page("appeals/end.html", appeal.decision, form=form, appeal=appeal, is_late=appeals.is_late(appeal)), (
        form.status
    )


@blueprint.route("/decisions/<public_id>/early-payment", methods=["GET", "POST"])
@needs(Permission.ALLOW_EARLY_PAYMENT, of=queries.seen_decision)
def allow_early_payment(decision: Decision) -> Page:
    """Leave to pay before the decision is in force, with its reason."""
    reason = appeals.why_not_early(decision)
    if reason is not None:
        raise StepNotPossible(reason)
    form = EarlyForm()
    project = appeals.project_of(decision)
    if form.validate_on_submit() and project is not None:
        appeals.allow_early_payment(decision, reason=form.reason.data, by=current_user)
        flash(_d("Payment before the decision is in force is allowed. Another person than you pays."), "good")
        return redirect(url_for("projects.show", public_id=project.public_id))
    return _page("appeals/allow_early_payment.html", decision, form=form, project=project), form.status


def _page(template: str, decision: Decision, **facts: object) -> str:
    held_on = decision.item.meeting.held_on
    return render_template(
        template,
        decision=decision,
        application=decision.application,
        force=force.force_of(decision),
        law=legal.legal_on(held_on),
        procedure=legal.procedure_on(held_on),
        rule=legal.paragraph(held_on, "13:14"),
        **facts,
    )


def _to_case(decision: Decision) -> Response:
    return redirect(url_for("registry.show", public_id=decision.application.public_id))
