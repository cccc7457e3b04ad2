"""What stands on the case page: rows read with the page's one statement, and the pages that lead on from it."""

from typing import Any

from flask import url_for
from flask_login import current_user
from sqlalchemy import Select, bindparam, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments.rules import OPEN_FOR_WORK
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Permission, Person, is_allowed
from fundapp.reviews import rules
from fundapp.reviews.falling import needs_look
from fundapp.reviews.models import LIVES, Review, SecondLook


def lists() -> dict[str, Select[*tuple[Any, ...]]]:
    """Who is asked for an assessment and who has sent, never what; and the questions to colleagues, newest first."""
    return {
        "reviews": select(Review.asked_at, Review.sent_at, Review.assessor_id, Account.name.label("assessor"))
        .join(Account, Account.id == Review.assessor_id)
        .where(Review.application_id == bindparam("application"), LIVES)
        .order_by(Review.id),
        "looks": select(
            SecondLook.asked_at,
            SecondLook.answered_at,
            SecondLook.agrees,
            SecondLook.fallen_at,
            SecondLook.remark,
            Account.name.label("asked_of"),
        )
        .join(Account, Account.id == SecondLook.asked_of_id)
        .where(SecondLook.application_id == bindparam("application"), SecondLook.withdrawn_at.is_(None))
        .order_by(SecondLook.id.desc()),
    }


def works(application: Application, person: Person) -> list[tuple[Lazy, str]]:
    """What this person may do here, as (label, address)."""
    if application.status not in OPEN_FOR_WORK or not is_allowed(person, Permission.ASSESS_APPLICATION, application):
        return []
    return [
        (_dl("Individual assessments"), url_for("reviews.show", public_id=application.public_id)),
        (_dl("A second pair of eyes"), url_for("reviews.second_look", public_id=application.public_id)),
    ]


def missing(application: Application, hanging: dict[str, list[Any]]) -> list[Lazy]:
    """What the report waits for here, of the rows that the case page has read: as falling.missing_for_report."""
    looks = hanging["looks"]
    return rules.missing_for_report(
        waiting=sum(row.sent_at is None for row in hanging["reviews"]),
        needs_look=needs_look(application),
        is_asked=any(row.answered_at is None for row in looks),
        is_agreed=any(row.agrees and row.fallen_at is None for row in looks),
    )


def stays_blind(application: Application, person: Person, hanging: dict[str, list[Any]]) -> bool:
    """Whether the person must not read the case's assessment yet: as falling.stays_blind."""
    return application.officer_id != person.id and rules.waits_for_others(hanging["reviews"], person.id)


def may_be_read(application: Application) -> bool:
    """Whether the signed-in person reads of them: officials and the auditor, not the board's members."""
    return is_allowed(current_user, Permission.READ_ASSESSMENTS, application)


def hides_assessment(application: Application, hanging: dict[str, list[Any]]) -> bool:
    """As stays_blind, of the signed-in person."""
    return stays_blind(application, current_user, hanging)
