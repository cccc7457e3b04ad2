"""An appeal stops the decision's force, and ends; an annulled decision is undone in one transaction."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.applications.models import ApplicationKind
from fundapp.assessments import actions as assessing
from fundapp.db import db
from fundapp.decisions import appeals, force
from fundapp.decisions.force import Standing
from fundapp.decisions.models import AppealEnd
from fundapp.funds.queries import ledger_faults
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.registry.models import Direction
from fundapp.reports import actions as reporting
from fundapp.reports.models import Repayment
from fundapp.reports.reminders import remind_of_reports
from fundapp.workflow import ApplicationStatus, InstalmentStatus, NotAllowed, Outcome, ProjectStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.decisions import decided, granted, recorded
from tests.factories.force import announced, annulled, appealed, ended
from tests.factories.people import official
from tests.factories.projects import paid, running
from tests.factories.reports import approved, reported


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Refusals are compared in the language of the source."""
    with speaking("en"):
        yield


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def test_an_appeal_is_filed_in_the_case_and_stops_the_force(app: Flask) -> None:
    with app.app_context():
        decision = granted()
        announced(decision)
        on_day(date(2017, 3, 20))
        appeal = appealed(decision, appellant="  Sven Medlem ")
        assert force.force_of(decision, date(2017, 5, 1)).standing is Standing.APPEALED
        document = decision.case.documents[-1]
        assert (document.direction, document.counterpart) == (Direction.RECEIVED, "Sven Medlem")
        assert document.subject.endswith(decision.item.designation)
        assert appealed(decision) is appeal
        assert len(decision.case.documents) == document.number


def test_a_late_appeal_is_recorded_and_marked(app: Flask) -> None:
    with app.app_context():
        decision = granted()
        announced(decision)
        on_day(date(2017, 3, 28))
        assert not appeals.is_late(appealed(decision, received_on=date(2017, 3, 27)))
        assert appeals.is_late(appealed(decision))
        entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "record_appeal"))
        assert [entry.facts["is_late"] for entry in entries] == [False, True]


@pytest.mark.parametrize("days", [-1, 1])
def test_an_appeal_before_the_decision_or_in_the_future_is_refused(app: Flask, days: int) -> None:
    with app.app_context(), pytest.raises(StepNotPossible, match="Write a day from the decision"):
        appealed(granted(), received_on=clock.today() + timedelta(days=days))


def test_an_appeal_needs_somebody(app: Flask) -> None:
    with app.app_context(), pytest.raises(StepNotPossible, match="who appeals"):
        appealed(granted(), appellant="  ")


@pytest.mark.parametrize("outcome", [Outcome.TABLE, Outcome.REFER_BACK])
def test_what_only_prepares_the_case_cannot_be_appealed(app: Flask, outcome: Outcome) -> None:
    on_day(date(2018, 3, 6))
    with app.app_context(), pytest.raises(StepNotPossible, match="KL 2017:725 13:2"):
        appealed(decided(outcome=outcome, starts_on="2018-04-01", ends_on="2018-11-30"))


def test_a_pending_outcome_cannot_be_appealed(app: Flask) -> None:
    with app.app_context(), pytest.raises(StepNotPossible, match="not approved"):
        appealed(recorded())


def test_who_has_a_conflict_or_no_right_records_no_appeal(app: Flask) -> None:
    with app.app_context():
        decision = granted()
        conflicted = official(Role.REGISTRAR)
        declare_conflict(by=conflicted, reason="Min bror.", organisation=decision.application.organisation)
        for by in (conflicted, official(Role.OFFICER), official(Role.MEMBER), decision.application.created_by):
            with pytest.raises(NotAllowed):
                appeals.record_appeal(decision, received_on=clock.today(), appellant="Sven Medlem", by=by)


def test_an_appeal_that_came_in_time_is_not_rejected_as_late(app: Flask) -> None:
    with app.app_context():
        decision = granted()
        announced(decision)
        appeal = appealed(decision)
        with pytest.raises(StepNotPossible, match="came in time"):
            ended(appeal, AppealEnd.LATE)
        with pytest.raises(StepNotPossible, match="from when the appeal came"):
            ended(appeal, AppealEnd.DISMISSED, ended_on=clock.today() - timedelta(days=1))
        ended(appeal, AppealEnd.DISMISSED)
        ended(appeal, AppealEnd.DISMISSED)  # a double click
        with pytest.raises(StepNotPossible, match="ended already"):
            ended(appeal, AppealEnd.ANNULLED)


def test_an_annulled_grant_is_undone_in_money_project_and_case(app: Flask) -> None:
    with app.app_context():
        project = running(amount=45_000)
        round_ = project.application.round
        left = round_.left
        paid(project)
        annulled(project.decision)
        assert [part.status for part in project.instalments] == [InstalmentStatus.PAID, InstalmentStatus.CANCELLED]
        assert project.status is ProjectStatus.ANNULLED
        assert project.application.status is ApplicationStatus.UNDER_ASSESSMENT
        assert round_.left == left + 22_500  # what was not paid
        claim = db.session.scalars(select(Repayment)).one()
        assert (claim.amount, claim.project, claim.report) == (22_500, project, None)
        reporting.receive_repayment(claim, received_on=clock.today(), reference="ÅTER-1", by=official(Role.OFFICER))
        assert round_.left == left + 45_000
        assert ledger_faults(db.session) == []
        events = {e.event for e in db.session.scalars(select(HistoryEntry))}
        assert {"record_appeal", "end_appeal", "annul", "demand_repayment"} <= events


