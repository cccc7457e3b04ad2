"""Projects start from grants, are paid in parts, and their plan can change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import ApplicationKind
from fundapp.db import db
from fundapp.funds.models import LedgerEntry, LedgerKind
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.projects import actions, paying
from fundapp.projects.models import Instalment, Project
from fundapp.projects.rules import Part
from fundapp.workflow import InstalmentStatus, NotAllowed, Outcome, ProjectStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.decisions import decided, recorded
from tests.factories.people import applicant, official
from tests.factories.projects import paid, pay, payable, running


def test_a_grant_starts_a_project_with_its_dates_sum_and_objectives(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running(ends_on="2017-12-31", amount=45_000)
        application = project.application
        assert project.status is ProjectStatus.RUNNING
        assert (project.title, project.summary) == (application.title, application.summary)
        assert (project.starts_on, project.ends_on) == (application.starts_on, date(2017, 12, 31))
        assert project.report_due_on == date(2018, 2, 28)
        assert project.granted == 45_000
        assert [objective.code for objective in project.objectives] == ["2.3", "5.1"]


def test_a_grant_in_part_gives_the_project_the_granted_sum(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = decided(outcome=Outcome.GRANT_IN_PART, amount=20_001)
        project = db.session.scalars(select(Project).where(Project.decision_id == decision.id)).one()
        assert project.granted == 20_001
        assert [part.amount for part in project.instalments] == [10_000, 10_001]


def test_instalments_are_planned_from_the_start_and_half_way(app: Flask) -> None:
    on_day()
    with app.app_context():
        parts = running(starts_on="2017-04-01", ends_on="2017-12-01").instalments
        assert [part.number for part in parts] == [1, 2]
        assert [part.planned_on for part in parts] == [date(2017, 4, 1), date(2017, 8, 1)]
        assert {part.status for part in parts} == {InstalmentStatus.PLANNED}


def test_a_pending_grant_has_no_project(app: Flask) -> None:
    on_day()
    with app.app_context():
        recorded()
        assert db.session.scalar(select(func.count(Project.id))) == 0


def test_an_award_of_the_stipend_starts_no_project(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = decided(kind=ApplicationKind.AWARD)
        assert decision.is_final
        assert db.session.scalar(select(func.count(Project.id))) == 0
        with pytest.raises(StepNotPossible):
            actions.start_project(decision, by=official(Role.SECRETARY))


def test_a_rejection_starts_no_project(app: Flask) -> None:
    on_day()
    with app.app_context():
        decided(outcome=Outcome.REJECT)
        assert db.session.scalar(select(func.count(Project.id))) == 0


def test_only_who_approves_minutes_starts_a_project(app: Flask) -> None:
    on_day()
    with app.app_context():
        decision = decided()
        with pytest.raises(NotAllowed):
            actions.start_project(decision, by=official(Role.OFFICER))


def test_paying_moves_the_ledger_and_writes_history(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running(amount=45_000)
        left = project.application.round.left
        part = paid(project)[0]
        assert (part.status, part.paid_on, part.reference) == (InstalmentStatus.PAID, clock.today(), "LEV-1")
        assert part.ledger_entry is not None
        assert (part.ledger_entry.kind, part.ledger_entry.amount) == (LedgerKind.PAY, 22_500)
        assert (project.paid, project.application.round.paid) == (22_500, 22_500)
        assert project.application.round.left == left  # paying changes nothing of what can be granted
        events = db.session.scalars(select(HistoryEntry.event).where(HistoryEntry.subject == "instalment")).all()
        assert list(events) == ["propose", "approve"]


def test_the_same_payment_twice_is_one_payment(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = payable(running())
        officer, other = official(Role.OFFICER), official(Role.OFFICER)
        for _click in range(2):
            pay(project.instalments[0], by=officer, approved_by=other)
        assert _payments() == 1


def test_another_payment_of_a_paid_instalment_is_refused(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running()
        part = paid(project)[0]
        with pytest.raises(StepNotPossible):
            pay(part, reference="LEV-77")


@pytest.mark.parametrize("days", [-1, 1])
def test_a_payment_before_the_decision_or_after_today_is_refused(app: Flask, days: int) -> None:
    on_day()
    with app.app_context():
        part = running().instalments[0]
        with pytest.raises(StepNotPossible):
            pay(part, paid_on=clock.today() + timedelta(days=days))
        assert _payments() == 0


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.SECRETARY, Role.MEMBER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_an_officer_proposes_a_payment(app: Flask, role: Role) -> None:
    on_day()
    with app.app_context():
        project = running()
        with pytest.raises(NotAllowed):
            paid(project, by=official(role))


def test_an_officer_of_the_organisation_cannot_pay_it(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running()
        insider = project.application.created_by
        with pytest.raises(NotAllowed):
            paid(project, by=insider)


def test_two_officers_proposing_at_once_make_one_proposal(app_on_both: Flask, both_engines: str) -> None:
    app, contenders = app_on_both, 4
    on_day()
    with app.app_context():
        key = payable(running()).instalments[0].id
        officers = [official(Role.OFFICER).id for _ in range(contenders)]
        db.session.commit()
    barrier = Barrier(contenders)

    def attempt(number: int) -> str:
        with app.app_context():
            if both_engines == "postgresql":  # all have read it as planned; SQLite lets only one transaction begin
                part = db.session.get_one(Instalment, key)
            barrier.wait()
            part = db.session.get_one(Instalment, key)
            officer = db.session.get_one(Account, officers[number])
            try:
                paying.propose_payment(part, paid_on=clock.today(), reference=f"LEV-{number}", by=officer)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return "proposed"

    with ThreadPoolExecutor(contenders) as pool:
        outcomes = list(pool.map(attempt, range(contenders)))
    assert sorted(outcomes) == ["proposed", *["refused"] * (contenders - 1)]
    with app.app_context():
        project = db.session.get_one(Instalment, key).project
        assert (project.proposed, project.paid, _payments()) == (22_500, 0, 0)


def test_the_plan_of_what_is_not_paid_can_change(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running(amount=45_000)
        paid(project)
        today = clock.today()
        parts = [Part(10_000, today), Part(5_000, today + timedelta(days=30)), Part(7_500, today + timedelta(days=60))]
        actions.change_plan(project, parts, by=official(Role.OFFICER))
        db.session.expire(project)
        assert [(part.number, part.amount) for part in project.instalments] == [
            (1, 22_500),
            (2, 10_000),
            (3, 5_000),
            (4, 7_500),
        ]
        actions.change_plan(project, [Part(22_500, today)], by=official(Role.OFFICER))
        db.session.expire(project)
        assert [part.amount for part in project.instalments] == [22_500, 22_500]


def test_of_two_plans_made_of_the_same_one_is_kept(app_on_both: Flask, both_engines: str) -> None:
    app = app_on_both
    on_day()
    with app.app_context():
        project = running(amount=45_000)
        key, seen = project.id, actions.seen_of(project)
        officers = [official(Role.OFFICER).id for _ in range(2)]
        db.session.commit()
    barrier = Barrier(2)

    def change(number: int) -> str:
        with app.app_context():
            if both_engines == "postgresql":
                actions.planned_parts(db.session.get_one(Project, key))
            barrier.wait()
            project, by = db.session.get_one(Project, key), db.session.get_one(Account, officers[number])
            try:
                actions.change_plan(project, [Part(45_000, date(2017, 9, 1 + number))], seen=seen, by=by)
                db.session.commit()
            except actions.PlanChanged:
                db.session.rollback()
                return "refused"
            return "changed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, range(2))) == ["changed", "refused"]


def test_a_plan_that_is_not_what_is_left_is_refused(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running(amount=45_000)
        paid(project)
        with pytest.raises(StepNotPossible):
            actions.change_plan(project, [Part(22_499, clock.today())], by=official(Role.OFFICER))


def test_a_stranger_cannot_change_the_plan(app: Flask) -> None:
    on_day()
    with app.app_context():
        project = running(amount=45_000)
        with pytest.raises(NotAllowed):
            actions.change_plan(project, [Part(45_000, clock.today())], by=applicant())


def _payments() -> int:
    return db.session.scalar(select(func.count(LedgerEntry.id)).where(LedgerEntry.kind == LedgerKind.PAY)) or 0
