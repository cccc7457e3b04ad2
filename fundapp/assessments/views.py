"""The officer's pages: take up, formal check, completion, objectives, assessment, report; and declaring a conflict."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user

from fundapp.accounts.actions import declare_conflict as declare
from fundapp.assessments import actions, forms, papers, queries, translations
from fundapp.languages import _d
from fundapp.papers import inserting
from fundapp.papers.models import PaperKind
from fundapp.permissions import Permission
from fundapp.registry import words
from fundapp.registry.queries import case
from fundapp.reviews.falling import demand_not_blind
from fundapp.web.access import needs
from fundapp.web.once import once

blueprint = Blueprint("assessments", __name__)
blueprint.context_processor(words.for_templates)
_BOTH = ["GET", "POST"]


def _to_case(application: Any, said: str) -> Any:
    flash(said, "good")
    return redirect(url_for("registry.show", public_id=application.public_id))


@blueprint.post("/cases/<public_id>/take-up")
@needs(Permission.ASSESS_APPLICATION, of=case)
@once
def take_up(application: Any) -> Any:
    actions.take_up(application, by=current_user)
    return _to_case(application, _d("You are the case's officer now."))


@blueprint.route("/cases/<public_id>/formal-check", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=case)
def formal_check(application: Any) -> Any:
    """Each item yes, no, missing or not applicable, with a note; saving a part is fine."""
    actions.demand_open(application, by=current_user)
    items = queries.items_of(application)
    form = forms.formal_check_form(items, queries.findings_of(application))
    theirs, status = {}, form.status
    if form.validate_on_submit():
        try:
            actions.check(application, form.findings(), seen=form.seen_marks, by=current_user)
            return _to_case(application, _d("The formal check is saved."))
        except actions.CheckedMeanwhile as fault:
            theirs, status = fault.theirs, 409
            form.go_on_from(fault.now)
    page = render_template("assessments/formal_check.html", application=application, form=form, theirs=theirs)
    return page, status


@blueprint.route("/cases/<public_id>/completion", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=case)
@once
def request_completion(application: Any) -> Any:
    """Ask the applicant to add something by a day."""
    actions.demand_step(application, "request_completion", by=current_user)
    form = forms.completion_form(application)
    panel = inserting.panel(form, application, PaperKind.COMPLETION, ("what",), by=current_user)
    if panel.is_asked or not form.validate_on_submit():
        page = render_template("assessments/request_completion.html", application=application, form=form, panel=panel)
        return page, inserting.status_of(form, panel)
    actions.request_completion(
        application,
        sections=form.sections.data or [],
        questions=form.questions(),
        what=form.what.data,
        due_on=form.due_on.data,
        by=current_user,
    )
    return _to_case(application, _d("The applicant has been asked by mail."))


@blueprint.post("/cases/<public_id>/go-on-without")
@needs(Permission.ASSESS_APPLICATION, of=case)
@once
def go_on_without(application: Any) -> Any:
    actions.go_on_without(application, by=current_user)
    return _to_case(application, _d("The assessment goes on without the completion."))


@blueprint.route("/cases/<public_id>/objectives", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=case)
def objectives(application: Any) -> Any:
    """Which of the plan's objectives the application serves."""
    actions.demand_open(application, by=current_user)
    areas = queries.areas_of(application)
    form = forms.objectives_form(areas, queries.linked_ids(application))
    if not form.validate_on_submit():
        page = render_template("assessments/objectives.html", application=application, form=form)
        return page, form.status
    chosen = forms.chosen_objectives(form, areas)
    if actions.link_objectives(application, chosen, seen=form.seen_ids, by=current_user):
        said = _d("The links to the plan are saved. Somebody else changed some meanwhile; those changes are kept too.")
        return _to_case(application, said)
    return _to_case(application, _d("The links to the plan are saved."))