def test_the_applicant_is_told_and_the_letter_is_filed(app: Flask) -> None:
    with app.app_context():
        project = running(amount=45_000)
        paid(project)
        before = db.session.scalars(select(Message.id)).all()
        annulled(project.decision)
        told = db.session.scalars(select(Message).where(Message.id.not_in(before))).all()
        assert {one.to for one in told} == {
            project.application.created_by.email,
            project.application.organisation.email.lower(),
        }
        assert all(re.search(r"22\s500\s", one.body) for one in told)
        last = project.application.case.documents[-1]
        assert (last.direction, last.paper is not None) == (Direction.DISPATCHED, True)


def test_nobody_reports_on_an_annulled_project(app: Flask) -> None:
    with app.test_request_context("http://localhost/sv/"):
        project = running()
        sent = reported(project)
        annulled(project.decision)
        with pytest.raises(StepNotPossible, match="annulled"):
            reporting.approve_report(sent, by=official(Role.OFFICER))
        other = running()
        annulled(other.decision)
        with pytest.raises(StepNotPossible, match="annulled"):
            reporting.save_report(other, {}, by=other.application.created_by)
        on_day(date(2018, 3, 1))
        assert remind_of_reports() == 0


def test_what_is_paid_twice_asked_back_is_never_more_than_what_was_paid(app: Flask) -> None:
    """A project of 45 000 that used 30 000 has paid 15 000 back already when the decision is annulled."""
    with app.test_request_context("http://localhost/sv/"):
        project = running(amount=45_000)
        left = project.application.round.left
        paid(project, 2)
        approved(project, used="30 000")
        first = db.session.scalars(select(Repayment)).one()
        reporting.receive_repayment(first, received_on=clock.today(), reference="ÅTER-1", by=official(Role.OFFICER))
        annulled(project.decision)
        assert [claim.amount for claim in db.session.scalars(select(Repayment).order_by(Repayment.id))] == [
            15_000,
            30_000,
        ]
        assert project.application.round.left == left + 15_000
        assert project.status is ProjectStatus.ANNULLED
        assert ledger_faults(db.session) == []


def test_what_was_released_with_the_report_is_not_released_again(app: Flask) -> None:
    with app.test_request_context("http://localhost/sv/"):
        project = running(amount=45_000)
        left = project.application.round.left
        paid(project)
        approved(project, used="22 500")
        assert project.application.round.left == left + 22_500
        annulled(project.decision)
        assert project.application.round.left == left + 22_500
        assert [claim.amount for claim in db.session.scalars(select(Repayment))] == [22_500]
        assert ledger_faults(db.session) == []


def test_an_annulled_case_can_be_granted_anew_with_a_project_of_its_own(app: Flask) -> None:
    with app.app_context():
        first = running(amount=45_000)
        application, officer = first.application, official(Role.OFFICER)
        annulled(first.decision)
        assessing.finish_report(application, by=officer)
        decision = granted(application)
        second = db.session.scalars(select(Project).where(Project.decision_id == decision.id)).one()
        assert (second.application_id, second.status) == (first.application_id, ProjectStatus.RUNNING)
        assert ledger_faults(db.session) == []


def test_an_annulled_refusal_is_examined_again(app: Flask) -> None:
    with app.app_context():
        decision = annulled(decided(outcome=Outcome.REJECT))
        assert decision.application.status is ApplicationStatus.UNDER_ASSESSMENT
        with pytest.raises(StepNotPossible, match="annulled"):
            appealed(decision, appellant="Eva Medlem")


def test_an_annulled_award_gives_its_sum_back(app: Flask) -> None:
    with app.app_context():
        decision = granted(kind=ApplicationKind.AWARD)
        left = decision.application.round.left
        annulled(decision)
        assert decision.application.round.left == left + (decision.amount or 0)


def test_an_older_decision_that_is_annulled_leaves_the_newer_alone(app: Flask) -> None:
    with app.app_context():
        old, officer = decided(outcome=Outcome.REJECT), official(Role.OFFICER)
        appeal = appealed(old)
        assessing.reconsider(old.application, by=officer)
        assessing.finish_report(old.application, by=officer)
        granted(old.application)
        ended(appeal, AppealEnd.ANNULLED)
        assert old.application.status is ApplicationStatus.GRANTED
        assert db.session.scalars(select(Project)).one().status is ProjectStatus.RUNNING


def test_a_second_appeal_that_annuls_too_undoes_nothing_twice(app: Flask) -> None:
    with app.app_context():
        project = running(amount=45_000)
        left = project.application.round.left
        both = [appealed(project.decision), appealed(project.decision, appellant="Eva Medlem")]
        for appeal in both:
            ended(appeal, AppealEnd.ANNULLED)
        assert project.application.round.left == left + 45_000
