"""The pages of notices, appeals and early payment: who sees what, and what bad input gets."""

from datetime import date

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Organisation
from fundapp.db import db
from fundapp.decisions.models import Appeal, AppealEnd, EarlyPayment
from fundapp.meetings.minutes import BoardNotice
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.decisions import recorded
from tests.factories.force import announced, annulled
from tests.factories.people import official
from tests.factories.projects import running
from tests.ground.apps import SignIn
from tests.ground.pages import send

URL = "http://localhost/en/"


class Scene:
    """A running project whose sitting is approved and not announced, with everybody around it."""

    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        self.app, self.signed_in = app, signed_in
        with app.test_request_context(URL):
            project = running(amount=45_000)
            decision, application = project.decision, project.application
            self.secretary, self.registrar = official(Role.SECRETARY), official(Role.REGISTRAR)
            self.officer, self.owner = official(Role.OFFICER), application.created_by
            sitting = decision.item.meeting.public_id
            self.sitting, self.announce = f"/en/meetings/{sitting}", f"/en/meetings/{sitting}/announce"
            self.case, self.own = f"/en/cases/{application.public_id}", f"/en/applications/{application.public_id}"
            self.project, self.appeal = (
                f"/en/projects/{project.public_id}",
                f"/en/decisions/{decision.public_id}/appeals/new",
            )
            self.early, self.pay = (
                f"/en/decisions/{decision.public_id}/early-payment",
                f"/en/instalments/{project.instalments[0].public_id}/pay",
            )
            self.organisation = application.organisation_id
            db.session.commit()

    def as_(self, who: str) -> FlaskClient:
        return self.signed_in(getattr(self, who))

    def text(self, who: str, path: str) -> str:
        answer = self.as_(who).get(path)
        assert answer.status_code == 200, path
        return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())

    def count(self, table: type) -> int:
        with self.app.app_context():
            return len(db.session.scalars(select(table)).all())


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def test_the_sitting_says_what_waits_and_leads_to_the_notice(scene: Scene) -> None:
    page = scene.as_("secretary").get(scene.sitting).text
    assert scene.announce in page
    assert "8 March 2017" in page
    assert scene.announce not in scene.as_("officer").get(scene.sitting).text


def test_a_notice_is_recorded_in_one_press_and_every_page_tells_of_it(scene: Scene) -> None:
    secretary = scene.as_("secretary")
    kept_at = BeautifulSoup(secretary.get(scene.announce).text, "html.parser").select_one("#kept_at")
    assert kept_at["value"]
    posted = {"announced_on": "2017-03-06", "kept_at": kept_at["value"], "taken_down_on": ""}
    assert send(secretary, scene.announce, posted).status_code == 302
    assert "The last day for appeals is 27 March 2017." in secretary.get(scene.sitting).text
    sentence = "The decision comes into force on 28 March 2017 if nobody appeals."
    for who, path in (
        ("owner", scene.own),
        ("owner", scene.project),
        ("registrar", scene.case),
        ("officer", scene.project),
    ):
        assert sentence in scene.text(who, path)
    assert "Nothing of this sitting waits for a notice" in scene.text("secretary", scene.announce)
    assert send(secretary, scene.announce, posted).status_code == 409
    assert scene.count(BoardNotice) == 1


BAD_NOTICES = [
    ("announced_on", "2017-03-05"),
    ("announced_on", "2017-03-07"),
    ("announced_on", "igår"),
    ("announced_on", ""),
    ("kept_at", ""),
    ("kept_at", "x" * 201),
    ("taken_down_on", "2017-03-27"),
    ("taken_down_on", "2027-03-27"),
]


def test_a_bad_notice_says_what_to_write_and_keeps_what_was_typed(scene: Scene) -> None:
    secretary = scene.as_("secretary")
    for field, typed in BAD_NOTICES:
        posted = {"announced_on": "2017-03-06", "kept_at": "Kommunhuset", "taken_down_on": ""} | {field: typed}
        _refused(secretary, scene.announce, posted, field)
    assert scene.count(BoardNotice) == 0


def _refused(client: FlaskClient, path: str, posted: dict[str, str], field: str) -> None:
    """422, what was typed still there, and a message beside the field."""
    answer = send(client, path, posted)
    assert answer.status_code == 422, (field, posted[field])
    soup = BeautifulSoup(answer.text, "html.parser")
    typed = {one["name"]: one.get("value", "") for one in soup.select("main input[type=text]")}
    assert {name: typed[name] for name in posted if name in typed} == {n: v for n, v in posted.items() if n in typed}
    assert soup.select_one(f"#{field}[aria-invalid]") is not None, (field, posted[field])


def test_a_pending_sitting_has_no_notice_to_make(scene: Scene) -> None:
    with scene.app.test_request_context(URL):
        sitting = recorded().item.meeting.public_id
        db.session.commit()
    assert "/announce" not in scene.as_("secretary").get(f"/en/meetings/{sitting}").text
    posted = {"announced_on": "2017-03-06", "kept_at": "Kommunhuset"}
    assert send(scene.as_("secretary"), f"/en/meetings/{sitting}/announce", posted).status_code == 409


