"""A secretary, whose role is always for one body (`RoleForm`), neither decides nor changes anything in another."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp.db import db
from fundapp.decisions.models import Decision, Letter
from fundapp.funds.models import LedgerEntry, LedgerKind, Round
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.seats.models import Seat
from tests.factories import on_day
from tests.factories.decisions import granted
from tests.factories.meetings import on_agenda
from tests.factories.people import official
from tests.factories.seats import board
from tests.ground.apps import SignIn

GRANT = {"outcome": "grant", "amount": "45 000", "reasons": "Bra projekt.", "conditions": "", "version": "0"}
SEAT = {
    "email": "eva@exempel.example", "name": "Eva", "position": "MEMBER", "begins_on": "2017-01-01",
    "ends_on": "2018-12-31", "party": "",
}  # fmt: skip


@pytest.fixture
def other(app: Flask, signed_in: SignIn) -> FlaskClient:
    """The secretary of FoK alone."""
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        email = official(Role.SECRETARY, board=board("FoK")).email
        db.session.commit()
    return signed_in(email)


def made(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        found = make()
        db.session.commit()
        return found


def count(app: Flask, what: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(what)) or 0


def test_records_no_outcome_at_another_bodys_sitting(app: Flask, other: FlaskClient) -> None:
    def path() -> str:
        item = on_agenda()
        assert item.meeting.board.code == "KS"
        return f"/en/meetings/items/{item.public_id}/cases/{item.cases[0].application.public_id}"

    answer = other.post(made(app, path), data=GRANT)
    assert (answer.status_code, count(app, Decision)) == (403, 0)


def test_changes_no_frame_that_another_body_decides_of(app: Flask, other: FlaskClient) -> None:
    def key() -> int:
        return next(each.id for each in db.session.scalars(select(Round)) if each.fund.board.code == "KS")

    sent = {"frame": "9000000", "body": "X", "decided_on": "2017-03-06", "paragraph": "1"}
    answer = other.post(f"/en/funds/rounds/{made(app, key)}/frame", data=sent)
    with app.app_context():
        changed = db.session.scalars(select(LedgerEntry).where(LedgerEntry.kind == LedgerKind.FRAME)).all()
        assert (answer.status_code, [each.amount for each in changed if each.reference.startswith("X")]) == (403, [])


def test_gives_no_seat_in_another_body(app: Flask, other: FlaskClient) -> None:
    answer = other.post("/en/bodies/KS/seats", data=SEAT)
    assert (answer.status_code, count(app, Seat)) == (403, 0)


def test_plans_no_sitting_of_another_body(app: Flask, other: FlaskClient) -> None:
    sent = {"board": "KS", "held_on": "2017-05-08", "begins_at": "", "place": ""}
    answer = other.post("/en/meetings/new", data=sent)
    assert (answer.status_code in (403, 422), count(app, Meeting)) == (True, 0)


def test_is_offered_nothing_of_another_bodys_table(app: Flask, other: FlaskClient) -> None:
    def paths() -> list[str]:
        item = on_agenda()
        meeting = item.meeting
        return [f"/en/meetings/{meeting.public_id}", f"/en/meetings/{meeting.public_id}/items/{item.public_id}"]

    assert [other.get(path).status_code for path in made(app, paths)] == [404, 404]
    assert 'value="KS"' not in other.get("/en/meetings/new").text
    assert 'value="FoK"' in other.get("/en/meetings/new").text
    assert "Change the frame" not in other.get("/en/funds/kalix-integration-fund").text
    assert "Change the seats" not in other.get("/en/bodies/KS").text
    assert "Change the seats" in other.get("/en/bodies/FoK").text


def test_reads_and_releases_no_letter_of_another_body_and_gives_no_leave_to_pay(app: Flask, other: FlaskClient) -> None:
    def paths() -> tuple[str, str, str]:
        decision = granted()
        letter = db.session.scalars(select(Letter).where(Letter.decision_id == decision.id)).one()
        meeting = decision.item.meeting
        return (
            f"/en/letters/{letter.public_id}",
            f"/en/meetings/{meeting.public_id}/letters",
            f"/en/decisions/{decision.public_id}/early-payment",
        )

    letter, letters, early = made(app, paths)
    assert [other.get(path).status_code for path in (letter, letter + "/letter.pdf", early)] == [403] * 3
    assert (other.get(letters).status_code, other.post(letters, data={}).status_code) == (404, 404)
    assert other.post(early, data={"reason": "Kursen börjar i dag."}).status_code == 403
