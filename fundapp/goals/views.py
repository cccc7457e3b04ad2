"""The plan's pages: what it wants, what is done for it, and who answers for what."""

from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from fundapp.db import db
from fundapp.goals import actions, queries
from fundapp.goals.forms import ANSWERS, AnswerForm
from fundapp.goals.models import Objective
from fundapp.goals.rules import UnknownPlan
from fundapp.languages import _d
from fundapp.paging import beyond_of
from fundapp.permissions import Permission, is_allowed
from fundapp.web.access import needs, public
from fundapp.web.kept import kept

blueprint = Blueprint("goals", __name__)
Page = str | Response | tuple[str, int]


@blueprint.get("/goals")
@public
def show() -> str:
    return kept(_follow_up_page, seconds=60)


def _follow_up_page() -> str:
    follow_up = queries.follow_up(request.args.get("year", ""), request.args.get("board", ""))
    return render_template("goals/show.html", follow_up=follow_up, other_plans=queries.other_plans())


@blueprint.get("/goals/<code>")
@public
def objective(code: str) -> str:
    return _objective_page(queries.objective_with_code(code) or abort(404), AnswerForm(formdata=None))


def _objective_page(found: Objective, form: AnswerForm) -> str:
    return render_template(
        "goals/objective.html",
        objective=found,
        answers=sorted(found.board_answers, key=lambda row: row.board.position),
        page=queries.projects_serving(found, beyond_of(request.args)),
        may_answer=partial(is_allowed, current_user, Permission.ANSWER_FOR_BOARD),
        choices=ANSWERS,
        form=form,
    )


@blueprint.post("/goals/<code>/boards/<board>")
@needs(Permission.ANSWER_FOR_BOARD)
def answer(code: str, board: str) -> Page:
    found = queries.objective_with_code(code) or abort(404)
    row = next((row for row in found.board_answers if row.board.code == board), None) or abort(404)
    form = AnswerForm()
    if not form.validate():
        return _objective_page(found, form), 422
    actions.answer_for_board(found, row.board, ANSWERS[form.answer.data][0], by=current_user)
    flash(_d("The answer for %(board)s is recorded.", board=row.board.name), "good")
    return redirect(url_for("goals.objective", code=code))


@blueprint.get("/goals/plans/<code>")
@public
def plan(code: str) -> str:
    try:
        found = queries.plan_with_code(db.session, code)
    except UnknownPlan:
        abort(404)
    return render_template("goals/plan.html", plan=found, boards=queries.boards_in(found))
