"""What one official alone gets, who would like more than the role gives: a role of one's own, another body's decision,
the sum of a case one is kept from.
"""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from fundapp import clock
from fundapp.accounts.actions import declare_conflict, end_role, give_role
from fundapp.accounts.models import Account, RoleGiven
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.decisions.models import Appeal
from fundapp.permissions import Role
from fundapp.seats.actions import end_seat, give_seat
from fundapp.seats.models import Position, Seat
from fundapp.workflow import Outcome, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import assessed, under_assessment
from tests.factories.decisions import recorded
from tests.factories.meetings import board
from tests.factories.people import applicant, official
from tests.factories.projects import running
from tests.ground.apps import SignIn
from tests.ground.pages import send


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def test_an_administrator_gives_oneself_no_role_and_reads_no_case(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        own = official(Role.ADMINISTRATOR)
        email, key, case = own.email, own.public_id, assessed().public_id
        db.session.commit()
    client = signed_in(email)
    answer = send(client, f"/sv/people/{key}", {"role": "OFFICER"})
    assert answer.status_code != 302
    assert client.get(f"/sv/cases/{case}").status_code in (403, 404)
    with app.app_context():
        assert db.session.scalars(select(RoleGiven.role).join(Account).where(Account.email == email)).all() == [
            Role.ADMINISTRATOR
        ]


def test_nobody_lengthens_a_role_of_ones_own(app: Flask) -> None:
    with app.app_context():
        own = official(Role.ADMINISTRATOR)
        give_role(own, Role.OFFICER, by=official(Role.ADMINISTRATOR), ends_on=clock.today())
        role = next(row for row in own.role_rows if row.role is Role.OFFICER)
        with pytest.raises(StepNotPossible):
            end_role(role, ends_on=None, by=own)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SECRETARY])
def test_nobody_gives_oneself_a_seat_or_lengthens_it(app: Flask, role: Role) -> None:
    today, later = clock.today(), clock.today() + timedelta(days=300)
    with app.app_context():
        own, other = official(role), official(role)
        with pytest.raises(StepNotPossible):
            give_seat(board("KS"), own, Position.SUBSTITUTE, begins_on=today, ends_on=later, by=own)
        assert db.session.scalar(select(Seat).where(Seat.account_id == own.id)) is None
        seat = give_seat(board("KS"), own, Position.SUBSTITUTE, begins_on=today, ends_on=today, by=other)
        with pytest.raises(StepNotPossible):
            end_seat(seat, later, by=own)
        end_seat(seat, later, by=other)


def test_another_bodys_secretary_records_no_appeal(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        key = running().decision.public_id
        elsewhere = db.session.scalars(
            select(Board).where(Board.municipality == "kalix", Board.is_deciding, Board.code != "KS")
        ).first()
        theirs = official(Role.SECRETARY, board=elsewhere).email
        ours = official(Role.SECRETARY, board=board("KS")).email
        db.session.commit()
    fields = {"received_on": clock.today().isoformat(), "appellant": "Nils Nilsson", "court_number": ""}
    for email, status, count in ((theirs, 403, 0), (ours, 302, 1)):
        assert send(signed_in(email), f"/sv/decisions/{key}/appeals/new", fields).status_code == status
        with app.app_context():
            assert len(db.session.scalars(select(Appeal)).all()) == count


@pytest.mark.parametrize("way", ["before", "after"])
def test_the_order_of_the_list_tells_nothing_of_a_case_one_is_kept_from(
    app: Flask, signed_in: SignIn, way: str
) -> None:
    with app.app_context():
        reader = official(Role.OFFICER)
        seen = under_assessment(by=applicant(), officer=official(Role.OFFICER))
        hidden = under_assessment(by=applicant(), officer=official(Role.OFFICER))
        hidden.org_number, hidden.amount_requested = "8020015585", 45_000
        declare_conflict(by=reader, reason="Min syster.", application=hidden)
        db.session.commit()
        email, key, other = reader.email, hidden.public_id, seen.public_id
    client, pages = signed_in(email), []
    assert key not in client.get("/sv/cases").text
    for sought in (44_999, 45_001):
        with app.app_context():
            change = update(Application).where(Application.public_id == other).values(amount_requested=sought)
            db.session.execute(change)
            db.session.commit()
        pages.append(other in client.get(f"/sv/cases?sort=sought&{way}={key}").text)
    assert pages[0] == pages[1]


def test_a_sum_that_the_board_has_not_told_is_in_no_ledger_but_its_secretarys(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        pending = recorded(amount=31_337, outcome=Outcome.GRANT_IN_PART)
        code = pending.application.round.fund.code
        kept_from = official(Role.OFFICER)
        declare_conflict(by=kept_from, reason="Min syster.", application=pending.application)
        others = [official(Role.ADMINISTRATOR).email, kept_from.email, official(Role.REGISTRAR).email]
        secretary = official(Role.SECRETARY).email
        db.session.commit()
    for email in [*others, secretary]:
        for page in (f"/sv/funds/{code}", "/sv/funds"):
            text = signed_in(email).get(page).text.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
            assert ("31 337" in text, "2 968 663" in text) == (email == secretary, email == secretary), (email, page)
