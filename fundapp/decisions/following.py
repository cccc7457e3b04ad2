"""What is decided for the case that leads a candidate for the stipend is decided for its other cases, without a sum."""

from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.candidates.following import followers_of
from fundapp.db import db, reread
from fundapp.decisions.models import Decision
from fundapp.history.actions import record
from fundapp.languages import _dl
from fundapp.meetings.models import AgendaCase
from fundapp.permissions import Permission, why_not
from fundapp.workflow import APPLICATION_STEPS, ApplicationStatus, NotAllowed, StepNotPossible, take_step


def follow(lead: Decision, *, by: Any) -> list[Decision]:
    """Record the outcome of the candidate's other cases as the lead's is recorded, under the same §; a correction of
    the lead's corrects them.

    Errors: NotAllowed; StepNotPossible where one of them does not stand under the §.
    """
    followers = followers_of(lead.application)
    if not followers:
        return []
    known = {
        each.application_id: each
        for each in db.session.scalars(
            select(Decision)
            .where(
                Decision.minute_item_id == lead.minute_item_id,
                Decision.application_id.in_([each.id for each in followers]),
            )
            .execution_options(populate_existing=True)
        )
    }
    _demand_here(lead, followers)
    return [_follow(lead, each, known.get(each.id), by=by) for each in followers if _is_held(each)]


def _demand_here(lead: Decision, followers: list[Application]) -> None:
    here = set(
        db.session.scalars(
            select(AgendaCase.application_id).where(AgendaCase.minute_item_id == lead.minute_item_id).with_for_update()
        )
    )
    missing = [each for each in followers if each.id not in here]
    if missing:
        numbers = ", ".join(each.case.diary_number if each.case else each.reference for each in missing)
        raise StepNotPossible(
            _dl(
                "All cases of the candidate are decided together. Put %(numbers)s under this paragraph too.",
                numbers=numbers,
            )
        )


def _is_held(application: Application) -> bool:
    """Lock the case, so that its sender does not take it back meanwhile; one taken back follows nothing."""
    reread(application, with_for_update={"of": Application})
    return application.status is not ApplicationStatus.WITHDRAWN


def _follow(lead: Decision, application: Application, known: Decision | None, *, by: Any) -> Decision:
    reason = why_not(by, Permission.RECORD_DECISION, application)
    if reason is not None:
        raise NotAllowed(reason)
    decision = known or Decision(item=lead.item, application=application)
    with db.session.no_autoflush:
        decision.follows, decision.outcome, decision.amount = lead, lead.outcome, None
        decision.reasons, decision.conditions = lead.reasons, lead.conditions
        decision.recorded_at, decision.recorded_by_id = clock.now(), by.id
        db.session.add(decision)
    record(decision, "correct_outcome" if known else "record_outcome", by=by, outcome=lead.outcome)
    db.session.flush()
    return decision


def annul_followers(lead: Decision, *, by: Any) -> None:
    """The court's word on the lead is a word on the cases that follow it: they are examined again too."""
    for decision in db.session.scalars(select(Decision).where(Decision.follows_id == lead.id).order_by(Decision.id)):
        reread(decision.application, with_for_update={"of": Application})
        if decision.application.status in APPLICATION_STEPS["annul"].start:
            take_step(decision.application, "annul", by=by)
