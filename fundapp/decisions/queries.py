"""A case at the board's table, and the letter about a decision as its readers may fetch it."""

from flask_login import current_user
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from fundapp.accounts.queries import own_applications, visible_to
from fundapp.applications.models import Application
from fundapp.assessments.models import Assessment
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.meetings.models import AgendaCase, MinuteItem


def case(public_id: str) -> Application | None:
    """A case the reader may see as an official."""
    return db.session.scalar(select(Application).where(Application.public_id == public_id, visible_to(current_user)))


def item_with(application: Application, public_id: str) -> MinuteItem | None:
    """The paragraph, where the case stands under it."""
    return db.session.scalar(
        select(MinuteItem)
        .join(AgendaCase)
        .where(MinuteItem.public_id == public_id, AgendaCase.application_id == application.id)
    )


def decision_of(item: MinuteItem, application: Application) -> Decision | None:
    return db.session.scalar(
        select(Decision)
        .where(Decision.minute_item_id == item.id, Decision.application_id == application.id)
        .options(joinedload(Decision.recorded_by))
        .execution_options(populate_existing=True)
    )


def assessment_of(application: Application) -> Assessment | None:
    return db.session.scalar(select(Assessment).where(Assessment.application_id == application.id))


def final_decisions(application: Application) -> list[Decision]:
    """What the board has decided in the case, the oldest first: it may have been tabled or referred back before."""
    return list(
        db.session.scalars(
            select(Decision)
            .where(Decision.application_id == application.id, Decision.final_at.is_not(None))
            .options(joinedload(Decision.item).joinedload(MinuteItem.meeting))
            .order_by(Decision.final_at, Decision.id)
        )
    )


def own_decision(public_id: str) -> Decision | None:
    """A final decision in an application of the signed-in person."""
    found = select(Decision).join(Decision.application)
    return db.session.scalar(
        found.where(Decision.public_id == public_id, Decision.final_at.is_not(None), own_applications(current_user))
    )


def seen_decision(public_id: str) -> Decision | None:
    """A final decision in a case that the reader may see as an official."""
    found = select(Decision).join(Decision.application)
    return db.session.scalar(
        found.where(Decision.public_id == public_id, Decision.final_at.is_not(None), visible_to(current_user))
    )


def decision_with_letter(public_id: str) -> Decision | None:
    """A final decision whose letter the reader may fetch: the applicant's people, and officials without a conflict."""
    return db.session.scalar(
        select(Decision)
        .join(Decision.application)
        .where(
            Decision.public_id == public_id,
            Decision.final_at.is_not(None),
            Decision.letter_id.is_not(None),
            or_(own_applications(current_user), visible_to(current_user)),
        )
    )
