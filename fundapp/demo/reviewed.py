"""The demo's officers assess one case each on their own, and one of them has an interest in the register."""

from datetime import date, datetime, time

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts import interests
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.reviews import actions as reviewing
from fundapp.workflow import Outcome


def add_reviews(people: dict[str, Account]) -> None:
    """Two are asked about the summer's reading circle and one has sent; the officer is treasurer of a ski club."""
    officer, other = people["officer@kalix.example"], people["officer2@kalix.example"]
    with clock.at(datetime.combine(date(2017, 3, 2), time(15), clock.STOCKHOLM)):
        summer = db.session.scalars(select(Application).where(Application.title == "Sommarläsning")).one()
        reviewing.ask(summer, [officer, other], by=other)
        own = next(each for each in reviewing.live_reviews(summer) if each.assessor_id == other.id)
        reviewing.save(
            summer,
            version=own.version,
            read=summer.submissions[-1],
            is_sent=True,
            by=other,
            scores={"K1": 3, "K2": 2},
            text="Når dem som inte läser på sommaren annars. Budgeten behöver rättas.",
            proposed_outcome=Outcome.GRANT,
            proposed_amount=summer.amount_requested,
        )
        interests.keep(
            name="Kalix skidförening (fiktiv)",
            org_number="8020021898",
            role="kassör",
            begins_on=date(2015, 3, 1),
            by=officer,
        )
