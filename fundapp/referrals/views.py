"""The pages of referrals: ask, record the answer, withdraw, the list; and the page on which the body itself answers."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from fundapp import clock, documents, files
from fundapp.languages import _d, _dn
from fundapp.paging import beyond_of
from fundapp.permissions import Permission
from fundapp.referrals import actions, forms, on_case, queries
from fundapp.referrals.models import Referral
from fundapp.registry import words
from fundapp.registry.queries import case
from fundapp.web.access import needs
from fundapp.web.limits import MESSAGE, UPLOAD, limited
from fundapp.web.once import once

blueprint = Blueprint("referrals", __name__)
blueprint.context_processor(words.for_templates)
blueprint.record_once(lambda state: state.app.jinja_env.globals.update(may_do_with_referrals=on_case.may_do))
_BOTH = ["GET", "POST"]


def _to_case(application: Any, said: str) -> Any:
    flash(said, "good")
    return redirect(url_for("registry.show", public_id=application.public_id, _anchor="referrals"))


@blueprint.get("/referrals")
@needs(Permission.FILE_DOCUMENT)
def list() -> str:
    """What waits for an answer, the day that is nearest first; the address says whether all or one's own."""
    asked = {name: "1" for name in ("mine", "late") if request.args.get(name)}
    page = queries.waiting(current_user, beyond_of(request.args), only_mine="mine" in asked, only_late="late" in asked)
    return render_template("referrals/list.html", page=page, asked=asked, today=clock.today())


@blueprint.route("/cases/<public_id>/referrals/new", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=case)
@limited(MESSAGE)
@once
def refer(application: Any) -> Any:
    """Ask one or several bodies for their comment."""
    actions.demand_open(application, by=current_user)
    offered = queries.to_send_along(application)
    form = forms.referral_form(queries.bodies(application), offered)
    if not form.validate_on_submit():
        return render_template("referrals/refer.html", application=application, form=form), form.status
    sent = actions.refer(
        application,
        form.receivers(),
        question=form.question.data,
        answer_by=form.answer_by.data,
        sent_along=form.documents(offered),
        by=current_user,
    )
    by_post = sum(not each.email for each in sent)
    said = _dn("%(n)s referral is sent and filed.", "%(n)s referrals are sent and filed.", len(sent))
    if by_post:
        said += " " + _dn(
            "%(n)s has no e-mail address: print it and post it.",
            "%(n)s have no e-mail address: print them and post them.",
            by_post,
        )
    return _to_case(application, said)


@blueprint.route("/referrals/<public_id>/answer", methods=_BOTH)
@needs(Permission.FILE_DOCUMENT, of=queries.referral)
@limited(UPLOAD)
def answer(referral: Referral) -> Any:
    """Write down an answer that came by mail, by post or by telephone."""
    form = forms.answer_form(referral)
    if not form.validate_on_submit():
        page = render_template("referrals/answer.html", application=referral.application, referral=referral, form=form)
        return page, form.status
    actions.record_answer(
        referral,
        came_on=form.came_on.data,
        answered_by=form.answered_by.data,
        text=form.text.data or "",
        file=files.store(form.checked, by_id=current_user.id) if form.checked else None,
        by=current_user,
    )
    return _to_case(referral.application, _d("The answer is filed."))


@blueprint.route("/referrals/<public_id>/withdraw", methods=_BOTH)
@needs(Permission.ASSESS_APPLICATION, of=queries.referral)
def withdraw(referral: Referral) -> Any:
    form = forms.WithdrawForm()
    if not form.validate_on_submit():
        page = render_template(
            "referrals/withdraw.html", application=referral.application, referral=referral, form=form
        )
        return page, form.status
    actions.withdraw(referral, form.reason.data, by=current_user)
    return _to_case(referral.application, _d("The referral is withdrawn."))


@blueprint.route("/referrals/<public_id>", methods=_BOTH)
@needs(Permission.USE_ACCOUNT, of=queries.asked_of_me)
@limited(UPLOAD)
def reply(referral: Referral) -> Any:
    """The body that was asked reads the question and what was sent along, nothing else of the case, and answers."""
    form = forms.ReplyForm()
    if not form.validate_on_submit() or referral.ended_at is not None:
        given = queries.answer_to(referral)
        page = render_template("referrals/reply.html", referral=referral, form=form, given=given)
        return page, 409 if form.is_submitted() and referral.ended_at else form.status
    actions.reply(
        referral,
        text=form.text.data or "",
        file=files.store(form.checked, by_id=current_user.id) if form.checked else None,
        by=current_user,
    )
    flash(_d("Thank you. Your answer is filed in the case."), "good")
    return redirect(url_for("referrals.reply", public_id=referral.public_id))


@blueprint.get("/referrals/<public_id>/documents/<document_id>")
@needs(Permission.USE_ACCOUNT, of=queries.asked_of_me)
def document(referral: Referral, document_id: str) -> Response:
    """A document that was sent along, for the body that was asked."""
    for found in (referral.document, *referral.sent_along):
        if found.public_id == document_id and found.paper is not None:
            response = Response(documents.pdf(found.paper), mimetype="application/pdf")
            response.headers.set("Content-Disposition", "attachment", filename=found.paper.file_name)
            response.headers["X-Content-Type-Options"] = "nosniff"
            return response
        if found.public_id == document_id and found.file is not None:
            return files.served(found.file)
    return abort(404)
