"""A document's secrecy: mark it, lift the mark, make a masked copy, write down who got it; and the register of that."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import clock
from fundapp.languages import _d
from fundapp.paging import beyond_of
from fundapp.permissions import Permission
from fundapp.registry import queries, secrecy, secrecy_queries
from fundapp.registry.queries import FiledDocument
from fundapp.registry.secrecy_forms import CopyForm, GiveOutForm, LiftForm, MarkForm
from fundapp.web.access import needs
from fundapp.web.fields import Form
from fundapp.web.once import once

blueprint = Blueprint("secrecy", __name__)
Page = str | tuple[str, int] | Response


@blueprint.get("/documents/<public_id>/secrecy")
@needs(Permission.EXAMINE_SECRECY, of=queries.document)
def show(found: FiledDocument) -> Page:
    """What is known of the document's secrecy, and the forms."""
    return _page(found)


@blueprint.post("/documents/<public_id>/secrecy/mark")
@needs(Permission.EXAMINE_SECRECY, of=queries.document)
def mark(found: FiledDocument) -> Page:
    form = MarkForm()
    if not form.validate():
        return _page(found, mark=form)
    secrecy.mark(
        found,
        paragraph=form.paragraph.data,
        reason=form.reason.data,
        hides_case=form.hides_case.data,
        by=current_user,
    )
    flash(_d("The document is marked for secrecy examination."), "good")
    return _back(found)


@blueprint.post("/documents/<public_id>/secrecy/lift")
@needs(Permission.EXAMINE_SECRECY, of=queries.document)
def lift(found: FiledDocument) -> Page:
    form = LiftForm(prefix="lift")
    if not form.validate():
        return _page(found, lift=form)
    secrecy.lift(found, reason=form.reason.data, by=current_user)
    flash(_d("The mark is lifted."), "good")
    return _back(found)


@blueprint.post("/documents/<public_id>/secrecy/copy")
@needs(Permission.EXAMINE_SECRECY, of=queries.document)
@once
def copy(found: FiledDocument) -> Page:
    """A masked copy: drawn anew for a paper of ours, sent by the official for anything else."""
    form = CopyForm(prefix="copy")
    form.needs_file = found.document.paper is None
    if not form.validate():
        return _page(found, masking=form)
    given: dict[str, Any] = {"paragraph": form.paragraph.data, "by": current_user}
    try:
        if form.checked is None:
            made = secrecy.mask_paper(found, form.wanted, **given)
        else:
            made = secrecy.mask_file(found, form.checked, form.wanted, **given)
    except secrecy.NotMasked as fault:
        form.words.errors = [str(fault.reason)]
        return _page(found, masking=form)
    flash(_d("The masked copy is filed as number %(number)s in the case.", number=made.copy.number), "good")
    return _back(found)


@blueprint.post("/documents/<public_id>/secrecy/given-out")
@needs(Permission.EXAMINE_SECRECY, of=queries.document)
@once
def give_out(found: FiledDocument) -> Page:
    form = GiveOutForm(prefix="out")
    if not form.validate():
        return _page(found, out=form)
    secrecy.give_out(found, recipient=form.recipient.data, given_on=form.given_on.data, by=current_user)
    flash(_d("It is written down who got document %(number)s.", number=found.document.number), "good")
    return _back(found)


@blueprint.get("/given-out")
@needs(Permission.READ_DIARY)
def given_out() -> Page:
    """The register of what was given out."""
    return render_template("registry/given_out.html", page=secrecy_queries.given_out(beyond_of(request.args)))


def _back(found: FiledDocument) -> Response:
    return redirect(url_for("secrecy.show", public_id=found.document.public_id))


def _page(found: FiledDocument, **failed: Form) -> Page:
    """The page with its forms; the one that was not accepted as it was sent."""
    standing = secrecy_queries.standing(found.document)
    paragraph = standing.mark.SecrecyMark.paragraph if standing.mark else ""
    forms: dict[str, Form] = {
        "mark": MarkForm(formdata=None),
        "lift": LiftForm(formdata=None, prefix="lift"),
        "masking": CopyForm(formdata=None, prefix="copy", data={"paragraph": paragraph}),
        "out": GiveOutForm(formdata=None, prefix="out", data={"given_on": clock.today()}),
    } | failed
    page = render_template(
        "registry/secrecy.html",
        document=found.document,
        application=found.application,
        standing=standing,
        forms=forms,
        failed=next(iter(failed.values()), None),
    )
    return (page, 422) if failed else page
