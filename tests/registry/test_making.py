"""Files of the case list: workbooks, what is made beside the pages, how far it is, and for whom it is given out."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import openpyxl
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import clock, store
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account, Organisation
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry import making
from fundapp.registry.listed import ListExport
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn


@contextmanager
def made(app: Flask) -> Iterator[None]:
    """What is made within is there for the pages. The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


def rows_of(answer: Any) -> list[tuple[Any, ...]]:
    """The workbook's rows, without the heads."""
    with answer:
        assert answer.status_code == 200
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
    return list(book.active.iter_rows(min_row=2, values_only=True))


def text_of(page: Any) -> str:
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").replace("\xa0", " ").split())


def work(app: Flask) -> None:
    with app.app_context():
        making.make_waiting()
        db.session.rollback()


def asked_for(client: FlaskClient, **data: Any) -> str:
    answer = client.post("/en/cases/export", data={"kind": "xlsx", "which": "all"} | data)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def test_a_workbook_has_numbers_days_and_texts_that_stay_texts(app_on_both: Flask, signed_in: SignIn) -> None:
    typed = '=HYPERLINK("http://ond.example";"Klicka")'
    with made(app_on_both):
        who = official(Role.OFFICER)
        owner = applicant()
        submitted(by=owner, organisation=organisation(owner, name="http://ond.example"), title=typed)
    answer = signed_in(who).get("/en/cases.xlsx")
    assert answer.headers["Content-Disposition"] == "attachment; filename=cases-2017-03-06.xlsx"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    row = next(book.active.iter_rows(min_row=2))
    assert [cell.data_type for cell in row[1:3]] == ["s", "s"]
    assert (row[1].value, row[2].value) == (typed, "http://ond.example")
    assert row[2].hyperlink is None
    assert (row[5].value, row[5].data_type) == (45_000, "n")
    assert row[7].value == datetime(2017, 3, 6)  # noqa: DTZ001  as the workbook has it
    assert row[7].number_format == "yyyy-mm-dd"
    assert b"<f>" not in answer.data


def test_conflicts_and_drafts_are_in_no_workbook(app_on_both: Flask, signed_in: SignIn) -> None:
    with made(app_on_both):
        partial = official(Role.OFFICER)
        owner = applicant()
        theirs = organisation(owner, name="Kanariefågel", org_number="8024001128")
        draft(title="Kanarieutkast")
        hers = submitted(by=owner, organisation=theirs, title="Kanariefågel").public_id
        submitted(title="En annans")
        declare_conflict(by=partial, reason="Min bror är kassör.", organisation=theirs)
    client = signed_in(partial)
    assert [row[1] for row in rows_of(client.get("/en/cases.xlsx"))] == ["En annans"]
    place = asked_for(client, which="chosen", case=[hers])
    assert rows_of(client.get(f"{place}/file")) == []


