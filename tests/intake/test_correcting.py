"""A change of an applicant's particulars: one proposes, another approves, and only then it is made."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from fundapp import clock
from fundapp.accounts.actions import account_by_email, begin_session, declare_conflict, give_role
from fundapp.accounts.models import Account, LoginSession, Membership
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.intake import correcting, queries
from fundapp.intake.models import Correction
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.intake import received
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered

WHY = "Kassören ringde från numret som vi har."
OLD, NEW = "styrelsen@sprakkafe.example", "ny@sprakkafe.example"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def case() -> Application:
    person = applicant("Amina", "amina@sprakkafe.example")
    return registered(by=person, organisation=organisation(person))


def letters_after(last: int) -> list[Message]:
    return list(db.session.scalars(select(Message).where(Message.id > last).order_by(Message.id)))


def last_letter() -> int:
    db.session.flush()
    return max(db.session.scalars(select(Message.id)), default=0)


def test_nothing_changes_before_another_person_has_approved(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        application, officer = case(), official(Role.OFFICER)
        proposed = correcting.propose_particulars(application, {"phone": "+46701740610"}, reason=WHY, by=officer)
        assert application.organisation.phone == "+4692312345"
        with pytest.raises(StepNotPossible, match="Another person"):
            correcting.approve(proposed, by=officer)
        correcting.approve(proposed, by=official(Role.REGISTRAR))
        assert application.organisation.phone == "+46701740610"


def test_the_database_itself_wants_a_second_person(app: Flask) -> None:
    with app.test_request_context():
        officer = official(Role.OFFICER)
        proposed = correcting.propose_particulars(case(), {"city": "Töre"}, reason=WHY, by=officer)
        with db.session.no_autoflush:
            proposed.decided_by_id, proposed.decided_at, proposed.is_approved = officer.id, clock.now(), True
        with pytest.raises(IntegrityError):
            db.session.flush()


def test_old_and_new_value_stand_in_the_history(app: Flask) -> None:
    with app.test_request_context():
        application = case()
        proposed = correcting.propose_particulars(application, {"city": "Töre"}, reason=WHY, by=official(Role.OFFICER))
        correcting.approve(proposed, by=official(Role.REGISTRAR))
        entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "correct_field")).one()
        assert entry.facts == {"field": "city", "old": "Kalix", "new": "Töre"}
        assert entry.thread == application.public_id


def test_the_old_contact_gets_word_and_the_new_one_too_and_who_manages_the_people(app: Flask) -> None:
    with app.test_request_context():
        application, before = case(), last_letter()
        proposed = correcting.propose_particulars(application, {"email": NEW}, reason=WHY, by=official(Role.OFFICER))
        assert letters_after(before) == []
        correcting.approve(proposed, by=official(Role.REGISTRAR))
        letters = letters_after(before)
        assert [letter.to for letter in letters] == [OLD, NEW, application.created_by.email]
        for letter in letters:
            assert OLD in letter.body
            assert NEW in letter.body
            assert WHY not in letter.body


def test_what_the_organisation_changed_meanwhile_is_not_overwritten(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        application = case()
        proposed = correcting.propose_particulars(application, {"city": "Töre"}, reason=WHY, by=official(Role.OFFICER))
        application.organisation.city = "Sangis"
        db.session.flush()
        assert correcting.changed_meanwhile(proposed) == {"city": "Sangis"}
        with pytest.raises(StepNotPossible, match="meanwhile"):
            correcting.approve(proposed, by=official(Role.REGISTRAR))
        assert application.organisation.city == "Sangis"


def test_a_proposal_that_changes_nothing_or_waits_already_is_told(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        application, officer = case(), official(Role.OFFICER)
        with pytest.raises(StepNotPossible, match="Nothing is different"):
            correcting.propose_particulars(application, {"city": "Kalix"}, reason=WHY, by=officer)
        correcting.propose_particulars(application, {"city": "Töre"}, reason=WHY, by=officer)
        with pytest.raises(StepNotPossible, match="waits for approval already"):
            correcting.propose_particulars(application, {"city": "Sangis"}, reason=WHY, by=officer)


def test_it_is_answered_once(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        proposed = correcting.propose_particulars(case(), {"city": "Töre"}, reason=WHY, by=official(Role.OFFICER))
        registrar = official(Role.REGISTRAR)
        correcting.decline(proposed, remark="Fel förening.", by=registrar)
        with pytest.raises(StepNotPossible, match="already"):
            correcting.approve(proposed, by=registrar)
        assert proposed.application.organisation.city == "Kalix"


def test_a_conflict_hides_the_correction_and_keeps_from_answering(app: Flask) -> None:
    with app.test_request_context():
        application, biased = case(), official(Role.OFFICER)
        proposed = correcting.propose_particulars(application, {"city": "Töre"}, reason=WHY, by=official(Role.OFFICER))
        assert len(queries.corrections(biased)) == 1
        declare_conflict(by=biased, reason="Min bror är kassör.", organisation=application.organisation)
        assert queries.corrections(biased) == []
        assert db.session.scalar(queries.to_approve(biased)) == 0
        with pytest.raises(NotAllowed):
            correcting.approve(proposed, by=biased)
        with pytest.raises(NotAllowed):
            correcting.propose_email(application, NEW, reason=WHY, by=biased)
        with pytest.raises(NotAllowed):
            correcting.approve(proposed, by=official(Role.SECRETARY))


def test_a_new_sign_in_address_ends_what_is_signed_in_and_tells_both(app: Flask) -> None:
    with app.test_request_context():
        application = case()
        sender = application.created_by
        begin_session(sender)
        before = last_letter()
        proposed = correcting.propose_email(application, "amina@nytt.example", reason=WHY, by=official(Role.OFFICER))
        correcting.approve(proposed, by=official(Role.REGISTRAR))
        assert sender.email == "amina@nytt.example"
        assert db.session.scalars(select(LoginSession).where(LoginSession.ended_at.is_(None))).all() == []
        assert [m.to for m in letters_after(before)] == ["amina@sprakkafe.example", "amina@nytt.example"]


def test_nobody_takes_over_an_official_s_account_this_way(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        application = case()
        proposed = correcting.propose_email(application, NEW, reason=WHY, by=official(Role.OFFICER))
        give_role(application.created_by, Role.ADMINISTRATOR, by=None)
        with pytest.raises(StepNotPossible, match="official"):
            correcting.approve(proposed, by=official(Role.REGISTRAR))


def test_an_address_that_somebody_has_is_not_given_to_another(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        applicant(email=NEW)
        with pytest.raises(StepNotPossible, match="has an account"):
            correcting.propose_email(case(), NEW, reason=WHY, by=official(Role.OFFICER))


def test_who_wrote_on_paper_can_sign_in_once_an_address_is_approved(app: Flask) -> None:
    with app.test_request_context():
        application = received()
        proposed = correcting.propose_email(application, NEW, reason=WHY, by=official(Role.OFFICER))
        correcting.approve(proposed, by=official(Role.REGISTRAR))
        assert application.created_by.is_active
        assert account_by_email(NEW) is application.created_by


def test_an_account_that_an_administrator_has_closed_stays_closed_whatever_its_address(app: Flask) -> None:
    with app.test_request_context():
        application = case()
        application.created_by.is_active = False
        proposed = correcting.propose_email(application, NEW, reason=WHY, by=official(Role.OFFICER))
        correcting.approve(proposed, by=official(Role.REGISTRAR))
        assert account_by_email(NEW) is application.created_by
        assert not application.created_by.is_active


def test_a_person_is_connected_to_the_organisation_but_no_official_to_it_by_themself(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        application, officer, registrar = case(), official(Role.OFFICER), official(Role.REGISTRAR)
        with pytest.raises(StepNotPossible, match="your own address"):
            correcting.propose_connection(application, officer.email, reason=WHY, by=officer)
        own = correcting.propose_connection(application, registrar.email, reason=WHY, by=officer)
        with pytest.raises(StepNotPossible, match="your own address"):
            correcting.approve(own, by=registrar)
        correcting.decline(own, remark="Jag själv.", by=registrar)
        proposed = correcting.propose_connection(application, NEW, reason=WHY, by=officer)
        correcting.approve(proposed, by=registrar)
        account = account_by_email(NEW)
        assert account is not None
        rights = db.session.scalars(select(Membership).where(Membership.account_id == account.id)).one()
        assert (rights.may_edit, rights.may_submit, rights.may_manage) == (True, True, False)


@pytest.mark.slow
def test_two_who_approve_at_once_change_it_once(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        proposed = correcting.propose_particulars(case(), {"city": "Töre"}, reason=WHY, by=official(Role.OFFICER))
        key, people = proposed.id, [official(Role.REGISTRAR).id, official(Role.OFFICER).id]
        db.session.commit()
    start = Barrier(2)

    def run(person: int) -> bool:
        with app_on_both.test_request_context():
            start.wait(30)
            by, found = db.session.get_one(Account, person), db.session.get_one(Correction, key)
            try:
                correcting.approve(found, by=by)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(2) as workers:
        assert sorted(workers.map(run, people)) == [False, True]
    with app_on_both.test_request_context():
        events = select(HistoryEntry).where(HistoryEntry.event == "approve_correction")
        assert len(db.session.scalars(events).all()) == 1
