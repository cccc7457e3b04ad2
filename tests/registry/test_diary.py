"""Extracts of the diary: what they hold by day and body, what is masked for who is outside, and as which files."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import openpyxl
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from fundapp.accounts.models import Account
from fundapp.applications.models import ApplicationKind
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry import diary_files, secrecy
from fundapp.registry.actions import file_document
from fundapp.registry.models import Direction, Document
from fundapp.registry.queries import FiledDocument
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.meetings import board
from tests.factories.people import applicant, official
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.test_statements import counted

SECRET = "Läkarintyg om barnet"


@dataclass(frozen=True)
class Diary:
    registrar: Account
    clerk: FlaskClient


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def made(app: Flask, signed_in: SignIn) -> Diary:
    """One case of each body, a letter of February, and one that is marked."""
    with app.test_request_context():
        registrar = official(Role.REGISTRAR)
        application = registered(registrar=registrar, title="=HYPERLINK(1)")
        case = application.case
        for dated, subject, who in (
            (date(2017, 2, 1), "+46 brev", "Länsstyrelsen"),
            (date(2017, 3, 6), SECRET, "Vårdcentralen Grytnäs"),
        ):
            letter = file_document(
                case, direction=Direction.RECEIVED, subject=subject, counterpart=who, dated=dated, by=registrar
            )
        secrecy.mark(
            FiledDocument(letter, application), paragraph="OSL 25:1", reason="Hälsa", hides_case=False, by=registrar
        )
        nominator = applicant("Nils Nominerare", "nils@exempel.example")
        other = registered(kind=ApplicationKind.NOMINATION, by=nominator, registrar=registrar).case
        other.board, other.diary_number = board("FoK"), "FoKN 2017:1"
        draft(title="Ett utkast")
        submitted(title="Inte registrerad")
        db.session.commit()
    return Diary(registrar, signed_in(registrar))


def rows(client: FlaskClient, query: str = "") -> list[list[str]]:
    text = client.get(f"/en/cases/diary.csv{query}").data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[1:]


def shown(client: FlaskClient, query: str = "") -> str:
    return " ".join(BeautifulSoup(client.get(f"/en/cases/diary{query}").data, "html.parser").get_text(" ").split())


def test_an_extract_holds_what_was_filed_these_days_by_the_body(app_on_both: Flask, signed_in: SignIn) -> None:
    clerk = made(app_on_both, signed_in).clerk
    whole = rows(clerk)
    assert {row[0] for row in whole} == {"KS 2017:1", "FoKN 2017:1"}
    assert all(row[2] == "2017-03-06" for row in whole)
    assert "Inte registrerad" not in str(whole)
    assert "Ett utkast" not in str(whole)
    assert {row[0] for row in rows(clerk, "?board=KS")} == {"KS 2017:1"}
    (letter,) = rows(clerk, "?from=2017-02-01&to=2017-02-01")
    assert letter[:6] == ["KS 2017:1", letter[1], "2017-02-01", "Received", "Länsstyrelsen", "'+46 brev"]
    assert rows(clerk, "?from=2017-01-01&to=2017-01-02") == []
    assert "Nothing was filed" in shown(clerk, "?from=2017-01-01&to=2017-01-02")


def test_what_is_handed_out_tells_no_secret_and_no_private_person(app_on_both: Flask, signed_in: SignIn) -> None:
    clerk = made(app_on_both, signed_in).clerk
    inside, outside = str(rows(clerk)), str(rows(clerk, "?masked=1"))
    for word in (SECRET, "Vårdcentralen Grytnäs", "Nils Nominerare", "OSL 25:1"):
        assert word in inside
        assert word not in outside
        assert word not in shown(clerk, "?masked=1")
    assert "[maskat]" in outside
    assert "Kalix Språkkafé" in outside
    pdf = pypdfium2.PdfDocument(io.BytesIO(clerk.get("/sv/cases/diary.pdf?masked=1").data))
    text = " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pdf)
    assert "KS 2017:1-1" in text
    for word in ("Läkarintyg", "Grytnäs", "Nominerare"):
        assert word not in text


def test_a_case_that_is_hidden_tells_no_party_and_no_title_outside(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        registrar = official(Role.REGISTRAR)
        application = registered(registrar=registrar, title="Skyddat boende")
        found = FiledDocument(application.case.documents[0], application)
        secrecy.mark(found, paragraph="OSL 26:1", reason="Adress", hides_case=True, by=registrar)
        db.session.commit()
    clerk = signed_in(registrar)
    outside = rows(clerk, "?masked=1")
    assert {row[4] for row in outside} == {row[6] for row in outside} == {"[maskat]"}
    assert outside[1][5].startswith("Bilaga") or "Attachment" in outside[1][5]
    assert "Skyddat boende" in str(rows(clerk))


def test_a_spreadsheet_has_days_and_numbers_and_no_formula(app: Flask, signed_in: SignIn) -> None:
    clerk = made(app, signed_in).clerk
    answer = clerk.get("/sv/cases/diary.xlsx?from=2017-02-01&to=2017-03-06")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    first = next(sheet.iter_rows(min_row=2, max_row=2, values_only=True))
    assert isinstance(first[1], int)
    assert first[2] == datetime(2017, 2, 1)  # noqa: DTZ001  a spreadsheet has no time zones
    assert first[5] == "+46 brev"
    assert answer.headers["Cache-Control"] == "no-store"


def test_days_that_cannot_be_read_are_told_and_stay_as_typed(app: Flask, signed_in: SignIn) -> None:
    clerk = made(app, signed_in).clerk
    page = clerk.get("/en/cases/diary?from=igår&to=2017-03-06")
    assert page.status_code == 200
    assert "Write the date as year, month and day" in page.text
    assert "igår" in page.text
    assert clerk.get("/en/cases/diary.pdf?from=igår").status_code == 422
    assert "not before the first one" in shown(clerk, "?from=2017-03-06&to=2017-03-05")
    assert "“ZZ”" in shown(clerk, "?board=ZZ")
    assert clerk.get("/en/cases/diary?from=2017-03-06&after=nothing").status_code == 200


def test_a_file_that_would_be_too_long_is_refused_in_words(
    app: Flask, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = made(app, signed_in).clerk
    monkeypatch.setattr(diary_files, "MOST", 2)
    answer = clerk.get("/en/cases/diary.csv")
    assert answer.status_code == 422
    assert "more than 2 documents" in " ".join(BeautifulSoup(answer.data, "html.parser").get_text(" ").split())


def test_a_page_of_many_documents_leads_on_and_holds_each_once(app: Flask, signed_in: SignIn) -> None:
    clerk = _grown(app, signed_in, 120)
    seen: list[str] = []
    path: str | None = "/sv/cases/diary?board=KS"
    while path:
        soup = BeautifulSoup(clerk.get(path).data, "html.parser")
        seen += [row.get_text() for row in soup.select("tbody th") if "Brev nr" in row.get_text()]
        following = soup.select_one("a[rel=next]")
        path = str(following["href"]) if following else None
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("query", ["", "?masked=1"])
def test_the_number_of_statements_does_not_follow_the_number_of_documents(
    app: Flask, signed_in: SignIn, query: str
) -> None:
    found = []
    for more in (1, 60):
        clerk = _grown(app, signed_in, more)
        clerk.get("/sv/cases/diary")
        with counted(app) as sent:
            assert clerk.get(f"/sv/cases/diary{query}").status_code == 200
        found.append(len(sent))
    assert found[0] == found[1] <= 9


def _grown(app: Flask, signed_in: SignIn, count: int) -> FlaskClient:
    """So many letters more in one case."""
    with app.test_request_context():
        registrar = official(Role.REGISTRAR)
        document = registered(registrar=registrar).case.documents[0]
        kept: Any = db.session.execute(select(Document.__table__).where(Document.id == document.id)).mappings().one()
        last = db.session.scalars(select(Document.id).order_by(Document.id.desc())).first() or 0
        rows = [
            dict(kept)
            | {"id": last + n, "public_id": f"brev{last + n:08}", "number": 100 + n, "subject": f"Brev nr {n}"}
            for n in range(1, count + 1)
        ]
        db.session.execute(insert(Document.__table__), rows)
        db.session.commit()
    return signed_in(registrar)


def test_only_who_reads_cases_takes_out_the_diary(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        member, administrator = official(Role.MEMBER), official(Role.ADMINISTRATOR)
        db.session.commit()
    for who in (member, administrator):
        assert signed_in(who).get("/sv/cases/diary").status_code == 403
        assert signed_in(who).get("/sv/given-out").status_code == 403
