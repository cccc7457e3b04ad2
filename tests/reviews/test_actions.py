"""Several officials assess one case, each blind to the others; what the case's officer makes of it."""

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments.actions import ChangedMeanwhile as AssessmentChanged
from fundapp.assessments.actions import finish_report
from fundapp.assessments.models import Assessment
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.reviews import actions, queries, rules
from fundapp.reviews.models import Review
from fundapp.workflow import NotAllowed, Outcome, StepNotPossible
from tests.factories import on_day
from tests.factories.assessments import checked, under_assessment
from tests.factories.people import official
from tests.factories.reviews import SENT, kept, sent, written

SECRET = "Föreningen saknar erfarenhet av barnverksamhet."


@pytest.fixture(autouse=True)
def english(app: Flask) -> object:
    on_day()
    with app.test_request_context(), speaking("en"):
        yield


@pytest.fixture
def officer() -> Account:
    return official(Role.OFFICER, name="Oskar Nyström")


@pytest.fixture
def one() -> Account:
    return official(Role.OFFICER, name="Olga Henriksson")


@pytest.fixture
def two() -> Account:
    return official(Role.OFFICER, name="Rut Lindbäck")


@pytest.fixture
def case(officer: Account, one: Account, two: Account) -> Application:
    """Taken up by the officer; two colleagues are asked."""
    application = under_assessment(officer=officer)
    actions.ask(application, [one, two], by=officer)
    return application


def test_who_is_asked_gets_a_mail_that_names_the_case_and_nothing_of_it(case: Application, one: Account) -> None:
    (mail,) = db.session.scalars(select(Message).where(Message.to == one.email))
    assert case.case is not None
    assert case.case.diary_number in mail.subject
    assert f"/sv/cases/{case.public_id}/own-assessment" in mail.body
    for told in (case.title, case.applicant_name):
        assert told is not None
        assert told not in mail.subject + mail.body


def test_nobody_reads_an_assessment_before_all_are_sent(case: Application, one: Account, two: Account) -> None:
    sent(case, by=one, text=SECRET)
    assert queries.comparison(case, actions.live_reviews(case)) is None
    sent(case, by=two, proposed_amount=30_000, proposed_outcome=Outcome.GRANT_IN_PART)
    found = queries.comparison(case, actions.live_reviews(case))
    assert found is not None
    assert [review.text for review in found.reviews] == [SECRET, SENT]
    assert not found.agrees_on_outcome
    assert found.amounts_differ == (case.amount_requested or 0) - 30_000


def test_the_history_tells_that_it_was_sent_and_nothing_of_what(case: Application, one: Account) -> None:
    sent(case, by=one, text=SECRET, proposed_outcome=Outcome.REJECT, proposed_amount=None)
    entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "send_review")).all()
    assert [entry.facts for entry in entries] == [{}]


def test_a_withdrawn_question_is_not_waited_for_and_keeps_its_reason(
    case: Application, one: Account, two: Account, officer: Account
) -> None:
    sent(case, by=one)
    kept(case, by=two, text=SECRET)
    waits = next(each for each in actions.live_reviews(case) if each.assessor_id == two.id)
    with pytest.raises(StepNotPossible, match="Write why"):
        actions.withdraw(waits, reason=" ", by=officer)
    actions.withdraw(waits, reason="Är sjuk.", by=officer)
    found = queries.comparison(case, actions.live_reviews(case))
    assert found is not None
    assert [review.assessor_id for review in found.reviews] == [one.id]
    assert [(each.assessor_id, each.end_reason) for each in queries.withdrawn(case)] == [(two.id, "Är sjuk.")]
    with pytest.raises(NotAllowed):
        actions.save(case, version=waits.version, read=case.submissions[0], by=two, scores={}, text="x")


def test_what_is_sent_is_not_withdrawn_and_closing_ends_the_rest_alone(
    case: Application, one: Account, two: Account, officer: Account
) -> None:
    review = sent(case, by=one)
    with pytest.raises(StepNotPossible, match="what is sent stays"):
        actions.withdraw(review, reason="Ångrar mig.", by=officer)
    assert actions.close(case, reason="Tiden är ute.", by=officer) == 1
    assert [each.assessor_id for each in actions.live_reviews(case)] == [one.id]
    with pytest.raises(StepNotPossible, match="Nothing is waited for"):
        actions.close(case, reason="Igen.", by=officer)


def test_an_own_assessment_is_changed_until_the_others_can_read_it(
    case: Application, one: Account, two: Account
) -> None:
    sent(case, by=one)
    with pytest.raises(StepNotPossible, match="You have sent"):
        kept(case, by=one, text="Annat")
    actions.open_again(case, by=one)
    sent(case, by=one, text="Annat")
    sent(case, by=two)
    with pytest.raises(StepNotPossible, match="stays as it is"):
        actions.open_again(case, by=one)


