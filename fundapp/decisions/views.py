"""Recording what the board decided, and the letter as a PDF."""

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from fundapp import documents
from fundapp.applications.models import Application
from fundapp.decisions import actions, papers, queries, translations
from fundapp.decisions.forms import OutcomeForm, TranslationForm
from fundapp.decisions.models import Decision
from fundapp.documents import Paper
from fundapp.funds.queries import round_sums
from fundapp.languages import AUTHORITY_LANGUAGE, LANGUAGES, _, _d
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
    actions.demand_not_withdrawn(application)
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
            return redirect(url_for("proceedings.show", public_id=place.meeting.public_id, item=place.public_id))
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
    return _pdf(decision.letter)


def _pdf(paper: Paper) -> Response:
    response = Response(documents.pdf(paper), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=paper.file_name)
    return response


@blueprint.get("/decisions/<public_id>/letter-<code>.pdf")
@needs(Permission.USE_ACCOUNT, of=queries.decision_with_letter)
def translated_letter(decision: Decision, code: str) -> Response:
    """The letter in Swedish and the language that the decision was translated into."""
    papers = [row.paper for row in decision.translations if row.language == code and row.paper is not None]
    return _pdf(papers[-1]) if papers else abort(404)


@blueprint.post("/decisions/<public_id>/translations")
@needs(Permission.READ_APPLICATION, of=queries.own_decision)
def ask_for_translation(decision: Decision) -> AnyResponse:
    """The applicant asks for the decision in another language."""
    translations.ask_for_translation(decision, request.form.get("language", ""), by=current_user)
    flash(_("We have got your request."), "good")
    return redirect(url_for("applications.show", public_id=decision.application.public_id))


@blueprint.route("/decisions/<public_id>/translations/<code>", methods=["GET", "POST"])
@needs(Permission.TRANSLATE, of=queries.seen_decision)
def translate(decision: Decision, code: str) -> tuple[str, int] | AnyResponse:
    """An official translates the board's own words; the letter goes out in both languages."""
    if code not in LANGUAGES or code == AUTHORITY_LANGUAGE:
        abort(404)
    known = translations.latest(decision, code)
    conditions, language = papers.conditions_in(decision, LANGUAGES[code])
    form = TranslationForm(decision, known, conditions if language != AUTHORITY_LANGUAGE else "")
    if form.validate_on_submit():
        words = {"reasons": form.reasons.data or "", "conditions": form.conditions.data or ""}
        translations.translate_decision(decision, code, **words, seen=form.seen_version, by=current_user)
        flash(_d("The translation is sent to the applicant and filed in the case."), "good")
        return redirect(url_for("registry.show", public_id=decision.application.public_id))
    page = render_template(
        "decisions/translate.html", decision=decision, form=form, known=known, target=LANGUAGES[code]
    )
    return page, form.status
