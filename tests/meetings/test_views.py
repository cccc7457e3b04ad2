"""The sittings' pages: who sees what, what is refused, and that a conflict leaves no trace."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.db import db
from fundapp.decisions.models import Decision
from fundapp.meetings import actions
from fundapp.meetings.models import MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import recorded, signed
from tests.factories.meetings import on_agenda, opened, planned
from tests.factories.people import applicant, official, organisation
from tests.factories.seats import board, seated
from tests.ground.apps import SignIn
from tests.ground.pages import counted

READERS = (Role.SECRETARY, Role.MEMBER, Role.OFFICER, Role.REGISTRAR, Role.AUDITOR)
Make = Callable[[], Any]


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def in_app(app: Flask, make: Make) -> Any:
    """What `make` gives, made and committed inside an app context of its own."""
    with app.app_context():
        made = make()
        db.session.commit()
        return made


def as_role(app: Flask, signed_in: SignIn, *roles: Role) -> FlaskClient:
    return signed_in(in_app(app, lambda: official(*roles).email))


def page(client: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return BeautifulSoup(answer.data, "html.parser")


@pytest.mark.usefixtures("both_engines")
def test_a_secretary_plans_makes_the_agenda_and_opens_a_sitting(app: Flask, signed_in: SignIn) -> None:
    cases = in_app(app, lambda: [assessed().public_id for _ in range(3)])
    secretary = as_role(app, signed_in, Role.SECRETARY)
    page(secretary, "/en/meetings/new")
    answer = secretary.post("/en/meetings/new", data={"board": "KS", "held_on": "2017-03-06", "place": "Sessionssalen"})
    here = answer.headers["Location"]
    assert secretary.post(f"{here}/items", data={"heading": "Upprop", "text": "Kl. 9"}).status_code == 302
    assert secretary.post(f"{here}/agenda", data={"cases": cases[:2], "place": "together"}).status_code == 302
    assert secretary.post(f"{here}/agenda", data={"cases": cases[2:], "place": "each"}).status_code == 302
    soup = page(secretary, here)
    assert [row.get_text(" ", strip=True)[:2] for row in soup.select(".agenda-sign")] == [f"{n}." for n in range(1, 8)]
    assert len(soup.select(".board-case")) == 3
    alone = soup.select(".minute-item")[-2]["id"].removeprefix("item-")  # the delegated decisions come last
    secretary.post(f"{here}/move", data={"item": alone, "way": "up"})
    assert secretary.post(f"{here}/open").status_code == 302
    soup = page(secretary, here)
    assert [row.get_text(strip=True) for row in soup.select(".agenda-sign")] == [f"§ {n}" for n in range(1, 8)]
    assert [len(item.select(".board-case")) for item in soup.select(".minute-item")] == [0, 0, 0, 0, 1, 2, 0]
    assert soup.find("a", string="Record another outcome")


def test_what_is_left_of_the_frame_runs_down_the_list(app: Flask, signed_in: SignIn) -> None:
    in_app(app, lambda: [assessed(amount=amount, outcome=Outcome.GRANT_IN_PART) for amount in (40_000, 30_000)])
    public_id = in_app(app, lambda: planned().public_id)
    soup = page(as_role(app, signed_in, Role.SECRETARY), f"/en/meetings/{public_id}")
    left = [row.select("td")[-1].get_text(strip=True).replace("\xa0", " ") for row in soup.select("#cases tr")]
    assert left == ["2 960 000 kr", "2 930 000 kr"]


@pytest.mark.usefixtures("both_engines")
def test_a_recorded_outcome_takes_the_proposals_place_in_what_is_left(app: Flask, signed_in: SignIn) -> None:
    def make() -> str:
        by = official(Role.SECRETARY)
        cases = [assessed() for _ in range(3)]
        item = on_agenda(cases, secretary=by)
        recorded(item, cases[0], outcome=Outcome.REJECT, secretary=by)
        recorded(item, cases[2], outcome=Outcome.GRANT_IN_PART, amount=5_000, secretary=by)
        return item.meeting.public_id

    public_id = in_app(app, make)
    soup = page(as_role(app, signed_in, Role.SECRETARY), f"/en/meetings/{public_id}")
    lefts = [box.select(".fact dd")[-1].get_text(strip=True).replace("\xa0", " ") for box in soup.select(".board-case")]
    assert lefts == ["3 000 000 kr", "2 955 000 kr", "2 950 000 kr"]


@pytest.mark.parametrize("role", READERS)
def test_the_board_room_reads_the_sitting_and_only_the_secretary_changes_it(
    app: Flask, signed_in: SignIn, role: Role
) -> None:
    public_id, item = in_app(app, lambda: (lambda item: (item.meeting.public_id, item.public_id))(on_agenda()))
    reader = in_app(app, lambda: (seated().account if role is Role.MEMBER else official(role)).email)
    client = signed_in(reader)
    soup = page(client, f"/en/meetings/{public_id}")
    page(client, "/en/sittings")
    assert len(soup.select(".board-case")) == 1
    is_secretary = role is Role.SECRETARY
    forms = soup.select("main form")
    assert bool(forms) is is_secretary
    for path, sent in (
        ("items", {"heading": "Övrigt"}),
        ("agenda", {"cases": ["x"], "place": "each"}),
        ("move", {"item": item, "way": "up"}),
        ("take-off", {"item": item}),
        ("open", {}),
        ("minutes", {}),
        ("minutes/approve", {}),
    ):
        status = client.post(f"/en/meetings/{public_id}/{path}", data=sent).status_code
        assert (status == 403) is not is_secretary, path
    assert (client.get("/en/meetings/new").status_code == 200) is is_secretary


@pytest.mark.usefixtures("both_engines")
def test_a_member_knows_the_sittings_of_the_bodies_where_the_member_has_a_seat(app: Flask, signed_in: SignIn) -> None:
    public_id = in_app(app, lambda: opened().public_id)
    ended = (date(2016, 1, 1), date(2016, 12, 31))
    readers = {
        "own body": (in_app(app, lambda: seated().account.email), 200),
        "another body": (in_app(app, lambda: seated(applicant("Ulla"), body=board("FoK")).account.email), 404),
        "a seat that ended before": (in_app(app, lambda: seated(applicant("Per"), term=ended).account.email), 404),
    }
    for who, (email, status) in readers.items():
        client = signed_in(email)
        assert client.get(f"/sv/meetings/{public_id}").status_code == status, who
        assert (public_id in client.get("/sv/sittings").text) is (status == 200), who


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, None])
def test_who_has_no_place_in_the_board_room_finds_no_sitting(app: Flask, signed_in: SignIn, role: Role | None) -> None:
    public_id = in_app(app, lambda: opened().public_id)
    email = in_app(app, lambda: official(*([role] if role else [])).email)
    client = signed_in(email)
    assert client.get(f"/sv/meetings/{public_id}").status_code == 404
    assert client.get("/sv/sittings").status_code == 403
    assert app.test_client().get(f"/sv/meetings/{public_id}").status_code == 302


@pytest.mark.usefixtures("both_engines")
def test_a_case_with_a_conflict_leaves_no_trace_but_its_paragraph(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str]:
        person, by = applicant(), official(Role.SECRETARY)
        organisation(person, name="Hemliga klubben", org_number="8020007725")
        meeting = opened(secretary=by)
        hidden = assessed(by=person, title="Hemliga projektet")
        actions.put_on_agenda(meeting, [hidden], by=by)
        actions.put_on_agenda(meeting, [assessed()], by=by)
        assessed(by=person, title="Nästa hemliga")
        member = official(Role.MEMBER, Role.SECRETARY)
        declare_conflict(by=member, reason="Jag är revisor.", application=hidden)
        return meeting.public_id, member.email, hidden.public_id

    public_id, email, hidden = in_app(app, make)
    client = signed_in(email)
    for path in (f"/en/meetings/{public_id}", "/en/sittings", f"/en/meetings/{public_id}/minutes"):
        soup = page(client, path)
        assert "emliga" not in soup.get_text()
        assert hidden not in str(soup)
    soup = page(client, f"/en/meetings/{public_id}")
    assert [row.get_text(strip=True) for row in soup.select(".agenda-sign")] == ["§ 1", "§ 2"]
    assert len(soup.select(".board-case")) == 1
    assert "1 case has no outcome yet" in soup.get_text()
    row = page(client, "/en/sittings").select("tbody tr")[0]
    assert [cell.get_text(strip=True) for cell in row.select("td.amount")] == ["2", "1"]
    other = signed_in(in_app(app, lambda: seated().account.email))
    assert len(page(other, f"/en/meetings/{public_id}").select(".board-case")) == 2
    assert client.post(f"/en/meetings/{public_id}/take-off", data={"case": hidden}).status_code == 404


def test_a_secretary_with_a_conflict_approves_the_minutes_and_learns_nothing_of_the_case(
    app: Flask, signed_in: SignIn
) -> None:
    def make() -> tuple[str, str, str]:
        person, by = applicant(), official(Role.SECRETARY)
        organisation(person, name="Hemliga klubben", org_number="8020007725")
        decision = recorded(application=assessed(by=person, title="Hemliga projektet"), secretary=by)
        other = official(Role.SECRETARY)
        declare_conflict(by=other, reason="Jag är revisor.", application=decision.application)
        signed(decision.item.meeting, secretary=by)
        return decision.item.meeting.public_id, other.email, decision.application.public_id

    public_id, email, hidden = in_app(app, make)
    client, here = signed_in(email), f"/en/meetings/{public_id}"
    answers = [client.get(f"{here}/minutes")]
    answers.append(client.post(f"{here}/minutes/approve", follow_redirects=True))
    answers.append(client.get(f"{here}/letters"))
    for answer in answers:
        assert answer.status_code == 200
        assert "emliga" not in answer.text
        assert hidden not in answer.text
        assert "45\u00a0000" not in answer.text
    with app.app_context():
        assert db.session.scalars(select(Decision)).one().is_final


@pytest.mark.parametrize("on_it", [True, False])
def test_a_member_reads_a_case_from_the_day_it_stands_on_an_agenda(app: Flask, signed_in: SignIn, on_it: bool) -> None:
    def make() -> str:
        application = assessed()
        if on_it:
            on_agenda(application)
        return application.public_id

    key = in_app(app, make)
    member = signed_in(in_app(app, lambda: seated().account.email))
    assert member.get(f"/en/cases/{key}").status_code == (200 if on_it else 404)
    assert (key in member.get("/en/cases").text) is on_it
    if on_it:
        assert member.post(f"/en/cases/{key}/reopen").status_code == 403


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"board": "KS", "held_on": ""}, "held_on"),
        ({"board": "KS", "held_on": "i morgon"}, "held_on"),
        ({"board": "KS", "held_on": "2017-02-30"}, "held_on"),
        ({"board": "KS", "held_on": "2071-03-06"}, "held_on"),
        ({"board": "SOC", "held_on": "2017-03-27"}, "board"),
        ({"held_on": "2017-03-27"}, "board"),
    ],
)
def test_a_sitting_that_cannot_be_planned_is_shown_again(
    app: Flask, signed_in: SignIn, sent: dict[str, str], field: str
) -> None:
    answer = as_role(app, signed_in, Role.SECRETARY).post("/en/meetings/new", data=sent | {"place": "Stora salen"})
    soup = BeautifulSoup(answer.data, "html.parser")
    assert answer.status_code == 422
    assert soup.select_one(f'.error-summary a[href="#{field}"]')
    assert soup.find(id="place")["value"] == "Stora salen"
    assert soup.find(id="held_on")["value"] == sent["held_on"]


def test_a_paragraph_without_heading_and_an_agenda_without_choice_are_shown_again(
    app: Flask, signed_in: SignIn
) -> None:
    in_app(app, lambda: assessed().public_id)
    here = f"/en/meetings/{in_app(app, lambda: planned().public_id)}"
    client = as_role(app, signed_in, Role.SECRETARY)
    answer = client.post(f"{here}/items", data={"heading": " ", "text": "Ett långt ord"})
    assert answer.status_code == 422
    assert "Ett långt ord" in answer.get_data(as_text=True)
    answer = client.post(f"{here}/agenda", data={"place": "each"})
    assert answer.status_code == 422
    assert "Choose at least one case" in answer.get_data(as_text=True)


def test_a_case_that_is_not_ready_any_more_is_409(app: Flask, signed_in: SignIn) -> None:
    case = in_app(app, lambda: on_agenda().cases[0].application.public_id)
    here = f"/en/meetings/{in_app(app, lambda: planned().public_id)}"
    answer = as_role(app, signed_in, Role.SECRETARY).post(f"{here}/agenda", data={"cases": [case], "place": "each"})
    assert answer.status_code == 409
    with app.app_context():
        assert len(db.session.scalars(select(MinuteItem)).all()) == 1


def test_a_sitting_before_its_day_and_one_opened_already_do_not_open(app: Flask, signed_in: SignIn) -> None:
    done = in_app(app, lambda: opened().public_id)
    client = as_role(app, signed_in, Role.SECRETARY)
    assert client.post(f"/en/meetings/{done}/open").status_code == 409


@pytest.mark.usefixtures("both_engines")
def test_approving_makes_the_outcomes_final_and_the_page_says_so(app: Flask, signed_in: SignIn) -> None:
    def make() -> str:
        meeting = recorded().item.meeting
        signed(meeting)
        return meeting.public_id

    here = f"/en/meetings/{in_app(app, make)}"
    client = as_role(app, signed_in, Role.SECRETARY)
    answer = client.post(f"{here}/minutes/approve", follow_redirects=True)
    assert answer.status_code == 200
    assert "The minutes are approved. The decisions are final" in answer.get_data(as_text=True)
    assert "Correct the outcome" not in client.get(here).get_data(as_text=True)
    assert client.post(f"{here}/minutes/approve").status_code == 409
    with app.app_context():
        assert db.session.scalars(select(Decision)).one().is_final


def test_a_sittings_page_asks_the_database_the_same_few_questions_however_many_cases(
    app: Flask, signed_in: SignIn
) -> None:
    def make(count: int) -> str:
        by = official(Role.SECRETARY)
        cases = [assessed() for _ in range(count)]
        item = on_agenda(cases, secretary=by)
        for case in cases:
            recorded(item, case, secretary=by)
        [assessed() for _ in range(count)]
        return item.meeting.public_id

    client = as_role(app, signed_in, Role.SECRETARY)
    few = statements(app, client, f"/en/meetings/{in_app(app, lambda: make(1))}")
    many = statements(app, client, f"/en/meetings/{in_app(app, lambda: make(5))}")
    assert many == few


def statements(app: Flask, client: FlaskClient, path: str) -> int:
    with counted(app) as sent:
        page(client, path)
    return len(sent)
