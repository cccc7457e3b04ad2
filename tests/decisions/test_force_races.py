"""Two at once, each with a session of their own, on both engines: notices, appeals and payments."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.decisions import announcing, appeals
from fundapp.decisions.models import Appeal, AppealEnd, Decision
from fundapp.funds.models import LedgerEntry, LedgerKind
from fundapp.meetings.minutes import BoardNotice
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.projects import paying
from fundapp.projects.models import Instalment, Project
from fundapp.reports.models import Repayment
from fundapp.workflow import InstalmentStatus, ProjectStatus
from tests.decisions.test_races import at_once
from tests.factories import on_day
from tests.factories.decisions import granted
from tests.factories.force import KEPT_AT, appealed
from tests.factories.people import official
from tests.factories.projects import payable, running


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def test_two_secretaries_announce_a_sitting_once(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        meeting, by = granted().item.meeting.id, official(Role.SECRETARY).id
        db.session.commit()

    def announce(_part: int) -> str:
        announcing.announce(
            db.session.get_one(Meeting, meeting),
            announced_on=clock.today(),
            kept_at=KEPT_AT,
            by=db.session.get_one(Account, by),
        )
        return "announced"

    assert at_once(app_on_both, announce, range(3)) == ["StepNotPossible", "StepNotPossible", "announced"]
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count(BoardNotice.id))) == 1


def test_a_payment_and_an_annulment_at_once_leave_no_money_between_them(app_on_both: Flask) -> None:
    """Whichever comes first: what was paid is asked back, what was not is released."""
    with app_on_both.app_context():
        project = running(amount=45_000)
        appeal = appealed(project.decision)
        payable(project)  # after the appeal, so that it is the annulment alone that refuses the payment
        key, part, appeal_id = project.id, project.instalments[0].id, appeal.id
        proposer = official(Role.OFFICER)
        paying.propose_payment(project.instalments[0], paid_on=clock.today(), reference="LEV-1", by=proposer)
        officer, registrar = official(Role.OFFICER).id, official(Role.REGISTRAR).id
        db.session.commit()

    def work(which: str) -> str:
        if which == "pay":
            by = db.session.get_one(Account, officer)
            paying.approve_payment(db.session.get_one(Instalment, part), by=by)
        else:
            by = db.session.get_one(Account, registrar)
            found = db.session.get_one(Appeal, appeal_id)
            appeals.end_appeal(found, kind=AppealEnd.ANNULLED, ended_on=clock.today(), by=by)
        return which

    said = at_once(app_on_both, work, ["pay", "annul"])
    assert "annul" in said
    with app_on_both.app_context():
        project = db.session.get_one(Project, key)
        moved = dict(
            db.session.execute(select(LedgerEntry.kind, func.sum(LedgerEntry.amount)).group_by(LedgerEntry.kind)).all()
        )
        claimed = db.session.scalar(select(func.coalesce(func.sum(Repayment.amount), 0)))
        assert project.status is ProjectStatus.ANNULLED
        assert {one.status for one in project.instalments} <= {InstalmentStatus.PAID, InstalmentStatus.CANCELLED}
        assert moved.get(LedgerKind.PAY, 0) == claimed == project.paid
        assert moved[LedgerKind.RELEASE] + claimed == 45_000


def test_the_same_end_twice_at_once_undoes_the_grant_once(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        decision = granted()
        amount, appeal = decision.amount, appealed(decision).id
        registrar = official(Role.REGISTRAR).id
        db.session.commit()

    def end(_part: int) -> str:
        by = db.session.get_one(Account, registrar)
        appeals.end_appeal(db.session.get_one(Appeal, appeal), kind=AppealEnd.ANNULLED, ended_on=clock.today(), by=by)
        return "ended"

    assert at_once(app_on_both, end, range(3)) == ["ended"] * 3
    with app_on_both.app_context():
        released = db.session.scalars(select(LedgerEntry.amount).where(LedgerEntry.kind == LedgerKind.RELEASE)).all()
        assert list(released) == [amount]


def test_one_appeal_sent_twice_at_once_is_one(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        decision, registrar = granted().id, official(Role.REGISTRAR).id
        db.session.commit()

    def send(_part: int) -> str:
        by = db.session.get_one(Account, registrar)
        found = db.session.get_one(Decision, decision)
        appeals.record_appeal(found, received_on=clock.today(), appellant="Sven Medlem", by=by)
        return "recorded"

    assert at_once(app_on_both, send, range(3)) == ["recorded"] * 3
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count(Appeal.id))) == 1
