"""`fundapp plans`: list, show and load the integration plans."""

import json
import textwrap
from collections.abc import Iterator

import click
from flask.cli import with_appcontext

from fundapp.db import db
from fundapp.goals.actions import PlanDiffers, load_plan
from fundapp.goals.rules import AreaText, Marks, PlanText, UnknownPlan, as_json, plan_codes, read_plan

WIDTH = 100
ANSWERS = {True: "yes", False: "no", None: "not decided"}


class BadCode(click.ClickException):
    """One line on stderr; exit code 2."""

    exit_code = 2


@click.group()
def plans() -> None:
    """The integration plans: goals, areas, objectives, and who answers for them."""


@plans.command("list")
def list_plans() -> None:
    """One line for each plan: code, municipality, title."""
    for code in plan_codes():
        plan = read_plan(code)
        click.echo(f"{code:12}{plan.municipality:12}{plan.title}")


@plans.command()
@click.argument("code")
@click.option("--json", "is_json", is_flag=True, help="As JSON, for other programs.")
def show(code: str, is_json: bool) -> None:
    """Print the plan CODE as it was adopted; no database needed."""
    plan = _plan(code)
    text = json.dumps(as_json(plan), ensure_ascii=False, indent=2) if is_json else "\n".join(_lines(plan))
    click.echo(text)


@plans.command()
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@with_appcontext
def load(codes: tuple[str, ...]) -> None:
    """Load the plans into the database, all of them if no CODE is given.

    Run again, nothing doubles; texts are corrected, and what a board has answered stays.
    """
    for plan in [_plan(code) for code in codes or plan_codes()]:
        try:
            load_plan(db.session, plan.code)
        except PlanDiffers as fault:
            raise click.ClickException(f"{plan.code}: {fault}") from fault
        objectives = sum(len(area.objectives) for area in plan.areas)
        click.echo(f"{plan.code}: {len(plan.areas)} areas, {objectives} objectives, {len(plan.actions)} actions")
    db.session.commit()


def _plan(code: str) -> PlanText:
    try:
        return read_plan(code)
    except UnknownPlan as fault:
        raise BadCode(str(fault)) from fault


def _lines(plan: PlanText) -> Iterator[str]:
    yield f"{plan.title}, {plan.municipality}"
    yield f"Adopted: {plan.adopted or 'the plan does not say'}. Valid: {plan.valid or 'the plan does not say'}."
    if plan.goals:
        yield "\nGoals"
        for goal in plan.goals:
            yield _wrapped(goal, "- ")
    for area in plan.areas:
        yield from _area_lines(area)
    if plan.actions:
        yield "\nActions"
        for action in plan.actions:
            before = f" (before {action.due_before}{', our reading' if action.is_interpreted else ''})"
            yield _wrapped(f"{action.text} {action.due_text}{before if action.due_before else ''}", "- ")


def _area_lines(area: AreaText) -> Iterator[str]:
    yield f"\n{area.number}. {area.name}"
    for paragraph in area.text.split("\n\n"):
        yield _wrapped(paragraph, "   ")
    yield from _mark_lines(area.boards)
    for objective in area.objectives:
        yield _wrapped(objective.text, f"   {objective.code} ")
        yield from _mark_lines(objective.boards)


def _mark_lines(boards: Marks) -> Iterator[str]:
    if boards:
        yield "       " + ", ".join(f"{code}: {ANSWERS[answer]}" for code, answer in boards.items())


def _wrapped(text: str, lead: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_on_hyphens=False,
        break_long_words=False,
    )
