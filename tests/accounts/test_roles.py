"""Roles that hold from and to a day, for one fund or one body: effective on the next request, everywhere."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import end_role, give_role, take_role
from fundapp.accounts.models import Account
from fundapp.accounts.queries import holding_role, visible_to
from fundapp.applications.models import Application, ApplicationKind
from fundapp.assessments.actions import take_up
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.funds.models import Fund
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.permissions import Permission, Role, is_allowed
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.delegations.test_actions import a_point
from tests.factories import on_day
from tests.factories.assessments import objective
from tests.factories.meetings import planned
from tests.factories.people import applicant, official
from tests.factories.registry import registered
from tests.factories.seats import board
from tests.ground.apps import SignIn

TODAY = date(2017, 3, 6)


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day(TODAY)
    app.config["WTF_CSRF_ENABLED"] = False


def fund(code: str) -> Fund:
    return db.session.scalars(select(Fund).where(Fund.code == code)).one()


@pytest.mark.parametrize(
    ("begins_on", "ends_on", "holds"),
    [
        (None, None, True),
        (TODAY, TODAY, True),
        (TODAY - timedelta(1), None, True),
        (TODAY + timedelta(1), None, False),
        (None, TODAY, True),
    ],
    ids=["always", "this day alone", "since yesterday", "from tomorrow", "until today"],
)
def test_a_role_holds_from_its_first_day_to_its_last(
    app: Flask, begins_on: date | None, ends_on: date | None, holds: bool
) -> None:
    with app.app_context():
        account = applicant()
        give_role(account, Role.AUDITOR, by=None, begins_on=begins_on, ends_on=ends_on)
        db.session.flush()
        assert (Role.AUDITOR in account.roles) is holds
        found = db.session.scalars(select(Account).where(holding_role(Role.AUDITOR), Account.id == account.id)).all()
        assert bool(found) is holds


def test_a_role_stops_by_itself_on_the_next_click_after_its_last_day(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        account = applicant("Vikarien")
        give_role(account, Role.AUDITOR, by=None, ends_on=TODAY)
        email = account.email
        db.session.commit()
    evening = datetime.combine(TODAY, time(23, 50), clock.STOCKHOLM)
    with time_machine.travel(evening, tick=False):
        clock.run_true()
        client = signed_in(email)
        assert client.get("/sv/history").status_code == 200
    with time_machine.travel(evening + timedelta(minutes=20), tick=False):
        assert client.get("/sv/history").status_code == 403


def test_a_day_that_has_passed_or_comes_before_the_first_is_refused(app: Flask) -> None:
    with app.app_context(), speaking("en"):
        account, administrator = applicant(), official(Role.ADMINISTRATOR)
        for begins_on, ends_on in ((None, TODAY - timedelta(1)), (TODAY + timedelta(9), TODAY + timedelta(8))):
            with pytest.raises(StepNotPossible, match="has not passed"):
                give_role(account, Role.OFFICER, by=administrator, begins_on=begins_on, ends_on=ends_on)
        give_role(account, Role.OFFICER, by=administrator)
        with pytest.raises(StepNotPossible, match="has not passed"):
            end_role(account.role_rows[0], ends_on=TODAY - timedelta(1), by=administrator)
        assert account.role_rows[0].ends_on is None


def test_who_gives_no_roles_changes_none(app: Flask) -> None:
    with app.app_context():
        officer, account = official(Role.OFFICER), official(Role.AUDITOR)
        with pytest.raises(NotAllowed):
            end_role(account.role_rows[0], ends_on=TODAY, by=officer)
        with pytest.raises(NotAllowed):
            take_role(account.role_rows[0], by=officer)
        assert Role.AUDITOR in account.roles


def test_each_change_is_in_the_history_with_old_and_new(app: Flask) -> None:
    with app.app_context():
        account, by = applicant(), official(Role.ADMINISTRATOR)
        give_role(account, Role.OFFICER, by=by, fund_id=fund("kalix-integration-fund").id, begins_on=TODAY)
        end_role(account.role_rows[0], ends_on=date(2017, 6, 30), by=by)
        take_role(account.role_rows[0], by=by)
        told = db.session.scalars(select(HistoryEntry).where(HistoryEntry.thread == account.public_id)).all()
        assert [(one.event, one.facts.get("old"), one.facts.get("new")) for one in told] == [
            ("give_role", None, None),
            ("end_role", None, "2017-06-30"),
            ("take_role", None, None),
        ]
        assert told[0].facts["begins_on"] == "2017-03-06"


@pytest.mark.usefixtures("both_engines")
def test_an_officer_of_one_fund_neither_sees_nor_touches_another_funds_cases(app: Flask) -> None:
    with app.app_context():
        own, other = registered(), registered(kind=ApplicationKind.AWARD)
        officer = applicant("Fondhandläggaren")
        give_role(officer, Role.OFFICER, by=None, fund_id=own.round.fund_id)
        seen = db.session.scalars(select(Application.id).where(visible_to(officer))).all()
        assert own.id in seen
        assert other.id not in seen
        assert is_allowed(officer, Permission.ASSESS_APPLICATION, own)
        with pytest.raises(NotAllowed):
            take_up(other, by=officer)


@pytest.mark.usefixtures("both_engines")
def test_one_role_for_every_fund_opens_what_another_is_limited_in(app: Flask) -> None:
    with app.app_context():
        own, other = registered(), registered(kind=ApplicationKind.AWARD)
        person = applicant("Båda")
        give_role(person, Role.OFFICER, by=None, fund_id=own.round.fund_id)
        give_role(person, Role.REGISTRAR, by=None)
        seen = db.session.scalars(select(Application.id).where(visible_to(person))).all()
        assert {own.id, other.id} <= set(seen)
        assert is_allowed(person, Permission.FILE_DOCUMENT, other)
        assert not is_allowed(person, Permission.ASSESS_APPLICATION, other)


def test_a_secretary_of_one_body_leaves_anothers_sittings_alone(app: Flask, signed_in: SignIn) -> None:
    def made() -> tuple[str, str]:
        secretary = official(Role.SECRETARY, board=board("FoK"))
        return planned().public_id, secretary.email

    with app.app_context():
        public_id, email = made()
        db.session.commit()
    client = signed_in(email)
    assert client.post(f"/sv/meetings/{public_id}/items", data={"heading": "Övrigt"}).status_code == 404
    with app.app_context():
        account = db.session.scalars(select(Account).where(Account.email == email)).one()
        give_role(account, Role.SECRETARY, by=None, board=body("KS"))
        db.session.commit()
    assert client.post(f"/sv/meetings/{public_id}/items", data={"heading": "Övrigt"}).status_code == 302


def body(code: str) -> Board:
    return board(code)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"role": "SECRETARY", "board": "KS", "fund": "first"}, "fund"),
        ({"role": "OFFICER", "fund": "999999"}, "fund"),
        ({"role": "OFFICER", "ends_on": "2017-03-05"}, "ends_on"),
        ({"role": "OFFICER", "begins_on": "2017-04-02", "ends_on": "2017-04-01"}, "ends_on"),
        ({"role": "OFFICER", "begins_on": "i morgon"}, "begins_on"),
    ],
)
def test_a_role_that_cannot_be_is_asked_for_again_with_what_was_typed(
    app: Flask, signed_in: SignIn, sent: dict[str, Any], fault: str
) -> None:
    with app.app_context():
        administrator, person = official(Role.ADMINISTRATOR).email, applicant().public_id
        key = str(fund("kalix-integration-fund").id)
        db.session.commit()
    sent = {name: key if value == "first" else value for name, value in sent.items()}
    answer = signed_in(administrator).post(f"/en/people/{person}", data=sent)
    assert answer.status_code == 422
    assert f'id="{fault}-error"' in answer.text
    for value in sent.values():
        assert value in answer.text or value == "999999"


def test_the_last_day_is_changed_on_a_page_of_its_own(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        administrator, person = official(Role.ADMINISTRATOR).email, official(Role.OFFICER)
        given, key = person.role_rows[0].public_id, person.id
        db.session.commit()
    client = signed_in(administrator)
    assert client.post(f"/sv/roles/{given}", data={"ends_on": "2017-03-05"}).status_code == 422
    assert client.post(f"/sv/roles/{given}", data={"ends_on": "2017-12-31"}).status_code == 302
    with app.app_context():
        assert db.session.get_one(Account, key).role_rows[0].ends_on == date(2017, 12, 31)


def test_a_secretary_of_one_body_is_led_to_no_page_that_is_another_bodys(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        point = a_point().public_id
        keeper = board("KS").code
        clients = {code: official(Role.SECRETARY, board=board(code)).email for code in ("FoK", keeper)}
        asked = [row.board.code for row in objective("2.3").board_answers]
        db.session.commit()
    assert {"FoK", keeper} < set(asked)
    for own, email in clients.items():
        client = signed_in(email)
        register, goal = client.get("/sv/delegations").text, client.get("/sv/goals/2.3").text
        assert (f"/delegations/points/{point}" in register) is (own == keeper)
        assert "/delegations/new" in register
        assert [code for code in asked if f"/goals/2.3/boards/{code}" in goal] == [own]
