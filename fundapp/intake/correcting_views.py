"""Pages on which one official proposes a change of an applicant's particulars, and another approves it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.applications.models import Application
from fundapp.intake import correcting, queries, taking_over
from fundapp.intake.forms import AddressForm, AnswerForm, DoublesForm, ParticularsForm
from fundapp.intake.models import Correction, CorrectionKind
from fundapp.languages import _d
from fundapp.permissions import Permission
from fundapp.registry import queries as cases
from fundapp.web.access import needs
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("correcting", __name__)
Page = str | Response | tuple[str, int]


@blueprint.get("/corrections")
@needs(Permission.APPROVE_CORRECTION)
def list() -> Page:
    """What waits for a second person."""
    return render_template("intake/corrections.html", corrections=queries.corrections(current_user))


@blueprint.get("/cases/<public_id>/correct")
@needs(Permission.PROPOSE_CORRECTION, of=cases.case)
def propose(application: Application) -> Page:
    """What can be corrected about this applicant."""
    return render_template("intake/propose.html", application=application, kinds=_kinds(application))


def _kinds(application: Application) -> Any:
    """The kinds of corrections that this applicant can have."""
    organisation = application.organisation
    if organisation is None:
        return [CorrectionKind.EMAIL]
    kinds = [CorrectionKind.PARTICULARS, CorrectionKind.EMAIL, CorrectionKind.CONNECT]
    return [*kinds, CorrectionKind.DOUBLES] if queries.doubles(organisation) else kinds


@blueprint.route("/cases/<public_id>/correct/<kind>", methods=["GET", "POST"])
@needs(Permission.PROPOSE_CORRECTION, of=cases.case)
def change(application: Application, kind: str) -> Page:
    """One kind of change: what is kept now, what it should be, and how the request came."""
    chosen = next((each for each in _kinds(application) if each.value == kind), None)
    if chosen is None:
        abort(404)
    form = _form(chosen, application)
    if form.validate_on_submit():
        try:
            correction = _PROPOSE[chosen](application, form)
        except StepNotPossible as fault:
            return _change_page(application, chosen, form, str(fault.reason)), 422
        flash(_d("It is proposed. Another person must approve it."), "good")
        return redirect(url_for("correcting.show", public_id=correction.public_id))
    return _change_page(application, chosen, form), form.status


def _change_page(application: Application, kind: CorrectionKind, form: Any, fault: str = "") -> str:
    organisation = application.organisation
    entries = queries.entries_of(organisation.org_number) if organisation and kind is CorrectionKind.DOUBLES else ()
    return render_template(
        "intake/change.html", application=application, kind=kind, form=form, fault=fault, entries=entries
    )


def _form(kind: CorrectionKind, application: Application) -> Any:
    organisation = application.organisation
    if kind is CorrectionKind.PARTICULARS and organisation is not None:
        return ParticularsForm(data={name: text or None for name, text in correcting.particulars(organisation).items()})
    if kind is CorrectionKind.DOUBLES and organisation is not None:
        return DoublesForm(organisation)
    return AddressForm()


def _particulars(application: Application, form: Any) -> Correction:
    return correcting.propose_particulars(application, form.values, reason=form.reason.data, by=current_user)


def _email(application: Application, form: Any) -> Correction:
    return correcting.propose_email(application, form.email.data, reason=form.reason.data, by=current_user)


def _connection(application: Application, form: Any) -> Correction:
    return correcting.propose_connection(application, form.email.data, reason=form.reason.data, by=current_user)


def _doubles(application: Application, form: Any) -> Correction:
    return correcting.propose_doubles(application, form.chosen, reason=form.reason.data, by=current_user)


_PROPOSE: dict[CorrectionKind, Callable[[Application, Any], Correction]] = {
    CorrectionKind.PARTICULARS: _particulars,
    CorrectionKind.EMAIL: _email,
    CorrectionKind.CONNECT: _connection,
    CorrectionKind.DOUBLES: _doubles,
}


@blueprint.get("/corrections/<public_id>")
@needs(Permission.APPROVE_CORRECTION, of=queries.correction)
def show(correction: Correction) -> Page:
    return _show_page(correction, AnswerForm(formdata=None))


def _show_page(correction: Correction, form: AnswerForm, fault: str = "") -> str:
    return render_template(
        "intake/correction.html",
        correction=correction,
        labels=correcting.LABELS,
        meanwhile=correcting.changed_meanwhile(correction),
        entries=[each for each in (correction.organisation, correction.other) if correction.other and each],
        asks_for_account=taking_over.would_ask_for_account(correction),
        asks_of_numbers=correction.decided_at is None and bool(correcting.asks_of(correction)),
        waits_for_call=correcting.waits_for_call(correction),
        is_own=correction.proposed_by_id == current_user.id,
        form=form,
        fault=fault,
    )


@blueprint.post("/corrections/<public_id>/approve")
@needs(Permission.APPROVE_CORRECTION, of=queries.correction)
def approve(correction: Correction) -> Page:
    try:
        is_made = correcting.approve(correction, by=current_user)
    except StepNotPossible as fault:
        return _show_page(correction, AnswerForm(formdata=None), str(fault.reason)), 422
    if not is_made:
        flash(_d("The account is asked for. When that is answered, come back and approve this."), "attention")
        return redirect(url_for("correcting.show", public_id=correction.public_id))
    if correcting.waits_for_call(correction):
        flash(
            _d(
                "The account waits until an official who did not propose it has called the organisation and approved it"
                " among the new accounts."
            ),
            "attention",
        )
        return redirect(url_for("correcting.list"))
    flash(_d("The change is made. The old contact and the new get word of it."), "good")
    return redirect(url_for("correcting.list"))


@blueprint.post("/corrections/<public_id>/decline")
@needs(Permission.APPROVE_CORRECTION, of=queries.correction)
def decline(correction: Correction) -> Page:
    """Leave it as it is; one's own proposal is taken back without a word, another's is declined with one."""
    form = AnswerForm()
    if correction.proposed_by_id != current_user.id and not form.remark.data:
        form.remark.errors = [_d("Write why it is declined.")]
        return _show_page(correction, form), 422
    if not form.validate():
        return _show_page(correction, form), 422
    correcting.decline(correction, remark=form.remark.data or "", by=current_user)
    flash(_d("Nothing is changed."), "good")
    return redirect(url_for("correcting.list"))
