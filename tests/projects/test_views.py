"""Pages of funded projects: who sees what, and what bad input gets."""

from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.funds.models import LedgerEntry, LedgerKind
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.projects import queries
from fundapp.projects.models import Instalment, Project
from fundapp.workflow import InstalmentStatus
from tests.factories import on_day
from tests.factories.people import official
from tests.factories.projects import paid, payable, running
from tests.ground.apps import SignIn
from tests.ground.pages import send

URL = "http://localhost/en/"


class Scene:
    """A running project of 45 000 kr in two instalments, its applicant and an officer."""

    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        self.app = app
        with app.test_request_context(URL):
            project = payable(running(amount=45_000))
            officer = official(Role.OFFICER)
            self.project = project.public_id
            self.parts = [part.public_id for part in project.instalments]
            applicant = project.application.created_by
            db.session.commit()
        self.officer, self.applicant = signed_in(officer), signed_in(applicant)
        self.sign_in_officer = lambda: signed_in(officer)
        self.page, self.pay_page = f"/en/projects/{self.project}", f"/en/instalments/{self.parts[0]}/pay"
        self.plan_page = f"{self.page}/instalments"

    def list_on(self, day: date, show: str = "") -> str:
        """The officers' list as it stands on a day; a session does not last from one such day to another."""
        on_day(day)
        page = self.sign_in_officer().get(f"/en/projects?show={show}")
        assert page.status_code == 200
        return page.text

    def instalments(self) -> list[tuple[int, InstalmentStatus]]:
        with self.app.app_context():
            parts = db.session.scalars(select(Instalment).order_by(Instalment.number))
            return [(part.amount, part.status) for part in parts]


PLANNED, PROPOSED, PAID = InstalmentStatus.PLANNED, InstalmentStatus.PROPOSED, InstalmentStatus.PAID


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def test_list_tells_what_is_due_and_paid(scene: Scene) -> None:
    page = scene.officer.get("/en/projects").text
    assert "due 15 February 2018" in page
    assert "Språkkafé vid älven" in page
    page = scene.list_on(date(2018, 3, 6), "overdue")
    assert "Overdue since 15 February 2018" in page
    assert "to pay since 3 April 2017" in page


@pytest.mark.usefixtures("both_engines")
def test_the_list_comes_in_pages_that_keep_the_choice(
    app: Flask, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    monkeypatch.setattr(queries, "COUNTED", 3)
    with app.test_request_context(URL):
        for number in range(4):
            running(title=f"Nummer {number}")
        db.session.commit()
    path, seen = "/en/projects?show=running", []
    for _page in range(3):
        soup = BeautifulSoup(scene.officer.get(path).text, "html.parser")
        seen.append([link.get_text() for link in soup.select("tbody th a")])
        counts = {link.get_text(" ", strip=True) for link in soup.select(".filters a")}
        assert {"All 3+", "Running 3+", "Closed 0", "Report overdue 0"} <= counts
        onward = soup.select_one(".pager a[rel=next]")
        path = str(onward["href"]) if onward is not None else ""
        assert not path or "show=running" in path
    assert seen == [["Språkkafé vid älven", "Nummer 0"], ["Nummer 1", "Nummer 2"], ["Nummer 3"]]
    assert path == ""


def test_an_unknown_choice_in_the_list_shows_all(scene: Scene) -> None:
    page = scene.officer.get("/en/projects?show=%3Cb%3Enonsense")
    assert page.status_code == 200
    assert "Språkkafé vid älven" in page.text


def test_applicant_and_officer_see_different_parts(scene: Scene) -> None:
    own, theirs = scene.applicant.get(scene.page).text, scene.officer.get(scene.page).text
    assert "Write the report" in own
    assert "Propose the payment" not in own
    assert "Propose the payment" in theirs
    assert "Write the report" not in theirs
    for page in (own, theirs):
        assert "KS 2017-03-06 § 1" in page
        assert "45\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}kr" in page


def test_a_stranger_does_not_learn_that_the_project_exists(scene: Scene, signed_in: SignIn) -> None:
    stranger = signed_in("stranger@exempel.example")
    for path in (scene.page, scene.pay_page, scene.plan_page, f"{scene.page}/report"):
        assert stranger.get(path).status_code == 404, path


def test_an_officer_with_a_conflict_does_not_see_the_project(app: Flask, scene: Scene, signed_in: SignIn) -> None:
    with app.test_request_context(URL):
        officer = official(Role.OFFICER)
        organisation = db.session.scalars(select(Project)).one().application.organisation
        declare_conflict(organisation=organisation, reason="Min syster är kassör.", by=officer)
        db.session.commit()
    browser = signed_in(officer)
    assert browser.get(scene.page).status_code == 404
    assert "Språkkafé vid älven" not in browser.get("/en/projects").text


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.SECRETARY, Role.AUDITOR])
def test_officials_who_read_may_not_pay_or_plan(app: Flask, scene: Scene, signed_in: SignIn, role: Role) -> None:
    browser = signed_in(_official(app, role))
    assert browser.get(scene.page).status_code == 200
    assert send(browser, scene.pay_page, {"paid_on": "2017-03-06", "reference": "X"}).status_code == 403
    assert send(browser, scene.plan_page, {}).status_code == 403


