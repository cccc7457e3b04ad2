"""What the officer's own work asks of a second pair of eyes: an agreement falls when the work changes; what the report
still waits for.
"""

from sqlalchemy import func, select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.languages import Lazy, _dl
from fundapp.permissions import Person
from fundapp.reviews import rules
from fundapp.reviews.models import IS_OPEN, LIVES, Review, SecondLook
from fundapp.workflow import StepNotPossible


def needs_look(application: Application) -> bool:
    """Whether the fund's terms ask for a second pair of eyes. Terms that say nothing ask for none."""
    setting = application.round.fund.terms.get("second_look")
    return bool(setting and setting["value"])


def agreed(application: Application) -> list[SecondLook]:
    """Agreements that hold: nothing was changed after them."""
    holds = (SecondLook.agrees.is_(True), SecondLook.fallen_at.is_(None), SecondLook.withdrawn_at.is_(None))
    return list(db.session.scalars(select(SecondLook).where(SecondLook.application_id == application.id, *holds)))


def let_fall(application: Application) -> None:
    """The case's assessment, check, links or application changed: nobody has agreed to it as it is now."""
    for look in agreed(application):
        look.fallen_at = clock.now()
        record(look, "second_look_fell", by=None)


def missing_for_report(application: Application) -> list[Lazy]:
    """What the report waits for here."""
    unsent = select(func.count()).where(Review.application_id == application.id, LIVES, Review.sent_at.is_(None))
    is_asked = select(SecondLook.id).where(SecondLook.application_id == application.id, IS_OPEN)
    return rules.missing_for_report(
        waiting=db.session.scalar(unsent) or 0,
        needs_look=needs_look(application),
        is_asked=db.session.scalar(is_asked) is not None,
        is_agreed=bool(agreed(application)),
    )


def stays_blind(application: Application, person: Person) -> bool:
    """Whether the person must not read what the case's officer thinks: who is asked, until all who are asked have sent;
    one's own that is sent may be opened again till then. Never the case's officer.
    """
    if application.officer_id == person.id:
        return False
    asked = select(Review.assessor_id, Review.sent_at).where(Review.application_id == application.id, LIVES)
    return rules.waits_for_others(db.session.execute(asked), person.id)


def demand_not_blind(application: Application, person: Person) -> None:
    """Errors: StepNotPossible, for who must stay blind."""
    if stays_blind(application, person):
        raise StepNotPossible(
            _dl("You are asked for an assessment of your own. You can read this when all assessments are sent.")
        )
