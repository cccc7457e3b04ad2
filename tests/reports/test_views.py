"""Pages of the report: saving never refuses, sending does, and reviewing closes."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.reports.models import Repayment, Report
from fundapp.workflow import ProjectStatus, ReportStatus
from tests.factories import on_day
from tests.factories.people import applicant, official
from tests.factories.projects import paid, running
from tests.factories.reports import approved, reported
from tests.ground.apps import SignIn
from tests.ground.pages import send

URL = "http://localhost/en/"
GOOD = {
    "carried_out": "yes",
    "what_was_done": "Trettio kaféer.",
    "women": "22",
    "men": "15",
    "girls": "3",
    "boys": "6",
    "used": "45 000",
    "deviations": "",
    "lives_on": "Kaféet fortsätter.",
    "result_2_3": "Tolv föreningar kom med.",
    "result_5_1": "Nya vänner.",
}


def seen_on(client: FlaskClient, path: str) -> str:
    """What the page says that it shows; empty where nothing can be sent from it."""
    held = BeautifulSoup(client.get(path).text, "html.parser").select_one("[name=seen]")
    return str(held["value"]) if held is not None else ""


class Scene:
    """A running project of 45 000 kr, half of it paid, its applicant and an officer, both reading English."""

    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        self.app = app
        with app.test_request_context(URL):
            writer, officer = applicant(language="en"), official(Role.OFFICER)
            project = running(by=writer, amount=45_000)
            paid(project)
            self.public_id = project.public_id
            db.session.commit()
        self.applicant, self.officer = signed_in(writer), signed_in(officer)
        self.page = f"/en/projects/{self.public_id}"
        self.edit_page, self.check_page = f"{self.page}/report", f"{self.page}/report/check"
        self.submit_page, self.review_page = f"{self.page}/report/submit", f"{self.page}/report/review"

    def report(self) -> Report:
        report: Report = db.session.scalars(select(Report)).one()
        return report

    def save(self, **changes: str) -> None:
        """As on a page that was opened just now."""
        typed = GOOD | changes | {"seen": seen_on(self.applicant, self.edit_page)}
        assert send(self.applicant, self.edit_page, typed).status_code == 302

    def send_checked(self) -> TestResponse:
        return send(self.applicant, self.submit_page, {"seen": seen_on(self.applicant, self.check_page)})

    def send_report(self, **changes: str) -> None:
        self.save(**changes)
        assert self.send_checked().status_code == 302

    def review(self, step: str, note: str = "") -> TestResponse:
        """As the officer does who has read the page."""
        fields = {"step": step, "note": note, "seen": seen_on(self.officer, self.review_page)}
        return send(self.officer, self.review_page, fields)


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def test_form_shows_the_plans_objectives_in_swedish(scene: Scene) -> None:
    page = scene.applicant.get(scene.edit_page).text
    assert "What you reached for objective 2.3" in page
    assert '<span lang="sv" dir="ltr">Kommunala bidrag ska utformas' in page


def test_saving_never_refuses_and_keeps_what_was_typed(scene: Scene) -> None:
    typed = {"used": "4 500,50", "women": "-2", "what_was_done": "Halva ’texten’ <b>"}
    answer = send(scene.applicant, scene.edit_page, typed)
    assert (answer.status_code, answer.location) == (302, scene.edit_page)
    page = scene.applicant.get(scene.edit_page).text
    assert 'value="4 500,50"' in page
    assert 'value="-2"' in page
    assert "Halva ’texten’ &lt;b&gt;" in page
    assert "There is something to change" not in page


def test_save_and_check_keeps_what_was_typed_and_tells_beside_the_field(scene: Scene) -> None:
    answer = send(scene.applicant, scene.edit_page, GOOD | {"used": "12,5", "next": "check"})
    assert answer.status_code == 422
    assert "There is something to change" in answer.text
    assert 'id="used-error"' in answer.text
    assert 'value="12,5"' in scene.applicant.get(scene.edit_page).text
    typed = GOOD | {"next": "check", "seen": seen_on(scene.applicant, scene.edit_page)}
    answer = send(scene.applicant, scene.edit_page, typed)
    assert (answer.status_code, answer.location) == (302, scene.check_page)


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("used", "45000,50", "whole kronor with digits only"),
        ("used", "-1", "whole kronor with digits only"),
        ("used", "", "how much of the grant you used"),
        ("used", "9999999999", "below one billion"),
        ("women", "-3", "a number of people with digits only"),
        ("men", "några", "a number of people with digits only"),
        ("girls", "", "Write how many"),
        ("boys", "2,5", "a number of people with digits only"),
        ("carried_out", "", "Choose whether the project was carried out"),
        ("carried_out", "maybe", "Choose whether the project was carried out"),
        ("what_was_done", "", "Write what you did"),
        ("what_was_done", "x" * 5001, "Shorten the text"),
        ("lives_on", "  ", "Write what lives on"),
        ("result_2_3", "", "Write what you reached for this objective"),
    ],
)
def test_a_report_that_is_not_whole_is_not_sent(scene: Scene, field: str, typed: str, message: str) -> None:
    send(scene.applicant, scene.edit_page, GOOD | {field: typed})
    check = scene.applicant.get(scene.check_page).text
    assert message in check
    assert scene.submit_page not in check
    page = send(scene.applicant, scene.submit_page)
    assert page.status_code == 422
    assert page.text.count(message) >= 2  # in the summary and beside the field
    assert "Nya vänner." in page.text
    with scene.app.app_context():
        assert scene.report().status is ReportStatus.DRAFT


def test_a_whole_report_is_checked_and_sent(scene: Scene) -> None:
    answer = send(scene.applicant, scene.edit_page, GOOD | {"next": "check"})
    assert answer.location == scene.check_page
    check = scene.applicant.get(scene.check_page).text
    assert scene.submit_page in check
    assert "Tolv föreningar kom med." in check
    scene.send_report()
    with scene.app.app_context():
        assert scene.report().status is ReportStatus.SUBMITTED
    assert "Your report is sent" in scene.applicant.get(scene.page).text


def test_sending_twice_gives_the_same_receipt_one_copy_and_one_mail(scene: Scene) -> None:
    scene.send_report()
    with scene.app.app_context():
        before = [db.session.scalar(select(func.count(table.id))) for table in (Paper, Message, Report)]
    again = send(scene.applicant, scene.submit_page)
    assert (again.status_code, again.location) == (302, scene.page)
    with scene.app.app_context():
        assert [db.session.scalar(select(func.count(table.id))) for table in (Paper, Message, Report)] == before


def test_sending_before_anything_is_written_says_what_is_missing(scene: Scene) -> None:
    page = send(scene.applicant, scene.submit_page)
    assert page.status_code == 422
    assert "Write what you did." in page.text


def test_a_sent_report_cannot_be_opened_for_writing(scene: Scene) -> None:
    scene.send_report()
    for path in (scene.edit_page, scene.check_page):
        assert scene.applicant.get(path).status_code == 409
    assert send(scene.applicant, scene.edit_page, GOOD).status_code == 409


def test_officials_see_the_project_but_may_not_write_its_report(scene: Scene) -> None:
    assert scene.officer.get(scene.edit_page).status_code == 403
    assert send(scene.officer, scene.edit_page, GOOD).status_code == 403
    assert send(scene.officer, scene.submit_page).status_code == 403


def test_officials_cannot_look_into_a_draft(scene: Scene) -> None:
    send(scene.applicant, scene.edit_page, GOOD)
    assert scene.officer.get(scene.review_page).status_code == 404
    assert "Trettio kaféer." not in scene.officer.get(scene.page).text


def test_review_says_what_approving_does_with_the_money(scene: Scene) -> None:
    scene.send_report(used="30 000")
    page = scene.officer.get(scene.review_page).text
    assert "is still to be paid: it stays in the plan" in page
    assert "7\N{NO-BREAK SPACE}500\N{NO-BREAK SPACE}kr" in page
    assert "15\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr" in page


def test_approving_closes_the_project_once(scene: Scene) -> None:
    scene.send_report()
    assert scene.review("approve").status_code == 302
    with scene.app.app_context():
        assert db.session.scalars(select(Project)).one().status is ProjectStatus.CLOSED
    assert scene.review("approve").status_code == 409
    assert scene.officer.get(scene.review_page).status_code == 200
    assert scene.applicant.get(scene.page).status_code == 200


def test_additions_need_a_note_and_open_the_report_again(scene: Scene) -> None:
    scene.send_report()
    page = scene.review("request", " ")
    assert page.status_code == 422
    assert "Write what the association should add or explain." in page.text
    assert scene.review("request", "Vad kostade båten?").status_code == 302
    assert "Vad kostade båten?" in scene.applicant.get(scene.edit_page).text
    assert "Trettio kaféer." in scene.applicant.get(scene.edit_page).text
    assert scene.review("approve").status_code == 409
    scene.send_report(used="44 000")
    with scene.app.app_context():
        assert scene.report().used == 44_000


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.SECRETARY, Role.AUDITOR])
def test_only_an_officer_reviews(app: Flask, scene: Scene, signed_in: SignIn, role: Role) -> None:
    scene.send_report()
    browser = signed_in(_official(app, role))
    assert browser.get(scene.review_page).status_code == 403
    assert send(browser, scene.review_page, {"step": "approve"}).status_code == 403


def test_applicant_cannot_review_the_own_report(scene: Scene) -> None:
    scene.send_report()
    assert scene.applicant.get(scene.review_page).status_code == 404


def test_a_repayment_is_recorded_with_day_and_reference(app: Flask, scene: Scene) -> None:
    scene.send_report(used="10 000")
    scene.review("approve")
    with app.app_context():
        path = f"/en/repayments/{db.session.scalars(select(Repayment.public_id)).one()}/received"
    assert "12\N{NO-BREAK SPACE}500\N{NO-BREAK SPACE}kr" in scene.applicant.get(scene.page).text
    for fields, message in (
        ({"received_on": "2017-03-07", "reference": "BG 1"}, "still to come"),
        ({"received_on": "", "reference": "BG 1"}, "Write the day the money came in."),
        ({"received_on": "2017-03-06", "reference": ""}, "reference in the accounts"),
    ):
        page = send(scene.officer, path, fields)
        assert page.status_code == 422
        assert page.text.count(message) >= 2
    assert scene.officer.get(path).status_code == 200
    assert send(scene.applicant, path, {"received_on": "2017-03-06", "reference": "BG 1"}).status_code == 404
    for _click in range(2):
        assert send(scene.officer, path, {"received_on": "2017-03-06", "reference": "BG 1"}).status_code == 302
    assert send(scene.officer, path, {"received_on": "2017-03-06", "reference": "BG 2"}).status_code == 409


def test_factories_reach_the_states_they_name(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        assert reported().status is ReportStatus.SUBMITTED
        assert approved().status is ReportStatus.APPROVED


def _official(app: Flask, *roles: Role) -> Account:
    with app.app_context():
        person = official(*roles)
        db.session.commit()
        return person


def test_a_new_report_begins_with_what_was_planned_and_the_draft_goes_before_it(scene: Scene) -> None:
    page = BeautifulSoup(scene.applicant.get(scene.edit_page).text, "html.parser")
    box = page.select_one("#what_was_done")
    assert box is not None
    with scene.app.app_context():
        project = db.session.scalars(select(Project)).one()
        sections = {part["code"]: part for part in project.application.last_submission.content["sections"]}
        first = sections["activities"]["answers"][0]["answer"][0][0]["answer"]
        assert first in box.get_text()
        assert f"{project.application.women} participants planned" in page.get_text()
    send(scene.applicant, scene.edit_page, GOOD | {"what_was_done": "", "next": "edit"})
    again = BeautifulSoup(scene.applicant.get(scene.edit_page).text, "html.parser").select_one("#what_was_done")
    assert again is not None
    assert again.get_text().strip() == ""
