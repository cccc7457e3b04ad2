"""Messages between applicant and official: who may, what is filed and mailed, what is unread, and when it ends."""

from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from pypdfium2 import PdfDocument
from sqlalchemy import func, select

from fundapp import clock, documents
from fundapp.accounts.models import Account
from fundapp.applications import actions as applying
from fundapp.applications.models import Application
from fundapp.db import db, new_public_id
from fundapp.intake.merging import merge
from fundapp.mail import Message
from fundapp.messages import actions, rules
from fundapp.messages.models import CaseMessage
from fundapp.permissions import Role
from fundapp.registry.models import Direction, Document
from fundapp.workflow import NotAllowed, Outcome, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.assessments import under_assessment
from tests.factories.decisions import decided, granted
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

SECRET = "Lokalen är uppsagd"


def wrote(application: Application, text: str = SECRET, *, by: Account, as_applicant: bool) -> CaseMessage:
    return actions.write(application, text, by=by, as_applicant=as_applicant, key=new_public_id())


class Scene:
    """A case that an officer assesses, and clients of both sides."""

    def __init__(self, app: Flask, signed_in: SignIn, language: str = "en") -> None:
        on_day()
        self.app = app
        with app.test_request_context():
            owner = applicant(email="amina@forening.example", language=language)
            organisation(owner)
            officer = official(Role.OFFICER, email="officer@kommun.example")
            self.application = under_assessment(by=owner, officer=officer).public_id
            db.session.commit()
        self.owner, self.officer = signed_in("amina@forening.example"), signed_in("officer@kommun.example")
        self.own_page = f"/en/applications/{self.application}/messages"
        self.desk_page = f"/en/cases/{self.application}/messages"

    def count(self) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(CaseMessage)) or 0


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def hidden(client: FlaskClient, page: str) -> dict[str, str]:
    """The fields of the page's form that nobody types."""
    soup = BeautifulSoup(client.get(page).text, "html.parser")
    form = soup.select_one("form:has(textarea)")
    assert form is not None
    return {tag["name"]: tag.get("value", "") for tag in form.select("input[type=hidden]")}


def text_of(page: Any) -> str:
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split())


# --- writing ------------------------------------------------------------------------------------------------------


def test_what_the_applicant_writes_stands_on_both_pages_and_in_the_diary(scene: Scene) -> None:
    sent = scene.owner.post(scene.own_page, data=hidden(scene.owner, scene.own_page) | {"text": SECRET})
    assert sent.status_code == 302
    assert SECRET in scene.owner.get(f"/en/applications/{scene.application}").text
    case = scene.officer.get(f"/sv/cases/{scene.application}").text
    assert SECRET in case
    assert "Meddelande från sökanden" in case
    with scene.app.app_context():
        document = db.session.scalars(select(Document).order_by(Document.id.desc())).first()
        assert document is not None
        assert document.direction is Direction.RECEIVED
        assert document.filed_by_id is not None


def test_what_the_official_writes_is_dispatched_and_read_by_the_applicant(scene: Scene) -> None:
    send(scene.officer, scene.desk_page, hidden(scene.officer, scene.desk_page) | {"text": "När börjar ni?"})
    assert "När börjar ni?" in scene.owner.get(f"/ar/applications/{scene.application}").text
    with scene.app.app_context():
        message = db.session.scalars(select(CaseMessage)).one()
        assert message.document.direction is Direction.DISPATCHED
        assert message.document.counterpart == "Kalix Språkkafé"


@pytest.mark.parametrize(
    ("language", "text"),
    [("sv", "Lokalen är uppsagd"), ("ar", "القاعة لم تعد متاحة"), ("ti", "እቲ ኣዳራሽ ተዓጽዩ")],
)
def test_the_filed_paper_holds_the_words_as_they_were_written(app: Flask, language: str, text: str) -> None:
    on_day()
    with app.test_request_context():
        owner = applicant()
        organisation(owner)
        application = registered(by=owner)
        application.text_language = language
        message = wrote(application, text, by=owner, as_applicant=True)
        assert message.document.paper is not None
        drawn = PdfDocument(documents.pdf(message.document.paper))
        found = drawn[0].get_textpage().get_text_bounded()
        drawn.close()
    for word in text.split():
        assert word in found


