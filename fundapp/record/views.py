"""The auditor's pages: how the record stands, the entries of a case, one entry with its proof."""

from flask import Blueprint, abort, render_template, request
from flask_login import current_user

from fundapp.languages import _d, _dl
from fundapp.permissions import Permission
from fundapp.record import looking_up
from fundapp.record.forms import LookUpForm
from fundapp.web.access import needs

blueprint = Blueprint("record", __name__)

TABLES = {
    "history_entry": _dl("Event"),
    "ledger_entry": _dl("Movement of money"),
    "paper": _dl("Paper"),
    "submission": _dl("Application as sent"),
    "document": _dl("Document"),
    "minutes": _dl("Minutes"),
    "minutes_signature": _dl("Signature of minutes"),
    "board_notice": _dl("Notice on the noticeboard"),
    "decision": _dl("Decision"),
    "record_disposal": _dl("Disposal"),
}


@blueprint.get("/record")
@needs(Permission.VERIFY_RECORD)
def show() -> tuple[str, int]:
    """The signed root of now, the last export, and the entries of the case that is asked for."""
    form = LookUpForm(formdata=request.args)
    form.validate()
    asked = form.case.data or ""
    application = looking_up.case_numbered(asked, current_user) if asked else None
    if asked and application is None:
        form.case.errors = [_d("There is no case with this number that you may see. Write it as KS 2017:12.")]
    return (
        render_template(
            "record/show.html",
            form=form,
            signed=looking_up.root_now(),
            export=looking_up.last_export(),
            waiting=looking_up.waiting(),
            rows=looking_up.entries_of(application) if application is not None else None,
            most=looking_up.MOST,
            tables=TABLES,
        ),
        422 if asked and application is None else 200,
    )


@blueprint.get("/record/entries/<int:number>")
@needs(Permission.VERIFY_RECORD)
def entry(number: int) -> str:
    """One entry: its hashes, whether its row is still what was entered, and the proof that it is in the record."""
    seen = looking_up.entry(min(number, 2**62))
    if seen is None:
        abort(404)
    return render_template("record/entry.html", seen=seen, proof=looking_up.proof(seen), tables=TABLES)
