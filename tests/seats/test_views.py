"""The bodies' pages: who reads them, who keeps the seats, and what is told when a seat cannot be."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.actions import account_by_email
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.seats.models import Position, Seat
from tests.factories import on_day
from tests.factories.people import official
from tests.factories.seats import full_house, seated
from tests.ground.apps import SignIn

NEW = {
    "name": "Berit Lund",
    "email": "berit@namnd.example",
    "position": "CHAIR",
    "party": "Älvlistan",
    "begins_on": "2015-01-01",
    "ends_on": "2018-12-31",
}


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def as_role(app: Flask, signed_in: SignIn, role: Role) -> Any:
    with app.app_context():
        email = official(role).email
        db.session.commit()
    return signed_in(email)


def soup(answer: Any, status: int = 200) -> BeautifulSoup:
    assert answer.status_code == status, answer.get_data(as_text=True)
    return BeautifulSoup(answer.data, "html.parser")


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.ADMINISTRATOR])
def test_who_keeps_seats_gives_one_to_somebody_new_who_can_then_sign_in(
    app: Flask, signed_in: SignIn, role: Role
) -> None:
    keeper = as_role(app, signed_in, role)
    soup(keeper.get("/en/bodies/KS/seats"))
    assert keeper.post("/en/bodies/KS/seats", data=NEW).location.endswith("/en/bodies/KS/seats")
    page = soup(keeper.get("/en/bodies/KS/seats"))
    assert [cell.get_text(strip=True) for cell in page.select("table tbody tr")[0].select("th, td")][:3] == [
        "Berit Lund", "Chair", "Älvlistan",
    ]  # fmt: skip
    with app.app_context():
        account = account_by_email("berit@namnd.example")
        assert account is not None
        assert account.roles == {Role.MEMBER}
    assert signed_in("berit@namnd.example").get("/en/bodies").status_code == 200


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [
        ({"name": ""}, 422, "Write the name."),
        ({"email": "berit"}, 422, "Write an e-mail address"),
        ({"ends_on": "in four years"}, 422, "Write the date as year, month and day"),
        ({"position": "KING"}, 422, "Not a valid choice"),
        ({"ends_on": "2014-12-31"}, 409, "The last day comes before the first"),
        ({"position": "CHAIR"}, 409, "there is one at a time"),
    ],
)
def test_a_seat_that_cannot_be_is_told_with_what_was_typed_still_there(
    app: Flask, signed_in: SignIn, typed: dict[str, str], status: int, told: str
) -> None:
    with app.app_context():
        seated(position=Position.CHAIR)
        db.session.commit()
    keeper = as_role(app, signed_in, Role.SECRETARY)
    page = soup(keeper.post("/en/bodies/KS/seats", data=NEW | typed), status)
    if told != "Not a valid choice":
        assert told in page.select_one(".error-summary").get_text(" ", strip=True)
    kept = {field: page.select_one(f"[name={field}]").get("value") for field in ("name", "email", "party", "ends_on")}
    assert kept == {field: (NEW | typed)[field] for field in kept}
    with app.app_context():
        assert len(db.session.scalars(select(Seat)).all()) == 1
        assert account_by_email("berit@namnd.example") is None


def test_a_seat_is_changed_ended_and_taken_away_from_its_page(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        seat = seated(rank=3)
        db.session.commit()
        here = f"/en/bodies/KS/seats/{seat.public_id}"
    keeper = as_role(app, signed_in, Role.SECRETARY)
    assert soup(keeper.get(here)).select_one("[name=rank]")["value"] == "3"
    answer = keeper.post(here, data={"party": "Norrlistan", "rank": "5", "ends_on": "2017-06-30"})
    assert answer.status_code == 302
    page = soup(keeper.get("/en/bodies/KS"))
    assert "Norrlistan" in page.get_text()
    assert "30 June 2017" in page.get_text()
    wrong = soup(keeper.post(here, data={"party": "", "rank": "last", "ends_on": "2017-06-30"}), 422)
    assert "Write the place in the list with digits" in wrong.get_text()
    assert wrong.select_one("[name=rank]")["value"] == "last"
    early = soup(keeper.post(here, data={"party": "", "rank": "5", "ends_on": "2014-06-30"}), 409)
    assert "The last day comes before the first" in early.get_text()
    assert keeper.post(f"{here}/remove").status_code == 302
    assert keeper.get(here).status_code == 404


@pytest.mark.parametrize("role", [Role.MEMBER, Role.OFFICER, Role.REGISTRAR, Role.AUDITOR])
def test_who_reads_sittings_reads_the_bodies_and_changes_nothing(app: Flask, signed_in: SignIn, role: Role) -> None:
    with app.app_context():
        full_house()
        db.session.commit()
    reader = as_role(app, signed_in, role)
    page = soup(reader.get("/en/bodies"))
    assert "13 / 13" in page.get_text(" ", strip=True)
    page = soup(reader.get("/en/bodies/KS"))
    assert len(page.select("tbody tr")) == 16
    assert "ks0@namnd.example" not in page.get_text()
    assert not page.select("a[href$='/seats']")
    assert reader.get("/en/bodies/KS/seats").status_code == 403
    assert reader.get("/en/bodies/SOC").status_code == 404