def test_a_draft_saved_in_two_windows_loses_neither_text(case: Application, one: Account) -> None:
    kept(case, by=one, text="Det första fönstret.")
    with pytest.raises(actions.ChangedMeanwhile) as fault:
        actions.save(case, version=1, read=case.submissions[0], by=one, scores={}, text="Det andra.")
    assert fault.value.review.text == "Det första fönstret."


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": "  "}, "Write your assessment"),
        ({"proposed_outcome": None, "proposed_amount": None}, "Choose what you propose"),
        ({"proposed_amount": 9_000_000}, "cannot grant more than was sought"),
    ],
)
def test_what_cannot_be_sent_is_said_in_words(
    case: Application, one: Account, fields: dict[str, object], sentence: str
) -> None:
    with pytest.raises(StepNotPossible, match=sentence):
        sent(case, by=one, **fields)


def test_who_has_a_conflict_or_is_no_officer_or_is_gone_is_not_asked(officer: Account) -> None:
    application = under_assessment(officer=officer)
    partial, registrar, gone = official(Role.OFFICER), official(Role.REGISTRAR), official(Role.OFFICER)
    declare_conflict(by=partial, reason="Min syster är med.", organisation=application.organisation)
    gone.is_active = False
    db.session.flush()
    offered = queries.colleagues(application)
    for colleague in (partial, registrar, gone):
        assert colleague not in offered
        with pytest.raises(StepNotPossible, match="cannot be asked"):
            actions.ask(application, [colleague], by=officer)


def test_nobody_is_asked_twice_for_the_same_version(case: Application, one: Account, officer: Account) -> None:
    with pytest.raises(StepNotPossible, match="is asked already"):
        actions.ask(case, [one], by=officer)
    sent(case, by=one)
    with pytest.raises(StepNotPossible, match="application as it is"):
        actions.ask(case, [one], by=officer)


def test_only_an_officer_on_an_open_case_asks(case: Application, one: Account) -> None:
    with pytest.raises(NotAllowed):
        actions.ask(case, [one], by=official(Role.REGISTRAR))


def test_who_is_asked_when_the_others_can_be_read_is_marked(case: Application, officer: Account) -> None:
    for review in actions.live_reviews(case):
        sent(case, by=review.assessor)
    late = official(Role.OFFICER)
    assert [each.is_blind for each in actions.ask(case, [late], by=officer)] == [False]
    assert queries.comparison(case, actions.live_reviews(case)) is None


def test_taking_over_adds_the_texts_and_loses_nothing(
    case: Application, one: Account, two: Account, officer: Account
) -> None:
    with pytest.raises(StepNotPossible, match="when all of them are sent"):
        actions.take_over(case, version=0, by=officer)
    sent(case, by=one, text="Ettan.", scores={"K1": 3, "K2": 1})
    sent(case, by=two, text="Tvåan.", scores={"K1": 3, "K2": 2})
    mine = written(case, by=officer, text="Mitt eget.", proposed_outcome=None, proposed_amount=None, scores={"K3": 1})
    with pytest.raises(AssessmentChanged):
        actions.take_over(case, version=0, by=officer)
    actions.take_over(case, version=mine.version, by=officer)
    first, second, third = mine.text.split("\n\n")
    assert first == "Mitt eget."
    assert (second.startswith("Olga Henriksson "), second.endswith(":\nEttan.")) == (True, True)
    assert (third.startswith("Rut Lindbäck "), third.endswith(":\nTvåan.")) == (True, True)
    assert mine.scores == {"K1": 3, "K3": 1}
    assert (mine.proposed_outcome, mine.proposed_amount) == (Outcome.GRANT, case.amount_requested)
    actions.take_over(case, version=mine.version, by=officer)
    assert mine.text.count("Ettan.") == 1


def test_taking_over_begins_an_assessment_with_the_funds_conditions(
    case: Application, one: Account, two: Account, officer: Account
) -> None:
    sent(case, by=one)
    sent(case, by=two, proposed_outcome=Outcome.REJECT, proposed_amount=None)
    made = actions.take_over(case, version=0, by=officer)
    assert isinstance(made, Assessment)
    assert made.conditions.startswith("1. ")
    assert (made.proposed_outcome, made.proposed_amount) == (None, None)


def test_the_report_waits_for_what_is_asked(case: Application, officer: Account) -> None:
    checked(case, by=officer)
    written(case, by=officer)
    with pytest.raises(StepNotPossible) as refusal:
        finish_report(case, by=officer, serves_no_objective=True)
    assert "not sent yet: 2" in str(refusal.value.reason)
    actions.close(case, reason="Tiden är ute.", by=officer)
    finish_report(case, by=officer, serves_no_objective=True)


def test_the_database_keeps_one_live_question_to_each(case: Application, one: Account) -> None:
    again = Review(application=case, assessor=one, asked_by_id=one.id, asked_at=clock.now(), is_blind=True, scores={})
    db.session.add(again)
    with pytest.raises(Exception, match="UNIQUE"):
        db.session.flush()
    db.session.rollback()


@pytest.mark.parametrize(
    ("points", "words", "is_far"),
    [
        ([], None, False),
        ([2], None, False),
        ([2, None], None, False),
        ([2, 2, 2], "All agree", False),
        ([1, 2], "One step apart", False),
        ([0, 3, None], "3 steps apart", True),
    ],
)
def test_how_far_points_lie_apart_is_said_in_words(points: list[int | None], words: str | None, is_far: bool) -> None:
    told = rules.spread(points)
    assert (str(told) if told is not None else None, rules.lies_far(points)) == (words, is_far)
