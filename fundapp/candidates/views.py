"""The official's pages for the stipend's candidates, and the page where an association answers by its own link."""

from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_login import current_user

from fundapp import clock, documents
from fundapp.applications.models import Application
from fundapp.assessments.actions import ChangedMeanwhile, NotReady
from fundapp.candidates import actions, asking, dividing, forms, papers, queries
from fundapp.candidates.models import Candidate
from fundapp.funds.models import Round
from fundapp.languages import _d, _dn
from fundapp.permissions import Permission
from fundapp.registry import words
from fundapp.web.access import needs, public
from fundapp.web.limits import INVITATION, UPLOAD, limited
from fundapp.web.once import once
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("candidates", __name__)
blueprint.context_processor(words.for_templates)
_BOTH = ["GET", "POST"]


def _round(key: str) -> Round:
    return queries.stipend_round(key) or abort(404)


def _kept_round(key: str) -> Round:
    """The round, for an official whose role is for its fund. Errors: NotAllowed."""
    round_ = _round(key)
    actions.demand_round(round_, current_user)
    return round_


def _to_list(round_: Round) -> Any:
    return redirect(url_for("candidates.list", round=round_.id))


def _to(candidate: Candidate) -> Any:
    return redirect(url_for("candidates.show", public_id=candidate.public_id))


@blueprint.get("/candidates", endpoint="list")
@needs(Permission.KEEP_CANDIDATES)
def list_candidates() -> str:
    """A round's candidates, and what belongs to none yet; the newest round that has begun unless another is asked."""
    rounds = queries.stipend_rounds()
    begun = [each for each in rounds if each.opens_at <= clock.now()] or rounds[-1:]
    round_ = _round(request.args["round"]) if "round" in request.args else begun[0] if begun else abort(404)
    return render_template(
        "candidates/list.html",
        rounds=rounds,
        round=round_,
        rows=queries.candidate_rows(round_, current_user),
        loose=queries.ungathered(round_, current_user),
        recipients=queries.recipients(round_, current_user),
    )


@blueprint.post("/candidates/rounds/<public_id>/gather")
@needs(Permission.KEEP_CANDIDATES)
def gather(public_id: str) -> Any:
    round_ = _kept_round(public_id)
    changed = actions.gather(round_, queries.ungathered(round_, current_user), by=current_user)
    flash(_dn("%(n)s candidate got new cases.", "%(n)s candidates got new cases.", len(changed)), "good")
    return _to_list(round_)


@blueprint.get("/candidates/<public_id>")
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
def show(candidate: Candidate) -> str:
    """One association: its cases, its answer, what may be done."""
    (row,) = [
        each for each in queries.candidate_rows(candidate.round, current_user) if each.candidate.id == candidate.id
    ]
    return render_template(
        "candidates/show.html",
        candidate=candidate,
        row=row,
        others=queries.others_in(candidate, current_user),
        why_not_ask=asking.why_not_ask(candidate),
    )


@blueprint.route("/candidates/<public_id>/particulars", methods=_BOTH)
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
def correct(candidate: Candidate) -> Any:
    """The association's particulars. What somebody else saved meanwhile is shown beside what was typed."""
    form, is_another = forms.ParticularsForm(candidate), False
    if form.validate_on_submit():
        try:
            actions.correct(candidate, **form.facts(), by=current_user)
        except actions.WrittenMeanwhile:
            form.seen.data, is_another = actions.seen_of(candidate), True
        else:
            flash(_d("The particulars are saved."), "good")
            return _to(candidate)
    page = render_template("candidates/correct.html", candidate=candidate, form=form, is_another=is_another)
    return page, 409 if is_another else form.status


@blueprint.post("/candidates/<public_id>/confirm")
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
def confirm(candidate: Candidate) -> Any:
    actions.confirm(candidate, by=current_user)
    flash(_d("The cases concern the same association."), "good")
    return _to(candidate)


@blueprint.post("/candidates/<public_id>/split")
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
def split(candidate: Candidate) -> Any:
    wanted = request.form.get("case", "")
    application: Application = next(
        (each for each in candidate.applications if each.public_id == wanted), None
    ) or abort(404)
    own = actions.split(candidate, application, by=current_user)
    flash(_d("The case is a candidate of its own now."), "good")
    return _to(own)


@blueprint.post("/candidates/<public_id>/merge")
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
def merge(candidate: Candidate) -> Any:
    other = queries.candidate(request.form.get("other", "")) or abort(404)
    actions.merge(candidate, other, by=current_user)
    flash(_d("The cases are one candidate now. Confirm that they concern the same association."), "good")
    return _to(candidate)


@blueprint.post("/candidates/<public_id>/ask")
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
@limited(INVITATION)
@once
def ask(candidate: Candidate) -> Any:
    asking.ask(candidate, by=current_user)
    flash(_d("The association is asked by mail."), "good")
    return _to(candidate)