def test_the_mail_says_that_there_is_a_message_and_not_what_it_says(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        owner, officer = applicant(language="ar"), official(Role.OFFICER)
        organisation(owner, email="styrelsen@annan.example")
        application = under_assessment(by=owner, officer=officer)
        before = db.session.scalar(select(func.max(Message.id))) or 0
        wrote(application, by=officer, as_applicant=False)
        wrote(application, by=owner, as_applicant=True)
        db.session.flush()
        mails = db.session.scalars(select(Message).where(Message.id > before).order_by(Message.id)).all()
    assert [mail.to for mail in mails] == [owner.email, "styrelsen@annan.example", officer.email]
    assert [mail.language for mail in mails] == ["ar", "sv", "sv"]
    assert not any(SECRET in mail.body or SECRET in mail.subject for mail in mails)
    assert f"/ar/applications/{application.public_id}/messages" in mails[0].body
    assert f"/sv/cases/{application.public_id}/messages" in mails[2].body


def test_somebody_who_has_left_the_organisation_gets_no_mail_of_its_messages(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        owner, officer = applicant(), official(Role.OFFICER)
        organisation(owner, email="styrelsen@annan.example")
        application = under_assessment(by=owner, officer=officer)
        db.session.delete(owner.memberships[0])
        db.session.flush()
        db.session.expire(owner)
        before = db.session.scalar(select(func.max(Message.id))) or 0
        wrote(application, by=officer, as_applicant=False)
        db.session.flush()
        assert list(db.session.scalars(select(Message.to).where(Message.id > before))) == ["styrelsen@annan.example"]


def test_an_empty_or_too_long_message_keeps_what_was_typed_and_sends_nothing(scene: Scene) -> None:
    empty = send(scene.owner, scene.own_page, {"text": "  \n "})
    assert empty.status_code == 422
    assert "Write your message." in empty.text
    long = send(scene.officer, scene.desk_page, {"text": "å" * (rules.MOST_LETTERS + 1)})
    assert long.status_code == 422
    assert "å" * (rules.MOST_LETTERS + 1) in long.text
    assert scene.count() == 0


def test_a_message_sent_again_after_a_lost_answer_is_one_message(scene: Scene) -> None:
    fields = hidden(scene.owner, scene.own_page) | {"text": SECRET}
    for _time in range(2):
        assert scene.owner.post(scene.own_page, data=fields).status_code == 302
    assert scene.count() == 1


def test_a_key_that_another_used_does_not_reach_the_others_message(scene: Scene, signed_in: SignIn) -> None:
    fields = hidden(scene.owner, scene.own_page) | {"text": SECRET}
    scene.owner.post(scene.own_page, data=fields)
    answer = {"_key": fields["_key"], "text": "Tack."}
    assert send(scene.officer, scene.desk_page, answer).status_code == 302
    with scene.app.app_context():
        assert [m.text for m in db.session.scalars(select(CaseMessage).order_by(CaseMessage.id))] == [SECRET, "Tack."]


@pytest.mark.usefixtures("both_engines")
def test_two_presses_at_once_make_one_message_and_two_people_two_numbers(scene: Scene, signed_in: SignIn) -> None:
    fields = hidden(scene.owner, scene.own_page) | {"text": SECRET}
    other = {"csrf_token": token_of(scene.officer), "text": "Samtidigt."}
    gate, answers = Barrier(3), []

    def press(client: FlaskClient, page: str, data: dict[str, str]) -> None:
        gate.wait()
        answers.append(client.post(page, data=data).status_code)

    second = signed_in("amina@forening.example")
    twice = fields | {"csrf_token": token_of(second)}
    work = [
        Thread(target=press, args=args)
        for args in (
            (scene.owner, scene.own_page, fields),
            (second, scene.own_page, twice),
            (scene.officer, scene.desk_page, other),
        )
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert answers == [302, 302, 302]
    with scene.app.app_context():
        assert sorted(m.text for m in db.session.scalars(select(CaseMessage))) == [SECRET, "Samtidigt."]


def test_writing_very_often_has_to_wait_and_keeps_the_words(scene: Scene) -> None:
    for number in range(20):
        assert send(scene.owner, scene.own_page, {"text": f"Nummer {number}"}).status_code == 302
    refused = send(scene.owner, scene.own_page, hidden(scene.owner, scene.own_page) | {"text": SECRET})
    assert refused.status_code == 429
    soup = BeautifulSoup(refused.text, "html.parser")
    assert [words.get_text() for words in soup.select(".original")] == [SECRET]
    assert scene.count() == 20


# --- reading ------------------------------------------------------------------------------------------------------


def test_a_message_is_unread_at_the_desk_until_it_is_answered_or_said_to_be_read(scene: Scene) -> None:
    send(scene.owner, scene.own_page, {"text": SECRET})
    assert "Messages to read" in text_of(scene.officer.get("/en/desk")).split("Nothing waits here")[0]
    assert "Språkkafé vid älven" in scene.officer.get("/en/cases?unread=1").text
    scene.officer.get(f"/en/cases/{scene.application}")
    assert "Språkkafé vid älven" in scene.officer.get("/en/cases?unread=1").text, "a look marked it as read"
    send(scene.officer, f"{scene.desk_page}/read", hidden(scene.officer, scene.desk_page))
    assert "Språkkafé vid älven" not in scene.officer.get("/en/cases?unread=1").text
    assert "Messages to read" in text_of(scene.officer.get("/en/desk")).split("Nothing waits here")[1]


def test_a_message_is_new_on_my_applications_until_it_is_answered(scene: Scene) -> None:
    send(scene.officer, scene.desk_page, {"text": "När börjar ni?"})
    assert "You have a message to read" in scene.owner.get("/en/applications").text
    send(scene.owner, scene.own_page, hidden(scene.owner, scene.own_page) | {"text": "I april."})
    assert "You have a message to read" not in scene.owner.get("/en/applications").text


def test_what_came_while_the_page_was_open_stays_unread(scene: Scene) -> None:
    send(scene.officer, scene.desk_page, {"text": "Ett."})
    fields = hidden(scene.owner, scene.own_page)
    send(scene.officer, scene.desk_page, {"text": "Två."})
    send(scene.owner, f"{scene.own_page}/read", fields)
    with scene.app.app_context():
        unread = db.session.scalars(select(CaseMessage.text).where(CaseMessage.read_at.is_(None))).all()
    assert unread == ["Två."]


# --- who and when -------------------------------------------------------------------------------------------------


def test_a_stranger_and_an_official_with_a_conflict_neither_read_nor_write(scene: Scene, signed_in: SignIn) -> None:
    send(scene.owner, scene.own_page, {"text": SECRET})
    with scene.app.test_request_context():
        auditor = official(Role.AUDITOR)
        db.session.commit()
    stranger = signed_in("stranger@annan.example")
    assert stranger.get(scene.own_page).status_code == 404
    assert send(stranger, scene.own_page, {"text": "Hej"}).status_code == 404
    assert scene.owner.get(scene.desk_page).status_code == 404
    reader = signed_in(auditor)
    assert SECRET in reader.get(f"/en/cases/{scene.application}").text
    assert send(reader, scene.desk_page, {"text": "Hej"}).status_code == 403
    assert scene.count() == 1


def test_an_action_refuses_who_may_not(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = registered()
        with pytest.raises(NotAllowed):
            wrote(application, by=applicant(), as_applicant=True)
        with pytest.raises(NotAllowed):
            wrote(application, by=official(Role.SECRETARY), as_applicant=False)


def test_nothing_can_be_written_before_there_is_a_case(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        application = submitted(by=applicant(email="amina@forening.example"))
        page = f"/en/applications/{application.public_id}/messages"
        db.session.commit()
    client = signed_in("amina@forening.example")
    answer = client.get(page)
    assert "You can write here when it is registered." in answer.text
    assert "<textarea" not in answer.text
    assert send(client, page, {"text": SECRET}).status_code == 409


@pytest.mark.parametrize("how", ["rejected", "withdrawn", "merged"])
def test_sixty_days_after_the_end_the_thread_is_closed_and_can_still_be_read(app: Flask, how: str) -> None:
    on_day()
    with app.test_request_context():
        owner = applicant()
        organisation(owner)
        if how == "withdrawn":
            application = registered(by=owner)
            applying.withdraw(application, by=owner)
        elif how == "merged":
            application = registered(by=owner)
            merge(application, registered(by=owner), reason="Samma en gång till.", by=official(Role.REGISTRAR))
        else:
            application = decided(by=owner, outcome=Outcome.REJECT).application
        wrote(application, by=owner, as_applicant=True)
        on_day(date(2017, 3, 6) + rules.OPEN_AFTER_END - timedelta(days=1))
        wrote(application, by=owner, as_applicant=True)
        on_day(date(2017, 3, 6) + rules.OPEN_AFTER_END + timedelta(days=1))
        with pytest.raises(StepNotPossible, match="avslutat"):
            wrote(application, by=owner, as_applicant=True)


def test_while_the_project_runs_the_two_can_write(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        owner = applicant()
        organisation(owner)
        application = granted(by=owner).application
        on_day(date(2018, 1, 15))
        assert actions.why_closed(application) is None
        assert wrote(application, by=owner, as_applicant=True).written_at.date() == clock.today()