def test_the_chosen_cases_come_as_the_file_that_was_asked_for(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who, other = official(Role.OFFICER), official(Role.OFFICER)
        first, second = submitted(title="Ett").public_id, submitted(title="Två").public_id
        submitted(title="Tre")
    client = signed_in(who)
    place = asked_for(client, which="chosen", case=[first, second], list="sort=title")
    assert "The file has 2 cases. It is here for a day, and for you alone." in text_of(client.get(place))
    assert [row[1] for row in rows_of(client.get(f"{place}/file"))] == ["Ett", "Två"]
    assert signed_in(other).get(place).status_code == 404
    assert signed_in(other).get(f"{place}/file").status_code == 404
    with app.app_context(), clock.at(clock.now() + timedelta(days=1, minutes=1)):
        assert making.own_export(place.rpartition("/")[2], db.session.scalars(select(ListExport)).one().account) is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"which": "chosen"}, "Choose at least one case in the list."),
        ({"kind": "exe"}, "Choose what kind of file you want."),
        ({}, "The list has 3 cases, and a file takes at most 2."),
    ],
)
def test_a_file_that_cannot_be_made_is_refused_in_words(
    app: Flask, signed_in: SignIn, data: dict[str, str], told: str
) -> None:
    with made(app):
        who = official(Role.OFFICER)
        for _case in range(3):
            submitted()
    app.extensions["fundapp.settings"] = replace(app.extensions["fundapp.settings"], export_rows=2)
    client = signed_in(who)
    answer = client.post("/en/cases/export", data={"which": "all", "kind": "csv"} | data)
    assert answer.location == "/en/cases"
    assert told in text_of(client.get("/en/cases"))
    for kind in ("csv", "xlsx"):
        refused = client.get(f"/en/cases.{kind}")
        assert refused.status_code == 409
        assert "a file takes at most 2" in text_of(refused)
    with app.app_context():
        assert db.session.scalars(select(ListExport)).all() == []


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three cases are many, and each is told of."""
    monkeypatch.setattr(making, "DIRECT", 2)
    monkeypatch.setattr(making, "TOLD_EVERY", 1)


def _three(app: Flask) -> tuple[Account, tuple[int, int]]:
    """An officer of three cases; with the keys of the officer and of one applicant."""
    with made(app):
        who, owner = official(Role.OFFICER), applicant()
        theirs = organisation(owner, name="Kanariefågel", org_number="8024001128")
        submitted(by=owner, organisation=theirs, title="Ett")
        submitted(title="Två")
        submitted(title="Tre")
        keys = who.id, theirs.id
    return who, keys


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_large_file_tells_how_far_it_is_and_then_is_there(app_on_both: Flask, signed_in: SignIn, kind: str) -> None:
    who, _keys = _three(app_on_both)
    client = signed_in(who)
    if kind == "xlsx":
        assert "The list has 3 cases. The file takes a while to make" in text_of(client.get("/en/cases.xlsx"))
    place = asked_for(client, kind=kind, list="sort=title")
    waits = client.get(place)
    assert "The file will be made in a moment. It has 3 cases." in text_of(waits)
    assert BeautifulSoup(waits.text, "html.parser").select_one("#list-file[data-growing]") is not None
    assert client.get(f"{place}/file").status_code == 404
    with app_on_both.app_context():
        key = making._taken()
        assert key is not None
        making._teller(key)(2)
    page = client.get(place)
    assert "2 of 3 cases are done." in text_of(page)
    bar = BeautifulSoup(page.text, "html.parser").select_one("progress")
    assert (bar["max"], bar["value"]) == ("3", "2")
    with clock.at(clock.now() + timedelta(minutes=11)):  # the worker died; another takes it
        work(app_on_both)
    ready = client.get(place)
    assert "It is here for a day" in text_of(ready)
    assert BeautifulSoup(ready.text, "html.parser").select_one("#list-file[data-growing]") is None
    with client.get(f"{place}/file") as answer:
        assert answer.content_length == len(answer.data)
        content = answer.data
    if kind == "csv":
        assert [line.split(";")[1] for line in content.decode("utf-8-sig").splitlines()[1:]] == ["Ett", "Tre", "Två"]
    else:
        rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(min_row=2, values_only=True)
        assert [row[1] for row in rows] == ["Ett", "Tre", "Två"]


@pytest.mark.usefixtures("large")
def test_a_file_made_before_a_conflict_was_declared_is_not_given_out_but_made_anew(
    app_on_both: Flask, signed_in: SignIn
) -> None:
    who, keys = _three(app_on_both)
    client = signed_in(who)
    place = asked_for(client)
    work(app_on_both)
    assert len(rows_of(client.get(f"{place}/file"))) == 3
    assert client.post(f"{place}/again").status_code == 409
    with app_on_both.test_request_context():
        person, theirs = db.session.get_one(Account, keys[0]), db.session.get_one(Organisation, keys[1])
        declare_conflict(by=person, reason="Min bror.", organisation=theirs)
        db.session.commit()
    assert client.get(f"{place}/file").status_code == 404
    assert "You may see other cases now than when the file was made." in text_of(client.get(place))
    assert client.post(f"{place}/again").status_code == 302
    work(app_on_both)
    assert sorted(row[1] for row in rows_of(client.get(f"{place}/file"))) == ["Tre", "Två"]


@pytest.mark.usefixtures("large")
def test_a_file_that_failed_says_so_and_can_be_tried_again(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, _keys = _three(app)
    client = signed_in(who)
    place = asked_for(client)

    def full(_key: str, _content: bytes) -> None:
        raise store.StoreFailed("full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "put", full)
        work(app)
    assert "The file could not be made. Try once more." in text_of(client.get(place))
    client.post(f"{place}/again")
    work(app)
    assert len(rows_of(client.get(f"{place}/file"))) == 3


@pytest.mark.usefixtures("large")
def test_files_are_removed_after_a_day(app: Flask, signed_in: SignIn) -> None:
    who, _keys = _three(app)
    asked_for(signed_in(who))
    work(app)
    with app.app_context():
        key = db.session.scalars(select(ListExport.store_key)).one()
        assert store.has(key)
        assert making.forget() == 0
        with clock.at(clock.now() + timedelta(days=1, minutes=1)):
            assert making.forget() == 1
        db.session.commit()
        assert not store.has(key)
        assert db.session.scalars(select(ListExport)).all() == []
