"""Cases that several officials assess, reached by the real steps."""

from typing import Any

from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments import actions as assessing
from fundapp.assessments.models import Assessment
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.reviews import actions
from fundapp.reviews.models import Review
from fundapp.workflow import Outcome
from tests.factories.assessments import under_assessment
from tests.factories.people import official

SENT = "Väl planerat, men dyrt per deltagare."


def kept(application: Application, *, by: Account, is_sent: bool = False, **fields: Any) -> Review:
    """The own assessment of one who is asked, saved or sent; `fields` replace what stands in it."""
    review = next(each for each in actions.live_reviews(application) if each.assessor_id == by.id)
    newest = application.last_submission
    assert newest is not None
    given = {
        "scores": {"K1": 2},
        "text": SENT,
        "proposed_outcome": Outcome.GRANT,
        "proposed_amount": application.amount_requested,
    }
    return actions.save(application, version=review.version, read=newest, is_sent=is_sent, by=by, **(given | fields))


def sent(application: Application, *, by: Account, **fields: Any) -> Review:
    return kept(application, by=by, is_sent=True, **fields)


def written(application: Application, *, by: Account, **fields: Any) -> Assessment:
    """The case's own assessment as it can be read by a second pair of eyes."""
    known = db.session.scalar(select(Assessment).where(Assessment.application_id == application.id))
    given = {
        "text": "Projektet möter fondens mål.",
        "proposed_outcome": Outcome.GRANT,
        "proposed_amount": application.amount_requested,
    }
    version = known.version if known is not None else 0
    return assessing.save_assessment(application, version=version, by=by, **(given | fields))


def places(owner: Account, people: dict[str, Account]) -> dict[str, dict[str, object]]:
    """A case that two officers are asked to assess, one of whom is also asked to look at the report."""
    other = official(Role.OFFICER, name="Other Officer")
    application = under_assessment(by=owner, officer=other)
    asked, _second = actions.ask(application, [people["officer"], other], by=other)
    written(application, by=other)
    actions.ask_for_look(application, people["officer"], by=other)
    here: dict[str, object] = {"public_id": application.public_id}
    names = "show ask close take_over write open_again second_look ask_for_look answer_look withdraw_look"
    return {f"reviews.{name}": here for name in names.split()} | {
        "reviews.withdraw": here | {"review_id": asked.public_id}
    }
