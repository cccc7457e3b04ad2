"""Two officials at once, each with a session of their own, on both engines."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications.actions import withdraw
from fundapp.applications.models import Application
from fundapp.assessments.models import Assessment
from fundapp.candidates import actions, dividing, queries
from fundapp.candidates.dividing import Share
from fundapp.candidates.models import Candidate, CandidateEntry
from fundapp.db import db
from fundapp.decisions.actions import record_outcome
from fundapp.decisions.models import Decision
from fundapp.meetings.actions import put_on_agenda
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus, Outcome
from tests.decisions.test_races import at_once
from tests.factories import on_day
from tests.factories.applications import STIPEND, open_round
from tests.factories.candidates import gathered, nomination, ready
from tests.factories.meetings import opened
from tests.factories.people import official


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def test_two_officers_gather_the_same_cases_once(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        officers = [official(Role.OFFICER).id for _ in range(2)]
        for _ in range(3):
            nomination()
        db.session.commit()

    def gather(key: int) -> str:
        by, round_ = db.session.get_one(Account, key), open_round(STIPEND)
        return f"{len(actions.gather(round_, queries.ungathered(round_, by), by=by))}"

    assert at_once(app_on_both, gather, officers) == ["0", "1"]
    with app_on_both.app_context():
        assert len(db.session.scalars(select(Candidate)).all()) == 1
        assert len(db.session.scalars(select(CandidateEntry)).all()) == 3


def test_two_officers_never_propose_more_than_is_left(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        officers = [official(Role.OFFICER).id for _ in range(2)]
        by = db.session.get_one(Account, officers[0])
        first, second = gathered(nomination(), nomination("Mossens Kulturförening", "802400-1128"), officer=by)
        parts = list(zip(officers, (first.public_id, second.public_id), strict=True))
        db.session.commit()

    def divide(part: tuple[int, str]) -> str:
        by = db.session.get_one(Account, part[0])
        share = Share(Outcome.GRANT, 12_000, "Öppna träningar.", 0)
        dividing.divide(open_round(STIPEND), {part[1]: share}, by=by)
        return "divided"

    assert at_once(app_on_both, divide, parts) == ["StepNotPossible", "divided"]
    with app_on_both.app_context():
        assert sum(each.proposed_amount or 0 for each in db.session.scalars(select(Assessment))) == 12_000


def test_a_nominator_withdraws_while_the_outcome_is_recorded(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        officer, secretary = official(Role.OFFICER), official(Role.SECRETARY)
        (candidate,) = gathered(nomination(), nomination(), officer=officer)
        ready(candidate, officer=officer)
        (item,) = put_on_agenda(opened(secretary=secretary), [candidate.lead], by=secretary)
        lead, follower = candidate.lead.id, candidate.followers[0].id
        keys = {"item": item.id, "by": secretary.id}
        db.session.commit()

    def work(part: str) -> str:
        if part == "withdraw":
            application = db.session.get_one(Application, follower)
            withdraw(application, by=application.created_by)
            return "withdrawn"
        item, by = db.session.get_one(MinuteItem, keys["item"]), db.session.get_one(Account, keys["by"])
        application = db.session.get_one(Application, lead)
        record_outcome(item, application, outcome=Outcome.GRANT, amount=12_000, reasons="Bra.", by=by)
        return "recorded"

    said: Any = at_once(app_on_both, work, ["withdraw", "record"])
    with app_on_both.app_context():
        decided = {each.application_id for each in db.session.scalars(select(Decision))}
        status = db.session.get_one(Application, follower).status
    assert lead in decided
    # Either the nominator was first, and nothing is decided about that case, or the outcome stands and holds the case.
    assert (status is ApplicationStatus.WITHDRAWN) == (follower not in decided) == ("withdrawn" in said)
