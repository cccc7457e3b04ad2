"""Several officials assess one case, each blind to the others; a second pair of eyes before the case leaves."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user

from fundapp.applications.models import Application, Submission
from fundapp.assessments import actions as assessing
from fundapp.assessments.queries import assessment_of
from fundapp.db import db, roll_back
from fundapp.languages import Lazy, _d
from fundapp.permissions import Permission, is_allowed
from fundapp.registry import words
from fundapp.registry.queries import case
from fundapp.reviews import actions, forms, on_case, queries
from fundapp.reviews.falling import needs_look, stays_blind
from fundapp.web.access import needs
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("reviews", __name__)
blueprint.context_processor(words.for_templates)
blueprint.add_app_template_global(on_case.may_be_read, "reviews_may_be_read")
blueprint.add_app_template_global(on_case.hides_assessment, "reviews_hide_assessment")
_BOTH = ["GET", "POST"]


def _to(endpoint: str, application: Application, said: str) -> Any:
    flash(said, "good")
    return redirect(url_for(endpoint, public_id=application.public_id))


def _refused(form: Any, reason: Lazy | str) -> int:
    """Say it above the form, whose fields stay as they were typed; nothing of the step is kept."""
    roll_back()
    form.form_errors.append(str(reason))
    return 409


def _works(application: Application) -> bool:
    """Whether the signed-in person may ask and withdraw here now."""
    is_officer = is_allowed(current_user, Permission.ASSESS_APPLICATION, application)
    return is_officer and application.status in assessing.rules.OPEN_FOR_WORK


@blueprint.get("/asked-of-me")
@needs(Permission.LIST_CASES)
def list() -> str:
    """What colleagues have asked of the signed-in person, and nothing of cases they may not see."""
    reviews = db.session.execute(queries.reviews_asked(current_user)).all()
    looks = db.session.execute(queries.looks_asked(current_user)).all()
    return render_template("reviews/list.html", reviews=reviews, looks=looks)


@blueprint.get("/cases/<public_id>/assessments")
@needs(Permission.READ_ASSESSMENTS, of=case)
def show(application: Any) -> Any:
    """Who is asked and who has sent; side by side when all have."""
    return _page(application)


def _page(application: Application, *, ask: Any = None, withdraw: Any = None, status: int = 200) -> Any:
    reviews = actions.live_reviews(application)
    may_work = _works(application)
    assessment = assessment_of(application) if may_work else None
    page = render_template(
        "reviews/show.html",
        application=application,
        reviews=reviews,
        comparison=queries.comparison(application, reviews),
        withdrawn=queries.withdrawn(application),
        may_work=may_work,
        ask=ask or (forms.AskForm(_to_ask(application, reviews)) if may_work else None),
        withdraw=withdraw or forms.WithdrawForm(),
        assessment_version=assessment.version if assessment is not None else 0,
        is_outdated=lambda review: actions.is_outdated(review, application),
    )
    return page, status


def _to_ask(application: Application, reviews: Any) -> Any:
    """Who is not asked, and who has written on an older version."""
    settled = [each.assessor_id for each in reviews if not (each.sent_at and actions.is_outdated(each, application))]
    return queries.colleagues(application, but=settled)


@blueprint.post("/cases/<public_id>/assessments/ask")
@needs(Permission.ASSESS_APPLICATION, of=case)
def ask(application: Any) -> Any:
    form = forms.AskForm(_to_ask(application, actions.live_reviews(application)))
    if not form.validate_on_submit():
        return _page(application, ask=form, status=form.status)
    try:
        actions.ask(application, form.chosen, by=current_user)
    except StepNotPossible as fault:
        return _page(application, ask=form, status=_refused(form, fault.reason))
    return _to("reviews.show", application, _d("They are asked, and get a mail."))


@blueprint.post("/cases/<public_id>/assessments/close")
@needs(Permission.ASSESS_APPLICATION, of=case)
def close(application: Any) -> Any:
    """Wait no longer for any of those who have not sent."""
    form = forms.WithdrawForm()
    if not form.validate_on_submit():
        return _page(application, withdraw=form, status=form.status)
    actions.close(application, reason=form.reason.data, by=current_user)
    return _to("reviews.show", application, _d("Nobody is waited for any longer."))


@blueprint.route("/cases/<public_id>/assessments/<review_id>/withdraw", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=case)
def withdraw(application: Any, review_id: str) -> Any:
    review = queries.review_of(application, review_id) or abort(404)
    form = forms.WithdrawForm()
    if not form.validate_on_submit():
        page = render_template("reviews/withdraw.html", application=application, review=review, form=form)
        return page, form.status
    actions.withdraw(review, reason=form.reason.data, by=current_user)
    return _to("reviews.show", application, _d("The question is withdrawn."))


@blueprint.post("/cases/<public_id>/assessments/take-over")
@needs(Permission.ASSESS_APPLICATION, of=case)
def take_over(application: Any) -> Any:
    """Begin the case's assessment with what the colleagues wrote."""
    version = forms.whole(forms.AnswerForm().version.data)
    actions.take_over(application, version=version, by=current_user)
    return _to("assessments.assess", application, _d("The colleagues' texts stand in the assessment now."))


