"""Before a sitting: its body's standing paragraphs, its day, time and place, and the order by number."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from fundapp.db import db
from fundapp.meetings import actions
from fundapp.meetings.models import ItemKind, Meeting
from fundapp.permissions import Role
from fundapp.workflow import MeetingStatus, NotAllowed, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import board, planned
from tests.factories.people import official
from tests.ground.apps import SignIn

STANDING = [
    {"kind": "roll_call", "heading": "Upprop"},
    {"kind": "checker", "heading": "Val av justerare", "text": "Plats: kansliet"},
    {"kind": "delegations", "heading": "Delegationsbeslut"},
]


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def sits(**habits: Any) -> None:
    """KS sits in this way from now on."""
    board().sittings = habits
    db.session.flush()


def planned_by_habit(by: Any) -> Meeting:
    return actions.plan_meeting(board=board(), held_on=DAY, by=by)


def headings(meeting: Meeting) -> list[str]:
    db.session.refresh(meeting, ["items"])
    return [item.heading for item in meeting.items]


def as_secretary(app: Flask, signed_in: SignIn) -> FlaskClient:
    with app.app_context():
        email = official(Role.SECRETARY).email
        db.session.commit()
    return signed_in(email)


def in_app(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        made = make()
        db.session.commit()
        return made


def test_a_sitting_begins_with_its_bodys_standing_paragraphs_time_and_place(app: Flask) -> None:
    with app.app_context():
        sits(standing_items=STANDING, begins_at="13:00", place="Sessionssalen")
        meeting = planned_by_habit(official(Role.SECRETARY))
        assert [(item.kind, item.heading, item.text) for item in meeting.items] == [
            (ItemKind.ROLL_CALL, "Upprop", ""),
            (ItemKind.CHECKER, "Val av justerare", "Plats: kansliet"),
            (ItemKind.DELEGATIONS, "Delegationsbeslut", ""),
        ]
        assert (meeting.begins_at, meeting.place) == (time(13), "Sessionssalen")
        other = actions.plan_meeting(
            board=board(), held_on=DAY, begins_at=time(9, 30), place="Töre", by=official(Role.SECRETARY)
        )
        assert (other.begins_at, other.place) == (time(9, 30), "Töre")


def test_a_body_without_habits_begins_with_an_empty_agenda(app: Flask) -> None:
    with app.app_context():
        sits()
        meeting = planned_by_habit(official(Role.SECRETARY))
        assert (meeting.items, meeting.begins_at, meeting.place) == ([], None, "")


def test_delegated_decisions_stay_last_when_cases_and_paragraphs_come(app: Flask) -> None:
    with app.app_context():
        sits(standing_items=STANDING)
        by = official(Role.SECRETARY)
        meeting = planned_by_habit(by)
        (case,) = actions.put_on_agenda(meeting, [assessed()], by=by)
        actions.add_item(meeting, "Meddelanden", by=by)
        assert case.kind is ItemKind.CASES
        assert headings(meeting) == ["Upprop", "Val av justerare", case.heading, "Meddelanden", "Delegationsbeslut"]
        actions.open_meeting(meeting, by=by)
        assert [item.number for item in meeting.items] == [1, 2, 3, 4, 5]
        late = actions.add_item(meeting, "Extra ärende", by=by)
        assert (late.number, headings(meeting)[-1]) == (6, "Extra ärende")


def test_a_planned_sitting_moves_to_another_day_and_an_opened_one_does_not(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        item = actions.add_item(meeting, "Upprop", by=by)
        change = {"begins_at": time(10), "place": "Töre", "is_public": True, "by": by}
        actions.change_meeting(meeting, held_on=date(2018, 1, 15), **change)
        assert (meeting.held_on, meeting.begins_at, meeting.place, item.year) == (
            date(2018, 1, 15), time(10), "Töre", 2018,
        )  # fmt: skip
        with pytest.raises(StepNotPossible):
            actions.change_meeting(meeting, held_on=date(2027, 1, 15), **change)
        actions.change_meeting(meeting, held_on=DAY, **change)
        actions.open_meeting(meeting, by=by)
        with pytest.raises(StepNotPossible):
            actions.change_meeting(meeting, held_on=DAY + timedelta(1), **change)
        with pytest.raises(StepNotPossible):
            actions.order_items(meeting, {item.public_id: 1}, by=by)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SECRETARY])
def test_only_the_secretary_orders_and_moves_a_sitting(app: Flask, role: Role) -> None:
    with app.app_context():
        meeting, other = planned(), official(role)
        with pytest.raises(NotAllowed):
            actions.order_items(meeting, {}, by=other)
        with pytest.raises(NotAllowed):
            actions.change_meeting(meeting, held_on=DAY, begins_at=None, place="", is_public=False, by=other)


def test_nothing_changes_on_the_agenda_of_an_ended_sitting(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        meeting.status = MeetingStatus.ENDED
        with pytest.raises(StepNotPossible):
            actions.add_item(meeting, "Övrigt", by=by)


def _with_three(app: Flask) -> tuple[str, list[str]]:
    def make() -> tuple[str, list[str]]:
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        items = [actions.add_item(meeting, heading, by=by) for heading in ("A", "B", "C")]
        return meeting.public_id, [item.public_id for item in items]

    return in_app(app, make)


@pytest.mark.usefixtures("both_engines")
def test_the_agenda_is_ordered_by_the_numbers_typed(app: Flask, signed_in: SignIn) -> None:
    meeting, keys = _with_three(app)
    client, path = as_secretary(app, signed_in), f"/en/meetings/{meeting}/order"
    assert client.get(path).status_code == 200
    typed = {f"place-{key}": number for key, number in zip(keys, ("3", "2", " 1 "), strict=True)}
    assert client.post(path, data=typed).status_code == 302
    soup = BeautifulSoup(client.get(path).data, "html.parser")
    assert [row.get_text(strip=True) for row in soup.select("tbody th")] == ["C", "B", "A"]
    assert [box["value"] for box in soup.select("tbody input")] == ["1", "2", "3"]


def test_a_number_that_cannot_be_read_is_kept_and_nothing_moves(app: Flask, signed_in: SignIn) -> None:
    meeting, keys = _with_three(app)
    client, path = as_secretary(app, signed_in), f"/en/meetings/{meeting}/order"
    answer = client.post(path, data={f"place-{keys[0]}": "3", f"place-{keys[1]}": "först", f"place-{keys[2]}": ""})
    soup = BeautifulSoup(answer.data, "html.parser")
    assert answer.status_code == 422
    assert [box["value"] for box in soup.select("tbody input")] == ["3", "först", ""]
    assert len(soup.select("tbody .error")) == 2
    soup = BeautifulSoup(client.get(path).data, "html.parser")
    assert [row.get_text(strip=True) for row in soup.select("tbody th")] == ["A", "B", "C"]


def test_paragraphs_that_came_meanwhile_keep_their_place(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY)
        meeting = planned(secretary=by)
        first, _second = (actions.add_item(meeting, heading, by=by) for heading in ("A", "B"))
        actions.order_items(meeting, {first.public_id: 2, "gone": 1}, by=by)
        assert headings(meeting) == ["B", "A"]


def test_the_secretary_plans_with_the_bodys_habits_and_changes_them(app: Flask, signed_in: SignIn) -> None:
    in_app(app, lambda: sits(standing_items=STANDING, begins_at="13:00", place="Sessionssalen"))
    client = as_secretary(app, signed_in)
    assert "13:00, Sessionssalen" in client.get("/en/meetings/new").text
    here = client.post("/en/meetings/new", data={"board": "KS", "held_on": "2017-03-27"}).headers["Location"]
    assert "Delegationsbeslut" in client.get(here).text
    kept = BeautifulSoup(client.get(f"{here}/change").data, "html.parser")
    assert kept.select_one("#begins_at")["value"] == "13:00"
    form = {"held_on": "2017-03-28", "begins_at": "kvart i tio", "place": "Töre"}
    refused = client.post(f"{here}/change", data=form)
    assert refused.status_code == 422
    assert "kvart i tio" in refused.text
    assert "for example 09:30" in refused.text
    assert client.post(f"{here}/change", data=form | {"begins_at": "kl. 9.45"}).status_code == 302
    page = client.get(here).text
    assert "28 March 2017" in page
    assert "Töre" in page
