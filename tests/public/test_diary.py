"""The public list of cases: what is told of a case, what is not, and that what is hidden is not found either."""

from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import ApplicationKind
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.public import diary
from fundapp.registry import secrecy
from fundapp.registry.models import SecrecyMark
from fundapp.registry.queries import FiledDocument
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.decisions import granted, recorded
from tests.factories.meetings import board, on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.test_statements import counted


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def in_app(app: Flask, make: Callable[[], Any]) -> Any:
    with app.test_request_context():
        made = make()
        db.session.commit()
        return made


def listed(client: FlaskClient, query: str = "") -> list[list[str]]:
    """The list's rows: number, subject, parties, state, day, board."""
    page = client.get(f"/en/diary{query}")
    assert page.status_code == 200
    soup = BeautifulSoup(page.data, "html.parser")
    return [[" ".join(cell.get_text().split()) for cell in row.select("th, td")] for row in soup.select("tbody tr")]


def numbers(client: FlaskClient, query: str = "") -> list[str]:
    return [row[0].strip("\u2066\u2069") for row in listed(client, query)]


def test_everybody_reads_number_day_subject_and_parties(app_on_both: Flask) -> None:
    in_app(app_on_both, lambda: registered(title="Läxhjälp vid älven"))
    (row,) = listed(app_on_both.test_client())
    assert "KS 2017:1" in row[0]
    assert "Läxhjälp vid älven" in row[1]
    assert row[2:4] == ["Kalix Språkkafé", "Being assessed"]
    assert "2017" in row[4]
    assert row[5] == "Kommunstyrelsen"


def test_what_has_no_number_is_not_there(app: Flask) -> None:
    in_app(app, lambda: (draft(title="Ett utkast"), submitted(title="Nyss kommen")))
    assert listed(app.test_client()) == []


def test_an_outcome_that_is_pending_does_not_show(app: Flask) -> None:
    in_app(app, lambda: recorded(on_agenda(), outcome=Outcome.REJECT, reasons="Nej."))
    assert [row[3] for row in listed(app.test_client())] == ["Being assessed"]


def test_a_final_decision_shows(app: Flask) -> None:
    in_app(app, granted)
    assert [row[3] for row in listed(app.test_client())] == ["Granted"]


def test_a_private_person_is_neither_shown_nor_found(app_on_both: Flask) -> None:
    def make() -> None:
        owner = applicant("Amina Lindqvist", "amina@sprakkafe.example")
        registered(by=owner, title="Amina Lindqvists dansgrupp för Kalixbor")

    in_app(app_on_both, make)
    client = app_on_both.test_client()
    (row,) = listed(client)
    assert "Lindqvist" not in " ".join(row)
    assert "dansgrupp" in row[1]
    assert numbers(client, "?q=dansgrupp") == ["KS 2017:1"]
    assert numbers(client, "?q=Lindqvist") == []
    assert numbers(client, "?q=amina") == []
    assert numbers(client, "?q=802001-5577") == []  # of an own business it would be a personal number


def test_who_nominated_is_not_told(app: Flask) -> None:
    nominator = "Nils Nominerare"
    in_app(app, lambda: registered(kind=ApplicationKind.NOMINATION, by=applicant(nominator, "nils@exempel.example")))
    assert nominator not in app.test_client().get("/en/diary").text
    assert len(listed(app.test_client())) == 1


def test_a_mark_that_hides_the_case_hides_its_words_from_the_search(app_on_both: Flask) -> None:
    def make() -> tuple[Any, Any]:
        registrar = official(Role.REGISTRAR)
        application = registered(registrar=registrar, title="Skyddat boende i Töre")
        found = FiledDocument(application.case.documents[0], application)
        secrecy.mark(found, paragraph="OSL 26:1", reason="Adress", hides_case=False, by=registrar)
        return found.document.public_id, registrar.id

    in_app(app_on_both, make)
    client = app_on_both.test_client()
    assert numbers(client, "?q=skyddat") == ["KS 2017:1"]

    def hide() -> None:
        db.session.execute(update(SecrecyMark).values(hides_case=True))

    in_app(app_on_both, hide)
    (row,) = listed(client, "?fresh=1")
    assert row[1:3] == ["[maskat]", "[maskat]"]
    assert numbers(client, "?q=skyddat&fresh=1") == []
    assert numbers(client, "?q=2017:1&fresh=1") == ["KS 2017:1"]


def test_year_and_board_narrow_the_list_and_what_is_not_there_is_told(app: Flask) -> None:
    def make() -> None:
        registered()
        other = registered().case
        other.board, other.diary_number = board("FoK"), "FoKN 2017:1"

    in_app(app, make)
    client = app.test_client()
    assert numbers(client) == ["FoKN 2017:1", "KS 2017:1"]
    assert numbers(client, "?board=KS&year=2017") == ["KS 2017:1"]
    page = client.get("/en/diary?year=1999&board=Q").text
    assert "“1999”" in page
    assert "“Q”" in page
    assert "No case is found" in client.get("/en/diary?q=finnsinte").text


def test_the_list_is_walked_page_by_page_and_every_case_comes_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diary, "PAGE", 2)
    in_app(app, lambda: [registered(title="Dans" if n % 2 else "Teater") for n in range(7)])
    for query, count in (("", 7), ("?q=dans", 3)):
        client, seen, path = app.test_client(), [], f"/en/diary{query}"
        while path:
            seen += numbers(client, path.removeprefix("/en/diary"))
            following = BeautifulSoup(client.get(path).data, "html.parser").select_one("a[rel=next]")
            path = str(following["href"]) if following else ""
        assert len(seen) == len(set(seen)) == count


def test_who_has_a_conflict_meets_the_case_here_no_more_than_elsewhere(app: Flask, signed_in: SignIn) -> None:
    def make() -> Any:
        owner, partial = applicant(), official(Role.OFFICER)
        ours = organisation(owner)
        registered(by=owner, organisation=ours)
        declare_conflict(by=partial, reason="Min bror är kassör.", organisation=ours)
        return partial

    partial = in_app(app, make)
    assert numbers(app.test_client()) == ["KS 2017:1"]
    assert numbers(signed_in(partial)) == []


@pytest.mark.parametrize("query", ["", "?q=språkkafé"])
def test_the_number_of_statements_does_not_follow_the_number_of_cases(app: Flask, query: str) -> None:
    found = []
    for cases in (1, 6):
        in_app(app, lambda cases=cases: [registered() for _case in range(cases)])
        app.test_client().get("/sv/")
        with counted(app) as sent:
            listed(app.test_client(), query)
        found.append(len(sent))
    assert found[0] == found[1] <= 8
