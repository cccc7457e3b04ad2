"""The applicant's pages, as a browser without scripts meets them."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from fundapp import clock
from fundapp.accounts.models import OrganisationKind
from fundapp.applications.models import Application, ApplicationKind, Submission
from fundapp.assessments import actions as assessments
from fundapp.clock import start_of
from fundapp.db import db
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus, Outcome
from tests.factories import on_day
from tests.factories.applications import GRANT, PDF, draft, submitted
from tests.factories.assessments import under_assessment
from tests.factories.decisions import REASONS, decided, recorded
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn

ME = "jag@exempel.example"


def made(app: Flask, factory: Callable[..., Application], **choices: Any) -> str:
    """The public id of an application of ME's, kept in the database."""
    with app.app_context():
        public_id = factory(by=applicant(email=ME), **choices).public_id
        db.session.commit()
        return public_id


def page(answer: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def main_text(answer: TestResponse) -> str:
    main = page(answer).find("main")
    assert main is not None
    return " ".join(main.get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


def token_of(client: FlaskClient) -> str:
    """The token against forgery, from a page that has one."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/en/applications").text)
    assert found is not None
    return found[1]


def send(client: FlaskClient, path: str, form: dict[str, Any] | None = None) -> TestResponse:
    return client.post(path, data={"csrf_token": token_of(client), **(form or {})})


def kept_answers(app: Flask, public_id: str, code: str) -> dict[str, list[str]]:
    with app.app_context():
        application = db.session.scalars(select(Application).where(Application.public_id == public_id)).one()
        return next(section.answers for section in application.sections if section.code == code)


# --- the list and the start -------------------------------------------------------------------------------------


def test_the_list_says_where_each_is_and_what_is_asked(app: Flask, signed_in: SignIn) -> None:
    on_day()
    made(app, submitted)
    made(app, draft, kind=ApplicationKind.AWARD)
    text = main_text(signed_in(ME).get("/en/applications"))
    assert "Nothing is asked of you now." in text
    assert "Write the rest and send it. Last day: 30 April 2017." in text


def test_a_list_without_anything_says_what_to_do(app: Flask, signed_in: SignIn) -> None:
    assert "You have not applied for anything yet." in main_text(signed_in(ME).get("/en/applications"))


def test_a_person_without_an_organisation_is_led_to_add_one(app: Flask, signed_in: SignIn) -> None:
    on_day()
    answer = signed_in(ME).get("/en/applications/new")
    link = page(answer).find("a", string="Add your organisation")
    assert link is not None
    assert "next=/en/applications/new" in str(link["href"])


def test_starting_leads_to_the_task_list(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        mine = organisation(applicant(email=ME)).public_id
        db.session.commit()
    client = signed_in(ME)
    offer = page(client.get("/en/applications/new")).find("input", {"name": "offer"})
    assert offer is not None
    answer = send(client, "/en/applications/new", {"offer": offer["value"], "organisation": mine})
    assert answer.status_code == 302
    tasks = main_text(client.get(answer.location))
    assert "8 parts are not done." in tasks
    assert "Not begun" in tasks


def test_a_company_is_told_beside_the_field_that_it_cannot_apply_for_the_stipend(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        mine = organisation(applicant(email=ME), kind=OrganisationKind.COMPANY).public_id
        db.session.commit()
    client = signed_in(ME)
    offers = page(client.get("/en/applications/new?fund=kalix-integration-stipend")).find_all(
        "input", {"name": "offer"}
    )
    award = next(str(offer["value"]) for offer in offers if "AWARD" in str(offer["value"]))
    answer = send(client, "/en/applications/new", {"offer": award, "organisation": mine})
    assert answer.status_code == 422
    assert "This kind of organisation cannot apply here: Company." in main_text(answer)
    chosen = page(answer).find("input", {"value": award})
    assert chosen is not None
    assert chosen.has_attr("checked")


def test_an_offer_that_does_not_exist_is_asked_for_again(app: Flask, signed_in: SignIn) -> None:
    on_day()
    answer = send(signed_in(ME), "/en/applications/new", {"offer": "999-GRANT"})
    assert answer.status_code == 422
    assert "Choose among the alternatives shown." in main_text(answer)


# --- writing ----------------------------------------------------------------------------------------------------


def test_what_was_typed_is_kept_and_shown_with_the_messages(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    client = signed_in(ME)
    typed = {"costs-0-category": "food", "costs-0-what": "Fika", "costs-0-kronor": "12,50", "amount": "-500"}
    answer = send(client, f"/en/applications/{public_id}/sections/budget", typed | {"next": "1"})
    assert answer.status_code == 422
    shown = page(answer)
    summary = shown.find(id="error-summary")
    assert summary is not None
    assert [link["href"] for link in summary.find_all("a")] == ["#costs-0-kronor", "#amount"]
    for name, text in (("costs-0-kronor", "12,50"), ("amount", "-500")):
        field = shown.find("input", {"name": name})
        assert field is not None
        assert (field["value"], field["aria-invalid"]) == (text, "true")
    assert kept_answers(app, public_id, "budget") == {name: [text] for name, text in typed.items()}
    again = page(client.get(f"/en/applications/{public_id}/sections/budget")).find("input", {"name": "amount"})
    assert again is not None
    assert again["value"] == "-500"


def test_saving_and_leaving_is_never_refused(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    client = signed_in(ME)
    answer = send(client, f"/en/applications/{public_id}/sections/project", {"starts_on": "soon", "leave": "1"})
    assert answer.status_code == 302
    tasks = main_text(client.get(answer.location))
    assert "Begun" in tasks
    assert "To do: Name of the project" in tasks


def test_a_project_outside_the_rounds_period_is_told_the_period(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    project = {name: texts[0] for name, texts in GRANT["project"].items()} | {"ends_on": "2019-01-01"}
    answer = send(signed_in(ME), f"/en/applications/{public_id}/sections/project", project | {"next": "1"})
    assert answer.status_code == 422
    assert "Write a day between 1 January 2016 and 31 December 2018" in main_text(answer)


def test_a_good_section_leads_to_the_next(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    counts = {"women": "1", "men": "0", "girls": "0", "boys": "0", "next": "1"}
    answer = send(signed_in(ME), f"/en/applications/{public_id}/sections/participants", counts)
    assert answer.location.endswith("/sections/activities")


def test_a_row_is_added_without_scripts_and_what_was_typed_stays(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    client = signed_in(ME)
    rows = {f"activities-{n}-what": f"Sak {n}" for n in range(3)}
    answer = send(client, f"/en/applications/{public_id}/sections/activities", rows | {"add": "activities"})
    assert answer.status_code == 302
    assert answer.location.endswith("add=activities#activities-3")
    shown = page(client.get(answer.location))
    values = [field["value"] for field in shown.find_all("input", {"name": re.compile("what$")})]
    assert values == ["Sak 0", "Sak 1", "Sak 2", ""]


def test_the_budget_shows_sums_and_the_difference_without_blocking(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft, amount="40 000")
    client = signed_in(ME)
    text = main_text(client.get(f"/en/applications/{public_id}/sections/budget"))
    assert "Costs in all 50 000 kr" in text
    assert "Costs minus other income 45 000 kr" in text
    assert "The amount is 5 000 kr less" in text
    assert send(client, f"/en/applications/{public_id}/submit").status_code == 302


def test_the_plans_areas_are_shown_in_swedish_on_an_english_page(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    shown = page(signed_in(ME).get(f"/en/applications/{public_id}/sections/goals"))
    areas = [tag.get_text() for tag in shown.find_all("bdi", {"lang": "sv"})]
    assert "1. Arbete och introduktion" in areas
    assert len([name for name in areas if re.match(r"[1-6]\. ", name)]) == 6


@pytest.mark.parametrize("code", [*GRANT, "attachments"])
def test_every_section_of_the_grant_opens(app: Flask, signed_in: SignIn, code: str) -> None:
    on_day()
    public_id = made(app, draft)
    answer = signed_in(ME).get(f"/sv/applications/{public_id}/sections/{code}")
    assert answer.status_code == 200
    assert page(answer).find("h1") is not None


@pytest.mark.parametrize("kind", [ApplicationKind.AWARD, ApplicationKind.NOMINATION])
def test_the_stipends_sections_open_and_have_no_budget(app: Flask, signed_in: SignIn, kind: ApplicationKind) -> None:
    on_day()
    public_id = made(app, draft, kind=kind)
    client = signed_in(ME)
    links = page(client.get(f"/sv/applications/{public_id}")).find_all("a", href=re.compile("/sections/"))
    assert len(links) == 4
    assert all(client.get(str(link["href"])).status_code == 200 for link in links)
    assert client.get(f"/sv/applications/{public_id}/sections/budget").status_code == 404
    assert client.get(f"/sv/applications/{public_id}/check").status_code == 200


# --- attachments ------------------------------------------------------------------------------------------------


def attach(client: FlaskClient, public_id: str, content: bytes, name: str = "stadgar.pdf") -> TestResponse:
    token = token_of(client)
    parts = (
        f'--border\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
        '--border\r\nContent-Disposition: form-data; name="kind"\r\n\r\nstatutes\r\n'
        f'--border\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    )
    body = parts.encode() + content + b"\r\n--border--\r\n"
    path = f"/en/applications/{public_id}/attachments"
    came_from = {"Referer": f"http://localhost/en/applications/{public_id}/sections/attachments"}
    return client.post(path, data=body, headers=came_from, content_type="multipart/form-data; boundary=border")


def test_an_attachment_is_kept_listed_and_downloaded_as_a_file(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft, with_attachments=False)
    client = signed_in(ME)
    assert attach(client, public_id, PDF).status_code == 302
    link = page(client.get(f"/en/applications/{public_id}/sections/attachments")).find("a", string="stadgar.pdf")
    assert link is not None
    got = client.get(str(link["href"]))
    assert got.data == PDF
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert signed_in("annan@exempel.example").get(str(link["href"])).status_code == 404
    got.close()


def test_a_file_that_is_not_what_its_name_says_is_refused_beside_the_field(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft, with_attachments=False)
    answer = attach(signed_in(ME), public_id, b"MZ\x90 a program", "stadgar.pdf")
    assert answer.status_code == 422
    assert "Choose a PDF, a photo (JPG, PNG, HEIC), or a Word, Excel or OpenDocument file." in main_text(answer)


def test_a_file_of_50_mb_is_too_large(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft, with_attachments=False)
    answer = attach(signed_in(ME), public_id, b"%PDF" + bytes(50 * 1024 * 1024))
    assert answer.status_code == 413
    assert "15 MB" in main_text(answer)
    back = page(answer).find("a", string="Back to the page you came from")
    assert back is not None
    assert str(back["href"]).endswith(f"/applications/{public_id}/sections/attachments")


def test_a_file_just_above_the_limit_is_told_so(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft, with_attachments=False)
    answer = attach(signed_in(ME), public_id, b"%PDF" + bytes(15 * 1024 * 1024))
    assert answer.status_code == 422
    assert "larger than 15 MB" in main_text(answer)


# --- sending ----------------------------------------------------------------------------------------------------


def test_check_your_answers_shows_everything_with_a_link_to_change_it(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    answer = signed_in(ME).get(f"/en/applications/{public_id}/check")
    text = main_text(answer)
    for words in ("Språkkafé vid älven", "45 000 kr", "Premises", "Båt och buss", "3 April 2017", "statutes.pdf"):
        assert words in text
    assert page(answer).find("a", href=re.compile("/sections/project#purpose$")) is not None


def test_what_is_missing_stands_in_the_way_and_is_named(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft, title="", amount="4,5")
    client = signed_in(ME)
    assert "Name of the project" in main_text(client.get(f"/en/applications/{public_id}/check"))
    answer = send(client, f"/en/applications/{public_id}/submit")
    assert answer.status_code == 422
    assert "Amount you apply for" in main_text(answer)


def test_a_second_send_leads_to_the_same_receipt(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    client = signed_in(ME)
    first = send(client, f"/en/applications/{public_id}/submit")
    second = send(client, f"/en/applications/{public_id}/submit")
    assert first.location == second.location
    text = main_text(client.get(first.location))
    assert "We have received your application" in text
    assert re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", text)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Submission)) == 1
        assert db.session.scalar(select(func.count()).select_from(Message).where(Message.to == ME)) == 1
    pdf = client.get(f"/en/applications/{public_id}/receipt.pdf")
    assert pdf.data.startswith(b"%PDF")


def test_a_draft_that_was_not_sent_in_time_is_refused_with_why(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft, kind=ApplicationKind.AWARD)
    with clock.at(start_of(date(2017, 5, 15))):  # late ones are taken for a fortnight, see test_closing.py
        client = signed_in(ME)
        answer = send(client, f"/en/applications/{public_id}/submit")
        assert answer.status_code == 409
        assert "It is too late: applications were taken until" in main_text(answer)
        assert "the time to apply is over" in main_text(client.get("/en/applications"))


def test_a_sent_application_cannot_be_written_in(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, submitted)
    client = signed_in(ME)
    assert client.get(f"/en/applications/{public_id}/sections/project").status_code == 302
    answer = send(client, f"/en/applications/{public_id}/sections/project", {"title": "Nytt", "leave": "1"})
    assert answer.status_code == 409
    assert kept_answers(app, public_id, "project")["title"] == ["Språkkafé vid älven"]


# --- afterwards -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "/sections/project", "/check", "/receipt", "/receipt.pdf", "/withdraw"])
@pytest.mark.parametrize("who", ["annan@exempel.example", "tjansteman@kommun.example"])
def test_everybody_else_finds_nothing(app: Flask, signed_in: SignIn, place: str, who: str) -> None:
    on_day()
    public_id = made(app, submitted)
    with app.app_context():
        official(Role.OFFICER, email="tjansteman@kommun.example")
        db.session.commit()
    assert signed_in(who).get(f"/sv/applications/{public_id}{place}").status_code == 404


def test_nobody_else_can_send_write_or_withdraw(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, draft)
    client = signed_in("annan@exempel.example")
    for place in ("/submit", "/sections/project", "/withdraw", "/attachments"):
        assert send(client, f"/en/applications/{public_id}{place}").status_code == 404


def test_withdrawing_asks_once_more_and_then_says_that_nothing_happens(app: Flask, signed_in: SignIn) -> None:
    on_day()
    public_id = made(app, submitted)
    client = signed_in(ME)
    assert "Withdraw the application?" in main_text(client.get(f"/en/applications/{public_id}/withdraw"))
    answer = send(client, f"/en/applications/{public_id}/withdraw")
    assert "Nothing more happens with it." in main_text(client.get(answer.location))
    assert send(client, f"/en/applications/{public_id}/withdraw").status_code == 409


def test_a_completion_shows_what_is_asked_by_when_and_locks_the_rest(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer, by=applicant(email=ME))
        assessments.request_completion(
            application, sections=["budget"], what="Vad kostar båten?", due_on=date(2017, 3, 20), by=officer
        )
        public_id = application.public_id
        db.session.commit()
    client = signed_in(ME)
    answer = client.get(f"/en/applications/{public_id}")
    text = main_text(answer)
    assert "The case officer asks for additions by 20 March 2017" in text
    assert "Vad kostar båten?" in text
    assert len(page(answer).find_all("a", href=re.compile("/sections/"))) == 1
    assert "Last day: 20 March 2017." in main_text(client.get("/en/applications"))
    sent = send(client, f"/en/applications/{public_id}/submit")
    assert "We have received your additions" in main_text(client.get(sent.location))


def test_a_pending_outcome_is_not_shown_to_the_applicant(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        decision = recorded(outcome=Outcome.REJECT, by=applicant(email=ME))
        public_id = decision.application.public_id
        assert decision.application.status is ApplicationStatus.ON_AGENDA
        db.session.commit()
    client = signed_in(ME)
    for place in ("/en/applications", f"/en/applications/{public_id}"):
        text = main_text(client.get(place))
        assert "It is on the board's agenda." in text
        assert REASONS not in text
        assert "Not granted" not in text


def test_a_final_decision_is_shown_with_amount_paragraph_and_reasons(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        decision = decided(outcome=Outcome.GRANT, by=applicant(email=ME))
        public_id, designation = decision.application.public_id, decision.item.designation
        db.session.commit()
    text = main_text(signed_in(ME).get(f"/en/applications/{public_id}"))
    assert "The board has decided: you get what you applied for." in text
    assert designation in text
    assert "45 000 kr" in text
    assert REASONS in text
