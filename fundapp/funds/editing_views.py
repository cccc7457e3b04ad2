"""The administrator's pages: make a fund, change its texts, questions and rounds, try it out and open it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp import languages
from fundapp.accounts.models import OrganisationKind
from fundapp.applications import trying
from fundapp.funds import checklist, editing, places, queries, rounds, versions
from fundapp.funds.editing_forms import PartForm, part_form, parts_of
from fundapp.funds.models import Fund, Round
from fundapp.funds.question_forms import (
    KIND_LABELS,
    SOURCE,
    free_code,
    own_question_form,
    questions_form,
    with_question,
)
from fundapp.funds.round_forms import NewFundForm, NewRoundForm, RoundForm, SeenForm, texts_form, version_in
from fundapp.funds.terms import BadTerms
from fundapp.languages import LANGUAGES, _d
from fundapp.permissions import Permission
from fundapp.web.access import needs
from fundapp.web.fields import Form
from fundapp.web.once import once
from fundapp.workflow import StepNotPossible

blueprint = Blueprint("fund_editing", __name__)
Page = str | Response | tuple[str, int]
KEEP = Permission.KEEP_FUNDS


def _done(form: Form, act: Callable[[], Any]) -> bool:
    """Do it where the form holds; a refusal stands above the form, with what was typed still in it."""
    if not form.validate_on_submit():
        return False
    try:
        act()
    except BadTerms as fault:
        form.form_errors.append(_d("This does not hold together: %(fault)s", fault=str(fault)))
    except StepNotPossible as fault:
        form.form_errors.append(str(fault.reason))
    else:
        flash(_d("Saved."), "good")
        return True
    return False


def _to(fund: Fund, place: str | None = None) -> Response:
    return redirect(url_for("fund_editing.show", public_id=fund.code, _anchor=place))


@blueprint.route("/funds/new", methods=["GET", "POST"])
@needs(KEEP)
@once
def new() -> Page:
    """A fund from scratch, or as a copy of another."""
    form = NewFundForm([*queries.funds_here(), *queries.funds_not_open()])
    made: list[Fund] = []

    def make() -> None:
        texts = {"sv": form.sv.data} | ({"en": form.en.data} if form.en.data else {})
        board, kind = form.boards[form.board.data], form.chosen_kind
        facts = {"name": form.name.data, "purpose": texts, "source": form.source.data, "copy_of": form.original}
        made.append(editing.new_fund(kind=kind, board=board, by=current_user, **facts))

    if _done(form, make):
        return _to(made[0])
    return render_template("fund_editing/new.html", form=form), form.status


@blueprint.get("/funds/<public_id>/edit")
@needs(KEEP, of=queries.any_fund)
def show(fund: Fund) -> Page:
    """The checklist, every part with what stands in it, the rounds, and the way to the questions."""
    points = checklist.checklist(fund)
    return render_template(
        "fund_editing/show.html",
        fund=fund,
        points=points,
        why_not_open=checklist.why_not_open(points),
        parts=[(key, queries.value_of(key, fund.terms.get(key)), queries.label_of(key)) for key in parts_of(fund)],
        round_days=rounds.facts_of,
        translated=[(each, len(places.missing_in(fund.terms, each.code))) for each in LANGUAGES.values()],
        form=SeenForm(data={"version": str(fund.version)}, formdata=None),
    )


@blueprint.route("/funds/<public_id>/edit/<part>", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_fund)
def part(fund: Fund, part: str) -> Page:
    """One part of the terms."""
    if part not in parts_of(fund):
        abort(404)
    form = part_form(fund, part)
    if request.method == "POST" and "add" in request.form and form.has_rows:
        form["items"].add_row()
        return _part_page(fund, part, form)

    def keep() -> None:
        editing.edit(fund, {part: form.kept(fund.terms.get(part))}, part=part, seen=form.seen, by=current_user)

    if _done(form, keep):
        return _to(fund, f"part-{part}")
    return _part_page(fund, part, form), form.status


def _part_page(fund: Fund, part: str, form: PartForm) -> str:
    label = queries.label_of(part)
    return render_template("fund_editing/part.html", fund=fund, part=part, label=label, form=form)


@blueprint.route("/funds/<public_id>/texts/<code>", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_fund)
def texts(fund: Fund, code: str) -> Page:
    """Every text of the fund in one language beside the Swedish one."""
    if code not in LANGUAGES or code == languages.AUTHORITY_LANGUAGE:
        abort(404)
    form = texts_form(fund, places.all_texts(fund.terms), code)

    def keep() -> None:
        editing.translate(fund, code, form.texts(), seen=version_in(form.version), by=current_user)

    if _done(form, keep):
        return _to(fund, "languages")
    page = render_template(
        "fund_editing/texts.html", fund=fund, form=form, written_in=LANGUAGES[code], label_of=queries.label_of
    )
    return page, form.status


@blueprint.route("/funds/<public_id>/questions", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_fund)
def questions(fund: Fund) -> Page:
    """Which questions of the form are asked, and which of them must be answered."""
    form = questions_form(fund)

    def keep() -> None:
        found = form.changes()
        changes = {"asked_otherwise": {"value": found} | SOURCE if found else None}
        editing.edit(fund, changes, part="asked_otherwise", seen=version_in(form.version), by=current_user)

    if _done(form, keep):
        return _to(fund, "questions")
    return render_template("fund_editing/questions.html", fund=fund, form=form, kinds=KIND_LABELS), form.status


@blueprint.route("/funds/<public_id>/questions/<code>", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_fund)
def own_question(fund: Fund, code: str) -> Page:
    """A question of the fund's own; a new one has no code yet."""
    kept = fund.terms.get("own_questions")
    item = next((one for one in kept["value"] if one["code"] == code), None) if kept else None
    if item is None and code != "new":
        abort(404)
    form = own_question_form(fund, item, request.args.get("section"))
    if request.method == "POST" and "add" in request.form:
        form.options.add_row()
        return render_template("fund_editing/own_question.html", fund=fund, form=form, code=code)
    is_removed = "remove" in request.form

    def keep() -> None:
        own = code if item is not None else free_code(fund.terms)
        kept = with_question(fund.terms, None if is_removed else form.item(own, item), own)
        editing.edit(
            fund, {"own_questions": kept}, part="own_questions", seen=version_in(form.version), by=current_user
        )

    if _done(form, keep):
        return redirect(url_for("fund_editing.questions", public_id=fund.code))
    return render_template("fund_editing/own_question.html", fund=fund, form=form, code=code), form.status


