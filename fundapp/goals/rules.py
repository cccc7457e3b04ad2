"""A plan as its file holds it, and as JSON for others; no database needed."""

import json
from collections.abc import Iterable, Mapping, Sequence
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


# --- follow-up: what is done for the plan -----------------------------------------------------------------------


@dataclass(frozen=True)
class ProjectFacts:
    """Projects of final grants that were decided in one year and serve the same objectives, summed. Kronor;
    `actual` is the participants of the `reported` ones, whose report is approved.
    """

    year: int
    projects: int
    granted: int
    planned: int
    actual: int
    reported: int
    objectives: frozenset[int]


@dataclass(frozen=True)
class ApplicationFacts:
    """Applications for a grant that came in in one year for the same areas and objectives, by the keys of these."""

    year: int
    applications: int
    areas: frozenset[int]
    objectives: frozenset[int]


@dataclass(frozen=True)
class Numbers:
    """What one row of the follow-up says. `actual` counts reported projects alone; None where none is reported."""

    applications: int
    projects: int
    granted: int
    planned: int
    actual: int | None
    reported: int


def numbers_of(applications: Iterable[ApplicationFacts], projects: Iterable[ProjectFacts]) -> Numbers:
    """The sums of a row. Whoever picks the row's facts sees to it that each is there once."""
    picked = list(projects)
    reported = sum(facts.reported for facts in picked)
    return Numbers(
        applications=sum(facts.applications for facts in applications),
        projects=sum(facts.projects for facts in picked),
        granted=sum(facts.granted for facts in picked),
        planned=sum(facts.planned for facts in picked),
        actual=sum(facts.actual for facts in picked) if reported else None,
        reported=reported,
    )


@dataclass(frozen=True)
class Facts:
    """Everything the follow-up counts, already narrowed to a year where one is asked for."""

    applications: Sequence[ApplicationFacts]
    projects: Sequence[ProjectFacts]

    def in_year(self, year: int) -> "Facts":
        return Facts(
            [application for application in self.applications if application.year == year],
            [project for project in self.projects if project.year == year],
        )

    def for_objectives(self, objectives: frozenset[int], areas: frozenset[int] = frozenset()) -> Numbers:
        """What serves at least one of these objectives. A project counts once and with its whole sum, however many of
        them it serves; an application counts when an official linked it to one, or its sender chose the area.
        """
        return numbers_of(
            [a for a in self.applications if a.objectives & objectives or a.areas & areas],
            [project for project in self.projects if project.objectives & objectives],
        )

    @property
    def in_all(self) -> Numbers:
        return numbers_of(self.applications, self.projects)

    @property
    def without_objective(self) -> Numbers:
        return numbers_of(
            [application for application in self.applications if not application.objectives],
            [project for project in self.projects if not project.objectives],
        )

    @property
    def years(self) -> list[int]:
        """The years that have anything to count, the first one first."""
        return sorted({one.year for one in self.applications} | {one.year for one in self.projects})
