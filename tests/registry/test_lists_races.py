"""Two who give out the same cases at once, and one who gives out what another puts on an agenda, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.meetings.models import AgendaCase, Meeting
from fundapp.permissions import Role
from fundapp.registry import bulk
from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import planned
from tests.factories.people import official


def test_cases_that_two_give_out_and_a_third_puts_on_an_agenda_are_each_done_once_by_each(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.test_request_context():
        secretary = official(Role.SECRETARY)
        registrar, first, second = official(Role.REGISTRAR), official(Role.OFFICER), official(Role.OFFICER)
        keys = [assessed().id for _case in range(4)]
        meeting = planned(secretary=secretary).id
        people = [person.id for person in (registrar, first, second, secretary)]
        db.session.commit()
    start = Barrier(3)

    def run(part: int) -> int:
        with app_on_both.app_context():
            by, one, other, clerk = (db.session.get_one(Account, key) for key in people)
            sitting = db.session.get_one(Meeting, meeting)
            db.session.rollback()
            start.wait(30)
            if part == 2:
                done = bulk.bring(keys[::-1], sitting, by=clerk, asked=4)
            else:
                done = bulk.give(keys if part else keys[::-1], (one, other)[part], by=by, asked=4)
            db.session.commit()
            return done.count

    with ThreadPoolExecutor(3) as workers:
        assert list(workers.map(run, range(3))) == [4, 4, 4]
    with app_on_both.app_context():
        applications = db.session.scalars(select(Application)).all()
        assert len({application.officer_id for application in applications}) == 1
        assert {application.status for application in applications} == {ApplicationStatus.ON_AGENDA}
        assert db.session.scalar(select(func.count()).select_from(AgendaCase)) == 4
        given = select(func.count()).where(HistoryEntry.event == "assign_officer")
        assert db.session.scalar(given) == 8
