"""Letters to print and post, for whoever has no e-mail."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_login import current_user

from fundapp import clock, documents
from fundapp.intake import posting, queries
from fundapp.intake.forms import PostedForm
from fundapp.languages import _d
from fundapp.permissions import Permission
from fundapp.web.access import needs

blueprint = Blueprint("posting", __name__)


@blueprint.get("/to-post")
@needs(Permission.SEND_LETTER_AGAIN)
def list() -> str:
    return render_template("intake/to_post.html", letters=queries.to_post(current_user))


@blueprint.route("/to-post/<public_id>", methods=["GET", "POST"])
@needs(Permission.SEND_LETTER_AGAIN, of=queries.letter)
def show(found: queries.Posted) -> Any:
    """One letter as it will be read, what to print, and the day it was posted."""
    form = PostedForm(data={"posted_on": clock.today()})
    if not form.validate_on_submit():
        return _page(found, form), form.status
    posting.mark_posted(found.message, found.application, posted_on=form.posted_on.data, by=current_user)
    flash(_d("It is noted as posted, and filed."), "good")
    return redirect(url_for("posting.list"))


def _page(found: queries.Posted, form: PostedForm) -> str:
    address = posting.address_of(found.application)
    return render_template(
        "intake/letter.html", message=found.message, application=found.application, address=address, form=form
    )


@blueprint.get("/to-post/<public_id>/letter.pdf")
@needs(Permission.SEND_LETTER_AGAIN, of=queries.letter)
def letter_pdf(found: queries.Posted) -> Response:
    return _as_pdf(posting.pdf(found.message, found.application), f"brev-{found.message.public_id}.pdf")


@blueprint.get("/to-post/<public_id>/enclosed/<int:number>.pdf")
@needs(Permission.SEND_LETTER_AGAIN, of=queries.letter)
def enclosed(found: queries.Posted, number: int) -> Response:
    """A paper that goes along, by its place in the letter."""
    papers = found.message.enclosures
    if not 1 <= number <= len(papers):
        abort(404)
    paper = papers[number - 1].paper
    return _as_pdf(documents.pdf(paper), paper.file_name)


def _as_pdf(content: bytes, name: str) -> Response:
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
