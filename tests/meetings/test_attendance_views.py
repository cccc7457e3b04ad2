"""The pages of who is there: the roll, comings and goings, the chair, the checker, and the end of the sitting."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from fundapp.db import db
from fundapp.meetings import actions
from fundapp.meetings.models import Meeting
from fundapp.meetings.presences import serving_under
from fundapp.meetings.proceedings import Presence
from fundapp.permissions import Role
from fundapp.workflow import MeetingStatus
from tests.factories import on_day
from tests.factories.meetings import planned, with_roll
from tests.factories.people import official
from tests.factories.seats import full_house, seated
from tests.ground.apps import SignIn


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def sitting(app: Flask, *, is_called: bool = True, is_opened: bool = True) -> tuple[str, list[str]]:
    """The address of a sitting of three § and the public ids of the full house."""
    with app.app_context():
        by = official(Role.SECRETARY)
        seats = full_house()
        meeting = planned(secretary=by)
        for n in range(3):
            actions.add_item(meeting, f"Ärende {n + 1}", by=by)
        if is_opened:
            actions.open_meeting(meeting, by=by)
        if is_called and is_opened:
            with_roll(meeting, secretary=by)
        db.session.commit()
        return f"/en/meetings/{meeting.public_id}", [seat.public_id for seat in seats]


def secretary_of(app: Flask, signed_in: SignIn, role: Role = Role.SECRETARY) -> Any:
    with app.app_context():
        email = (seated().account if role is Role.MEMBER else official(role)).email
        db.session.commit()
    return signed_in(email)


def soup(answer: Any, status: int = 200) -> BeautifulSoup:
    assert answer.status_code == status, answer.get_data(as_text=True)
    return BeautifulSoup(answer.data, "html.parser")


def meeting_of(here: str) -> Meeting:
    return db.session.scalars(select(Meeting).where(Meeting.public_id == here.rsplit("/", 1)[1])).one()


def serving(app: Flask, here: str, number: int) -> list[str]:
    with app.app_context():
        item = next(item for item in meeting_of(here).items if item.number == number)
        return [seat.public_id for seat in serving_under(item)]


@pytest.mark.usefixtures("both_engines")
def test_a_secretary_calls_the_roll_by_unticking_who_is_absent(app: Flask, signed_in: SignIn) -> None:
    here, seats = sitting(app, is_called=False)
    secretary = secretary_of(app, signed_in)
    assert soup(secretary.get(here)).select_one(f"a[href$='{here}/roll']")
    page = soup(secretary.get(f"{here}/roll"))
    assert len(page.select("[name=present][checked]")) == 13
    typed = {
        "present": [*seats[:11]],
        f"{seats[13]}-serves": "idle",
        f"{seats[14]}-serves": "in_order",
        f"{seats[15]}-serves": seats[11],
        "chair": "",
        "others-0-name": "Oskar Nyström",
        "others-0-title": "handläggare",
    }
    assert secretary.post(f"{here}/roll", data=typed).location.endswith(here)
    assert serving(app, here, 1) == [*seats[:11], seats[14], seats[15]]
    page = soup(secretary.get(f"{here}/attendance"))
    rows = [" ".join(row.get_text(" ", strip=True).split()) for row in page.select("tbody tr")]
    assert len(rows) == 15
    assert "Ersättare 2 KS Serves Ledamot 11 KS the whole sitting" in rows[12]
    assert "Oskar Nyström handläggare" in rows[14]
    page = soup(secretary.get(f"{here}/roll"))
    assert len(page.select("[name=present][checked]")) == 11
    chosen = [page.select_one(f"[name='{seats[n]}-serves'] option[selected]")["value"] for n in (13, 14, 15)]
    assert chosen == ["idle", seats[12], seats[11]]
    assert page.select_one("[name=others-0-name]")["value"] == "Oskar Nyström"
    panel = " ".join(soup(secretary.get(here)).select_one("#attendance").get_text(" ", strip=True).split())
    assert "13 serve (of 13 members), 1 substitute beside" in panel
    assert "Ledamot 0 KS" in panel


def test_a_roll_that_cannot_be_is_told_with_its_ticks_kept(app: Flask, signed_in: SignIn) -> None:
    here, seats = sitting(app, is_called=False)
    secretary = secretary_of(app, signed_in)
    typed = {"present": seats[3:13], f"{seats[13]}-serves": seats[5], "others-0-name": "Oskar", "chair": ""}
    page = soup(secretary.post(f"{here}/roll", data=typed), 409)
    assert "whose place is taken" in page.select_one(".error-summary").get_text()
    assert len(page.select("[name=present][checked]")) == 10
    assert page.select_one(f"[name='{seats[13]}-serves'] option[selected]")["value"] == seats[5]
    assert page.select_one("[name=others-0-name]")["value"] == "Oskar"
    page = soup(secretary.post(f"{here}/roll", data={"present": seats[3:13], "chair": ""}), 409)
    assert "Choose who is in the chair" in page.get_text()
    page = soup(secretary.post(f"{here}/roll", data={"present": ["nobody"], "chair": ""}), 422)
    with app.app_context():
        assert db.session.scalars(select(Presence)).all() == []


def test_who_comes_and_goes_is_recorded_from_the_page(app: Flask, signed_in: SignIn) -> None:
    here, seats = sitting(app)
    secretary = secretary_of(app, signed_in)
    page = soup(secretary.get(f"{here}/attendance"))
    assert page.select_one("#leave [name=last] option[selected]")["value"] == "3"
    left = {"who": seats[5], "last": "1", "replaced_by": ""}
    assert secretary.post(f"{here}/attendance/leave", data=left).status_code == 302
    came = {"who": seats[13], "first": "2", "in_place_of": ""}
    assert secretary.post(f"{here}/attendance/arrive", data=came).status_code == 302
    assert serving(app, here, 1) == seats[:13]
    assert serving(app, here, 2) == [*seats[:5], *seats[6:14]]
    back = {"who": seats[5], "first": "3", "in_place_of": ""}
    assert secretary.post(f"{here}/attendance/arrive", data=back).status_code == 302
    assert serving(app, here, 3) == seats[:13]
    chair = {"who": seats[1], "first": "2", "last": "2"}
    assert secretary.post(f"{here}/attendance/chair", data=chair).status_code == 302
    guest = {"name": "Olga Henriksson", "title": "handläggare", "first": "2", "last": "2"}
    assert secretary.post(f"{here}/attendance/other", data=guest).status_code == 302
    text = " ".join(soup(secretary.get(f"{here}/attendance")).get_text(" ", strip=True).split())
    for told in ("Ledamot 5 KS Member – to the end of § 1", "Olga Henriksson handläggare – § 2", "Ledamot 1 KS , § 2"):
        assert told in text


@pytest.mark.parametrize(
    ("path", "typed", "status", "told"),
    [
        ("leave", {"who": "", "last": "1", "replaced_by": ""}, 422, "Choose who leaves."),
        ("leave", {"who": 0, "last": "1", "replaced_by": ""}, 409, "Put somebody else in the chair first"),
        ("leave", {"who": 13, "last": "1", "replaced_by": ""}, 409, "is not there after § 1"),
        ("arrive", {"who": 4, "first": "2", "in_place_of": ""}, 409, "is there already"),
        ("chair", {"who": 13, "first": "2", "last": ""}, 409, "does not serve there"),
        ("chair", {"who": 4, "first": "3", "last": "2"}, 409, "The last § comes before the first"),
        ("checker", {"who": 0, "signing_on": "", "place": "Stadshuset"}, 409, "Choose another."),
        ("checker", {"who": 4, "signing_on": "soon", "place": "Stadshuset"}, 422, "Write the date"),
        ("other", {"name": "", "title": "tolk", "first": "", "last": ""}, 422, "Write the name."),
    ],
)
def test_what_cannot_be_is_told_on_the_page_and_nothing_is_changed(
    app: Flask, signed_in: SignIn, path: str, typed: dict[str, Any], status: int, told: str
) -> None:
    here, seats = sitting(app)
    secretary = secretary_of(app, signed_in)
    data = typed | ({"who": seats[typed["who"]]} if isinstance(typed.get("who"), int) else {})
    page = soup(secretary.post(f"{here}/attendance/{path}", data=data), status)
    assert told in page.select_one(".error-summary").get_text(" ", strip=True)
    for name, value in data.items():
        field = page.select_one(f"#{path} [name={name}]")
        chosen = field.select_one("option[selected]") if field.name == "select" else field
        assert (chosen.get("value") if chosen else "") == value
    with app.app_context():
        assert {(row.first, row.last) for row in db.session.scalars(select(Presence))} == {(None, None)}
        assert meeting_of(here).checker is None


def test_a_line_is_put_right_or_taken_away(app: Flask, signed_in: SignIn) -> None:
    here, seats = sitting(app)
    secretary = secretary_of(app, signed_in)
    link = soup(secretary.get(f"{here}/attendance")).select("tbody tr")[5].select_one("td a")["href"]
    page = soup(secretary.get(link))
    assert "Ledamot 5 KS" in page.h1.get_text()
    assert secretary.post(link, data={"first": "2", "last": ""}).status_code == 302
    assert seats[5] not in serving(app, here, 1)
    assert seats[5] in serving(app, here, 2)
    page = soup(secretary.post(link, data={"first": "3", "last": "1"}), 409)
    assert "comes before the first" in page.get_text()
    assert secretary.post(f"{link}/strike").status_code == 302
    assert seats[5] not in serving(app, here, 2)
    assert secretary.get(link).status_code == 404


def test_the_sitting_is_ended_and_gone_back_to_from_its_page(app: Flask, signed_in: SignIn) -> None:
    here, seats = sitting(app)
    secretary = secretary_of(app, signed_in)
    page = soup(secretary.post(f"{here}/end"), 409)
    assert "Choose first who approves the minutes" in page.get_text()
    chosen = {"who": seats[4], "signing_on": "2017-03-13", "place": "Kommunledningskontoret"}
    assert secretary.post(f"{here}/attendance/checker", data=chosen).status_code == 302
    assert secretary.post(f"{here}/end").status_code == 302
    page = soup(secretary.get(f"{here}/attendance"))
    assert "Ledamot 4 KS" in page.select_one("dl").get_text()
    assert not page.select("#leave")
    assert soup(secretary.get(here)).select_one(f"form[action$='{here}/resume']")
    assert secretary.get(f"{here}/roll").location.endswith("/attendance")
    assert secretary.post(f"{here}/roll", data={"present": seats[:13], "chair": ""}).status_code == 409
    assert secretary.post(f"{here}/resume").status_code == 302
    with app.app_context():
        assert meeting_of(here).status is MeetingStatus.OPENED


@pytest.mark.parametrize("role", [Role.MEMBER, Role.OFFICER, Role.AUDITOR])
def test_readers_see_who_was_there_and_can_change_nothing(app: Flask, signed_in: SignIn, role: Role) -> None:
    here, _seats = sitting(app)
    page = soup(secretary_of(app, signed_in, role).get(f"{here}/attendance"))
    assert len(page.select("tbody tr")) == 13
    assert not page.select("main form")


def test_before_the_sitting_opens_there_is_no_roll(app: Flask, signed_in: SignIn) -> None:
    here, _seats = sitting(app, is_opened=False)
    secretary = secretary_of(app, signed_in)
    assert "when the sitting is opened" in soup(secretary.get(f"{here}/attendance")).get_text()
    assert not soup(secretary.get(here)).select("#attendance")
