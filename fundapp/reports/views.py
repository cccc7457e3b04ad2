"""Pages of the report: write, check and send; review; repayment."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.languages import _, _d
from fundapp.permissions import Permission
from fundapp.projects.models import Project
from fundapp.projects.queries import project as project_seen
from fundapp.reports import actions, queries
from fundapp.reports.forms import (
    AdditionsForm,
    RepaidForm,
    ReportForm,
    answers_sent,
    facts_of,
    report_form,
    result_name,
)
from fundapp.reports.models import Repayment, Report
from fundapp.reports.rules import CARRIED_OUT
from fundapp.web.access import keep_anyway, needs

blueprint = Blueprint("reports", __name__)
Page = str | Response | tuple[str, int]


def _edit_page(project: Project, form: ReportForm, report: Report | None) -> str:
    results = [(objective, form[result_name(objective)]) for objective in project.objectives]
    return render_template("reports/edit.html", project=project, form=form, report=report, results=results)


@blueprint.route("/projects/<public_id>/report", methods=["GET", "POST"])
@needs(Permission.WRITE_REPORT, of=project_seen)
def edit(project: Project) -> Page:
    """What was typed is kept whatever it says. Only "Save and check" looks at it: where something is missing or cannot
    be read it answers 422, with the messages beside the fields.
    """
    if request.method == "POST":
        return _saved(project)
    report = actions.report_to_write(project)
    answers = report.answers if report else queries.planned_answers(project)
    return _edit_page(project, report_form(project.objectives, answers), report)


def _saved(project: Project) -> Page:
    actions.save_report(project, answers_sent(report_form(project.objectives)), by=current_user)
    if request.form.get("next") != "check":
        flash(_("Saved. You can go on later."), "good")
        return redirect(url_for("reports.edit", public_id=project.public_id))
    report = actions.report_to_write(project)
    form = report_form(project.objectives, report.answers if report else {})
    if form.validate():
        return redirect(url_for("reports.check", public_id=project.public_id))
    keep_anyway()
    return _edit_page(project, form, report), 422


@blueprint.get("/projects/<public_id>/report/check")
@needs(Permission.WRITE_REPORT, of=project_seen)
def check(project: Project) -> Page:
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
    )


@blueprint.post("/projects/<public_id>/report/submit")
@needs(Permission.SEND_REPORT, of=project_seen)
def submit(project: Project) -> Page:
    report = actions.report_of(project)
    form = report_form(project.objectives, report.answers if report else {})
    if not form.validate():
        return _edit_page(project, form, report), 422
    actions.submit_report(project, facts_of(form, project.objectives), by=current_user)
    flash(_("Your report is sent. A receipt is on its way to you by mail."), "good")
    return redirect(url_for("projects.show", public_id=project.public_id))


@blueprint.route("/projects/<public_id>/report/review", methods=["GET", "POST"])
@needs(Permission.REVIEW_REPORT, of=queries.sent_report)
def review(report: Report) -> Page:
    form = AdditionsForm()
    is_approval = request.form.get("step") == "approve"
    if request.method == "POST" and is_approval:
        actions.approve_report(report, by=current_user)
        flash(_d("The report is approved and the project is closed."), "good")
    elif form.validate_on_submit():
        actions.request_additions(report, note=form.note.data, by=current_user)
        flash(_d("The association is asked for additions."), "good")
    else:
        return _review_page(report, form), form.status
    return redirect(url_for("projects.show", public_id=report.project.public_id))


def _review_page(report: Report, form: AdditionsForm) -> str:
    return render_template(
        "reports/review.html",
        report=report,
        project=report.project,
        form=form,
        settlement=actions.settlement_of(report),
        why_not_settled=actions.why_not_settled(report.project),
        carried_out=CARRIED_OUT.get(report.carried_out),
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
