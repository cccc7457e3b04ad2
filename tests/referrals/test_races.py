"""Two at the same time, each with a session of their own, on both engines."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.assessments.actions import NotReady, finish_report
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.referrals.actions import record_answer
from fundapp.referrals.models import Referral, ReferralAnswer
from fundapp.registry.models import Direction, Document
from fundapp.remarks.actions import raise_flag, resolve_flag
from fundapp.remarks.models import Flag, FlagKind
from fundapp.workflow import ApplicationStatus
from tests.decisions.test_races import at_once
from tests.factories import DAY, on_day
from tests.factories.assessments import assess, under_assessment
from tests.factories.people import official
from tests.factories.referrals import referred

WHY = "Fel firmatecknare."


@pytest.fixture(autouse=True)
def day(app_on_both: Flask) -> None:
    on_day()


def test_two_who_write_down_the_same_answer_file_it_once(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        officer = official(Role.OFFICER)
        referral, by = referred(under_assessment(officer=officer), "social@kalix.example", by=officer).id, officer.id
        db.session.commit()

    def answer(number: int) -> str:
        record_answer(
            db.session.get_one(Referral, referral),
            came_on=DAY,
            answered_by=f"Svarande {number}",
            text="Ja.",
            file=None,
            by=db.session.get_one(Account, by),
        )
        return "filed"

    assert at_once(app_on_both, answer, [1, 2]) == ["StepNotPossible", "filed"]
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count()).select_from(ReferralAnswer)) == 1
        filed = select(func.count()).select_from(Document).where(Document.counterpart.startswith("Svarande"))
        assert db.session.scalar(filed.where(Document.direction == Direction.RECEIVED)) == 1


def test_a_report_that_is_finished_while_a_stop_flag_is_raised_is_stopped_or_finished_first(
    app_on_both: Flask,
) -> None:
    with app_on_both.test_request_context():
        officer = official(Role.OFFICER)
        application = under_assessment(officer=officer)
        flag = raise_flag(application, kind=FlagKind.STOP, reason=WHY, by=officer)
        with pytest.raises(NotReady, match=WHY):
            assess(application, by=officer)
        resolve_flag(flag, "Klart.", by=officer)
        key, by = application.id, officer.id
        db.session.commit()

    def act(what: str) -> str:
        case, person = db.session.get_one(Application, key), db.session.get_one(Account, by)
        if what == "flag":
            raise_flag(case, kind=FlagKind.STOP, reason=WHY, by=person)
            return f"flagged while {case.status.name}"
        finish_report(case, by=person)
        return "finished"

    said = at_once(app_on_both, act, ["flag", "finish"])
    assert said in (["NotReady", "flagged while UNDER_ASSESSMENT"], ["finished", "flagged while ASSESSED"])
    with app_on_both.app_context():
        standing = db.session.scalar(select(func.count()).select_from(Flag).where(Flag.resolved_at.is_(None)))
        status = db.session.get_one(Application, key).status
        assert standing == 1
        assert (status is ApplicationStatus.ASSESSED) == ("finished" in said)
