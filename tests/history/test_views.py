"""The auditor's history: newest first, page by page, by person, day and reference; never a draft's, never written."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp import clock
from fundapp.db import db
from fundapp.history import queries
from fundapp.history.actions import record
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.applications import draft
from tests.factories.people import applicant, official
from tests.factories.registry import registered
from tests.ground.apps import SignIn

AUDITOR = "ada@kommun.example"


@pytest.fixture
def auditor(app: Flask, signed_in: SignIn) -> FlaskClient:
    on_day()  # a session from another day than the page's would have ended
    with app.app_context():
        official(Role.AUDITOR, name="Ada Revisor", email=AUDITOR)
        db.session.commit()
    return signed_in(AUDITOR)


def _rows(page: str) -> list[list[str]]:
    rows = BeautifulSoup(page, "html.parser").select("tbody tr")
    return [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in rows]


def _write(app: Flask, events: int, name: str = "Åsa Öberg") -> str:
    """So many events about a new account, by itself; gives its thread."""
    with app.app_context():
        person = applicant(name)
        for number in range(events):
            record(person, "correct_account", by=person, number=number)
        db.session.commit()
        return person.thread


def test_only_the_auditor_reads_the_history(app: Flask, auditor: FlaskClient, signed_in: SignIn) -> None:
    assert auditor.get("/sv/history").status_code == 200
    with app.app_context():
        for role in set(Role) - {Role.AUDITOR, Role.APPLICANT}:
            official(role, email=f"{role.value}@kommun.example")
        db.session.commit()
    for role in set(Role) - {Role.AUDITOR, Role.APPLICANT}:
        assert signed_in(f"{role.value}@kommun.example").get("/sv/history").status_code == 403


def test_a_case_is_told_in_words_newest_first(app: Flask, auditor: FlaskClient) -> None:
    on_day()
    with app.test_request_context():
        application = registered(by=applicant("Amina Lindqvist"), registrar=official(Role.REGISTRAR, name="Rut Rask"))
        db.session.commit()
        number = application.case.diary_number if application.case else ""
        thread = application.public_id
    rows = _rows(auditor.get(f"/en/history?thread={thread}").text)
    told = [(row[1], row[2], row[3]) for row in rows]
    assert ("Rut Rask", "Register", "Application") in told
    assert told[-1] == ("Amina Lindqvist", "Start", "Application")
    assert told.index(("Rut Rask", "Register", "Application")) < told.index(("Amina Lindqvist", "Send", "Application"))
    assert {row[4] for row in rows} == {number}
    registered_row = next(row for row in rows if row[2] == "Register")
    assert registered_row[5].startswith("Sent in → Registered")
    assert "object at" not in " ".join(row[5] for row in rows)
    assert _rows(auditor.get("/en/history", query_string={"thread": number}).text) == rows


def test_a_draft_leaves_no_trace_until_it_is_sent(app: Flask, auditor: FlaskClient) -> None:
    on_day()
    with app.test_request_context():
        thread = draft(by=applicant("Hemliga Hanna")).public_id
        db.session.commit()
        assert db.session.scalar(select(func.count()).where(HistoryEntry.thread == thread))
    page = auditor.get("/en/history").text
    assert thread not in page
    assert _rows(auditor.get(f"/en/history?thread={thread}").text) == []


def test_pages_follow_each_other_without_a_gap_or_a_double_even_while_more_is_written(
    app: Flask, auditor: FlaskClient
) -> None:
    thread = _write(app, 120)
    seen, path = [], f"/en/history?thread={thread}"
    while path:
        page = auditor.get(path)
        seen += [row[5] for row in _rows(page.text)]
        older = BeautifulSoup(page.text, "html.parser").select_one('a[rel="next"]')
        path = str(older["href"]) if older else ""
        if len(seen) == queries.PAGE:
            with app.app_context():
                person = applicant("Åsa Öberg", "new@exempel.example")
                record(person, "correct_account", by=person)
                db.session.commit()
    assert seen == [f"number: {number}" for number in reversed(range(120))]


def test_the_way_back_shows_the_same_pages(app: Flask, auditor: FlaskClient) -> None:
    thread = _write(app, 120)
    first = auditor.get(f"/en/history?thread={thread}").text

    def follow(page: str, rel: str) -> str:
        link = BeautifulSoup(page, "html.parser").select_one(f'a[rel="{rel}"]')
        assert link is not None
        return auditor.get(str(link["href"])).text

    second = follow(first, "next")
    third = follow(second, "next")
    assert len(_rows(third)) == 20
    assert BeautifulSoup(third, "html.parser").select_one('a[rel="next"]') is None
    assert _rows(follow(third, "prev")) == _rows(second)
    assert _rows(follow(follow(third, "prev"), "prev")) == _rows(first)
    assert BeautifulSoup(first, "html.parser").select_one('a[rel="prev"]') is None


def test_history_is_asked_by_person_and_by_local_day(app: Flask, auditor: FlaskClient) -> None:
    on_day(date(2017, 3, 6))
    _write(app, 1, "Åsa Öberg")
    with clock.at(clock.start_of(date(2017, 3, 8))):
        _write(app, 1, "Bo Ek")
    by_person = _rows(auditor.get("/en/history", query_string={"person": "öberg"}).text)
    assert [row[1] for row in by_person] == ["Åsa Öberg"]
    for day, names in {"2017-03-06": {"Åsa Öberg"}, "2017-03-07": set(), "2017-03-08": {"Bo Ek"}}.items():
        rows = _rows(auditor.get("/en/history", query_string={"day": day}).text)
        assert {row[1] for row in rows} - {"fundapp"} == names, day


def test_a_day_that_cannot_be_read_is_told_and_still_in_the_box(auditor: FlaskClient) -> None:
    page = auditor.get("/en/history?day=yesterday&before=abc&after=99999999999999999999").text
    assert "Write the date as year, month and day" in page
    assert 'value="yesterday"' in page
    assert auditor.get("/en/history?day=9999-12-31").status_code == 200
    assert auditor.get("/en/history?before=99999999999999999999999").status_code == 200


def test_what_is_asked_is_never_a_pattern(app: Flask, auditor: FlaskClient) -> None:
    _write(app, 1)
    assert _rows(auditor.get("/en/history", query_string={"person": "%"}).text) == []
    assert _rows(auditor.get("/en/history", query_string={"person": "_"}).text) == []


def test_history_has_no_page_that_writes(app: Flask, auditor: FlaskClient) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("history.")]
    assert {method for rule in rules for method in rule.methods or ()} == {"GET", "HEAD", "OPTIONS"}
