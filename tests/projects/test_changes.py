"""A project asks for a change: the request, the answer, what each is filed and mailed as, and what it moves."""

from datetime import date
from threading import Barrier, Thread
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.db import db
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects import changes
from fundapp.projects.models import ChangeRequest, Project
from fundapp.registry.models import Direction, Document
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.people import applicant, official
from tests.factories.projects import running
from tests.factories.reports import reported
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

ASKED: dict[str, Any] = {"what": "Vi byter lokal till biblioteket.", "why": "Folkets hus stänger."}


class Scene:
    """A running project until 15 December 2017, its applicant and an officer."""

    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        self.app = app
        with app.test_request_context():
            officer = official(Role.OFFICER)
            project = running(officer=officer)
            owner = project.application.created_by
            self.project, self.owner_email = project.public_id, owner.email
            db.session.commit()
        self.owner, self.officer = signed_in(owner), signed_in(officer)
        self.page = f"/en/projects/{self.project}"
        self.ask = f"{self.page}/changes/new"

    def request(self) -> tuple[str, bool | None]:
        with self.app.app_context():
            found = db.session.scalars(select(ChangeRequest)).one()
            return f"/en/changes/{found.public_id}/answer", found.is_approved

    def days(self) -> tuple[date, date]:
        with self.app.app_context():
            project = db.session.scalars(select(Project)).one()
            return project.ends_on, project.report_due_on


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def text_of(answer: Any) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def test_a_yes_to_another_last_day_moves_the_projects_end_and_the_reports_day(scene: Scene) -> None:
    assert scene.days() == (date(2017, 12, 15), date(2018, 2, 15))
    assert send(scene.owner, scene.ask, ASKED | {"new_ends_on": "2018-05-31"}).status_code == 302
    assert "Waiting for an answer" in text_of(scene.owner.get(scene.page))
    place, _answer = scene.request()
    assert send(scene.officer, place, {"is_approved": "yes", "answer": "Det går bra."}).status_code == 302
    assert scene.days() == (date(2018, 5, 31), date(2018, 7, 31))
    page = text_of(scene.owner.get(scene.page))
    assert "Approved" in page
    assert "Det går bra." in page


def test_a_no_says_why_and_moves_nothing(scene: Scene) -> None:
    send(scene.owner, scene.ask, ASKED | {"new_ends_on": "2018-05-31"})
    place, _answer = scene.request()
    refused = send(scene.officer, place, {"is_approved": "no", "answer": ""})
    assert refused.status_code == 422
    assert "Write why not." in refused.text
    assert send(scene.officer, place, {"is_approved": "no", "answer": "Pengarna gäller i år."}).status_code == 302
    assert scene.request()[1] is False
    assert scene.days() == (date(2017, 12, 15), date(2018, 2, 15))
    assert "Pengarna gäller i år." in scene.owner.get(scene.page).text


def test_both_are_documents_of_the_case_and_each_side_gets_a_mail(scene: Scene) -> None:
    send(scene.owner, scene.ask, ASKED)
    send(scene.officer, scene.request()[0], {"is_approved": "yes", "answer": ""})
    with scene.app.app_context():
        filed = db.session.execute(
            select(Document.direction, Document.subject).order_by(Document.id.desc()).limit(2)
        ).all()
        assert [direction for direction, _subject in filed] == [Direction.DISPATCHED, Direction.RECEIVED]
        mails = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(2)).all()
        assert mails[0].to == scene.owner_email
        assert mails[1].to.endswith("@kommun.example")
        assert scene.project in mails[0].body


def test_bad_input_is_told_and_what_was_typed_is_there(scene: Scene) -> None:
    answer = send(scene.owner, scene.ask, {"what": ASKED["what"], "why": "", "new_ends_on": "nästa år"})
    assert answer.status_code == 422
    assert ASKED["what"] in answer.text
    assert 'value="nästa år"' in answer.text
    assert "Write why you want to change it." in answer.text
    beyond = send(scene.owner, scene.ask, ASKED | {"new_ends_on": "2030-01-01"})
    assert beyond.status_code == 422
    assert "that is the time the fund is for" in beyond.text
    assert send(scene.officer, scene.ask, ASKED).status_code == 403


def test_only_one_request_waits_and_the_same_once_more_is_the_same(scene: Scene) -> None:
    for _time in range(2):
        assert send(scene.owner, scene.ask, ASKED).status_code == 302
    assert send(scene.owner, scene.ask, ASKED | {"what": "Något annat."}).status_code == 409
    assert scene.owner.get(scene.ask).status_code == 409
    scene.request()


def test_it_is_answered_once(scene: Scene) -> None:
    send(scene.owner, scene.ask, ASKED)
    place, _answer = scene.request()
    assert send(scene.officer, place, {"is_approved": "yes"}).status_code == 302
    assert send(scene.officer, place, {"is_approved": "no", "answer": "Nej."}).status_code == 409
    assert "It is answered already." in scene.officer.get(place).text
    assert scene.request()[1] is True


@pytest.mark.usefixtures("both_engines")
def test_of_two_requests_at_once_one_is_kept(scene: Scene, signed_in: SignIn) -> None:
    gate, answers = Barrier(2), []

    def press(client: FlaskClient, what: str, token: str) -> None:
        gate.wait()
        answers.append(client.post(scene.ask, data=ASKED | {"what": what, "csrf_token": token}).status_code)

    clients = [scene.owner, signed_in(scene.owner_email)]
    work = [
        Thread(target=press, args=(client, f"Ändring {number}", token_of(client)))
        for number, client in enumerate(clients)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert sorted(answers) == [302, 409]
    scene.request()


def test_the_desk_and_the_list_of_projects_show_what_waits(scene: Scene) -> None:
    send(scene.owner, scene.ask, ASKED)
    assert "Requests for change to answer" in text_of(scene.officer.get("/en/desk")).split("Nothing waits here")[0]
    assert "Språkkafé vid älven" in scene.officer.get("/en/projects?show=change").text
    send(scene.officer, scene.request()[0], {"is_approved": "yes"})
    assert "Språkkafé vid älven" not in scene.officer.get("/en/projects?show=change").text


def test_a_reported_project_asks_for_nothing_and_others_may_not_ask(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        project = running()
        with pytest.raises(NotAllowed):
            changes.ask_for_change(project, **ASKED, new_ends_on=None, by=applicant())
        request = changes.ask_for_change(project, **ASKED, new_ends_on=None, by=project.application.created_by)
        with pytest.raises(NotAllowed):
            changes.answer_change(request, is_approved=True, answer="", by=official(Role.SECRETARY))
        other = running()
        reported(other, by=other.application.created_by)
        with pytest.raises(StepNotPossible, match="redovisat"):
            changes.ask_for_change(other, **ASKED, new_ends_on=None, by=other.application.created_by)
