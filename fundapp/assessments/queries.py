"""What the officer's pages read."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.assessments import rules
from fundapp.assessments.models import Assessment, FormalCheck, ObjectiveLink
from fundapp.db import db
from fundapp.goals.models import GoalArea, Plan


def items_of(application: Application) -> list[dict[str, Any]]:
    """The items of the formal check that concern the applicant."""
    kind = application.organisation.kind.value if application.organisation else None
    return rules.check_items(application.terms, kind)


def findings_of(application: Application) -> Mapping[str, FormalCheck]:
    """The findings so far, by the item's code."""
    rows = db.session.scalars(select(FormalCheck).where(FormalCheck.application_id == application.id))
    return {row.item: row for row in rows}


def assessment_of(application: Application) -> Assessment | None:
    return db.session.scalar(select(Assessment).where(Assessment.application_id == application.id))


def linked_ids(application: Application) -> set[int]:
    """The ids of the objectives it is linked to."""
    query = select(ObjectiveLink.objective_id).where(ObjectiveLink.application_id == application.id)
    return set(db.session.scalars(query))


def areas_of(application: Application) -> list[GoalArea]:
    """The areas of the municipality's plan, with their objectives."""
    plan = select(Plan.id).where(Plan.code == application.round.fund.municipality)
    return list(
        db.session.scalars(select(GoalArea).where(GoalArea.plan_id.in_(plan)).order_by(GoalArea.number)).unique()
    )
