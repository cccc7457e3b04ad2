"""The pages of referrals: the form with several bodies, what a mistake keeps, the answer, and who meets what."""

import io
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.referrals.models import Referral, ReferralAnswer
from fundapp.registry.models import Direction, Document
from tests.factories import DAY, on_day
from tests.factories.applications import PDF
from tests.factories.assessments import under_assessment
from tests.factories.people import applicant, official, organisation
from tests.factories.referrals import QUESTION, referred
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of
from tests.test_statements import counted

ASKED = "social@kalix.example"
DUE = (DAY + timedelta(days=14)).isoformat()


class Scene:
    """A case that an officer assesses, and one referral of it."""

    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        self.app = app
        with app.test_request_context():
            owner = applicant("Amina Warsame", email="amina@forening.example")
            organisation(owner)
            officer = official(Role.OFFICER, name="Olga Henriksson", email="officer@kommun.example")
            application = under_assessment(by=owner, officer=officer)
            self.case = application.public_id
            self.referral = referred(application, ASKED, by=officer).public_id
            db.session.commit()
        self.officer = signed_in("officer@kommun.example")
        self.page = f"/sv/cases/{self.case}"
        self.form = f"{self.page}/referrals/new"

    def count(self, table: Any) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def soup_of(answer: Any) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def text_of(answer: Any) -> str:
    return " ".join(soup_of(answer).get_text(" ").split())


def asking(**more: str) -> dict[str, str]:
    return {"question": "Finns det plats?", "answer_by": DUE} | more


def test_one_form_asks_several_bodies_of_ours_and_of_others(scene: Scene) -> None:
    fields = asking(ask_UTB="y", email_UTB="utb@kalix.example", ask_SOC="y", email_SOC="soc@kalix.example")
    fields |= {"name_1": "Svenska kyrkan", "mail_1": "kyrkan@annan.example"}
    fields |= {"name_2": "Bygdegården", "address_2": "Byvägen 1\n952 50 Kalix"}
    assert send(scene.officer, scene.form, fields).status_code == 302
    with scene.app.app_context():
        sent = db.session.scalars(select(Referral).where(Referral.question == "Finns det plats?")).all()
        assert {each.board.code for each in sent if each.board} == {"UTB", "SOC"}
        assert {each.body for each in sent if not each.board} == {"Svenska kyrkan", "Bygdegården"}
        mailed = set(db.session.scalars(select(Message.to)))
        assert {"utb@kalix.example", "soc@kalix.example", "kyrkan@annan.example"} <= mailed


def test_the_address_that_was_used_last_is_filled_in(scene: Scene) -> None:
    assert soup_of(scene.officer.get(scene.form)).select_one('#email_UTB[value=""]') is not None
    send(scene.officer, scene.form, asking(ask_UTB="y", email_UTB="utb@kalix.example"))
    box = soup_of(scene.officer.get(scene.form)).select_one("#email_UTB")
    assert box is not None
    assert box["value"] == "utb@kalix.example"


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"ask_UTB": "y", "email_UTB": ""}, "#email_UTB"),
        ({"ask_UTB": "y", "email_UTB": "ingen adress"}, "#email_UTB"),
        ({"name_1": "Kyrkan"}, "#mail_1"),
        ({"mail_1": "kyrkan@annan.example"}, "#name_1"),
        ({"ask_UTB": "y", "email_UTB": "utb@kalix.example", "answer_by": "2017-03-05"}, "#answer_by"),
        ({"ask_UTB": "y", "email_UTB": "utb@kalix.example", "answer_by": "snart"}, "#answer_by"),
        ({"ask_UTB": "y", "email_UTB": "utb@kalix.example", "sent_along": "nosuchthing1"}, "#sent_along"),
        ({}, None),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_sent(
    scene: Scene, fields: dict[str, str], where: str | None
) -> None:
    before = scene.count(Message), scene.count(Document)
    answer = send(scene.officer, scene.form, asking() | fields)
    assert answer.status_code == 422
    page = soup_of(answer)
    links = [link["href"] for link in page.select("#error-summary a")]
    assert links == ([where] if where else [])
    assert page.select_one("#error-summary li") is not None
    box = page.select_one("textarea[name=question]")
    assert box is not None
    assert "Finns det plats?" in box.get_text()
    assert (scene.count(Message), scene.count(Document)) == before


