"""The pages of several assessments and of the second look: what is typed stays, what is blind is not shown."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications import actions as applying
from fundapp.applications.models import Application
from fundapp.assessments import actions as assessing
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.reviews import actions
from fundapp.reviews.models import Review, SecondLook
from tests.factories import on_day
from tests.factories.assessments import under_assessment
from tests.factories.people import official
from tests.factories.reviews import SENT, sent, written
from tests.ground.apps import SignIn
from tests.ground.pages import send
from tests.test_statements import counted

OSKAR, OLGA, RUT, REVISOR = (f"{name}@kommun.example" for name in ("oskar", "olga", "rut", "revisor"))
SECRET = "Föreningen saknar erfarenhet av barnverksamhet."
OFFICERS_OWN = "Handläggaren lutar åt bifall."


@pytest.fixture
def place(app: Flask) -> str:
    """The case's path: Oskar is its officer and has begun to write, Olga and Rut are asked."""
    on_day()
    with app.test_request_context():
        oskar = official(Role.OFFICER, name="Oskar Nyström", email=OSKAR)
        asked = [official(Role.OFFICER, name="Olga Henriksson", email=OLGA)]
        asked.append(official(Role.OFFICER, name="Rut Lindbäck", email=RUT))
        official(Role.AUDITOR, name="Rolf Revisor", email=REVISOR)
        application = under_assessment(officer=oskar)
        written(application, by=oskar, text=OFFICERS_OWN)
        actions.ask(application, asked, by=oskar)
        db.session.commit()
        return f"/en/cases/{application.public_id}"


def person(email: str) -> Account:
    return db.session.scalars(select(Account).where(Account.email == email)).one()


def send_all(app: Flask, *emails: str) -> None:
    with app.test_request_context():
        case = db.session.scalars(select(Application)).one()
        for email in emails:
            sent(case, by=person(email), text=SECRET if email == OLGA else SENT)
        db.session.commit()


def typed(client: FlaskClient, place: str, **fields: str) -> dict[str, str]:
    page = client.get(f"{place}/own-assessment").text
    version = page.split('name="version"')[1].split('value="')[1].split('"')[0]
    return {"version": version, "read": "1", "text": SECRET, "proposed_outcome": "REJECT"} | fields


def test_one_writes_saves_and_sends_and_nobody_reads_it_before_all_have(
    app: Flask, place: str, signed_in: SignIn
) -> None:
    olga = signed_in(OLGA)
    assert send(olga, f"{place}/own-assessment", typed(olga, place) | {"save": "1"}).status_code == 302
    assert SECRET in olga.get(f"{place}/own-assessment").text
    assert send(olga, f"{place}/own-assessment", typed(olga, place) | {"send": "1"}).status_code == 302
    for email in (OSKAR, RUT, REVISOR):
        client = signed_in(email)
        for page in (place, f"{place}/assessments", f"{place}/second-look"):
            answer = client.get(page)
            assert answer.status_code == 200
            assert SECRET not in answer.text
    send_all(app, RUT)
    for email in (OSKAR, RUT, REVISOR):
        page = signed_in(email).get(f"{place}/assessments").text
        assert SECRET in page
        assert SENT in page
        assert "They differ" in page


def test_who_has_not_sent_does_not_read_what_the_officer_thinks(app: Flask, place: str, signed_in: SignIn) -> None:
    olga = signed_in(OLGA)
    for page in (place, f"{place}/second-look"):
        assert OFFICERS_OWN not in olga.get(page).text
    for page in ("assessment", "officers-report"):
        answer = olga.get(f"{place}/{page}")
        assert answer.status_code == 409
        assert OFFICERS_OWN not in answer.text
    assert OFFICERS_OWN in signed_in(REVISOR).get(place).text
    send_all(app, OLGA, RUT)
    assert OFFICERS_OWN in olga.get(place).text


def test_what_cannot_be_sent_comes_back_as_it_was_typed(app: Flask, place: str, signed_in: SignIn) -> None:
    olga = signed_in(OLGA)
    many = typed(olga, place, proposed_outcome="GRANT", proposed_amount="9 000 000", send="1")
    page = send(olga, f"{place}/own-assessment", many)
    assert page.status_code == 422
    assert "cannot grant more than was sought" in page.text
    assert SECRET in page.text
    assert "9 000 000" in page.text
    page = send(olga, f"{place}/own-assessment", typed(olga, place, proposed_outcome="", send="1"))
    assert page.status_code == 409
    assert "Choose what you propose before you send it." in page.text
    assert SECRET in page.text
    with app.app_context():
        assert {review.text for review in db.session.scalars(select(Review))} == {""}


def test_two_windows_of_ones_own_lose_neither_text(app: Flask, place: str, signed_in: SignIn) -> None:
    olga = signed_in(OLGA)
    first, second = typed(olga, place, text="Det första."), typed(olga, place, text="Det andra.")
    assert send(olga, f"{place}/own-assessment", first).status_code == 302
    page = send(olga, f"{place}/own-assessment", second)
    assert page.status_code == 409
    assert "Det första." in page.text
    assert "Det andra." in page.text
    page = send(olga, f"{place}/own-assessment", typed(olga, place, text="Båda."))
    assert page.status_code == 302


