"""Pages of the funded project: the officials' list, the project, paying and planning instalments."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.decisions.force import force_of, why_not_paid
from fundapp.languages import _, _d
from fundapp.paging import beyond_of
from fundapp.permissions import Permission, acts_for, is_allowed
from fundapp.projects import actions, changes, paying, queries
from fundapp.projects.forms import AnswerForm, ApprovalForm, ChangeForm, PaymentForm, PlanForm, SendBackForm
from fundapp.projects.models import ChangeRequest, Instalment, Project
from fundapp.projects.rules import Part
from fundapp.web.access import needs
from fundapp.web.once import once
from fundapp.workflow import InstalmentStatus, StepNotPossible, demand_step

blueprint = Blueprint("projects", __name__)
Page = str | Response | tuple[str, int]
_UNPAID = (InstalmentStatus.PLANNED, InstalmentStatus.PROPOSED)


@blueprint.get("/projects", endpoint="list")
@needs(Permission.LIST_PROJECTS)
def list_projects() -> str:
    asked = request.args.get("show", "")
    chosen = asked if asked in queries.CHOICES else queries.ALL
    return render_template(
        "projects/list.html",
        page=queries.listed(current_user, chosen, beyond_of(request.args)),
        counts=queries.counts(current_user),
        most=queries.COUNTED,
        choices=queries.CHOICES,
        chosen=chosen,
    )


@blueprint.get("/projects/<public_id>")
@needs(Permission.READ_PROJECT, of=queries.project)
def show(project: Project) -> str:
    report = queries.report_on(project)
    return render_template(
        "projects/show.html",
        project=project,
        report=report,
        repayments=queries.repayments_of(project),
        is_own=acts_for(current_user, project.application),
        may_pay=is_allowed(current_user, Permission.PAY_INSTALMENT, project),
        may_approve=is_allowed(current_user, Permission.APPROVE_PAYMENT, project),
        may_review=is_allowed(current_user, Permission.REVIEW_REPORT, project),
        changes=queries.change_requests(project),
        may_ask=is_allowed(current_user, Permission.ASK_FOR_CHANGE, project) and changes.why_not_ask(project) is None,
        may_answer=is_allowed(current_user, Permission.ANSWER_CHANGE, project),
        unpaid=[part for part in project.instalments if part.status in _UNPAID],
        planned=[part for part in project.instalments if part.status is InstalmentStatus.PLANNED],
        force=force_of(project.decision),
        early=project.decision.early_payment,
        why_not_paid=why_not_paid(project.decision, paid_on=clock.today(), by=current_user),
        may_allow=is_allowed(current_user, Permission.ALLOW_EARLY_PAYMENT, project.application),
    )


@blueprint.route("/instalments/<public_id>/pay", methods=["GET", "POST"])
@needs(Permission.PAY_INSTALMENT, of=queries.instalment)
@once
def pay(instalment: Instalment) -> Page:
    """Propose a payment; another person approves it."""
    if request.method == "GET":
        demand_step(instalment, "propose", by=current_user)
        reason = why_not_paid(instalment.project.decision, paid_on=clock.today(), by=current_user)
        if reason is not None:
            raise StepNotPossible(reason)
    form = PaymentForm(instalment)
    if not form.validate_on_submit():
        change = queries.account_change(instalment.project)
        return render_template(
            "projects/pay.html", instalment=instalment, form=form, account_change=change
        ), form.status
    paying.propose_payment(instalment, paid_on=form.paid_on.data, reference=form.reference.data, by=current_user)
    flash(_d("The payment is proposed. Another person must approve it."), "good")
    return redirect(url_for("projects.show", public_id=instalment.project.public_id))


@blueprint.route("/instalments/<public_id>/approve", methods=["GET", "POST"])
@needs(Permission.APPROVE_PAYMENT, of=queries.instalment)
def approve(instalment: Instalment) -> Page:
    """What is proposed, to be approved or sent back by somebody else."""
    form = ApprovalForm(instalment)
    if not form.validate_on_submit():
        demand_step(instalment, "approve", by=current_user)
        return _approval_page(instalment, SendBackForm(instalment, formdata=None)), form.status
    paying.approve_payment(instalment, seen=form.version, by=current_user)
    flash(_d("The payment is approved."), "good")
    return redirect(url_for("projects.show", public_id=instalment.project.public_id))


def _approval_page(instalment: Instalment, form: SendBackForm) -> str:
    return render_template(
        "projects/approve.html",
        instalment=instalment,
        form=form,
        is_own=instalment.proposed_by_id == current_user.id,
        may_pay=is_allowed(current_user, Permission.PAY_INSTALMENT, instalment.project),
        why_not=paying.why_not_approved(instalment, by=current_user),
        account_change=queries.account_change(instalment.project),
    )


@blueprint.post("/instalments/<public_id>/send-back")
@needs(Permission.APPROVE_PAYMENT, of=queries.instalment)
@once
def send_back(instalment: Instalment) -> Page:
    form = SendBackForm(instalment)
    if not form.validate_on_submit():
        demand_step(instalment, "send_back", by=current_user)
        return _approval_page(instalment, form), form.status
    paying.send_back_payment(instalment, reason=form.reason.data, seen=form.version, by=current_user)
    flash(_d("The payment is sent back."), "good")
    return redirect(url_for("projects.show", public_id=instalment.project.public_id))


@blueprint.post("/instalments/<public_id>/take-back")
@needs(Permission.PAY_INSTALMENT, of=queries.instalment)
@once
def take_back(instalment: Instalment) -> Page:
    """The proposer's own."""
    paying.take_back_payment(instalment, by=current_user)
    flash(_d("The proposal is taken back."), "good")
    return redirect(url_for("projects.show", public_id=instalment.project.public_id))


