"""A request for completion that opens single questions: only they are changed, whatever is posted."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from fundapp import files
from fundapp.applications import actions, rules
from fundapp.applications.models import Application
from fundapp.assessments import actions as assessments
from fundapp.db import db
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.applications import GRANT, PDF
from tests.factories.assessments import under_assessment
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.pages import send

ME, OFFICER = "jag@exempel.example", "officer@kommun.example"
QUESTIONS = ["budget.amount", "budget.costs", "goals.areas", "attachments.other"]


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def asked(questions: list[str] = QUESTIONS, sections: tuple[str, ...] = ()) -> Application:
    officer = official(Role.OFFICER, email=OFFICER)
    application = under_assessment(by=applicant(email=ME), officer=officer)
    day = date(2017, 3, 20)
    assessments.request_completion(
        application, sections=sections, questions=questions, what="Summan?", due_on=day, by=officer
    )
    return application


def kept(application: Application, code: str) -> dict[str, list[str]]:
    return next(section.answers for section in application.sections if section.code == code)


def test_only_the_questions_that_are_named_are_changed_whatever_is_posted(app: Flask) -> None:
    with app.app_context():
        application = asked()
        before = dict(kept(application, "budget"))
        posted = {"amount": ["40 000"], "costs-0-kronor": ["9"], "incomes-0-kronor": ["1"]}
        actions.save_section(application, "budget", posted, by=application.created_by)
        after = kept(application, "budget")
        assert (after["amount"], after["costs-0-kronor"]) == (["40 000"], ["9"])
        assert after["incomes-0-kronor"] == before["incomes-0-kronor"] == ["5000"]
        assert "costs-1-kronor" not in after, "a row that was taken away stays away"
        with pytest.raises(StepNotPossible):
            actions.save_section(application, "project", {}, by=application.created_by)


def test_a_section_that_opens_as_a_whole_is_not_narrowed_by_its_questions(app: Flask) -> None:
    with app.app_context():
        application = asked(["budget.amount", "goals.areas"], sections=("budget",))
        assert actions.opened(application) == {"goals": frozenset({"areas"}), "budget": None}


def test_only_the_attachments_that_are_named_are_taken(app: Flask) -> None:
    with app.app_context():
        application = asked()
        by, checked = application.created_by, files.check("a.pdf", PDF)
        assert actions.attach(application, "other", checked, by=by).kind == "other"
        with pytest.raises(StepNotPossible):
            actions.attach(application, "statutes", checked, by=by)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"amount": ["2"]}, {"amount": ["2"], "incomes-0-kronor": ["5"]}),
        ({}, {"incomes-0-kronor": ["5"]}),
        ({"incomes-0-kronor": ["6"], "incomes-1-kronor": ["7"]}, {"incomes-0-kronor": ["5"]}),
        ({"amount-1": ["2"]}, {"amount-1": ["2"], "incomes-0-kronor": ["5"]}),
    ],
)
def test_what_is_kept_and_what_is_taken(typed: dict[str, list[str]], expected: dict[str, list[str]]) -> None:
    old = {"amount": ["1"], "incomes-0-kronor": ["5"]}
    assert rules.with_changed(old, typed, frozenset({"amount"})) == expected


def test_the_page_lets_only_the_named_be_written_in_and_says_so(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        public_id = asked().public_id
        db.session.commit()
    client = signed_in(ME)
    path = f"/en/applications/{public_id}"
    page = BeautifulSoup(client.get(f"{path}/sections/budget").text, "html.parser")
    assert "The case officer asks for some of these answers only." in page.get_text()
    fields = {field["name"]: field for field in page.select("main [name]") if field.get("name") != "csrf_token"}
    assert not fields["amount"].has_attr("readonly")
    assert not fields["costs-0-kronor"].has_attr("readonly")
    assert fields["incomes-0-kronor"].has_attr("readonly")
    assert fields["incomes-0-kind"].has_attr("disabled")
    assert [button["value"] for button in page.select("button[name=add]") if button["value"] != "sums"] == ["costs"]
    goals = BeautifulSoup(client.get(f"{path}/sections/goals").text, "html.parser")
    assert {box["name"] for box in goals.select("input[type=checkbox]:not([disabled])")} == {"areas"}
    tasks = BeautifulSoup(client.get(path).text, "html.parser").get_text(" ")
    assert "Amount you apply for" in tasks
    check = BeautifulSoup(client.get(f"{path}/check").text, "html.parser")
    assert {link["href"].partition("#")[2] for link in check.select("dd.change a")} == {"amount", "costs", "areas", ""}


def test_a_save_with_open_questions_goes_on_though_the_others_are_not_posted(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        public_id = asked().public_id
        db.session.commit()
    form = {name: texts for name, texts in GRANT["budget"].items() if name.startswith(("amount", "costs"))}
    client = signed_in(ME)
    answer = send(client, f"/en/applications/{public_id}/sections/budget", form | {"amount": "41 000", "next": "1"})
    assert answer.status_code == 302
    assert send(client, f"/en/applications/{public_id}/submit").status_code == 302
    with app.app_context():
        assert db.session.scalars(select(Application).filter_by(public_id=public_id)).one().amount_requested == 41_000


def test_the_officer_names_questions_and_the_mail_does_too(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        officer = official(Role.OFFICER, email=OFFICER)
        public_id = under_assessment(by=applicant(email=ME), officer=officer).public_id
        db.session.commit()
    client = signed_in(OFFICER)
    path = f"/en/cases/{public_id}/completion"
    fields = {"questions_budget": ["budget.amount"], "what": "Vad är rätt?", "due_on": "2017-03-20"}
    wrong = send(client, path, fields | {"questions_budget": ["budget.secret"]})
    assert wrong.status_code == 422
    assert "Vad är rätt?" in wrong.text
    assert send(client, path, fields).status_code == 302
    with app.app_context():
        application = db.session.scalars(select(Application).filter_by(public_id=public_id)).one()
        assert actions.opened(application) == {"budget": frozenset({"amount"})}
        bodies = [m.body for m in db.session.scalars(select(Message).where(Message.body.contains("Vad är rätt?")))]
        assert bodies
        assert all("- Budget: Belopp som ni söker" in body for body in bodies), bodies[0]
