"""Flags and notes on the case page: who reads them, what a mistake keeps, and that they go nowhere else."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from pypdfium2 import PdfDocument
from sqlalchemy import func, select

from fundapp import documents
from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.remarks import actions
from fundapp.remarks.models import Flag, FlagKind, Note
from tests.factories import on_day
from tests.factories.assessments import assess, assessed, under_assessment
from tests.factories.house import House
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.seats import seated
from tests.ground.apps import SignIn
from tests.ground.house import Restore, address_of, client_of, methods_of
from tests.ground.pages import send
from tests.test_house import PAGES

CANARY = "kanariefågel"
INSIDE = {"registrar", "officer", "secretary"}


class Scene:
    """A case that an officer assesses."""

    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        self.app = app
        with app.test_request_context():
            owner = applicant("Amina Warsame", email="amina@forening.example")
            organisation(owner)
            officer = official(Role.OFFICER, name="Olga Henriksson", email="officer@kommun.example")
            self.case = under_assessment(by=owner, officer=officer).public_id
            db.session.commit()
        self.officer = signed_in("officer@kommun.example")
        self.page = f"/sv/cases/{self.case}"

    def count(self, table: Any) -> int:
        with self.app.app_context():
            return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def text_of(answer: Any) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def test_a_note_is_written_on_the_case_page_and_read_there(scene: Scene) -> None:
    section = BeautifulSoup(scene.officer.get(scene.page).text, "html.parser").select_one("#remarks")
    assert section is not None
    form = section.select_one("form:has(textarea[name=note])")
    assert form is not None
    send(scene.officer, str(form["action"]), {"note": "Ring kassören."})
    assert "Ring kassören." in scene.officer.get(scene.page).text


def test_a_flag_is_raised_seen_and_resolved(scene: Scene) -> None:
    raised = send(scene.officer, f"{scene.page}/flags/new", {"flag_kind": "STOP", "flag_reason": "Fel firmatecknare."})
    assert raised.status_code == 302
    page = BeautifulSoup(scene.officer.get(scene.page).text, "html.parser")
    link = page.select_one("#remarks article a")
    assert link is not None
    assert "Fel firmatecknare." in text_of(scene.officer.get(scene.page))
    send(scene.officer, str(link["href"]), {"resolution": "Nytt protokoll har kommit."})
    page = BeautifulSoup(scene.officer.get(scene.page).text, "html.parser")
    assert page.select_one("#remarks article a") is None
    assert "Nytt protokoll har kommit." in page.get_text()


@pytest.mark.parametrize(
    ("place", "fields", "kept"),
    [
        ("notes/new", {"note": "x" * 4001}, "x" * 4001),
        ("notes/new", {"note": "  "}, ""),
        ("flags/new", {"flag_kind": "LOOK", "flag_reason": "y" * 501}, "y" * 501),
        ("flags/new", {"flag_kind": "LOOK", "flag_reason": ""}, ""),
        ("flags/new", {"flag_kind": "WAVE", "flag_reason": "Viktigt."}, "Viktigt."),
    ],
)
def test_a_mistake_is_told_and_nothing_typed_is_lost(
    scene: Scene, place: str, fields: dict[str, str], kept: str
) -> None:
    answer = send(scene.officer, f"{scene.page}/{place}", fields)
    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select_one("#error-summary li") is not None
    box = page.select_one("textarea")
    assert box is not None
    assert box.get_text().strip() == kept
    assert (scene.count(Note), scene.count(Flag)) == (0, 0)


def test_a_corrected_note_shows_the_new_text_with_the_old_one_folded_below(scene: Scene) -> None:
    with scene.app.test_request_context():
        by = official(Role.OFFICER, email="officer@kommun.example")
        note = actions.write_note(_application(scene), "Ring tisdag.", by=by)
        db.session.commit()
        key = note.public_id
    assert send(scene.officer, f"/sv/notes/{key}/correct", {"note": "Ring tisdag."}).status_code == 422
    assert send(scene.officer, f"/sv/notes/{key}/correct", {"note": "Ring onsdag."}).status_code == 302
    section = BeautifulSoup(scene.officer.get(scene.page).text, "html.parser").select_one("#remarks")
    assert section is not None
    folded = section.select_one("article details")
    assert folded is not None
    assert "Ring tisdag." in folded.get_text()
    folded.extract()
    assert "Ring onsdag." in section.get_text()
    assert "Ring tisdag." not in section.get_text()


def _application(scene: Scene) -> Any:
    return db.session.scalars(select(Application).where(Application.public_id == scene.case)).one()


def test_a_colleague_does_not_correct_my_note(scene: Scene, signed_in: SignIn) -> None:
    with scene.app.test_request_context():
        by = official(Role.OFFICER, email="officer@kommun.example")
        official(Role.OFFICER, name="Oskar Nyström", email="other@kommun.example")
        key = actions.write_note(_application(scene), "Ring tisdag.", by=by).public_id
        db.session.commit()
    other = signed_in("other@kommun.example")
    assert "Ring tisdag." in other.get(scene.page).text
    assert f"/notes/{key}/correct" not in other.get(scene.page).text
    assert other.get(f"/sv/notes/{key}/correct").status_code == 403


def test_who_has_a_conflict_meets_neither_flag_nor_note(scene: Scene, signed_in: SignIn) -> None:
    with scene.app.test_request_context():
        by = official(Role.OFFICER, email="officer@kommun.example")
        note = actions.write_note(_application(scene), CANARY, by=by).public_id
        flag = actions.raise_flag(_application(scene), kind=FlagKind.STOP, reason=CANARY, by=by).public_id
        biased = official(Role.OFFICER, name="Oskar Nyström", email="other@kommun.example")
        declare_conflict(by=biased, reason="Min bror är kassör.", application=_application(scene))
        db.session.commit()
    other = signed_in("other@kommun.example")
    places = (scene.page, f"{scene.page}/notes/new", f"{scene.page}/flags/new")
    for place in (*places, f"/sv/notes/{note}/correct", f"/sv/flags/{flag}/resolve"):
        assert other.get(place).status_code == 404, place
        assert send(other, place, {}).status_code in (404, 405), place


def words_in(content: bytes) -> str:
    """What a page, a PDF or a packed file (XLSX, ZIP) says."""
    if content.startswith(b"%PDF"):
        drawn = PdfDocument(content)
        found = " ".join(page.get_textpage().get_text_bounded() for page in drawn)
        drawn.close()
        return found
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as packed:
            return " ".join(packed.read(name).decode(errors="replace") for name in packed.namelist())
    return content.decode(errors="replace")


@pytest.mark.slow
def test_the_words_of_flags_and_notes_are_on_no_page_but_the_officials_own(
    house: House, copied: tuple[Flask, Restore]
) -> None:
    """Every GET address of the house, by everybody who comes in, with canaries in every case."""
    app, _restore = copied
    with app.test_request_context():
        for application in db.session.scalars(select(Application).where(Application.case_id.is_not(None))):
            by = official(Role.OFFICER, name="Den som flaggar", email="flag@kommun.example")
            actions.raise_flag(application, kind=FlagKind.LOOK, reason=CANARY, by=by)
            actions.write_note(application, CANARY, by=by)
        db.session.commit()
    met = set()
    for endpoint in PAGES:
        if "GET" not in methods_of(app, endpoint):
            continue
        for who in sorted(PAGES[endpoint] - INSIDE):
            with client_of(app, house, who).get(address_of(app, house, endpoint)) as answer:
                if CANARY in words_in(answer.get_data()):
                    met.add((endpoint, who))
    assert met == set()
    inside = client_of(app, house, "officer").get(address_of(app, house, "referrals.refer").rpartition("/ref")[0])
    assert CANARY in inside.text, "the canaries were not there to be met"


def test_no_paper_and_no_mail_holds_them(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        officer = official(Role.OFFICER, name="Olga Henriksson")
        application = under_assessment(officer=officer)
        flag = actions.raise_flag(application, kind=FlagKind.STOP, reason=CANARY, by=officer)
        actions.write_note(application, CANARY, by=officer)
        actions.resolve_flag(flag, CANARY, by=officer)
        assess(application, by=officer)
        on_agenda(application)
        assert not [p.file_name for p in db.session.scalars(select(Paper)) if CANARY in str(p.content)]
        assert not [m.subject for m in db.session.scalars(select(Message)) if CANARY in m.subject + m.body]
        report = db.session.scalars(select(Paper).where(Paper.template.contains("officer_report"))).one()
        drawn = PdfDocument(documents.pdf(report))
        assert not [page for page in drawn if CANARY in page.get_textpage().get_text_bounded()]
        drawn.close()


def test_the_case_page_says_that_a_flag_stops_the_report_and_the_agenda(scene: Scene, signed_in: SignIn) -> None:
    with scene.app.test_request_context():
        officer = official(Role.OFFICER, email="officer@kommun.example")
        ready = assessed(officer=officer, by=applicant("Amina Warsame", email="amina@forening.example"))
        official(Role.SECRETARY, name="Sara Innala", email="secretary@kommun.example")
        for case in (_application(scene), ready):
            actions.raise_flag(case, kind=FlagKind.STOP, reason="Fel firmatecknare.", by=officer)
        db.session.commit()
        key = ready.public_id
    for client, page in ((scene.officer, scene.page), (signed_in("secretary@kommun.example"), f"/sv/cases/{key}")):
        why = BeautifulSoup(client.get(page).text, "html.parser").select(".step-closed-why")
        assert [each for each in why if "Fel firmatecknare." in each.get_text()], page


def test_member_auditor_and_applicant_read_the_case_without_flags_and_notes(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        owner = applicant("Amina Warsame", email="amina@forening.example")
        organisation(owner)
        officer = official(Role.OFFICER, name="Olga Henriksson", email="officer@kommun.example")
        official(Role.AUDITOR, name="Rolf Stålnacke", email="auditor@kommun.example")
        member = official(Role.MEMBER, name="Martin Englund", email="member@kommun.example")
        application = assessed(by=owner, officer=officer)
        actions.raise_flag(application, kind=FlagKind.LOOK, reason=CANARY, by=officer)
        actions.write_note(application, CANARY, by=officer)
        on_agenda(application)
        seated(member)
        db.session.commit()
        key = application.public_id
    for email, path, reads in (
        ("officer@kommun.example", f"/sv/cases/{key}", True),
        ("auditor@kommun.example", f"/sv/cases/{key}", False),
        ("member@kommun.example", f"/sv/cases/{key}", False),
        ("amina@forening.example", f"/sv/applications/{key}", False),
    ):
        answer = signed_in(email).get(path)
        assert answer.status_code == 200, email
        assert (CANARY in answer.text) is reads, email
