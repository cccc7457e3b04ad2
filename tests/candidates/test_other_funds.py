"""An officer whose role is for another fund keeps nothing of the stipend's round."""

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import give_role
from fundapp.accounts.models import Account
from fundapp.candidates import actions, dividing
from fundapp.candidates.models import Ceremony
from fundapp.db import db
from fundapp.funds.models import Fund
from fundapp.languages import speaking
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed
from tests.factories import on_day
from tests.factories.applications import STIPEND, open_round
from tests.factories.candidates import award
from tests.factories.people import official
from tests.ground.apps import SignIn

PLANNED = {"held_on": "2031-01-01", "occasion": "Kapad", "place": "Ingenstans"}


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()


def officer_of(is_own: bool) -> Account:
    """An officer of the stipend's fund alone, or of another alone."""
    own = open_round(STIPEND).fund_id
    funds = db.session.scalars(select(Fund.id).where(Fund.municipality == "kalix"))
    account = official()
    give_role(account, Role.OFFICER, by=None, fund_id=next(each for each in funds if (each == own) is is_own))
    return account


@pytest.mark.parametrize("has_case", [False, True])
def test_another_funds_officer_neither_reads_nor_changes_the_ceremony(
    app: Flask, signed_in: SignIn, has_case: bool
) -> None:
    with app.app_context():
        if has_case:
            award()
        email, year = officer_of(is_own=False).email, open_round(STIPEND).id
        db.session.commit()
    client, place = signed_in(email), f"/en/candidates/rounds/{year}"
    assert client.post(f"{place}/ceremony", data=PLANNED).status_code == 403
    with app.app_context():
        assert db.session.scalar(select(Ceremony)) is None
    for page in ("ceremony", "ceremony.pdf", "division"):
        answer = client.get(f"{place}/{page}")
        assert (answer.status_code, "conflict of interest" in answer.text) == (403, False)
    assert client.post(f"{place}/division").status_code == 403
    assert client.post(f"{place}/gather").status_code == 403
    assert client.get("/en/candidates").status_code == 200


def test_the_steps_themselves_refuse_without_a_case_to_ask_of(app: Flask) -> None:
    with app.app_context(), speaking("en"):
        other, nobody, round_ = officer_of(is_own=False), official(Role.AUDITOR), open_round(STIPEND)
        plan = {"held_on": clock.today(), "occasion": "", "place": "", "guests": {}}
        for by in (other, nobody):
            with pytest.raises(NotAllowed):
                actions.plan_ceremony(round_, **plan, by=by)
            with pytest.raises(NotAllowed):
                actions.gather(round_, [], by=by)
            with pytest.raises(NotAllowed):
                dividing.divide(round_, {}, by=by)
        assert actions.plan_ceremony(round_, **plan, by=officer_of(is_own=True)).round_id == round_.id


def test_the_funds_own_officer_keeps_them(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        email, year = officer_of(is_own=True).email, open_round(STIPEND).id
        db.session.commit()
    client, place = signed_in(email), f"/en/candidates/rounds/{year}"
    assert client.get(f"{place}/ceremony").status_code == 200
    assert client.post(f"{place}/gather").status_code == 302