@blueprint.route("/projects/<public_id>/instalments", methods=["GET", "POST"])
@needs(Permission.PAY_INSTALMENT, of=queries.project)
@once
def plan(project: Project) -> Page:
    """A plan that somebody else has changed meanwhile is shown beside what was typed."""
    form = PlanForm(project)
    if not form.validate_on_submit():
        return _plan_page(project, form), form.status
    try:
        actions.change_plan(project, form.plan, seen=form.seen_plan, by=current_user)
    except actions.PlanChanged:
        form.seen.data = actions.seen_of(project)
        return _plan_page(project, form, actions.planned_parts(project)), 409
    flash(_d("The plan is changed."), "good")
    return redirect(url_for("projects.show", public_id=project.public_id))


def _plan_page(project: Project, form: PlanForm, theirs: Sequence[Part] | None = None) -> str:
    return render_template("projects/plan.html", project=project, form=form, theirs=theirs)


@blueprint.route("/projects/<public_id>/changes/new", methods=["GET", "POST"])
@needs(Permission.ASK_FOR_CHANGE, of=queries.project)
@once
def ask_for_change(project: Project) -> Page:
    """What the project wants to do otherwise than it was granted."""
    form = ChangeForm(project)
    reason = changes.why_not_ask(project) if request.method == "GET" else None
    if reason is not None:
        raise StepNotPossible(reason)
    if not form.validate_on_submit():
        return render_template("projects/ask_for_change.html", project=project, form=form), form.status
    changes.ask_for_change(
        project, what=form.what.data, why=form.why.data, new_ends_on=form.new_ends_on.data, by=current_user
    )
    flash(_("Your request is sent. You get the answer by mail and on this page."), "good")
    return redirect(url_for("projects.show", public_id=project.public_id, _anchor="changes"))


@blueprint.route("/changes/<public_id>/answer", methods=["GET", "POST"])
@needs(Permission.ANSWER_CHANGE, of=queries.change_request)
def answer_change(asked: ChangeRequest) -> Page:
    """An official says yes or no to a change."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return render_template(
            "projects/answer_change.html", asked=asked, project=asked.project, form=form
        ), form.status
    changes.answer_change(
        asked, is_approved=form.is_approved.data == "yes", answer=form.answer.data or "", by=current_user
    )
    flash(_d("The answer is sent to the project."), "good")
    return redirect(url_for("projects.show", public_id=asked.project.public_id, _anchor="changes"))
