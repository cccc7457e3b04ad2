"""Two colleagues at once, each with a session of their own, on both engines."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.reviews import actions
from fundapp.reviews.models import Review, SecondLook
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import under_assessment
from tests.factories.people import official
from tests.factories.reviews import sent, written


@pytest.fixture
def ids(app_on_both: Flask) -> dict[str, int]:
    """The case, its officer and two colleagues."""
    on_day()
    with app_on_both.test_request_context():
        officer, one, two = (official(Role.OFFICER, name=name) for name in ("Oskar", "Olga", "Rut"))
        case = under_assessment(officer=officer)
        written(case, by=officer)
        db.session.commit()
        return {"case": case.id, "officer": officer.id, "one": one.id, "two": two.id}


def at_once(app: Flask, work: Callable[[Any], str], parts: Sequence[Any]) -> list[str]:
    start = Barrier(len(parts))

    def run(part: Any) -> str:
        with app.test_request_context():
            start.wait(30)
            try:
                said = work(part)
                db.session.commit()
            except StepNotPossible as refusal:
                db.session.rollback()
                return type(refusal).__name__
            return said

    with ThreadPoolExecutor(len(parts)) as workers:
        return sorted(workers.map(run, parts))


def test_a_colleague_who_is_asked_twice_at_once_has_one_to_write(app_on_both: Flask, ids: dict[str, int]) -> None:
    def ask(_part: int) -> str:
        case, officer = db.session.get_one(Application, ids["case"]), db.session.get_one(Account, ids["officer"])
        actions.ask(case, [db.session.get_one(Account, ids["one"])], by=officer)
        return "asked"

    assert at_once(app_on_both, ask, range(3)) == ["StepNotPossible", "StepNotPossible", "asked"]
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count()).select_from(Review)) == 1


def test_one_question_at_a_time_to_a_second_pair_of_eyes(app_on_both: Flask, ids: dict[str, int]) -> None:
    def ask(whom: str) -> str:
        case, officer = db.session.get_one(Application, ids["case"]), db.session.get_one(Account, ids["officer"])
        actions.ask_for_look(case, db.session.get_one(Account, ids[whom]), by=officer)
        return "asked"

    assert at_once(app_on_both, ask, ["one", "two"]) == ["StepNotPossible", "asked"]
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count()).select_from(SecondLook)) == 1


def test_an_agreement_and_a_change_at_once_never_leave_an_agreement_to_what_was_not_read(
    app_on_both: Flask, ids: dict[str, int]
) -> None:
    with app_on_both.test_request_context():
        case, officer = db.session.get_one(Application, ids["case"]), db.session.get_one(Account, ids["officer"])
        actions.ask_for_look(case, db.session.get_one(Account, ids["one"]), by=officer)
        db.session.commit()

    def work(what: str) -> str:
        case = db.session.get_one(Application, ids["case"])
        if what == "agree":
            actions.answer_look(case, agrees=True, remark="", version=1, by=db.session.get_one(Account, ids["one"]))
        else:
            written(case, by=db.session.get_one(Account, ids["officer"]), text="Omskriven.")
        return what

    said = at_once(app_on_both, work, ["agree", "change"])
    assert said in (["agree", "change"], ["ChangedMeanwhile", "change"])
    with app_on_both.app_context():
        look = db.session.scalars(select(SecondLook)).one()
        assert look.answered_at is None or look.fallen_at is not None


def test_two_who_send_at_once_open_the_comparison_together(app_on_both: Flask, ids: dict[str, int]) -> None:
    with app_on_both.test_request_context():
        case, officer = db.session.get_one(Application, ids["case"]), db.session.get_one(Account, ids["officer"])
        actions.ask(case, [db.session.get_one(Account, ids[who]) for who in ("one", "two")], by=officer)
        db.session.commit()

    def write(who: str) -> str:
        sent(db.session.get_one(Application, ids["case"]), by=db.session.get_one(Account, ids[who]))
        return "sent"

    assert at_once(app_on_both, write, ["one", "two"]) == ["sent", "sent"]
    with app_on_both.app_context():
        assert actions.is_open(actions.live_reviews(db.session.get_one(Application, ids["case"])))
