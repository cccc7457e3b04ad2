"""Load a plan from its file; record what a board answers for."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundapp import clock
from fundapp.boards.actions import load_boards
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.goals.models import AreaBoard, GoalArea, Objective, ObjectiveBoard, Plan, PlanAction, PlanGoal
from fundapp.goals.rules import ActionText, AreaText, Marks, ObjectiveText, read_plan
from fundapp.history.actions import record
from fundapp.permissions import Permission, why_not
from fundapp.workflow import NotAllowed


class PlanDiffers(Exception):
    """The database holds an area or objective that the file has not; others may point to it, so nothing is removed."""


def load_plan(session: Session, code: str) -> Plan:
    """Make the tables agree with the plan's file, and load its boards. Texts are corrected, the plan's own marks too;
    what a board has answered stays.

    Errors: UnknownPlan, UnknownMunicipality, PlanDiffers.
    """
    text = read_plan(code)
    boards = {board.code: board for board in load_boards(session, code)}
    plan = session.scalars(select(Plan).where(Plan.code == code)).one_or_none()
    if plan is None:
        plan = Plan(code=code)
        session.add(plan)
    plan.municipality, plan.title, plan.notes = text.municipality, text.title, dict(text.notes)
    plan.adopted, plan.valid = text.adopted, text.valid
    _load_goals(plan, text.goals)
    _load_actions(plan, text.actions, boards)
    _load_areas(plan, text.areas, boards)
    session.flush()
    return plan


def set_answer(
    session: Session, place: Objective | GoalArea, board: Board, answer: bool | None, *, by: str, on: date
) -> None:
    """Record that a board answers for an objective or area: yes, no, or None for not decided; `by` is a name."""
    row = next((row for row in place.board_answers if row.board_id == board.id), None)
    if row is None:
        row = _add_answer(place, board)
    row.answer, row.answered_by, row.answered_on = answer, by, on
    session.flush()


def answer_for_board(objective: Objective, board: Board, answer: bool | None, *, by: Any) -> None:
    """Record an official's word of whether a board answers for an objective. Errors: NotAllowed."""
    reason = why_not(by, Permission.ANSWER_FOR_BOARD, board)
    if reason is not None:
        raise NotAllowed(reason)
    set_answer(db.session, objective, board, answer, by=by.name or by.email, on=clock.today())
    record(objective, "answer_for_board", by=by, board=board.code, answer=answer)


def _load_goals(plan: Plan, texts: tuple[str, ...]) -> None:
    del plan.goals[len(texts) :]
    for position, text in enumerate(texts):
        if position == len(plan.goals):
            plan.goals.append(PlanGoal(position=position))
        plan.goals[position].text = text


def _load_actions(plan: Plan, texts: tuple[ActionText, ...], boards: Mapping[str, Board]) -> None:
    del plan.actions[len(texts) :]
    for position, text in enumerate(texts):
        if position == len(plan.actions):
            plan.actions.append(PlanAction(position=position))
        action = plan.actions[position]
        action.text, action.due_text, action.due_before = text.text, text.due_text, text.due_before
        action.is_interpreted = text.is_interpreted
        action.board = boards[text.board] if text.board else None


def _load_areas(plan: Plan, texts: tuple[AreaText, ...], boards: Mapping[str, Board]) -> None:
    known = {area.number: area for area in plan.areas}
    _refuse_surplus("area", {str(number) for number in known} - {str(text.number) for text in texts})
    for text in texts:
        area = known.get(text.number)
        if area is None:
            area = GoalArea(number=text.number)
            plan.areas.append(area)
        area.name, area.text, area.notes = text.name, text.text, dict(text.notes)
        _load_marks(area, text.boards, boards)
        _load_objectives(area, text.objectives, boards)


def _load_objectives(area: GoalArea, texts: tuple[ObjectiveText, ...], boards: Mapping[str, Board]) -> None:
    known = {objective.code: objective for objective in area.objectives}
    _refuse_surplus("objective", set(known) - {text.code for text in texts})
    for position, text in enumerate(texts):
        objective = known.get(text.code)
        if objective is None:
            objective = Objective(code=text.code)
            area.objectives.append(objective)
        objective.position, objective.text, objective.note = position, text.text, text.note
        _load_marks(objective, text.boards, boards)


def _load_marks(place: Objective | GoalArea, marks: Marks, boards: Mapping[str, Board]) -> None:
    known = {row.board.code: row for row in place.board_answers}
    for code, answer in marks.items():
        row = known.get(code) or _add_answer(place, boards[code])
        if row.answered_on is None:
            row.answer = answer


def _add_answer(place: Objective | GoalArea, board: Board) -> ObjectiveBoard | AreaBoard:
    if isinstance(place, Objective):
        row = ObjectiveBoard(board=board)
        place.board_answers.append(row)
        return row
    mark = AreaBoard(board=board)
    place.board_answers.append(mark)
    return mark


def _refuse_surplus(what: str, codes: set[str]) -> None:
    if codes:
        raise PlanDiffers(f"the database holds an {what} that the plan's file has not: {', '.join(sorted(codes))}")
