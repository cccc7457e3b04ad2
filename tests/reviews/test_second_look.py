"""A second pair of eyes before a case leaves: never one's own, and an agreement falls when something is changed."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments import actions as assessing
from fundapp.assessments.models import Finding
from fundapp.db import db
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.reviews import actions, falling
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import checked, objective, under_assessment
from tests.factories.people import official
from tests.factories.reviews import written


@pytest.fixture(autouse=True)
def english(app: Flask) -> Iterator[None]:
    on_day()
    with app.test_request_context(), speaking("en"):
        yield


@pytest.fixture
def officer() -> Account:
    return official(Role.OFFICER, name="Oskar Nyström")


@pytest.fixture
def colleague() -> Account:
    return official(Role.OFFICER, name="Olga Henriksson")


@pytest.fixture
def case(officer: Account) -> Application:
    """Ready for its report, but for what this package asks; the fund asks for a second pair of eyes."""
    application = under_assessment(officer=officer)
    checked(application, by=officer)
    assessing.link_objectives(application, [objective("2.3")], by=officer)
    written(application, by=officer)
    fund = application.round.fund
    fund.terms = fund.terms | {"second_look": {"value": True, "source": "Rutin", "is_assumption": False}}
    db.session.flush()
    return application


def answered(case: Application, *, by: Account, agrees: bool = True, remark: str = "") -> Any:
    assessment = assessing._assessment_of(case)
    assert assessment is not None
    return actions.answer_look(case, agrees=agrees, remark=remark, version=assessment.version, by=by)


def test_a_fund_that_asks_for_it_gets_no_report_without(
    case: Application, officer: Account, colleague: Account
) -> None:
    with pytest.raises(assessing.NotReady, match="second pair of eyes"):
        assessing.finish_report(case, by=officer)
    actions.ask_for_look(case, colleague, by=officer)
    with pytest.raises(assessing.NotReady, match="Wait for the colleague"):
        assessing.finish_report(case, by=officer)
    answered(case, by=colleague)
    assessing.finish_report(case, by=officer)
    assert case.status is ApplicationStatus.ASSESSED


def test_a_fund_that_does_not_ask_waits_only_for_a_question_that_is_open(
    case: Application, officer: Account, colleague: Account
) -> None:
    case.round.fund.terms = case.round.fund.terms | {"second_look": None}
    actions.ask_for_look(case, colleague, by=officer)
    assert len(falling.missing_for_report(case)) == 1
    actions.withdraw_look(case, by=officer)
    assert falling.missing_for_report(case) == []


def test_sent_back_needs_a_remark_and_opens_nothing(case: Application, officer: Account, colleague: Account) -> None:
    actions.ask_for_look(case, colleague, question="Är beloppet rimligt?", by=officer)
    with pytest.raises(StepNotPossible, match="Write what should be changed"):
        answered(case, by=colleague, agrees=False)
    look = answered(case, by=colleague, agrees=False, remark="Beloppet saknar motivering.")
    assert (look.agrees, look.remark) == (False, "Beloppet saknar motivering.")
    with pytest.raises(assessing.NotReady):
        assessing.finish_report(case, by=officer)
    told = db.session.scalars(select(Message).where(Message.to == officer.email)).all()
    assert "Beloppet saknar" not in told[-1].body
    assert f"/sv/cases/{case.public_id}/second-look" in told[-1].body


@pytest.mark.parametrize("change", ["assessment", "check", "links", "reconsider"])
def test_an_agreement_falls_with_any_change(
    case: Application, officer: Account, colleague: Account, change: str
) -> None:
    actions.ask_for_look(case, colleague, by=officer)
    look = answered(case, by=colleague)
    assert falling.agreed(case) == [look]
    if change == "assessment":
        written(case, by=officer, text="Omskriven.")
    elif change == "check":
        assessing.check(case, {"F1": (Finding.NO, "Fel period.")}, by=officer)
    elif change == "links":
        assessing.link_objectives(case, [], by=officer)
    else:
        case.status = ApplicationStatus.REJECTED
        db.session.flush()
        assessing.reconsider(case, by=officer)
    assert falling.agreed(case) == []
    assert look.fallen_at is not None


def test_never_oneself_nor_who_wrote_it_nor_one_with_a_conflict(
    case: Application, officer: Account, colleague: Account
) -> None:
    partial = official(Role.OFFICER)
    declare_conflict(by=partial, reason="Min bror.", organisation=case.organisation)
    for whom, why in (
        (officer, "somebody else's"),
        (partial, "cannot be asked"),
        (official(Role.SECRETARY), "cannot be asked"),
    ):
        with pytest.raises(StepNotPossible, match=why):
            actions.ask_for_look(case, whom, by=officer)
    with pytest.raises(StepNotPossible, match="wrote the assessment"):
        actions.ask_for_look(case, officer, by=colleague)


def test_one_who_changed_the_assessment_meanwhile_does_not_agree_to_it(
    case: Application, officer: Account, colleague: Account
) -> None:
    actions.ask_for_look(case, colleague, by=officer)
    written(case, by=colleague, text="Nu har jag skrivit.")
    with pytest.raises(StepNotPossible, match="You changed the assessment yourself"):
        answered(case, by=colleague)


def test_nobody_agrees_to_what_they_have_not_read(case: Application, officer: Account, colleague: Account) -> None:
    actions.ask_for_look(case, colleague, by=officer)
    written(case, by=officer, text="Ändrat medan du läste.")
    with pytest.raises(assessing.ChangedMeanwhile):
        actions.answer_look(case, agrees=True, remark="", version=1, by=colleague)


def test_only_the_one_who_is_asked_answers_and_only_one_is_asked_at_a_time(
    case: Application, officer: Account, colleague: Account
) -> None:
    with pytest.raises(StepNotPossible, match="Nobody is asked"):
        answered(case, by=colleague)
    actions.ask_for_look(case, colleague, by=officer)
    other = official(Role.OFFICER)
    with pytest.raises(NotAllowed):
        answered(case, by=other)
    with pytest.raises(StepNotPossible, match="asked already"):
        actions.ask_for_look(case, other, by=officer)


def test_there_must_be_something_to_look_at(officer: Account, colleague: Account) -> None:
    with pytest.raises(StepNotPossible, match="Write the assessment"):
        actions.ask_for_look(under_assessment(officer=officer), colleague, by=officer)


def test_who_has_a_conflict_by_now_is_not_told_of_the_answer(
    case: Application, officer: Account, colleague: Account
) -> None:
    actions.ask_for_look(case, colleague, by=officer)
    declare_conflict(by=officer, reason="Min bror.", organisation=case.organisation)
    answered(case, by=colleague)
    assert db.session.scalars(select(Message).where(Message.to == officer.email)).all() == []