def test_the_answer_is_written_down_with_its_file_and_stands_on_the_case_page(scene: Scene) -> None:
    file = (io.BytesIO(PDF), "yttrande.pdf")
    fields = {"answered_by": "Socialnämnden, § 4", "came_on": DAY.isoformat(), "text": "Ja.", "file": file}
    fields["csrf_token"] = token_of(scene.officer)
    assert scene.officer.post(f"/sv/referrals/{scene.referral}/answer", data=fields).status_code == 302
    shown = soup_of(scene.officer.get(scene.page)).select_one("#referrals")
    assert shown is not None
    told = shown.get_text(" ")
    assert all(each in told for each in (QUESTION, "Socialnämnden, § 4", "Ja."))
    with scene.app.app_context():
        document = db.session.scalars(select(Document).order_by(Document.id.desc())).first()
        assert document is not None
        assert document.direction is Direction.RECEIVED
        assert document.file is not None


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"text": ""}, "#text"),
        ({"answered_by": ""}, "#answered_by"),
        ({"came_on": "2017-03-07"}, "#came_on"),
        ({"came_on": "2017-03-05"}, "#came_on"),
    ],
)
def test_an_answer_that_cannot_be_is_told_and_kept_in_the_form(
    scene: Scene, fields: dict[str, str], where: str
) -> None:
    typed = {"answered_by": "Social", "came_on": DAY.isoformat(), "text": "Ja, gärna."} | fields
    answer = send(scene.officer, f"/sv/referrals/{scene.referral}/answer", typed)
    assert answer.status_code == 422
    page = soup_of(answer)
    assert [link["href"] for link in page.select("#error-summary a")] == [where]
    box = page.select_one("textarea[name=text]")
    assert box is not None
    assert box.get_text().strip() == typed["text"]
    assert scene.count(ReferralAnswer) == 0


def test_the_body_reads_the_question_and_what_goes_along_and_answers(scene: Scene, signed_in: SignIn) -> None:
    asked = signed_in(ASKED)
    place = f"/sv/referrals/{scene.referral}"
    page = soup_of(asked.get(place))
    assert QUESTION in page.get_text()
    papers = [str(link["href"]) for link in page.select("main ul a")]
    assert len(papers) == 2
    assert [asked.get(paper).mimetype for paper in papers] == ["application/pdf"] * 2
    assert send(asked, place, {"text": "Ja, varje torsdag."}).status_code == 302
    assert "Ja, varje torsdag." in text_of(asked.get(place))
    assert send(asked, place, {"text": "Nej."}).status_code == 409
    assert scene.count(ReferralAnswer) == 1


def test_the_body_meets_nothing_else_of_the_case(scene: Scene, signed_in: SignIn) -> None:
    asked = signed_in(ASKED)
    with scene.app.app_context():
        case = db.session.scalars(select(Application).where(Application.public_id == scene.case)).one().case
        assert case is not None
        not_sent = case.documents[1].public_id
    assert asked.get(scene.page).status_code in (403, 404)
    assert asked.get(f"/sv/referrals/{scene.referral}/documents/{not_sent}").status_code == 404
    assert asked.get(f"/sv/documents/{not_sent}").status_code in (403, 404)
    stranger = signed_in("annan@kalix.example")
    assert stranger.get(f"/sv/referrals/{scene.referral}").status_code == 404
    assert send(stranger, f"/sv/referrals/{scene.referral}", {"text": "Nej."}).status_code == 404


def test_the_list_holds_what_waits_and_tells_what_is_late(scene: Scene, signed_in: SignIn) -> None:
    assert "Socialnämnden" in text_of(scene.officer.get("/sv/referrals"))
    assert "Socialnämnden" not in text_of(scene.officer.get("/sv/referrals?late=1"))
    on_day(DAY + timedelta(days=20))
    officer = signed_in("officer@kommun.example")
    assert "Socialnämnden" in text_of(officer.get("/sv/referrals?late=1&mine=1"))
    fields = {"answered_by": "Social", "came_on": clock.today().isoformat(), "text": "Ja."}
    assert send(officer, f"/sv/referrals/{scene.referral}/answer", fields).status_code == 302
    assert "Socialnämnden" not in text_of(officer.get("/sv/referrals"))


def test_who_has_a_conflict_meets_no_referral_of_the_case(scene: Scene, signed_in: SignIn) -> None:
    with scene.app.test_request_context():
        biased = official(Role.OFFICER, name="Oskar Nyström", email="other@kommun.example")
        application = db.session.scalars(select(Application).where(Application.public_id == scene.case)).one()
        declare_conflict(by=biased, reason="Min bror är kassör.", application=application)
        db.session.commit()
    other = signed_in("other@kommun.example")
    for place in (scene.form, f"/sv/referrals/{scene.referral}/answer", f"/sv/referrals/{scene.referral}/withdraw"):
        assert other.get(place).status_code == 404, place
        assert send(other, place, {}).status_code == 404, place
    on_day(DAY + timedelta(days=20))
    colleague, other = signed_in("officer@kommun.example"), signed_in("other@kommun.example")
    for client, meets in ((colleague, True), (other, False)):
        assert ("Socialnämnden" in text_of(client.get("/sv/referrals"))) is meets
        assert client.get("/sv/desk").status_code == 200


def test_the_number_of_statements_of_the_list_does_not_follow_the_referrals(scene: Scene) -> None:
    found = []
    for _more in range(2):
        with counted(scene.app) as sent:
            assert scene.officer.get("/sv/referrals").status_code == 200
        found.append(len(sent))
        for number in range(3):
            fields = asking(question=f"Fråga {number}?", ask_UTB="y", email_UTB="utb@kalix.example")
            assert send(scene.officer, scene.form, fields).status_code == 302
    assert found[0] == found[1] <= 3, found
