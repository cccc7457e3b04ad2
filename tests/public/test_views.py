"""The pages that anybody may read."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.applications.models import ApplicationKind
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.permissions import Role
from fundapp.public import queries
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import approved as approved_sitting
from tests.factories.decisions import decided, granted, recorded
from tests.factories.force import annulled
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import running
from tests.factories.reports import approved, reported

URL = "http://localhost/sv/"


def text_of(page: str) -> str:
    return " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())


def test_start_page_tells_of_fund_and_stipend_in_both_languages(client: FlaskClient) -> None:
    on_day()
    for language in ("sv", "en"):
        page = client.get(f"/{language}/")
        assert page.status_code == 200
        assert "Kalix kommuns integrationsfond" in page.text
        assert "Kalix kommuns integrationsstipendium" in page.text
        assert page.text.count(f"/{language}/applications/new") == 2


def test_start_page_says_what_is_left_and_until_when(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        running(amount=45_000)
        db.session.commit()
    words = text_of(client.get("/en/").text)
    assert "2 955 000 kr left of 3 000 000 kr" in words
    assert "at any time until 31 December 2018" in words
    assert "at the latest 30 April 2017" in words


def test_start_page_says_when_a_round_is_not_open(client: FlaskClient) -> None:
    on_day(date(2016, 5, 10))
    words = text_of(client.get("/en/").text)
    assert "It opens on 13 June 2016." in words  # the fund
    assert "It opens on 1 January 2017." in words  # the stipend of next year
    on_day(date(2019, 2, 1))
    assert text_of(client.get("/en/").text).count("It is closed for applications.") == 2


def test_start_page_shows_the_three_latest_funded_projects(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        for number in range(1, 5):
            running(title=f"Projekt nummer {number}")
        db.session.commit()
    page = client.get("/sv/").text
    assert [number for number in range(1, 5) if f"Projekt nummer {number}" in page] == [2, 3, 4]


def test_funded_projects_hold_only_final_grants(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        running(title="Beviljat projekt")
        recorded(title="Ännu inte justerat")
        decided(title="Avslaget projekt", outcome=Outcome.REJECT)
        db.session.commit()
    page = client.get("/sv/funded-projects").text
    assert "Beviljat projekt" in page
    assert "Ännu inte justerat" not in page
    assert "Avslaget projekt" not in page


@pytest.mark.usefixtures("both_engines")
def test_funded_projects_come_in_pages_and_the_sum_is_that_of_all(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    on_day()
    with app.test_request_context(URL):
        for number in range(1, 6):
            running(title=f"Projekt nummer {number}", amount=45_000)
        db.session.commit()
    path, seen, back = "/en/funded-projects", [], []
    for _page in range(3):
        soup = BeautifulSoup(client.get(path).text, "html.parser")
        assert "5 projects, 225 000 kr granted in all." in text_of(str(soup))
        seen.append([link.get_text()[-1] for link in soup.select("tbody th a")])
        links = {link["rel"][0]: str(link["href"]) for link in soup.select(".pager a")}
        back.append(links.get("prev"))
        path = links.get("next", "")
    assert seen == [["5", "4"], ["3", "2"], ["1"]]
    assert path == ""
    assert back[0] is None
    assert [
        link.get_text()[-1] for link in BeautifulSoup(client.get(back[2]).text, "html.parser").select("tbody a")
    ] == [
        "3",
        "2",
    ]
    for nowhere in ("?after=nosuchthing1", "?before=x", "?after=%27"):
        assert "Projekt nummer 5" in client.get(f"/en/funded-projects{nowhere}").text


def test_a_public_page_tells_of_what_happened_since_it_was_drawn(app: Flask, client: FlaskClient) -> None:
    on_day()
    for title in ("Det första", "Det andra"):
        with app.test_request_context(URL):
            running(title=title)
            db.session.commit()
        assert title in client.get("/sv/funded-projects").text
    assert "2 projekt" in text_of(client.get("/sv/funded-projects").text)


def test_project_page_leads_to_paragraph_and_goal_and_names_no_person(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        project = running(objectives=("2.3",))
        key, item = project.public_id, project.decision.item
        paragraph = f"/sv/decisions/KS/{item.year}/{item.number}"
        persons = [project.application.created_by.name, "Per Omar Niemi", "amina@sprakkafe.example"]
        db.session.commit()
    page = client.get(f"/sv/funded-projects/{key}").text
    assert paragraph in page
    assert "/sv/goals/2.3" in page
    assert "Kalix Språkkafé" in page
    assert "Folkets hus, Kalix" in page
    assert not [name for name in persons if name in page]
    there = client.get(paragraph).text
    assert f"/sv/funded-projects/{key}" in there
    assert not [name for name in persons if name in there]


def test_what_came_of_it_is_shown_when_the_report_is_approved(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        sent = reported(running()).project.public_id
        done = approved(running(), what_was_done="Trettio kaféer blev av.").project.public_id
        db.session.commit()
    assert "Vi nådde målet 2.3." not in client.get(f"/sv/funded-projects/{sent}").text
    page = client.get(f"/sv/funded-projects/{done}").text
    assert "Trettio kaféer blev av." in page
    assert "Vi nådde målet 2.3." in page


def test_paragraph_page_lists_the_grants_apart_and_shows_the_minutes_whole(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        secretary = official(Role.SECRETARY)
        other = applicant()
        organisation(other, name="Den Andra Föreningen", org_number="8024059882")
        cases = [assessed(title="Det ena"), assessed(by=other, title="Det andra")]
        item = on_agenda(cases, secretary=secretary)
        recorded(item, cases[0], secretary=secretary)
        recorded(item, cases[1], outcome=Outcome.REJECT, secretary=secretary)
        approved_sitting(item.meeting, secretary=secretary)
        path = f"/sv/decisions/KS/{item.year}/{item.number}"
        db.session.commit()
        heading = item.heading
    page = client.get(path).text
    assert heading in page
    granted_, _table, minutes = page.partition("</table>")
    assert "Det ena" in granted_
    assert "Det andra" not in granted_
    assert "Den Andra Föreningen" in minutes


def test_a_grant_that_a_court_annulled_is_marked_under_its_paragraph(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context():
        decision = granted()
        item = decision.item
        path = f"/en/decisions/KS/{item.year}/{item.number}"
        db.session.commit()
    marked = "A court annulled the decision on 6 March 2017."
    assert marked not in client.get(path).text
    with app.test_request_context():
        annulled(db.session.scalars(select(Decision)).one())
        db.session.commit()
    assert marked in client.get(path).text


def test_paragraph_page_exists_only_for_approved_minutes(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        pending = recorded().item
        refused = decided(outcome=Outcome.REJECT).item
        paths = [f"/sv/decisions/KS/{item.year}/{item.number}" for item in (pending, refused)]
        db.session.commit()
    for path in [paths[0], "/sv/decisions/KS/2017/999", "/sv/decisions/XX/2017/1"]:
        assert client.get(path).status_code == 404, path
    assert client.get(paths[1]).status_code == 200


def test_an_award_is_shown_under_its_paragraph(app: Flask, client: FlaskClient) -> None:
    on_day()
    with app.test_request_context(URL):
        item = decided(kind=ApplicationKind.NOMINATION).item
        path = f"/sv/decisions/KS/{item.year}/{item.number}"
        db.session.commit()
    page = client.get(path).text
    assert "Töre Framtid IF" in page
    assert "Karin Strand" not in page  # who nominated


@pytest.mark.parametrize("path", ["/sv/funded-projects/nosuchthing1", "/sv/funded-projects/%00", "/xx/funded-projects"])
def test_what_does_not_exist_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
