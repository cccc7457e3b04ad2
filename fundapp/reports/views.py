"""Pages of the report: write, check and send; review; repayment."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.applications.saving import Question
from fundapp.languages import Lazy, _, _d
from fundapp.permissions import Permission
from fundapp.projects.models import Project
from fundapp.projects.queries import project as project_seen
from fundapp.reports import actions, queries
from fundapp.reports.actions import Answers
from fundapp.reports.forms import (
    AdditionsForm,
    RepaidForm,
    ReportForm,
    answers_sent,
    basis_sent,
    facts_of,
    report_form,
    result_name,
    signs_of,
    two_texts,
)
from fundapp.reports.models import Repayment, Report
from fundapp.reports.rules import CARRIED_OUT
from fundapp.web.access import keep_anyway, needs

blueprint = Blueprint("reports", __name__)
Page = str | Response | tuple[str, int]


def _edit_page(project: Project, report: Report | None, answers: Answers, mine: Answers | None = None) -> str:
    """The form with `answers`. `mine`: the person's own texts where another is saved; then both stand there."""
    form = report_form(project.objectives, {**answers, **(mine or {})})
    return _form_page(project, report, form, signs_of(form, answers), two_texts(form, mine or {}, answers))


def _form_page(
    project: Project, report: Report | None, form: ReportForm, seen: str, questions: Sequence[Question] = ()
) -> str:
    results = [(objective, form[result_name(objective)]) for objective in project.objectives]
    return render_template(
        "reports/edit.html",
        project=project,
        form=form,
        report=report,
        results=results,
        seen=seen,
        questions=questions,
    )


@blueprint.route("/projects/<public_id>/report", methods=["GET", "POST"])
@needs(Permission.WRITE_REPORT, of=project_seen)
def edit(project: Project) -> Page:
    """What was typed is kept whatever it says. Only "Save and check" looks at it: where something is missing or cannot
    be read it answers 422, with the messages beside the fields. Where somebody else has changed the same text it
    answers 422 with both.
    """
    if request.method == "POST":
        return _saved(project)
    report = actions.report_to_write(project)
    return _edit_page(project, report, report.answers if report else queries.planned_answers(project))


def _saved(project: Project) -> Page:
    typed = answers_sent(report_form(project.objectives))
    mine = actions.save_together(project, typed, basis_sent(), by=current_user)
    report = actions.report_to_write(project)
    answers = report.answers if report else {}
    if mine:
        keep_anyway()
        return _edit_page(project, report, answers, mine), 422
    if request.form.get("next") != "check":
        flash(_("Saved. You can go on later."), "good")
        return redirect(url_for("reports.edit", public_id=project.public_id))
    form = report_form(project.objectives, answers)
    if form.validate():
        return redirect(url_for("reports.check", public_id=project.public_id))
    keep_anyway()
    return _form_page(project, report, form, signs_of(form, answers)), 422


@blueprint.get("/projects/<public_id>/report/check")
@needs(Permission.WRITE_REPORT, of=project_seen)
def check(project: Project) -> Page:
    return _check_page(project)


def _check_page(project: Project, changed: Lazy | str = "") -> str:
    report = actions.report_to_write(project)
    form = report_form(project.objectives, report.answers if report else {})
    is_whole = form.validate()
    results = [(objective, form[result_name(objective)]) for objective in project.objectives]
    return render_template(
        "reports/check.html",
        project=project,
        form=form,
        is_whole=is_whole,
        results=results,
        carried_out=CARRIED_OUT.get(form.carried_out.data),
        version=report.version if report else "",
        changed=changed,
    )


@blueprint.post("/projects/<public_id>/report/submit")
@needs(Permission.SEND_REPORT, of=project_seen)
def submit(project: Project) -> Page:
    """What is sent is what the person has checked: where it was changed meanwhile it is checked once more."""
    report = actions.held_report(project)
    answers = report.answers if report else {}
    form = report_form(project.objectives, answers)
    if not form.validate():
        return _form_page(project, report, form, signs_of(form, answers)), 422
    try:
        facts = facts_of(form, project.objectives)
        actions.submit_report(project, facts, seen=request.form.get("seen", ""), by=current_user)
    except actions.ChangedMeanwhile as fault:
        return _check_page(project, fault.reason), 409
    flash(_("Your report is sent. A receipt is on its way to you by mail."), "good")
    return redirect(url_for("projects.show", public_id=project.public_id))


@blueprint.route("/projects/<public_id>/report/review", methods=["GET", "POST"])
@needs(Permission.REVIEW_REPORT, of=queries.sent_report)
def review(report: Report) -> Page:
    """Approve what was read, or ask for more. Where it is another by now it is shown anew, with what was written."""
    form = AdditionsForm()
    is_approval = request.form.get("step") == "approve"
    if request.method != "POST" or not (is_approval or form.validate()):
        return _review_page(report, form), form.status
    seen = request.form.get("seen", "")
    try:
        if is_approval:
            actions.approve_report(report, seen=seen, by=current_user)
            flash(_d("The report is approved and the project is closed."), "good")
        else:
            actions.request_additions(report, note=form.note.data, seen=seen, by=current_user)
            flash(_d("The association is asked for additions."), "good")
    except actions.ChangedMeanwhile as fault:
        return _review_page(report, form, fault.reason), 409
    return redirect(url_for("projects.show", public_id=report.project.public_id))


def _review_page(report: Report, form: AdditionsForm, changed: Lazy | str = "") -> str:
    return render_template(
        "reports/review.html",
        report=report,
        project=report.project,
        form=form,
        settlement=actions.settlement_of(report),
        why_not_settled=actions.why_not_settled(report.project),
        carried_out=CARRIED_OUT.get(report.carried_out),
        seen=actions.seen_of(report),
        changed=changed,
    )


@blueprint.route("/repayments/<public_id>/received", methods=["GET", "POST"])
@needs(Permission.REVIEW_REPORT, of=queries.repayment)
def repaid(repayment: Repayment) -> Page:
    form = RepaidForm()
    if not form.validate_on_submit():
        return render_template("reports/repaid.html", repayment=repayment, form=form), form.status
    actions.receive_repayment(
        repayment, received_on=form.received_on.data, reference=form.reference.data, by=current_user
    )
    flash(_d("The repayment is recorded."), "good")
    return redirect(url_for("projects.show", public_id=repayment.project.public_id))
