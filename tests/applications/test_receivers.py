"""Who gets letters about an application: not who has left the organisation, and always somebody."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts import contacts, memberships
from fundapp.accounts.models import Account, Membership, Organisation
from fundapp.applications.models import Application
from fundapp.applications.receivers import last_sender, receivers
from fundapp.assessments.actions import request_completion
from fundapp.clock import today
from fundapp.db import db
from fundapp.decisions import releasing
from fundapp.intake import emails as intake_emails
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.reports import actions as reports
from fundapp.reports.reminders import remind_of_reports
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.assessments import assessed, under_assessment
from tests.factories.candidates import nomination
from tests.factories.decisions import approved, decided, granted, recorded, translated
from tests.factories.force import annulled
from tests.factories.intake import received
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import running
from tests.factories.registry import registered
from tests.factories.reports import reported

URL = "http://localhost/sv/"
BOSS, LEAVER, OURS = "bo@sprakkafe.example", "mallory@far.example", "styrelsen@sprakkafe.example"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def _two() -> tuple[Account, Account, Organisation]:
    """Who manages the organisation, who is to be removed, and the organisation."""
    boss, leaver = applicant("Bo", BOSS), applicant("Mallory", LEAVER, language="en")
    ours = organisation(boss)
    db.session.add(Membership(account_id=leaver.id, organisation_id=ours.id, since=ours.created_at, may_manage=False))
    db.session.flush()
    db.session.expire(leaver, ["memberships"])
    db.session.expire(ours, ["memberships"])
    return boss, leaver, ours


def _remove(application: Application) -> int:
    """The person who sent it is removed; gives the key of the last mail before."""
    boss = db.session.scalars(select(Account).where(Account.email == BOSS)).one()
    rows = select(Membership).join(Membership.account).where(Account.email == LEAVER)
    memberships.remove(db.session.scalars(rows).unique().one(), by=boss)
    db.session.expire(application.organisation, ["memberships"])
    db.session.flush()
    return db.session.scalar(select(func.max(Message.id))) or 0


def _told(after: int) -> set[str]:
    """Who was written to since; the board's members sign by mail too."""
    is_boards = Message.to.endswith("@namnd.example")
    return set(db.session.scalars(select(Message.to).where(Message.id > after, ~is_boards)))


def test_who_was_removed_gets_no_more_letters_and_the_organisation_does(app: Flask) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        case = assessed(by=leaver, organisation=ours)
        assert receivers(case, last_sender(case)) == {LEAVER: "en", OURS: case.language}
        _remove(case)
        assert receivers(case, last_sender(case)) == {OURS: case.language}


def test_without_an_address_of_the_organisation_those_who_manage_its_people_get_them(app: Flask) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        case = assessed(by=leaver, organisation=ours)
        ours.email = ""
        assert receivers(case, leaver) == {LEAVER: "en"}
        _remove(case)
        assert receivers(case, leaver) == {BOSS: "sv"}


def test_a_closed_account_gets_no_more_of_the_organisations_letters(app: Flask) -> None:
    with app.test_request_context(URL):
        boss, leaver, ours = _two()
        second = applicant("Sara", "sara@sprakkafe.example")
        db.session.add(Membership(account_id=second.id, organisation_id=ours.id, since=ours.created_at))
        db.session.flush()
        db.session.expire(ours, ["memberships"])
        case = assessed(by=leaver, organisation=ours)
        boss.is_active = leaver.is_active = False
        assert receivers(case, leaver) == {OURS: case.language}
        assert set(contacts.told(ours, [OURS])) == {OURS, second.email}
        ours.email = ""
        assert receivers(case, leaver) == {second.email: "sv"}
        second.is_active = False
        assert receivers(case, leaver) == {LEAVER: "en"}, "somebody always gets them"


def test_who_nominates_and_who_writes_on_paper_act_for_no_organisation_and_are_answered(app: Flask) -> None:
    with app.test_request_context(URL):
        case = nomination(by=applicant(email="rosa@exempel.example"))
        assert set(receivers(case, last_sender(case))) == {"rosa@exempel.example"}
        case = received(organisation(applicant()))
        assert set(receivers(case, last_sender(case))) == {case.created_by.email, OURS}


@pytest.mark.parametrize("outcome", [Outcome.GRANT, Outcome.REJECT])
def test_the_decision_goes_to_the_organisation_and_not_to_who_was_removed(app: Flask, outcome: Outcome) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        case = assessed(by=leaver, organisation=ours)
        last = _remove(case)
        decided(case, outcome=outcome)
        assert _told(last) == {OURS}


@pytest.mark.parametrize("email", [OURS, "ny@sprakkafe.example"])
def test_who_is_removed_while_the_letter_waits_to_be_released_does_not_get_it(app: Flask, email: str) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        case = assessed(by=leaver, organisation=ours)
        before = db.session.scalar(select(func.max(Message.id))) or 0
        decision = recorded(application=case)
        approved(decision.item.meeting)
        assert _told(before) == {LEAVER, OURS}
        _remove(case)
        ours.email = email
        assert releasing.release(releasing.waiting(decision.item.meeting), by=official(Role.SECRETARY)) == 1
        letters = select(Message.to).where(Message.id > before, Message.thread == decision.thread)
        assert list(db.session.scalars(letters)) == [email]


def test_neither_translation_nor_annulment_nor_reminder_goes_to_who_was_removed(app: Flask) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        decision = granted(assessed(by=leaver, organisation=ours))
        last = _remove(decision.application)
        translated(decision, "fi")
        annulled(decision)
        assert _told(last) == {OURS}


def test_no_word_of_the_report_goes_to_who_was_removed(app: Flask) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        project = running(by=leaver, organisation=ours)
        report = reported(project)
        last = _remove(project.application)
        reports.approve_report(report, by=official(Role.OFFICER))
        assert _told(last) == {OURS}


def test_nobody_is_reminded_of_the_report_of_an_organisation_they_have_left(app: Flask) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        project = running(by=leaver, organisation=ours)
        last = _remove(project.application)
        on_day(project.report_due_on + timedelta(days=1))
        remind_of_reports()
        assert _told(last) == {OURS}


def test_what_is_missing_is_asked_of_the_organisation_when_who_sent_it_was_removed(app: Flask) -> None:
    with app.test_request_context(URL):
        officer = official(Role.OFFICER)
        _boss, leaver, ours = _two()
        case = under_assessment(officer=officer, by=leaver, organisation=ours)
        last = _remove(case)
        request_completion(case, sections=["budget"], what="Räkna om.", due_on=today() + timedelta(days=9), by=officer)
        assert _told(last) == {OURS}


def test_of_two_cases_that_became_one_the_organisations_are_told(app: Flask) -> None:
    with app.test_request_context(URL):
        _boss, leaver, ours = _two()
        one, other = (registered(by=leaver, organisation=ours) for _case in range(2))
        last = _remove(one)
        intake_emails.send_merged(one, other)
        assert _told(last) == {OURS}
