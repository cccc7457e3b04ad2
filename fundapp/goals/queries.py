"""The plan as the database holds it: the file's texts with the boards' answers of today."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from fundapp.goals.models import AreaBoard, GoalArea, Objective, ObjectiveBoard, Plan, PlanAction
from fundapp.goals.rules import ActionText, AreaText, Marks, ObjectiveText, PlanText, UnknownPlan, as_json


def plan_with_code(session: Session, code: str) -> Plan:
    """The plan with everything that hangs on it, in seven statements. Errors: UnknownPlan when it is not loaded."""
    plan = session.scalars(
        select(Plan)
        .where(Plan.code == code)
        .options(
            selectinload(Plan.goals),
            selectinload(Plan.actions).joinedload(PlanAction.board),
            selectinload(Plan.areas).options(
                selectinload(GoalArea.board_answers).joinedload(AreaBoard.board),
                selectinload(GoalArea.objectives)
                .selectinload(Objective.board_answers)
                .options(joinedload(ObjectiveBoard.board)),
            ),
        )
    ).one_or_none()
    if plan is None:
        raise UnknownPlan(f"the plan {code!r} is not loaded")
    return plan


def plan_text(session: Session, code: str) -> PlanText:
    """The loaded plan in the shape of its file. Errors: UnknownPlan."""
    plan = plan_with_code(session, code)
    return PlanText(
        code=plan.code,
        municipality=plan.municipality,
        title=plan.title,
        adopted=plan.adopted,
        valid=plan.valid,
        notes=plan.notes,
        goals=tuple(goal.text for goal in plan.goals),
        areas=tuple(_area_text(area) for area in plan.areas),
        actions=tuple(_action_text(action) for action in plan.actions),
    )


def plan_as_json(session: Session, code: str) -> dict[str, Any]:
    """The loaded plan in the shape that others read. Errors: UnknownPlan."""
    return as_json(plan_text(session, code))


def _area_text(area: GoalArea) -> AreaText:
    return AreaText(
        number=area.number,
        name=area.name,
        text=area.text,
        notes=area.notes,
        boards=_marks(area.board_answers),
        objectives=tuple(
            ObjectiveText(objective.code, objective.text, objective.note, _marks(objective.board_answers))
            for objective in area.objectives
        ),
    )


def _action_text(action: PlanAction) -> ActionText:
    board = action.board.code if action.board else None
    return ActionText(action.text, action.due_text, action.due_before, action.is_interpreted, board)


def _marks(answers: Sequence[AreaBoard | ObjectiveBoard]) -> Marks:
    """In the order of the plan's columns."""
    return {row.board.code: row.answer for row in sorted(answers, key=lambda row: row.board.position)}
