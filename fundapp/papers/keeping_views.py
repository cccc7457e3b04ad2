"""The administrator's page of templates: a list, one with its versions, how it looks."""

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user

from fundapp import clock, documents
from fundapp.languages import _d
from fundapp.papers import filling, forms, keeping, looks, queries, rules
from fundapp.papers.models import PaperKind, PaperTemplate
from fundapp.papers.queries import Place
from fundapp.papers.views import shown_pdf
from fundapp.permissions import Permission
from fundapp.web.access import needs

blueprint = Blueprint("paper_templates", __name__)
_BOTH = ["GET", "POST"]


@blueprint.get("/paper-templates", endpoint="list")
@needs(Permission.KEEP_TEMPLATES)
def list_templates() -> str:
    """Every template in use, and a way to make one for a fund or in another language."""
    return render_template(
        "paper_templates/list.html",
        lists=queries.templates(),
        kinds=list(PaperKind),
        funds=queries.funds(),
        offered_languages=forms.desk_languages(),
    )


def _place() -> Place:
    place = queries.place_of(request.args)
    return place if place is not None else abort(404)


@blueprint.route("/paper-templates/edit", methods=_BOTH)
@needs(Permission.KEEP_TEMPLATES)
def edit() -> Any:
    """One template. Saving makes a new version; the button beside it only shows how it looks."""
    place = _place()
    now = place.current
    form = forms.template_form(place, _start(place, now), now.version if now is not None else 0)
    other, status = None, form.status
    if form.validate_on_submit():
        if "preview" in request.form:
            case = form.found_case()
            if not form.case.errors:
                return _preview(place, form, case)
        else:
            try:
                return _kept(place, form)
            except keeping.TemplateChanged as fault:
                other, status = fault.template, 409
                form.version.data = str(other.version if other is not None else 0)
    return _edit_page(place, form, other), status


def _start(place: Place, now: PaperTemplate | None) -> PaperTemplate | None:
    """An older version where the address asks for it, else what holds now, else what a new one starts from."""
    older = queries.version(request.args.get("from", "")[:12])
    if older is not None and (older.kind, older.is_in_use) == (place.kind, True):
        return older
    started: PaperTemplate | None = now if now is not None and now.is_in_use else queries.beginnings(place)
    return started


def _kept(place: Place, form: forms.TemplateForm) -> Any:
    texts = {"heading": form.heading.data, "body": form.body.data}
    kept = keeping.keep_template(
        place.kind, place.language, place.fund, version=form.read_version, by=current_user, **texts
    )
    flash(_d("The template is kept as version %(number)s. It holds from now on.", number=kept.version), "good")
    return redirect(url_for("paper_templates.edit", **place.address))


def _preview(place: Place, form: forms.TemplateForm, case: Any) -> Response:
    content = looks.content(place.kind, form.heading.data, form.body.data, place.language, case, by=current_user)
    return shown_pdf(documents.compile_pdf(looks.TEMPLATE, content, clock.now()), "mall.pdf")


def _edit_page(place: Place, form: forms.TemplateForm, other: PaperTemplate | None) -> str:
    return render_template(
        "paper_templates/edit.html",
        place=place,
        form=form,
        other=other,
        facts=rules.facts_of_kind(place.kind),
        example=filling.example(),
        versions=queries.versions_of(place),
        may_end=place.current is not None
        and place.current.is_in_use
        and (place.fund is not None or place.language != "sv"),
    )


@blueprint.get("/paper-templates/versions/<public_id>")
@needs(Permission.KEEP_TEMPLATES, of=queries.version)
def version(template: PaperTemplate) -> str:
    """One version as it was, beside the one that holds now."""
    place = Place(template.kind, template.language, template.fund)
    now = place.current
    change = looks.changes(template, now) if now is not None and now.id != template.id else {}
    return render_template("paper_templates/version.html", template=template, place=place, now=now, change=change)


@blueprint.post("/paper-templates/end")
@needs(Permission.KEEP_TEMPLATES)
def end() -> Any:
    place = _place()
    seen = forms.template_form(place, None, 0).read_version
    keeping.end_template(place.kind, place.language, place.fund, version=seen, by=current_user)
    flash(_d("The template is out of use. Its versions are kept."), "good")
    return redirect(url_for("paper_templates.list"))