def test_applicant_may_not_pay_the_own_project(scene: Scene) -> None:
    assert send(scene.applicant, scene.pay_page, {"paid_on": "2017-03-06", "reference": "X"}).status_code == 403


PAYMENT = {"paid_on": "2017-03-06", "reference": "LEV 4711"}


def test_proposing_twice_by_double_click_is_one_proposal_and_moves_no_money(scene: Scene) -> None:
    for _click in range(2):
        assert send(scene.officer, scene.pay_page, PAYMENT).status_code == 302
    assert scene.instalments() == [(22_500, PROPOSED), (22_500, PLANNED)]
    with scene.app.app_context():
        assert db.session.scalar(select(func.count(LedgerEntry.id)).where(LedgerEntry.kind == LedgerKind.PAY)) == 0


def test_proposing_what_is_proposed_is_not_possible(scene: Scene) -> None:
    send(scene.officer, scene.pay_page, PAYMENT)
    assert send(scene.officer, scene.pay_page, PAYMENT | {"reference": "LEV 9999"}).status_code == 409
    assert scene.officer.get(scene.pay_page).status_code == 409


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"paid_on": "", "reference": "LEV 1"}, "Write the day it was paid"),
        ({"paid_on": "2017-03-07", "reference": "LEV 1"}, "still to come"),
        ({"paid_on": "2017-03-05", "reference": "LEV 1"}, "on or after the decision"),
        ({"paid_on": "i går", "reference": "LEV 1"}, "year, month and day"),
        ({"paid_on": "2017-02-30", "reference": "LEV 1"}, "year, month and day"),
        ({"paid_on": "2017-03-06", "reference": "  "}, "so that it can be found"),
        ({"paid_on": "2017-03-06", "reference": "X" * 101}, "Shorten the text"),
    ],
)
def test_a_payment_that_cannot_be_right_says_why_and_keeps_what_was_typed(
    scene: Scene, fields: dict[str, str], message: str
) -> None:
    page = send(scene.officer, scene.pay_page, fields)
    assert page.status_code == 422
    assert page.text.count(message) >= 2  # in the summary and beside the field
    for typed in fields.values():
        assert not typed.strip() or f'value="{typed}"' in page.text
    assert scene.instalments() == [(22_500, PLANNED), (22_500, PLANNED)]


def seen_plan(scene: Scene) -> str:
    held = BeautifulSoup(scene.officer.get(scene.plan_page).text, "html.parser").select_one("input[name=seen]")
    assert held is not None
    return str(held["value"])


def plan(*rows: tuple[str, str], seen: str = "") -> dict[str, str]:
    fields = {"seen": seen}
    for number, (amount, day) in enumerate(rows):
        fields[f"parts-{number}-amount"], fields[f"parts-{number}-planned_on"] = amount, day
    return fields


def test_the_plan_changes_to_what_adds_up(scene: Scene) -> None:
    answer = send(
        scene.officer,
        scene.plan_page,
        plan(("10 000", "2017-04-03"), ("15000 kr", "2017-06-01"), ("20000", "20170901"), seen=seen_plan(scene)),
    )
    assert answer.status_code == 302
    assert scene.instalments() == [(10_000, PLANNED), (15_000, PLANNED), (20_000, PLANNED)]


