"""Two clerks at one table, each with a session of their own, on both engines: what one records, the other meets."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts.models import Account, Conflict
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.decisions.recording import record_as_proposed, take_back
from fundapp.funds.models import Round
from fundapp.funds.queries import ledger_faults
from fundapp.meetings.disqualifying import disqualify
from fundapp.meetings.models import MinuteItem
from fundapp.meetings.presences import serving_under
from fundapp.meetings.proceedings import Ballot, Choice, Disqualification, Vote
from fundapp.meetings.proposing import hold_vote
from fundapp.permissions import Role
from fundapp.seats.models import Seat
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import on_agenda
from tests.factories.people import official
from tests.factories.seats import full_house

Work = Callable[[Any], str]


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def at_once(app: Flask, work: Work, parts: Sequence[Any]) -> list[str]:
    """What `work` gave for each part, all begun at the same moment; it is committed unless it was refused."""
    start = Barrier(len(parts))

    def run(part: Any) -> str:
        with app.app_context():
            start.wait(30)
            try:
                said = work(part)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return said

    with ThreadPoolExecutor(len(parts)) as workers:
        return sorted(workers.map(run, parts))


def test_of_a_vote_and_a_disqualification_at_once_one_stands(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        keys = (by.id, item.id, item.cases[0].application_id, full_house()[4].id)
        db.session.commit()

    def vote_or_disqualify(is_vote: bool) -> str:
        by, item, case, seat = (
            db.session.get_one(table, key)
            for table, key in zip((Account, MinuteItem, Application, Seat), keys, strict=True)
        )
        if not is_vote:
            disqualify(item, seat, application=case, by=by)
            return "disqualified"
        choices = dict.fromkeys(serving_under(item, case), Choice.YES)
        hold_vote(item, choices, yes_means="Bifall", no_means="Avslag", application=case, by=by)
        return "voted"

    said = at_once(app_on_both, vote_or_disqualify, [True, False])
    assert said in (["disqualified", "refused"], ["refused", "voted"], ["disqualified", "voted"])
    with app_on_both.app_context():
        voted = set(db.session.scalars(select(Ballot.seat_id)))
        out = set(db.session.scalars(select(Disqualification.seat_id)))
        assert not voted & out
        assert db.session.scalar(select(func.count(Conflict.id))) == len(out)
        assert db.session.scalar(select(func.count(Vote.id))) <= 1


def test_one_disqualification_recorded_by_two_stands_once(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        keys = (by.id, item.id, full_house()[4].id)
        db.session.commit()

    def record_it(_n: int) -> str:
        by, item, seat = (
            db.session.get_one(table, key) for table, key in zip((Account, MinuteItem, Seat), keys, strict=True)
        )
        disqualify(item, seat, by=by)
        return "disqualified"

    assert at_once(app_on_both, record_it, range(3)) == ["disqualified", "refused", "refused"]


def test_as_proposed_pressed_by_two_and_taken_back_by_two_keeps_the_books(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda([assessed(), assessed()], secretary=by)
        case = item.cases[0].application_id
        keys = (by.id, item.id)
        db.session.commit()

    def both(key: tuple[int, int]) -> tuple[Account, MinuteItem]:
        return db.session.get_one(Account, key[0]), db.session.get_one(MinuteItem, key[1])

    def press(_n: int) -> str:
        by, item = both(keys)
        done, _left = record_as_proposed(item, by=by)
        return f"{len(done)} recorded"

    assert at_once(app_on_both, press, range(3)) == ["0 recorded", "0 recorded", "2 recorded"]

    def undo(_n: int) -> str:
        by, item = both(keys)
        take_back(item, db.session.get_one(Application, case), by=by)
        return "taken back"

    assert at_once(app_on_both, undo, range(2)) == ["refused", "taken back"]
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count(Decision.id))) == 1
        assert sum(db.session.scalars(select(Round.reserved))) == 45_000
        assert ledger_faults(db.session) == []
