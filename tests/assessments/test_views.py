"""The officer's pages: what is typed is kept, what is missing is said, and two officers do not overwrite each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select, update

from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.models import Assessment, Finding, FormalCheck, ObjectiveLink
from fundapp.db import db
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.assessments import assessed, checked, objective, under_assessment
from tests.factories.people import official
from tests.factories.registry import registered
from tests.ground.apps import SignIn


@contextmanager
def made(app: Flask) -> Iterator[None]:
    """What is made within is there for the pages. The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


def status_of(app: Flask, key: str) -> ApplicationStatus:
    with app.app_context():
        return db.session.scalars(select(Application).where(Application.public_id == key)).one().status


def errors_in(page: Any) -> str:
    soup = BeautifulSoup(page.text, "html.parser")
    return " ".join(part.get_text(" ", strip=True) for part in soup.select(".error-summary, .error"))


def test_taking_up_makes_the_officer_and_a_second_click_is_told_no(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = registered().public_id
    client = signed_in(who)
    answer = client.post(f"/en/cases/{key}/take-up", follow_redirects=True)
    assert "You are the case&#39;s officer now." in answer.text
    again = client.post(f"/en/cases/{key}/take-up")
    assert again.status_code == 409
    assert "is not possible now" in again.text


PAGES = ("formal-check", "completion", "objectives", "assessment", "officers-report")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_while_the_case_is_assessed(app: Flask, signed_in: SignIn, page: str) -> None:
    with made(app):
        who = official(Role.OFFICER)
        keys = [under_assessment(officer=who, kind=kind).public_id for kind in ApplicationKind]
    client = signed_in(who)
    for key in keys:
        for language in ("sv", "en"):
            assert client.get(f"/{language}/cases/{key}/{page}").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_no_page_opens_before_it_is_taken_up_or_after_it_is_finished(app: Flask, signed_in: SignIn, page: str) -> None:
    with made(app):
        who = official(Role.OFFICER)
        early, late = registered().public_id, assessed(officer=who).public_id
    client = signed_in(who)
    if page != "completion":  # what is registered may be completed before it is taken up
        assert client.get(f"/en/cases/{early}/{page}").status_code == 409
    assert client.get(f"/en/cases/{late}/{page}").status_code == 409
    assert client.post(f"/en/cases/{late}/{page}").status_code == 409


@pytest.mark.parametrize("page", PAGES)
def test_a_registrar_may_see_the_case_but_not_assess_it(app: Flask, signed_in: SignIn, page: str) -> None:
    with made(app):
        who = official(Role.REGISTRAR)
        key = under_assessment().public_id
    client = signed_in(who)
    assert client.get(f"/en/cases/{key}/{page}").status_code == 403
    assert client.post(f"/en/cases/{key}/{page}").status_code == 403


# --- formal check -----------------------------------------------------------------------------------------------


def test_a_part_of_the_check_can_be_saved(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    client = signed_in(who)
    data = {"finding_F1": "YES", "finding_F3": "MISSING", "note_F3": "Ingen revisor"}
    page = client.post(f"/en/cases/{key}/formal-check", data=data, follow_redirects=True).text
    assert "2 of 13 items are answered." in page
    assert "Ingen revisor" in page
    form = BeautifulSoup(client.get(f"/en/cases/{key}/formal-check").text, "html.parser")
    assert form.select_one("#note_F3")["value"] == "Ingen revisor"
    assert form.select_one("#finding_F3 option[selected]")["value"] == "MISSING"


def test_an_item_of_a_company_is_not_asked_of_an_association(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    client = signed_in(who)
    client.post(f"/en/cases/{key}/formal-check", data={"finding_F14": "YES", "finding_F1": "NO"})
    with app.app_context():
        assert [(r.item, r.finding) for r in db.session.scalars(select(FormalCheck))] == [("F1", Finding.NO)]


def test_an_unknown_finding_is_asked_for_again_with_the_note_still_there(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    data = {"finding_F1": "PERHAPS", "note_F1": "Vet inte"}
    page = signed_in(who).post(f"/en/cases/{key}/formal-check", data=data)
    assert page.status_code == 422
    assert "Choose one of the alternatives." in errors_in(page)
    assert "Vet inte" in page.text


# --- completion -------------------------------------------------------------------------------------------------

ASKED = {"sections": ["budget"], "what": "Rätta summan", "due_on": "2017-03-20"}


def test_asking_for_completion_writes_one_mail_to_each_and_shows_the_wait(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    client = signed_in(who)
    page = client.post(f"/en/cases/{key}/completion", data=ASKED, follow_redirects=True).text
    assert "Asked for 6 March 2017, due 20 March 2017." in page
    assert "Rätta summan" in page
    assert status_of(app, key) is ApplicationStatus.COMPLETION_REQUESTED
    assert client.post(f"/en/cases/{key}/completion", data=ASKED).status_code == 409
    with app.app_context():
        found = db.session.scalars(select(Message).where(Message.body.contains("Rätta summan"))).all()
        assert len({message.to for message in found}) == len(found) == 2
    page = client.post(f"/en/cases/{key}/go-on-without", follow_redirects=True).text
    assert "Did not come" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sections": []}, "Choose at least one section."),
        ({"sections": ["secrets"]}, "Choose among the alternatives shown."),
        ({"what": " "}, "Write what the applicant should add or change."),
        ({"due_on": "2017-03-05"}, "Write today's date or a later one."),
        ({"due_on": "2017-02-30"}, "Write the date as year, month and day"),
        ({"due_on": ""}, "Write the last day for the completion."),
    ],
)
def test_a_request_that_lacks_something_is_not_sent(
    app: Flask, signed_in: SignIn, change: dict[str, Any], message: str
) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    page = signed_in(who).post(f"/en/cases/{key}/completion", data=ASKED | change)
    assert page.status_code == 422
    assert message in errors_in(page)
    if "what" not in change:
        assert "Rätta summan" in page.text
    assert status_of(app, key) is ApplicationStatus.UNDER_ASSESSMENT


# --- objectives -------------------------------------------------------------------------------------------------


def test_objectives_are_ticked_by_area_and_the_applicants_areas_are_marked(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
        ids = {code: objective(code).id for code in ("2.3", "3.2")}
        foreign = objective_of_another_plan()
    client = signed_in(who)
    soup = BeautifulSoup(client.get(f"/en/cases/{key}/objectives").text, "html.parser")
    assert len(soup.select("main input[type=checkbox]")) == 31
    marked = [
        f.legend.get_text(strip=True) for f in soup.select("main fieldset") if "The applicant chose" in f.get_text()
    ]
    assert marked == ["2 Socialt deltagande & Inflytande", "3 Utbildning och Språk"]
    data = {"area_2": [str(ids["2.3"])], "area_3": [str(ids["3.2"])]}
    client.post(f"/en/cases/{key}/objectives", data=data)
    with app.app_context():
        assert set(db.session.scalars(select(ObjectiveLink.objective_id))) == set(ids.values())
    answer = client.post(f"/en/cases/{key}/objectives", data={"area_2": [str(foreign)]})
    assert answer.status_code == 422
    with app.app_context():
        assert set(db.session.scalars(select(ObjectiveLink.objective_id))) == set(ids.values())


def objective_of_another_plan() -> int:
    known = objective("2.3").id
    return known + 100_000


# --- assessment -------------------------------------------------------------------------------------------------

WRITTEN = {
    "version": "0",
    "score_K1": "3",
    "summary": "Om språk",
    "text": "Bra projekt",
    "proposed_outcome": "GRANT",
    "proposed_amount": "45 000 kr",
    "reasons": "Det ger möten",
    "conditions": "1. Redovisa",
}


def test_an_assessment_is_kept_as_written(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    client = signed_in(who)
    assert "1. Anslaget får bara användas" in client.get(f"/en/cases/{key}/assessment").text
    assert client.post(f"/en/cases/{key}/assessment", data=WRITTEN).status_code == 302
    with app.app_context():
        kept = db.session.scalars(select(Assessment)).one()
        assert (kept.text, kept.proposed_amount, kept.scores) == ("Bra projekt", 45_000, {"K1": 3})
    form = BeautifulSoup(client.get(f"/en/cases/{key}/assessment").text, "html.parser")
    assert form.select_one("#version")["value"] == "1"
    assert form.select_one("#conditions").get_text(strip=True) == "1. Redovisa"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"proposed_amount": "-5"}, "Write whole kronor with digits only"),
        ({"proposed_amount": "45,50"}, "Write whole kronor with digits only"),
        ({"proposed_amount": "0"}, "Write an amount above 0"),
        ({"proposed_amount": "45001"}, "The board cannot grant more than was sought: 45\u00a0000\u00a0kr."),
        ({"proposed_amount": "10000"}, "Choose “Granted in part”."),
        ({"proposed_outcome": "REJECT"}, "Leave the amount empty, or propose to grant."),
        ({"proposed_outcome": "REFER_BACK"}, "Choose one of the alternatives."),
        ({"score_K1": "4"}, "Choose one of the alternatives."),
        ({"text": "x" * 20_001}, "Shorten the text to 20000 characters"),
    ],
)
def test_a_proposal_that_does_not_fit_is_told_and_everything_typed_stays(
    app: Flask, signed_in: SignIn, change: dict[str, str], message: str
) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    page = signed_in(who).post(f"/en/cases/{key}/assessment", data=WRITTEN | change)
    assert page.status_code == 422
    assert message in errors_in(page)
    soup = BeautifulSoup(page.text, "html.parser")
    assert soup.select_one("#summary").get_text(strip=True) == "Om språk"
    assert soup.select_one("#proposed_amount")["value"] == change.get("proposed_amount", "45 000 kr")
    with app.app_context():
        assert db.session.scalar(select(Assessment)) is None


def test_more_than_is_left_is_warned_of_and_saved(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        application = under_assessment(officer=who)
        key = application.public_id
        db.session.execute(update(type(application.round)).values(frame=40_000))
    client = signed_in(who)
    assert client.post(f"/en/cases/{key}/assessment", data=WRITTEN).status_code == 302
    assert "The proposed amount is more than is left." in client.get(f"/en/cases/{key}/assessment").text


def test_who_saves_after_another_sees_both_texts_and_loses_none(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        one, two = official(Role.OFFICER, name="Karin Ett"), official(Role.OFFICER, name="Nils Två")
        key = under_assessment(officer=one).public_id
    first, second = signed_in(one), signed_in(two)
    assert first.post(f"/en/cases/{key}/assessment", data=WRITTEN).status_code == 302
    page = second.post(f"/en/cases/{key}/assessment", data=WRITTEN | {"text": "Min egen text"})
    assert page.status_code == 409
    assert "Karin Ett saved the assessment while you wrote" in page.text
    soup = BeautifulSoup(page.text, "html.parser")
    assert "Bra projekt" in soup.select_one("#other").get_text()
    assert soup.select_one("#text").get_text(strip=True) == "Min egen text"
    assert soup.select_one("#version")["value"] == "1"
    again = WRITTEN | {"text": "Båda texterna", "version": "1"}
    assert second.post(f"/en/cases/{key}/assessment", data=again).status_code == 302
    with app.app_context():
        assert db.session.scalars(select(Assessment)).one().text == "Båda texterna"


@pytest.mark.parametrize("version", ["", "-1", "many", "٣", "99999999999999999999"])
def test_a_version_that_cannot_be_read_never_overwrites(app: Flask, signed_in: SignIn, version: str) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    client = signed_in(who)
    client.post(f"/en/cases/{key}/assessment", data=WRITTEN)
    page = client.post(f"/en/cases/{key}/assessment", data=WRITTEN | {"version": version, "text": "Annat"})
    assert page.status_code == 409
    with app.app_context():
        assert db.session.scalars(select(Assessment)).one().text == "Bra projekt"


# --- the report -------------------------------------------------------------------------------------------------


def test_the_report_says_what_is_missing_and_is_finished_when_nothing_is(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        application = under_assessment(officer=who)
        checked(application, by=who)
        key = application.public_id
    client = signed_in(who)
    assert "Write the assessment." in client.get(f"/en/cases/{key}/officers-report").text
    refused = client.post(f"/en/cases/{key}/officers-report")
    assert refused.status_code == 422
    assert "The report cannot be finished yet" in refused.text
    client.post(f"/en/cases/{key}/assessment", data=WRITTEN)
    refused = client.post(f"/en/cases/{key}/officers-report")
    assert refused.status_code == 422
    assert "or say that it serves none of them" in refused.text
    assert "Bra projekt" in client.get(f"/en/cases/{key}/officers-report").text
    done = client.post(f"/en/cases/{key}/officers-report", data={"serves_no_objective": "y"}, follow_redirects=True)
    assert "The report is finished and filed." in done.text
    assert status_of(app, key) is ApplicationStatus.ASSESSED
    assert client.post(f"/en/cases/{key}/officers-report").status_code == 409
    reopened = client.post(f"/en/cases/{key}/reopen", follow_redirects=True)
    assert "The assessment is open again." in reopened.text


def test_the_report_cannot_be_finished_while_the_applicant_is_asked(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        application = under_assessment(officer=who)
        key = application.public_id
    client = signed_in(who)
    client.post(f"/en/cases/{key}/completion", data=ASKED)
    page = client.get(f"/en/cases/{key}/officers-report")
    assert "Wait for the completion, or go on without it." in page.text
    assert client.post(f"/en/cases/{key}/officers-report").status_code == 409


def test_typed_markup_is_shown_as_it_was_typed(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        key = under_assessment(officer=who).public_id
    client = signed_in(who)
    client.post(f"/en/cases/{key}/assessment", data=WRITTEN | {"text": "<script>alert(1)</script>"})
    for page in (f"/en/cases/{key}", f"/en/cases/{key}/officers-report", f"/en/cases/{key}/assessment"):
        text = client.get(page).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text