def test_a_plan_that_a_colleague_changed_is_shown_beside_what_was_typed(scene: Scene) -> None:
    old = seen_plan(scene)
    first = plan(("45000", "2017-09-01"), seen=old)
    assert send(scene.officer, scene.plan_page, first).status_code == 302
    for seen in (old, ""):
        page = send(scene.officer, scene.plan_page, plan(("40000", "2017-12-01"), ("5000", "2017-12-02"), seen=seen))
        assert page.status_code == 409
        assert "Somebody else saved meanwhile" in page.text
        assert "1 September 2017" in page.text
        assert 'value="40000"' in page.text
        assert 'value="2017-12-02"' in page.text
    assert scene.instalments() == [(45_000, PLANNED)]
    held = BeautifulSoup(page.text, "html.parser").select_one("input[name=seen]")
    assert held is not None
    again = plan(("40000", "2017-12-01"), ("5000", "2017-12-02"), seen=str(held["value"]))
    assert send(scene.officer, scene.plan_page, again).status_code == 302
    assert scene.instalments() == [(40_000, PLANNED), (5_000, PLANNED)]


def test_a_payment_that_was_proposed_meanwhile_is_told_before_the_plan_changes(scene: Scene) -> None:
    old = seen_plan(scene)
    send(scene.officer, scene.pay_page, PAYMENT)
    answer = send(scene.officer, scene.plan_page, plan(("22500", "2017-12-01"), seen=old))
    assert (answer.status_code, "Somebody else saved meanwhile" in answer.text) == (409, True)
    assert scene.instalments() == [(22_500, PROPOSED), (22_500, PLANNED)]


def test_a_plan_that_was_replaced_can_be_found_again_in_the_history(scene: Scene, signed_in: SignIn) -> None:
    for day in ("2017-09-01", "2017-12-01"):
        send(scene.officer, scene.plan_page, plan(("45000", day), seen=seen_plan(scene)))
    with scene.app.app_context():
        told = [e.facts for e in db.session.scalars(select(HistoryEntry)) if e.event == "change_plan"]
    assert told[1] == {"planned_before": "45000@2017-09-01", "planned_now": "45000@2017-12-01"}
    page = signed_in(_official(scene.app, Role.AUDITOR)).get("/en/history").text
    assert "planned before: 45000@2017-09-01" in page


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("22500", "2017-04-03"), ("22499", "2017-09-01")], "which is what is left of the grant"),
        ([("22500,50", "2017-04-03"), ("22499,50", "2017-09-01")], "whole kronor with digits only"),
        ([("50000", "2017-04-03"), ("-5000", "2017-09-01")], "whole kronor with digits only"),
        ([("45000", "2017-04-03"), ("0", "2017-09-01")], "above zero"),
        ([("45000", "2017-03-05")], "on or after the decision"),
        ([("45000", "")], "Write the day for this sum"),
        ([("45000", "2017-04-03"), ("", "2017-09-01")], "Write the sum for this day"),
        ([("45000", "nästa vår")], "year, month and day"),
        ([], "which is what is left of the grant"),
    ],
)
def test_a_plan_that_cannot_be_right_says_why_and_keeps_what_was_typed(
    scene: Scene, rows: list[tuple[str, str]], message: str
) -> None:
    page = send(scene.officer, scene.plan_page, plan(*rows))
    assert page.status_code == 422
    assert message in page.text
    for row in rows:
        for typed in row:
            assert not typed or f'value="{typed}"' in page.text
    assert scene.instalments() == [(22_500, PLANNED), (22_500, PLANNED)]


def test_a_partly_paid_project_plans_the_rest_alone(app: Flask, scene: Scene) -> None:
    with app.test_request_context(URL):
        paid(db.session.scalars(select(Project)).one())
        db.session.commit()
    assert send(scene.officer, scene.plan_page, plan(("45000", "2017-04-03"))).status_code == 422
    rest = plan(("22500", "2017-04-03"), seen=seen_plan(scene))
    assert send(scene.officer, scene.plan_page, rest).status_code == 302
    assert scene.instalments() == [(22_500, PAID), (22_500, PLANNED)]


@pytest.mark.parametrize("path", ["/en/projects/nosuchthing1", "/en/instalments/nosuchthing1/pay"])
def test_what_does_not_exist_is_not_found(scene: Scene, path: str) -> None:
    assert scene.officer.get(path).status_code == 404


def test_projects_are_shut_to_who_is_not_signed_in(scene: Scene, client: FlaskClient) -> None:
    assert client.get(scene.page).status_code == 302
    assert client.get("/en/projects").status_code == 302


def test_a_report_is_overdue_the_day_after_its_last_day(scene: Scene) -> None:
    last_day = date(2018, 2, 15)
    assert "Overdue since" not in scene.list_on(last_day)
    assert "Overdue since" in scene.list_on(last_day + timedelta(days=1))


def _official(app: Flask, *roles: Role) -> Account:
    with app.app_context():
        person = official(*roles)
        db.session.commit()
        return person
