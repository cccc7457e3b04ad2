"""A plan as its file holds it, and as JSON for others; no database needed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

PLANS = Path(__file__).parent / "plans"

Marks = Mapping[str, bool | None]  # board code → answers for it: yes, no, None for not decided


class UnknownPlan(Exception):
    """There is no plan with this code; the message is one line."""


@dataclass(frozen=True)
class ObjectiveText:
    code: str
    text: str
    note: str | None
    boards: Marks


@dataclass(frozen=True)
class AreaText:
    number: int
    name: str
    text: str
    notes: Mapping[str, Any]
    boards: Marks
    objectives: tuple[ObjectiveText, ...]


@dataclass(frozen=True)
class ActionText:
    text: str
    due_text: str
    due_before: date | None
    is_interpreted: bool
    board: str | None


@dataclass(frozen=True)
class PlanText:
    """A whole plan; texts verbatim. `adopted` and `valid` are None where the plan is silent."""

    code: str
    municipality: str
    title: str
    adopted: str | None
    valid: str | None
    notes: Mapping[str, Any]
    goals: tuple[str, ...]
    areas: tuple[AreaText, ...]
    actions: tuple[ActionText, ...]


def plan_codes() -> list[str]:
    """The codes of the plans that are shipped, in alphabetical order."""
    return sorted(path.stem for path in PLANS.glob("*.json"))


def read_plan(code: str) -> PlanText:
    """The plan with this code, from its file. Errors: UnknownPlan; TypeError for a key the file should not have."""
    codes = plan_codes()
    if code not in codes:
        raise UnknownPlan(f"there is no plan {code!r}; the plans are {', '.join(codes)}")
    kept = json.loads((PLANS / f"{code}.json").read_text(encoding="utf-8"))
    return PlanText(
        **kept
        | {
            "goals": tuple(kept["goals"]),
            "areas": tuple(_area(area) for area in kept["areas"]),
            "actions": tuple(_action(action) for action in kept["actions"]),
        }
    )


def _area(kept: dict[str, Any]) -> AreaText:
    return AreaText(**kept | {"objectives": tuple(ObjectiveText(**objective) for objective in kept["objectives"])})


def _action(kept: dict[str, Any]) -> ActionText:
    due_before = kept["due_before"] and date.fromisoformat(kept["due_before"])
    return ActionText(**kept | {"due_before": due_before})


@dataclass(frozen=True)
class Municipality:
    """Whom a deployment serves."""

    code: str
    name: str


@cache
def municipality_named(code: str) -> Municipality:
    """The municipality of a plan's code: `Kalix kommun`. Errors: UnknownPlan."""
    return Municipality(code, f"{read_plan(code).municipality} kommun")


def as_json(plan: PlanText) -> dict[str, Any]:
    """The plan in the shape that others read; days as 2014-01-01."""
    return {
        "code": plan.code,
        "municipality": plan.municipality,
        "title": plan.title,
        "adopted": plan.adopted,
        "goals": list(plan.goals),
        "areas": [
            {
                "number": area.number,
                "name": area.name,
                "text": area.text,
                "boards": dict(area.boards),
                "objectives": [
                    {"code": objective.code, "text": objective.text, "boards": dict(objective.boards)}
                    for objective in area.objectives
                ],
            }
            for area in plan.areas
        ],
        "actions": [
            {
                "text": action.text,
                "due_text": action.due_text,
                "due_before": action.due_before.isoformat() if action.due_before else None,
            }
            for action in plan.actions
        ],
    }