@blueprint.route("/candidates/<public_id>/answer", methods=_BOTH)
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
@limited(UPLOAD)
@once
def note_answer(candidate: Candidate) -> Any:
    """What the association said by telephone, post or otherwise."""
    form = forms.NotedAnswerForm(data={"org_number": candidate.org_number})
    if not form.validate_on_submit():
        return render_template("candidates/note_answer.html", candidate=candidate, form=form), form.status
    asking.note_answer(candidate, **form.facts(), by=current_user)
    flash(_d("The answer is noted and filed."), "good")
    return _to(candidate)


@blueprint.route("/candidates/rounds/<public_id>/division", methods=_BOTH)
@needs(Permission.KEEP_CANDIDATES)
def divide(public_id: str) -> Any:
    """The year's sum over a suitable number of recipients; saving a part is fine."""
    round_ = _kept_round(public_id)
    dividing.demand_impartial_in(round_, current_user)
    rows = queries.candidate_rows(round_, current_user)
    form, status, told = forms.division_form(rows), 200, None
    if request.method == "POST":
        status = 422
        if form.check(round_, rows):
            try:
                dividing.divide(round_, form.shares(), by=current_user)
            except ChangedMeanwhile as fault:
                status, told = 409, fault.reason
            else:
                flash(_d("The division is saved as the proposal of each candidate."), "good")
                return _to_list(round_)
    page = render_template("candidates/divide.html", round=round_, form=form, rows=rows, told=told)
    return page, status


@blueprint.post("/candidates/<public_id>/finish")
@needs(Permission.KEEP_CANDIDATES, of=queries.candidate)
def finish(candidate: Candidate) -> Any:
    """Finish the officer's reports of all the candidate's cases."""
    try:
        dividing.finish(candidate, by=current_user)
    except NotReady as fault:
        raise StepNotPossible(fault.missing[0]) from fault
    flash(_d("The reports are finished and filed. The candidate's cases are ready for a sitting."), "good")
    return _to(candidate)


@blueprint.route("/candidates/rounds/<public_id>/ceremony", methods=_BOTH)
@needs(Permission.KEEP_CANDIDATES)
def ceremony(public_id: str) -> Any:
    """When and where the stipends are handed out, and who comes. What somebody else saved meanwhile is shown beside."""
    round_ = _kept_round(public_id)
    recipients, kept = queries.recipients(round_, current_user), queries.ceremony_of(round_)
    form, is_another = forms.ceremony_form(recipients, kept), False
    if form.validate_on_submit():
        try:
            actions.plan_ceremony(round_, **form.facts(), by=current_user)
        except actions.WrittenMeanwhile:
            recipients, kept = queries.recipients(round_, current_user), queries.ceremony_of(round_)
            form.seen.data, is_another = forms.ceremony_seen(recipients, kept), True
        else:
            flash(_d("The ceremony is saved."), "good")
            return redirect(url_for("candidates.ceremony", public_id=round_.id))
    shown = {"ceremony": kept, "recipients": recipients, "is_another": is_another}
    page = render_template("candidates/ceremony.html", round=round_, form=form, **shown)
    return page, 409 if is_another else form.status


@blueprint.get("/candidates/rounds/<public_id>/ceremony.pdf")
@needs(Permission.KEEP_CANDIDATES)
def ceremony_list(public_id: str) -> Response:
    """The ceremony's list: recipients, motivations, sums, and who comes."""
    round_ = _kept_round(public_id)
    recipients = queries.recipients(round_, current_user)
    content = papers.ceremony_content(round_, queries.ceremony_of(round_), recipients)
    return _pdf(papers.CEREMONY, content, f"stipendiater-{round_.label}.pdf")


@blueprint.get("/candidates/diplomas/<public_id>.pdf")
@needs(Permission.KEEP_CANDIDATES)
def diploma(public_id: str) -> Response:
    """One recipient's diploma, to be printed and signed."""
    recipient = queries.recipient_by(public_id, current_user) or abort(404)
    return _pdf(papers.DIPLOMA, papers.diploma_content(recipient), f"diplom-{public_id}.pdf")


def _pdf(template: str, content: dict[str, Any], file_name: str) -> Response:
    response = Response(documents.compile_pdf(template, content, clock.now()), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=file_name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/nominee/<token>", methods=_BOTH)
@public
@limited(UPLOAD, where=asking.is_link)
def answer(token: str) -> Response:
    """The nominated association says whether it wants to be considered; only the button answers."""
    candidate = asking.by_token(token)
    if candidate is None:
        return _no_store(render_template("candidates/answer.html", candidate=None, reason=None), 404)
    reason = asking.why_not_answer(candidate)
    form = forms.AnswerForm(data={"org_number": candidate.org_number})
    if reason is not None or not form.validate_on_submit():
        page = render_template("candidates/answer.html", candidate=candidate, reason=reason, form=form, token=token)
        return _no_store(page, 409 if reason is not None and request.method == "POST" else form.status)
    asking.answer_by_link(candidate, **form.facts())
    return _no_store(redirect(url_for("candidates.answer", token=token)))


def _no_store(page: Any, status: int | None = None) -> Response:
    """A link is a secret: no browser keeps its page. Its address is told to pages of ours alone, as on every page; told
    to nobody at all, a browser would send the form without what shows over https that it comes from here.
    """
    answered = make_response(page, status) if status is not None else make_response(page)
    answered.headers["Cache-Control"] = "no-store"
    return answered
