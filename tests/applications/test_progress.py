"""Where an application is, in plain words: the dates so far, and what happens next."""

from datetime import date

from bs4 import BeautifulSoup
from flask import Flask

from fundapp.applications.progress import progress
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.assessments import assess, under_assessment
from tests.factories.decisions import decided, recorded
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn


def test_the_dates_are_those_of_the_steps_and_a_pending_outcome_is_not_among_them(app: Flask) -> None:
    on_day()
    with app.test_request_context("/en/"):
        officer, secretary = official(Role.OFFICER), official(Role.SECRETARY)
        application = under_assessment(officer=officer)
        on_day(date(2017, 3, 20))
        assess(application, by=officer)
        item = on_agenda(application, secretary=secretary)
        recorded(item, application, secretary=secretary)
        told = progress(application)
        assert [when.date().isoformat() for _word, when in told.dates] == ["2017-03-06"] * 3 + ["2017-03-20"] * 2
        assert told.dates[-1][0] == str(application.status.label)
        assert {station.note for station in told.line if station.state == "done"} == {"6 mars 2017"}
        assert [station.note for station in told.line if station.state == "later"] == [None]


def test_on_an_agenda_the_day_of_the_sitting_is_told(app: Flask) -> None:
    on_day()
    with app.test_request_context("/en/"):
        item = on_agenda()
        application = item.cases[0].application
        day = item.meeting.held_on
        assert any(str(day.year) in sentence and str(day.day) in sentence for sentence in progress(application).next)


def test_after_the_decision_nothing_more_is_promised(app: Flask) -> None:
    on_day()
    with app.test_request_context("/en/"):
        application = decided(outcome=Outcome.REJECT).application
        assert progress(application).next == []


def test_the_page_of_an_application_tells_what_happens_next_with_its_dates(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        application = submitted(by=applicant(email="amina@forening.example"))
        place = f"/en/applications/{application.public_id}"
        db.session.commit()
    page = " ".join(BeautifulSoup(signed_in("amina@forening.example").get(place).text, "html.parser").stripped_strings)
    assert "What happens next We register it" in page
    assert "The dates so far Sent in 6 March 2017" in page


def test_a_case_that_was_sent_back_has_no_day_at_the_board(app: Flask) -> None:
    on_day()
    with app.test_request_context("/en/"):
        application = decided(outcome=Outcome.REFER_BACK).application
        assert [station.note for station in progress(application).line if station.state == "later"] == [None, None]