@blueprint.route("/cases/<public_id>/assessment", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=case)
def assess(application: Any) -> Any:
    """Points, the written assessment and the proposal. What somebody else saved meanwhile is shown beside."""
    actions.demand_open(application, by=current_user)
    demand_not_blind(application, current_user)
    form = forms.assessment_form(application, queries.assessment_of(application))
    fields = ("reasons", "text", "conditions", "summary")
    panel = inserting.panel(form, application, PaperKind.OFFICER_REPORT, fields, by=current_user)
    other, status = None, inserting.status_of(form, panel)
    if not panel.is_asked and form.validate_on_submit():
        try:
            actions.save_assessment(application, version=form.read_version, by=current_user, **form.values())
            return _to_case(application, _d("The assessment is saved."))
        except actions.ChangedMeanwhile as fault:
            other, status = fault.assessment, 409
            form.version.data = str(other.version) if other else "0"
    place = {"application": application, "form": form, "other": other, "panel": panel}
    return render_template("assessments/assess.html", **place), status


@blueprint.route("/cases/<public_id>/translation", methods=_BOTH)
@needs(Permission.TRANSLATE, of=case)
def translate(application: Any) -> Any:
    """A Swedish working translation of each answer. What somebody else saved meanwhile is shown beside."""
    form = forms.translation_form(application, translations.all_of(application))
    theirs, status = {}, form.status
    if form.validate_on_submit():
        try:
            translations.save_translations(application, form.texts(), seen=form.seen_version, by=current_user)
            return _to_case(application, _d("The working translation is saved."))
        except translations.TranslatedMeanwhile as fault:
            theirs, status = fault.theirs, 409
            form.go_on_from(fault.texts, translations.all_of(application))
    page = render_template("assessments/translate.html", application=application, form=form, theirs=theirs)
    return page, status


@blueprint.route("/cases/<public_id>/officers-report", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=case)
@once
def report(application: Any) -> Any:
    """The officer's report as it will read, and finishing it."""
    actions.demand_open(application, by=current_user)
    demand_not_blind(application, current_user)
    form = forms.ReportForm()
    no_objective = bool(form.serves_no_objective.data)
    if form.is_submitted():
        actions.demand_step(application, "finish_assessment", by=current_user)
    missing = actions.missing_for_report(application, serves_no_objective=no_objective)
    if not form.is_submitted() or missing:
        content = papers.report_content(application, by=current_user, serves_no_objective=no_objective)
        place = {"application": application, "form": form, "missing": missing, "content": content}
        return render_template("assessments/report.html", linked=queries.linked_ids(application), **place), form.status
    actions.finish_report(application, by=current_user, serves_no_objective=no_objective)
    return _to_case(application, _d("The report is finished and filed. The case is ready for a sitting."))


@blueprint.post("/cases/<public_id>/reopen")
@needs(Permission.ASSESS_APPLICATION, of=case)
@once
def reopen(application: Any) -> Any:
    actions.reopen(application, by=current_user)
    return _to_case(application, _d("The assessment is open again."))


@blueprint.post("/cases/<public_id>/reconsider")
@needs(Permission.ASSESS_APPLICATION, of=case)
@once
def reconsider(application: Any) -> Any:
    actions.reconsider(application, by=current_user)
    return _to_case(application, _d("The case is taken up again for a new decision."))


@blueprint.route("/cases/<public_id>/conflict", methods=_BOTH)
@needs(Permission.DECLARE_CONFLICT, of=case)
def declare_conflict(application: Any) -> Any:
    """Declare a conflict of interest; from then on the case is no longer there for this person."""
    form = forms.ConflictForm()
    if not form.validate_on_submit():
        page = render_template("assessments/declare_conflict.html", application=application, form=form)
        return page, form.status
    declare(by=current_user, reason=form.reason.data, application=application)
    flash(_d("Your conflict of interest is noted. You no longer see the case."), "good")
    return redirect(url_for("registry.list"))
