"""What is done for the plan: the numbers of the goal page, and what boards answer for."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.goals.actions import answer_for_board
from fundapp.goals.queries import FollowUp, ObjectiveRow, follow_up, sent_facts
from fundapp.goals.rules import ApplicationFacts, Facts, ProjectFacts
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, Outcome
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.assessments import assessed, objective
from tests.factories.decisions import decided, granted, recorded
from tests.factories.people import applicant, official
from tests.factories.projects import running
from tests.factories.reports import approved, reported
from tests.ground.apps import SignIn
from tests.ground.pages import send

URL = "http://localhost/sv/"


def row_of(found: FollowUp, code: str) -> ObjectiveRow:
    return next(row for area in found.areas for row in area.objectives if row.objective.code == code)


# --- the counting itself ----------------------------------------------------------------------------------------


def test_a_project_for_two_objectives_counts_whole_at_each_and_once_together() -> None:
    both = ProjectFacts(2017, 1, 100, 10, 8, 1, frozenset({1, 2}))
    one = ProjectFacts(2017, 1, 50, 5, 0, 0, frozenset({2}))
    facts = Facts([], [both, one])
    assert facts.for_objectives(frozenset({1})).granted == 100
    assert facts.for_objectives(frozenset({2})).granted == 150
    together = facts.for_objectives(frozenset({1, 2}))
    assert (together.projects, together.granted, together.planned, together.actual) == (2, 150, 15, 8)
    assert together.reported == 1


def test_actual_participants_are_unknown_until_somebody_has_reported() -> None:
    assert Facts([], [ProjectFacts(2017, 1, 100, 10, 0, 0, frozenset())]).in_all.actual is None
    assert Facts([], [ProjectFacts(2017, 1, 100, 10, 0, 1, frozenset())]).in_all.actual == 0


def test_an_application_counts_once_in_an_area_it_chose_and_was_linked_to() -> None:
    facts = Facts([ApplicationFacts(2017, 1, frozenset({7}), frozenset({1}))], [])
    assert facts.for_objectives(frozenset({1}), frozenset({7})).applications == 1
    assert facts.for_objectives(frozenset({2}), frozenset({7})).applications == 1
    assert facts.for_objectives(frozenset({2}), frozenset({8})).applications == 0


def test_years_are_those_of_applications_and_of_decisions() -> None:
    facts = Facts(
        [ApplicationFacts(2016, 1, frozenset(), frozenset())], [ProjectFacts(2017, 1, 100, 10, 0, 0, frozenset({1}))]
    )
    assert facts.years == [2016, 2017]
    assert facts.in_year(2016).in_all.projects == 0
    assert facts.in_year(2017).in_all.applications == 0


# --- from the database ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_engines")
def test_the_database_sums_what_is_alike_and_keeps_apart_what_is_not(app: Flask) -> None:
    on_day(date(2016, 12, 30))
    with app.test_request_context(URL):
        late = assessed(decided_on="2016-12-20")
        on_day()
        granted(late)
        for _project in range(3):
            running(amount=45_000)
        running(objectives=("2.3",))
        approved(running(objectives=()))
        facts = sent_facts()
        assert len(facts.projects) == 3
        assert sorted((one.year, one.applications) for one in facts.applications) == [
            (2016, 1),
            (2017, 1),
            (2017, 1),
            (2017, 3),
        ]
        found = follow_up()
        assert row_of(found, "2.3").numbers.granted == 5 * 45_000
        assert row_of(found, "5.1").numbers.granted == 4 * 45_000
        assert (found.without_objective.projects, found.without_objective.actual) == (1, 46)
        assert (found.in_all.projects, found.in_all.granted, found.in_all.reported) == (6, 6 * 45_000, 1)


def test_a_funded_and_reported_project_is_counted_at_its_objectives(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        approved(running(amount=45_000))
        found = follow_up()
        numbers = row_of(found, "2.3").numbers
        assert (numbers.applications, numbers.projects, numbers.granted) == (1, 1, 45_000)
        assert (numbers.planned, numbers.actual) == (40, 46)
        assert row_of(found, "5.1").numbers.granted == 45_000
        assert row_of(found, "1.1").numbers.projects == 0
        assert found.in_all.granted == 45_000
        assert found.years == [(2017, found.in_all)]


def test_drafts_pending_and_refused_cases_give_no_project_and_no_kronor(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        draft()
        assert follow_up().in_all.applications == 0
        submitted()
        recorded()
        decided(outcome=Outcome.REJECT)
        found = follow_up()
        assert (found.in_all.applications, found.in_all.projects, found.in_all.granted) == (3, 0, 0)


def test_a_report_that_is_not_approved_gives_no_participants(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        reported(running())
        assert follow_up().in_all.actual is None


def test_projects_without_an_objective_are_counted_by_themselves(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        granted(objectives=())
        found = follow_up()
        assert (found.without_objective.projects, found.without_objective.granted) == (1, 45_000)
        assert sum(row.numbers.projects for row in found.areas) == 0


def test_the_year_is_that_of_the_decision(app: Flask) -> None:
    on_day(date(2016, 12, 30))
    with app.test_request_context(URL):
        application = assessed(decided_on="2016-12-20")
        on_day()
        granted(application)
        before, after = follow_up("2016").in_all, follow_up("2017").in_all
        assert (before.applications, before.projects, before.granted) == (1, 0, 0)
        assert (after.applications, after.projects, after.granted) == (0, 1, 45_000)


def test_kalix_has_155_boxes_that_are_not_decided(app: Flask) -> None:
    with app.test_request_context(URL):
        found = follow_up()
        assert found.undecided == 155
        assert sum(len(area.objectives) for area in found.areas) == 31
        assert not any(row.is_worked_on for area in found.areas for row in area.objectives)


def test_an_objective_is_worked_on_when_a_board_answers_for_it_or_a_project_serves_it(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        running(objectives=("2.3",))
        officer, one = official(Role.OFFICER), objective("1.1")
        board = one.board_answers[0].board
        answer_for_board(one, board, True, by=officer)
        answer_for_board(objective("1.2"), board, False, by=officer)
        found = follow_up()
        assert [row_of(found, code).is_worked_on for code in ("1.1", "1.2", "2.3", "2.4")] == [True, False, True, False]
        assert found.undecided == 153


def test_the_board_filter_shows_what_the_board_answers_for(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        running(objectives=("2.3", "5.1"))
        one = objective("2.3")
        board = next(row.board for row in one.board_answers if row.board.code == "FoK")
        answer_for_board(one, board, True, by=official(Role.OFFICER))
        found = follow_up(board_asked="FoK")
        assert [row.objective.code for area in found.areas for row in area.objectives] == ["2.3"]
        boards = {row.board.code: row.numbers.granted for row in found.boards}
        assert (boards["FoK"], boards["KS"]) == (45_000, 0)


def test_only_officials_with_the_right_answer_for_a_board(app: Flask) -> None:
    with app.test_request_context(URL):
        one = objective("1.1")
        for person in (applicant(), official(Role.MEMBER), official(Role.AUDITOR)):
            with pytest.raises(NotAllowed):
                answer_for_board(one, one.board_answers[0].board, True, by=person)


# --- the pages --------------------------------------------------------------------------------------------------


def test_goal_page_is_public_and_says_what_is_not_decided(client: FlaskClient) -> None:
    page = client.get("/en/goals")
    assert page.status_code == 200
    table = BeautifulSoup(page.text, "html.parser").find("table", attrs={"class": "table"})
    assert table is not None
    assert page.text.count("not decided") >= 155
    assert page.text.count("Nobody works on this yet") == 31


@pytest.mark.parametrize(
    "query", ["year=1999", "year=abc", "year=-1", "year=٢٠١٧", "board=XYZ", "board=%3Cscript%3E", "year=99999999999"]
)
def test_an_unknown_filter_is_left_out_in_words(client: FlaskClient, query: str) -> None:
    page = client.get(f"/en/goals?{query}")
    assert page.status_code == 200
    assert "so it is left out" in page.text
    assert "<script>" not in page.text


def test_a_board_without_a_yes_is_told_in_words(client: FlaskClient) -> None:
    page = client.get("/en/goals?board=KS")
    assert "has not said yes to any objective yet" in page.text


def test_objective_page_shows_its_funded_projects(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(objectives=("2.3",))
        title, public_id = project.title, project.public_id
        db.session.commit()
    page = client.get("/en/goals/2.3").text
    assert title in page
    assert f"/en/funded-projects/{public_id}" in page
    assert title not in client.get("/en/goals/1.1").text


@pytest.mark.parametrize("path", ["/sv/goals/9.9", "/sv/goals/plans/lulea", "/sv/goals/2"])
def test_what_is_not_in_the_plan_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("code", ["kalix", "gallivare", "pitea", "dals-ed"])
def test_every_plan_can_be_read(client: FlaskClient, code: str) -> None:
    assert client.get(f"/sv/goals/plans/{code}").status_code == 200


def test_an_officer_records_what_a_board_answers_for(app: Flask, signed_in: SignIn) -> None:
    browser = signed_in(_person(app, Role.OFFICER))
    answer = send(browser, "/en/goals/2.3/boards/FoK", {"answer": "yes"})
    assert answer.status_code == 302
    with app.test_request_context(URL):
        assert row_of(follow_up(), "2.3").marks["FoK"] is True
        entry = db.session.query(HistoryEntry).filter_by(event="answer_for_board").one()
        assert entry.facts == {"board": "FoK", "answer": True}
    send(browser, "/en/goals/2.3/boards/FoK", {"answer": "undecided"})
    with app.test_request_context(URL):
        assert row_of(follow_up(), "2.3").marks["FoK"] is None


@pytest.mark.parametrize("answer", ["", "maybe", "True"])
def test_an_answer_that_is_none_of_the_three_is_refused(app: Flask, signed_in: SignIn, answer: str) -> None:
    page = send(signed_in(_person(app, Role.SECRETARY)), "/en/goals/2.3/boards/FoK", {"answer": answer})
    assert page.status_code == 422
    assert "Choose yes, no or not decided." in page.text


@pytest.mark.parametrize("path", ["/en/goals/9.9/boards/FoK", "/en/goals/2.3/boards/NoSuch"])
def test_answering_for_what_does_not_exist_is_not_found(app: Flask, signed_in: SignIn, path: str) -> None:
    assert send(signed_in(_person(app, Role.OFFICER)), path, {"answer": "yes"}).status_code == 404


def test_an_applicant_cannot_answer_for_a_board(app: Flask, signed_in: SignIn) -> None:
    assert send(signed_in("someone@exempel.example"), "/en/goals/2.3/boards/FoK", {"answer": "yes"}).status_code == 403


def _person(app: Flask, *roles: Role) -> Account:
    with app.app_context():
        person = official(*roles)
        db.session.commit()
        return person