def test_one_is_told_that_the_application_was_completed_after_one_sent(
    app: Flask, place: str, signed_in: SignIn
) -> None:
    send_all(app, OLGA, RUT)
    with app.test_request_context():
        case = db.session.scalars(select(Application)).one()
        review = db.session.scalars(select(Review).where(Review.assessor_id == person(OLGA).id)).one()
        assert not actions.is_outdated(review, case)
        newer = _completed(case)
        db.session.commit()
        assert newer == 2
    assert "The applicant has completed it since: version 2." in signed_in(OLGA).get(f"{place}/own-assessment").text
    oskar = signed_in(OSKAR)
    page = oskar.get(f"{place}/assessments").text
    assert "read an older version" in page
    with app.app_context():
        olga = person(OLGA).public_id
    assert send(oskar, f"{place}/assessments/ask", {"colleagues": olga}).status_code == 302
    page = oskar.get(f"{place}/assessments").text
    assert SECRET not in page  # all is shut until what is asked anew is sent


def _completed(case: Application) -> int:
    """The applicant is asked for a completion and sends it; gives the number of the newest copy."""
    due = clock.today() + timedelta(days=7)
    assessing.request_completion(case, sections=["project"], what="Mer.", due_on=due, by=person(OSKAR))
    return applying.submit(case, by=case.created_by).number


def test_asking_needs_somebody_and_only_those_who_can_be_asked(place: str, signed_in: SignIn) -> None:
    oskar = signed_in(OSKAR)
    page = send(oskar, f"{place}/assessments/ask", {})
    assert page.status_code == 422
    assert "Choose at least one colleague." in page.text
    assert send(oskar, f"{place}/assessments/ask", {"colleagues": "nobody"}).status_code == 422


def test_the_officer_waits_no_longer_and_takes_the_texts_over(app: Flask, place: str, signed_in: SignIn) -> None:
    send_all(app, OLGA)
    oskar = signed_in(OSKAR)
    page = send(oskar, f"{place}/assessments/close", {"reason": ""})
    assert page.status_code == 422
    assert "Write why you do not wait any longer." in page.text
    assert send(oskar, f"{place}/assessments/close", {"reason": "Tiden är ute."}).status_code == 302
    assert "Tiden är ute." in oskar.get(f"{place}/assessments").text
    assert send(oskar, f"{place}/assessments/take-over", {"version": "1"}).status_code == 302
    whole = oskar.get(f"{place}/assessment").text
    assert OFFICERS_OWN in whole
    assert SECRET in whole
    assert send(oskar, f"{place}/assessments/take-over", {"version": "1"}).status_code == 409


def test_a_second_look_is_asked_answered_and_told_on_the_case(app: Flask, place: str, signed_in: SignIn) -> None:
    send_all(app, OLGA, RUT)
    oskar, olga = signed_in(OSKAR), signed_in(OLGA)
    page = send(oskar, f"{place}/second-look/ask", {"colleague": "", "question": "Är beloppet rimligt?"})
    assert page.status_code == 422
    assert "Är beloppet rimligt?" in page.text
    with app.app_context():
        asked = person(OLGA).public_id
    form = {"colleague": asked, "question": "Är beloppet rimligt?"}
    assert send(oskar, f"{place}/second-look/ask", form).status_code == 302
    assert "Är beloppet rimligt?" in olga.get(f"{place}/second-look").text
    page = send(olga, f"{place}/second-look/answer", {"version": "0", "answer": "agree", "remark": "Bra så."})
    assert page.status_code == 409
    assert "Bra så." in page.text
    page = send(olga, f"{place}/second-look/answer", {"version": "1", "answer": "send_back", "remark": ""})
    assert page.status_code == 409
    assert "Write what should be changed before the case leaves." in page.text
    done = {"version": "1", "answer": "send_back", "remark": "Motivera beloppet."}
    assert send(olga, f"{place}/second-look/answer", done).status_code == 302
    assert "Motivera beloppet." in oskar.get(place).text
    with app.app_context():
        assert [look.agrees for look in db.session.scalars(select(SecondLook))] == [False]


def test_what_is_asked_of_one_stands_on_one_page(place: str, signed_in: SignIn) -> None:
    assert f"{place}/own-assessment" in signed_in(OLGA).get("/en/asked-of-me").text
    assert place not in signed_in(OSKAR).get("/en/asked-of-me").text


def test_the_pages_ask_the_same_number_of_times_for_one_as_for_many(app: Flask, place: str, signed_in: SignIn) -> None:
    oskar = signed_in(OSKAR)
    found = []
    for _time in range(2):
        with counted(app) as asked:
            assert oskar.get(f"{place}/assessments").status_code == 200
        found.append(len(asked))
        with app.test_request_context():
            case = db.session.scalars(select(Application)).one()
            more = [official(Role.OFFICER, name=f"Nya {number}") for number in range(3)]
            actions.ask(case, more[:2], by=person(OSKAR))
            db.session.commit()
    assert found[0] == found[1], found