@blueprint.route("/cases/<public_id>/own-assessment", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=queries.asked_case)
def write(application: Any) -> Any:
    """One's own assessment: saved as it stands, or sent. What was saved in another window is shown beside."""
    review = queries.own_review(application, current_user) or abort(404)
    newest = application.last_submission
    form = forms.review_form(application, review, newest)
    other, status = None, form.status
    if form.validate_on_submit():
        try:
            return _keep(application, form)
        except actions.ChangedMeanwhile as fault:
            status = _refused(form, fault.reason)
            other = queries.own_review(application, current_user)
            form.version.data, form.read.data = str(other.version if other else 0), str(newest.number if newest else 0)
        except StepNotPossible as fault:
            status = _refused(form, fault.reason)
    why_closed = actions.why_not_opened(application, review) if review.sent_at is not None else None
    place = {"application": application, "review": review, "newest": newest, "why_closed": why_closed}
    return render_template("reviews/write.html", form=form, other=other, **place), status


def _keep(application: Application, form: forms.ReviewForm) -> Any:
    is_sent = forms.wants_to_send()
    actions.save(
        application,
        version=forms.whole(form.version.data),
        read=_read(application, form),
        is_sent=is_sent,
        by=current_user,
        **form.values(),
    )
    if is_sent:
        return _to("reviews.show", application, _d("Your assessment is sent."))
    return _to("reviews.write", application, _d("Your assessment is saved. Nobody else sees it before you send it."))


def _read(application: Application, form: forms.ReviewForm) -> Submission:
    """The copy of the application that was on the page."""
    number = forms.whole(form.read.data)
    found = next((each for each in application.submissions if each.number == number), None)
    return found or application.submissions[0]


@blueprint.post("/cases/<public_id>/own-assessment/open")
@needs(Permission.ASSESS_APPLICATION, of=queries.asked_case)
def open_again(application: Any) -> Any:
    actions.open_again(application, by=current_user)
    return _to("reviews.write", application, _d("Your assessment is open again. Send it when you are done."))


# --- a second pair of eyes ----------------------------------------------------------------------------------------


@blueprint.get("/cases/<public_id>/second-look")
@needs(Permission.READ_ASSESSMENTS, of=case)
def second_look(application: Any) -> Any:
    """What is asked and answered, and the assessment that it is about."""
    return _look_page(application)


def _look_page(application: Application, *, ask: Any = None, answer: Any = None, status: int = 200) -> Any:
    looks, assessment = queries.looks_of(application), assessment_of(application)
    waiting = next((look for look in looks if look.answered_at is None and look.withdrawn_at is None), None)
    may_work = _works(application) and not stays_blind(application, current_user)
    if answer is None:
        answer = forms.AnswerForm(data={"version": str(assessment.version if assessment is not None else 0)})
    writer = assessment.saved_by_id if assessment is not None else None
    page = render_template(
        "reviews/second_look.html",
        application=application,
        looks=looks,
        waiting=waiting,
        is_mine=waiting is not None and waiting.asked_of_id == current_user.id,
        may_work=may_work,
        assessment=None if stays_blind(application, current_user) else assessment,
        needs_look=needs_look(application),
        ask=ask or (_look_form(application, writer) if may_work else None),
        answer=answer,
    )
    return page, status


def _look_form(application: Application, writer: int | None = None) -> forms.LookForm:
    """Everybody who can be asked but oneself and, on the page, whoever wrote the assessment."""
    return forms.LookForm(queries.colleagues(application, but=[current_user.id, writer]))


@blueprint.post("/cases/<public_id>/second-look/ask")
@needs(Permission.ASSESS_APPLICATION, of=case)
def ask_for_look(application: Any) -> Any:
    form = _look_form(application)
    if not form.validate_on_submit():
        return _look_page(application, ask=form, status=form.status)
    try:
        actions.ask_for_look(application, form.chosen, question=form.question.data or "", by=current_user)
    except StepNotPossible as fault:
        return _look_page(application, ask=form, status=_refused(form, fault.reason))
    return _to("reviews.second_look", application, _d("Your colleague is asked, and gets a mail."))


@blueprint.post("/cases/<public_id>/second-look/answer")
@needs(Permission.ASSESS_APPLICATION, of=case)
def answer_look(application: Any) -> Any:
    form = forms.AnswerForm()
    if not form.validate_on_submit():
        return _look_page(application, answer=form, status=form.status)
    version, remark = forms.whole(form.version.data), form.remark.data or ""
    try:
        actions.answer_look(application, agrees=forms.agrees(), remark=remark, version=version, by=current_user)
    except assessing.ChangedMeanwhile as fault:
        status = _refused(form, fault.reason)
        now = assessment_of(application)
        form.version.data = str(now.version if now is not None else 0)
        return _look_page(application, answer=form, status=status)
    except StepNotPossible as fault:
        return _look_page(application, answer=form, status=_refused(form, fault.reason))
    return _to("reviews.second_look", application, _d("Your answer is kept, and your colleague gets a mail."))


@blueprint.post("/cases/<public_id>/second-look/withdraw")
@needs(Permission.ASSESS_APPLICATION, of=case)
def withdraw_look(application: Any) -> Any:
    actions.withdraw_look(application, by=current_user)
    return _to("reviews.second_look", application, _d("The question is taken back."))
