"""A case that a secrecy mark hides: its title and party are on no public page until the mark is lifted."""

import io
import re
from typing import Any

import pypdfium2
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.public import queries
from fundapp.registry import secrecy
from fundapp.registry.queries import FiledDocument
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import approved, granted, recorded
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import running

TITLE, PARTY = "Skyddat boende i Töre", "Kalix Kvinnojour"
WORDS = ("Skyddat boende", "Kvinnojour", "Kanariefågel")


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def hide(application: Application) -> FiledDocument:
    assert application.case is not None
    found = FiledDocument(application.case.documents[0], application)
    secrecy.mark(found, paragraph="OSL 26:1", reason="Adress", hides_case=True, by=official(Role.REGISTRAR))
    return found


def kvinnojour(**choices: Any) -> Application:
    owner = applicant()
    return assessed(by=owner, organisation=organisation(owner, name=PARTY, org_number="8024059882"), title=TITLE)


def main_of(client: FlaskClient, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200, path
    return str(BeautifulSoup(page.text, "html.parser").select_one("main"))


def test_it_is_hidden_on_every_public_page_until_the_mark_is_lifted(app: Flask) -> None:
    with app.test_request_context():
        project = running(application=kvinnojour(), objectives=("2.3",))
        decision, key = project.decision, project.public_id
        document = hide(project.application).document.id
        db.session.commit()
        place = f"/sv/decisions/KS/2017/{decision.item.number}"
    stranger = app.test_client()
    pages = ("/sv/diary", "/sv/", "/sv/funded-projects", "/sv/goals/2.3", "/sv/goals", "/sv/meetings", place)
    for path in pages:
        page = main_of(stranger, path)
        assert [word for word in WORDS if word in page] == [], path
        assert key not in page, path
    assert stranger.get(f"/sv/funded-projects/{key}").status_code == 404
    assert "KS 2017:1" in main_of(stranger, place)
    with app.test_request_context():
        found = FiledDocument(
            db.session.get_one(secrecy.Document, document), db.session.scalars(select(Application)).one()
        )
        secrecy.lift(found, reason="Prövat", by=official(Role.REGISTRAR))
        db.session.commit()
    for path in ("/sv/", "/sv/funded-projects", "/sv/goals/2.3", f"/sv/funded-projects/{key}", place):
        assert TITLE in main_of(stranger, path), path


def test_approved_minutes_tell_of_it_the_number_and_the_decision_and_of_others_all(app: Flask) -> None:
    """Page and PDF alike; the other case stands under the same §."""
    with app.test_request_context():
        secretary = official(Role.SECRETARY)
        hidden, open_ = kvinnojour(), assessed(title="Läxhjälp")
        item = on_agenda([hidden, open_], secretary=secretary)
        for case, reasons in ((hidden, "Kanariefågel skyddas."), (open_, "Läxor behövs.")):
            recorded(item, case, reasons=reasons, secretary=secretary)
        approved(item.meeting, secretary=secretary)
        hide(hidden)
        place = f"/sv/decisions/KS/2017/{item.number}"
        sitting = f"/sv/meetings/KS/{item.meeting.held_on.isoformat()}"
        db.session.commit()
    stranger = app.test_client()
    (link,) = BeautifulSoup(stranger.get(sitting).data, "html.parser").select("main a[href$='.pdf']")
    pdf = pypdfium2.PdfDocument(io.BytesIO(stranger.get(str(link["href"])).data))
    drawn = " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())
    for told in (" ".join(main_of(stranger, place).split()), drawn):
        assert [word for word in WORDS if word in told] == []
        assert "KS 2017:1 · [maskat]" in told
        assert re.search(r"beviljar \[maskat\] ett anslag på 45\s000\skr", told)
        assert "Läxor behövs." in told
        assert "för projektet ”Läxhjälp”" in told


def test_the_sums_keep_it(app: Flask) -> None:
    """They are the municipality's own account, and tell neither title nor party."""
    with app.test_request_context():
        hide(running(application=kvinnojour()).application)
        granted()
        assert queries.funded_in_all() == (2, 90_000)
        assert len(db.session.scalars(select(Project)).all()) == 2
        db.session.commit()
    assert "2 projekt" in main_of(app.test_client(), "/sv/funded-projects")
