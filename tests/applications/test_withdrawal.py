"""Taking an application back while it stands on the board's agenda: until the board has decided."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.applications import actions
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.languages import speaking
from fundapp.meetings.actions import take_off_agenda
from fundapp.meetings.models import AgendaCase, MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus, Outcome, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import approved, recorded
from tests.factories.meetings import on_agenda
from tests.factories.people import official
from tests.ground.apps import SignIn


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def test_a_withdrawn_case_stays_on_the_agenda_and_the_minutes_are_approved_without_it(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        back, other = assessed(), assessed()
        item = on_agenda([back, other], secretary=by)
        actions.withdraw(back, by=back.created_by)
        recorded(item, other, secretary=by)
        decisions = approved(item.meeting, secretary=by)
        assert [decision.application_id for decision in decisions] == [other.id]
        assert (back.status, other.status) == (ApplicationStatus.WITHDRAWN, ApplicationStatus.GRANTED)
        assert len(item.cases) == 2


def test_nothing_is_recorded_in_a_withdrawn_case(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        case = item.cases[0].application
        actions.withdraw(case, by=case.created_by)
        with pytest.raises(StepNotPossible):
            recorded(item, case, outcome=Outcome.REJECT, secretary=by)
        assert db.session.scalars(select(Decision)).all() == []


def test_what_the_board_has_dealt_with_is_not_taken_back(app: Flask) -> None:
    with app.app_context():
        case = recorded().application
        with pytest.raises(StepNotPossible) as refused:
            actions.withdraw(case, by=case.created_by)
        with speaking("en"):
            assert "You get a letter with the decision." in str(refused.value.reason)
        assert case.status is ApplicationStatus.ON_AGENDA


def test_the_secretary_sees_it_and_may_take_it_off(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        by = official(Role.SECRETARY, email="secretary@kommun.example")
        item = on_agenda(secretary=by)
        case = item.cases[0].application
        actions.withdraw(case, by=case.created_by)
        path = f"/en/meetings/{item.meeting.public_id}"
        db.session.commit()
    page = BeautifulSoup(signed_in("secretary@kommun.example").get(path).text, "html.parser")
    article = page.find("article", class_="board-case")
    assert article is not None
    assert "Withdrawn by the applicant" in article.get_text()
    assert "Record the outcome" not in article.get_text()
    assert "no outcome yet" not in page.get_text()
    with app.app_context():
        item = db.session.scalars(select(MinuteItem)).one()
        case = item.cases[0].application
        by = db.session.scalars(select(Account).where(Account.email == "secretary@kommun.example")).one()
        take_off_agenda(item.meeting, case, by=by)
        assert db.session.scalars(select(AgendaCase)).all() == []
        assert case.status is ApplicationStatus.WITHDRAWN


@pytest.mark.parametrize("time", range(3))
def test_withdrawing_and_recording_at_once_never_both_happen(app_on_both: Flask, time: int) -> None:
    app = app_on_both
    with app.app_context():
        by = official(Role.SECRETARY)
        item = on_agenda(secretary=by)
        keys = (item.id, item.cases[0].application_id, by.id)
        db.session.commit()
    start = Barrier(2)

    def run(is_secretary: bool) -> bool:
        with app.app_context():
            start.wait(30)
            item, case = db.session.get_one(MinuteItem, keys[0]), db.session.get_one(Application, keys[1])
            try:
                if is_secretary:
                    recorded(item, case, secretary=db.session.get_one(Account, keys[2]))
                else:
                    actions.withdraw(case, by=case.created_by)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(run, (True, False))) == [False, True]
    with app.app_context():
        is_withdrawn = db.session.get_one(Application, keys[1]).status is ApplicationStatus.WITHDRAWN
        assert is_withdrawn is (db.session.scalar(select(Decision.id)) is None)