def test_an_appeal_is_recorded_ended_and_seen_in_the_case(scene: Scene) -> None:
    registrar = scene.as_("registrar")
    posted = {"received_on": "2017-03-06", "appellant": "Sven Medlem", "court_number": "412-17"}
    assert send(registrar, scene.appeal, posted).status_code == 302
    case = scene.text("registrar", scene.case)
    assert "Appealed by Sven Medlem, came in on 6 March 2017." in case
    assert "Somebody has appealed." in scene.text("owner", scene.own)
    assert "Sven Medlem" not in scene.as_("owner").get(scene.own).text
    with scene.app.app_context():
        end = f"/en/appeals/{db.session.scalars(select(Appeal.public_id)).one()}/end"
    assert end in registrar.get(scene.case).text
    wrong = send(registrar, end, {"kind": "dismissed", "ended_on": "2017-03-05", "court_number": "9-17"})
    assert wrong.status_code == 422
    soup = BeautifulSoup(wrong.text, "html.parser")
    assert soup.select_one("#ended_on")["value"] == "2017-03-05"
    assert soup.select_one("input[name=kind][checked]")["value"] == "dismissed"
    assert send(registrar, end, {"kind": "", "ended_on": "2017-03-06"}).status_code == 422
    assert send(registrar, end, {"kind": "dismissed", "ended_on": "2017-03-06"}).status_code == 302
    assert registrar.get(end).status_code == 409
    assert str(AppealEnd.DISMISSED.label) in registrar.get(scene.case).text


def test_a_bad_appeal_says_what_to_write(scene: Scene) -> None:
    registrar = scene.as_("registrar")
    for field, typed in (
        ("received_on", "2017-03-05"),
        ("received_on", "snart"),
        ("appellant", ""),
        ("court_number", "9" * 61),
    ):
        posted = {"received_on": "2017-03-06", "appellant": "Sven Medlem", "court_number": ""} | {field: typed}
        _refused(registrar, scene.appeal, posted, field)
    assert scene.count(Appeal) == 0


def test_who_has_a_conflict_sees_nothing_of_the_appeal(scene: Scene) -> None:
    with scene.app.test_request_context(URL):
        person = official(Role.SECRETARY, name="Conflicted")
        ours = db.session.get_one(Organisation, scene.organisation)
        declare_conflict(by=person, reason="Min bror.", organisation=ours)
        db.session.commit()
    for path in (scene.appeal, scene.early, scene.case):
        assert scene.signed_in(person).get(path).status_code == 404


def test_the_desk_says_why_it_is_not_paid_and_a_secretary_may_allow_it(scene: Scene) -> None:
    page = scene.text("officer", scene.project)
    assert "The decision is not announced on the noticeboard. Payment waits until it is in force." in page
    assert "Propose the payment" not in page
    assert "Payment waits" not in scene.text("owner", scene.project)
    officer = scene.as_("officer")
    assert officer.get(scene.pay).status_code == 409
    refused = send(officer, scene.pay, {"paid_on": "2017-03-06", "reference": "LEV-1"})
    assert refused.status_code == 422
    assert "not announced" in refused.text
    assert 'value="LEV-1"' in refused.text
    assert officer.get(scene.early).status_code == 403
    secretary = scene.as_("secretary")
    assert send(secretary, scene.early, {"reason": " "}).status_code == 422
    assert send(secretary, scene.early, {"reason": "Kursen börjar på måndag."}).status_code == 302
    assert scene.count(EarlyPayment) == 1
    page = scene.text("officer", scene.project)
    assert "Kursen börjar på måndag." in page
    assert "Kursen börjar" not in scene.text("owner", scene.project)
    assert send(officer, scene.pay, {"paid_on": "2017-03-06", "reference": "LEV-1"}).status_code == 302


def test_an_annulled_project_asks_for_nothing_but_the_money(scene: Scene) -> None:
    with scene.app.test_request_context(URL):
        project = running()
        scene.owner = project.application.created_by
        announced(project.decision)
        annulled(project.decision)
        path, own = f"/en/projects/{project.public_id}", f"/en/applications/{project.application.public_id}"
        db.session.commit()
    page = scene.text("owner", path)
    assert "no report is asked for" in page
    assert "Write the report" not in page
    assert "A court annulled the decision on 6 March 2017." in scene.text("owner", own)
    assert scene.as_("owner").get(f"{path}/report").status_code == 409
    assert "The decision was annulled" in scene.text("officer", "/en/projects")
    on_day(date(2018, 6, 1))
    soup = BeautifulSoup(scene.as_("officer").get("/en/projects").text, "html.parser")
    rows = [row.get_text(" ") for row in soup.select("tbody tr")]
    assert ["Overdue" in row for row in rows if "annulled" in row] == [False]