@blueprint.route("/funds/<public_id>/rounds/new", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_fund, proof_of=Permission.CHANGE_FRAME)
@once
def new_round(fund: Fund) -> Page:
    """A round, with the days of another one to begin with where one is copied."""
    copied = next((each for each in fund.rounds if str(each.id) == request.args.get("copy")), None)
    given = vars(rounds.facts_of(copied)) | {"label": "", "source": ""} if copied is not None else {}
    form = NewRoundForm(data=given | {"version": str(fund.version)})

    def add() -> None:
        frame, decision, seen = form.frame.data, form.decision.data, version_in(form.version)
        rounds.add_round(fund, form.facts(), frame=frame, decision=decision, seen=seen, by=current_user)

    if _done(form, add):
        return _to(fund, "rounds")
    return render_template("fund_editing/round.html", fund=fund, form=form, round=None), form.status


@blueprint.route("/funds/rounds/<int(max=2147483647):public_id>/edit", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_round)
def edit_round(round_: Round) -> Page:
    fund = round_.fund
    form = RoundForm(data=vars(rounds.facts_of(round_)) | {"version": str(fund.version)})

    def change() -> None:
        rounds.change_round(round_, form.facts(), seen=version_in(form.version), by=current_user)

    if _done(form, change):
        return _to(fund, "rounds")
    return render_template("fund_editing/round.html", fund=fund, form=form, round=round_), form.status


@blueprint.route("/funds/<public_id>/confirm", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_fund)
def confirm(fund: Fund) -> Page:
    """Every value that is an assumption, to be read and confirmed."""
    form = SeenForm(data={"version": str(fund.version)})
    if _done(form, lambda: editing.confirm(fund, seen=version_in(form.version), by=current_user)):
        return _to(fund)
    kept = [(key, one) for key, one in fund.terms.items() if isinstance(one, dict) and one["is_assumption"]]
    values = [(key, queries.value_of(key, one)) for key, one in kept]
    return render_template("fund_editing/confirm.html", fund=fund, form=form, values=values), form.status


@blueprint.route("/funds/<public_id>/try-out", methods=["GET", "POST"])
@needs(KEEP, of=queries.any_fund)
def try_out(fund: Fund) -> Page:
    """Begin an applicant's way through the form; the pages are the applicant's own."""
    kinds = [OrganisationKind[code.upper()] for code in fund.terms["applicant_types"]["value"]]
    form, why_not = SeenForm(data={"version": str(fund.version)}), None
    if request.method == "POST":
        kind = next((each for each in kinds if each.value == request.form.get("kind")), kinds[0])
        try:
            found = trying.begin(fund, kind, by=current_user, language=languages.current().code)
        except StepNotPossible as fault:
            why_not = fault.reason
        else:
            return redirect(url_for("applications.show", public_id=found.public_id))
    page = render_template(
        "fund_editing/try_out.html",
        fund=fund,
        kinds=kinds,
        form=form,
        why_not=why_not,
        try_outs=trying.try_outs(fund, by=current_user),
    )
    return page, 422 if why_not else 200


@blueprint.post("/funds/<public_id>/try-out/remove")
@needs(KEEP, of=queries.any_fund)
def remove_try_out(fund: Fund) -> Page:
    for application in trying.try_outs(fund, by=current_user):
        trying.remove(application, by=current_user)
    flash(_d("The try-out is removed."), "good")
    return redirect(url_for("fund_editing.try_out", public_id=fund.code))


@blueprint.post("/funds/<public_id>/open")
@needs(KEEP, of=queries.any_fund, proof_of=Permission.CHANGE_FRAME)
def open(fund: Fund) -> Page:
    form = SeenForm()
    trying.open_fund(fund, seen=version_in(form.version), by=current_user)
    flash(_d("The fund is open. Everybody can read about it, and apply in its rounds."), "good")
    return _to(fund)


@blueprint.get("/funds/<public_id>/versions")
@needs(KEEP, of=queries.any_fund)
def history(fund: Fund) -> Page:
    """Every change with who made it, and what stood there before and after."""
    return render_template("fund_editing/history.html", fund=fund, changes=versions.changes_of(fund))
