"""What came on paper or by telephone: entered for the sender, received by its day, registered with the scan first."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import account_by_email, declare_conflict
from fundapp.accounts.models import Account, Organisation, OrganisationKind
from fundapp.accounts.queries import own_applications, visible_to
from fundapp.applications import rules
from fundapp.applications.models import Application
from fundapp.applications.reminders import end_drafts, remind_of_drafts
from fundapp.assessments.actions import request_completion
from fundapp.db import db
from fundapp.files import StoredFile
from fundapp.intake import entering
from fundapp.intake.models import Way
from fundapp.languages import speaking
from fundapp.mail import Message, MessageStatus
from fundapp.permissions import Role
from fundapp.registry.models import Direction
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.intake import GRANT, SENDER, entered, received
from tests.factories.people import applicant, official, organisation


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def ours() -> Organisation:
    return organisation(applicant("Amina", "amina@sprakkafe.example"))


def test_what_came_on_paper_is_registered_with_the_scan_first_and_our_copy_after_it(app: Flask) -> None:
    with app.test_request_context():
        application = received(ours())
        assert application.status is ApplicationStatus.REGISTERED
        assert application.case is not None
        first, second = application.case.documents
        assert (first.number, first.direction, first.counterpart) == (1, Direction.RECEIVED, "Kalix Språkkafé")
        assert first.file is not None
        assert first.file.name == "brev.pdf"
        assert (second.direction, second.paper) == (Direction.DRAWN_UP, application.submissions[0].paper)
        assert application.amount_requested == 30_000
        assert application.title == "Språkkafé på papper"


def test_what_the_paper_lacks_is_no_refusal_but_title_and_amount_are_needed(app: Flask) -> None:
    with app.test_request_context(), speaking("en"):
        application = received(ours())
        assert application.starts_on is None
        assert application.women is None
        assert application.total_cost is None
        lacking = entered(ours(), answers={"budget": {"amount": ["mycket"]}})
        with pytest.raises(entering.Lacking) as fault:
            entering.receive(lacking, by=official(Role.REGISTRAR))
        assert [str(sentence) for sentence in fault.value.sentences] == [
            "Write a name that tells what it is about, though the paper has none.",
            "Write the amount in kronor. Where the paper names none, call the sender and ask.",
        ]


def test_the_day_it_came_counts_and_not_the_day_it_was_typed(app: Flask) -> None:
    with app.test_request_context():
        known = ours()
        round_ = entered(known).application.round
        closes = rules.last_day(round_)
        registrar = official(Role.REGISTRAR)
        with clock.at(clock.start_of(closes + timedelta(days=10))):
            in_time = received(known, received_on=closes, by=registrar, round_=round_)
            late = received(known, received_on=closes + timedelta(days=1), by=registrar, round_=round_)
        assert (in_time.is_late, late.is_late) == (False, True)
        assert clock.local_day(in_time.submitted_at) == closes
        assert in_time.case is not None
        assert in_time.case.documents[0].dated == closes


def test_a_paper_does_not_come_tomorrow(app: Flask) -> None:
    with app.test_request_context(), speaking("en"), pytest.raises(StepNotPossible, match="earlier one"):
        entered(ours(), received_on=DAY + timedelta(days=1))


def test_an_entry_is_seen_by_no_other_official_nor_by_the_applicant(app: Flask) -> None:
    with app.test_request_context():
        known = ours()
        application = entered(known).application
        for role in (Role.OFFICER, Role.REGISTRAR, Role.SECRETARY, Role.AUDITOR):
            seen = select(Application.id).where(visible_to(official(role)))
            assert application.id not in db.session.scalars(seen).all()
        member = known.memberships[0].account
        own = select(Application.id).where(own_applications(member))
        assert db.session.scalars(own).all() == []
        entering.receive(entered(known), by=official(Role.REGISTRAR))
        assert len(db.session.scalars(own).all()) == 1


def test_nobody_is_reminded_of_an_entry_and_no_sweep_removes_it(app: Flask) -> None:
    with app.test_request_context():
        application = entered(ours()).application
        last = rules.last_day(application.round)
        for after in (-5, 100, 120):
            with clock.at(clock.start_of(last + timedelta(days=after))):
                assert remind_of_drafts() == 0
                assert end_drafts() == 0
        assert db.session.scalars(select(Message)).all() == []


def test_a_registrar_with_a_conflict_cannot_enter_nor_receive(app: Flask) -> None:
    with app.test_request_context():
        known, registrar = ours(), official(Role.REGISTRAR)
        intake = entered(known)
        declare_conflict(by=registrar, reason="Min bror är kassör.", organisation=known)
        with pytest.raises(NotAllowed):
            entering.receive(intake, by=registrar)
        with pytest.raises(NotAllowed):
            entered(known, by=registrar)
        with pytest.raises(NotAllowed):
            entered(known, by=official(Role.OFFICER))


def test_a_new_organisation_without_e_mail_gets_its_letters_by_post(app: Flask) -> None:
    with app.test_request_context():
        new = Organisation(
            kind=OrganisationKind.ASSOCIATION, name="Siknäs Bygdeförening", org_number="8024001128", address="Byn 1",
            postal_code="95292", city="Siknäs", email="", phone="",
        )  # fmt: skip
        application = received(new)
        (letter,) = db.session.scalars(select(Message)).all()
        assert letter.status is MessageStatus.BY_POST
        assert letter.thread == application.public_id
        sender = application.created_by
        assert not sender.is_active
        assert sender.name == "Karin Strand"
        content = application.submissions[0].content
        assert content["account"]["email"] == ""
        assert content["organisation"]["email"] == ""
        assert new.memberships == []


def test_a_sender_with_e_mail_gets_mail_and_finds_the_nomination_later(app: Flask) -> None:
    with app.test_request_context():
        application = received(sender=entering.Sender("Karin Strand", "karin@exempel.example"))
        account = account_by_email("karin@exempel.example")
        assert account is not None
        assert [(m.to, m.status) for m in db.session.scalars(select(Message))] == [
            ("karin@exempel.example", MessageStatus.WAITING)
        ]
        own = select(Application.id).where(own_applications(account))
        assert db.session.scalars(own).all() == [application.id]
        assert application.applicant_name == "Mossens Kulturförening"
        assert application.org_number == "8024001128"


def test_a_telephone_call_is_written_down_and_has_no_received_paper(app: Flask) -> None:
    with app.test_request_context():
        application = received(ours(), way=Way.PHONE, scan=None)
        assert application.case is not None
        (note,) = application.case.documents
        assert note.direction is Direction.DRAWN_UP
        assert "telefon" in note.subject.lower() or "telephone" in note.subject


def test_it_is_received_once(app: Flask) -> None:
    with app.test_request_context():
        intake = entered(ours())
        registrar = official(Role.REGISTRAR)
        entering.receive(intake, by=registrar)
        with pytest.raises(StepNotPossible):
            entering.receive(intake, by=registrar)
        with pytest.raises(StepNotPossible):
            entering.remove(intake, by=registrar)


def test_an_entry_begun_by_mistake_leaves_only_its_history(app: Flask) -> None:
    with app.test_request_context():
        intake = entered(ours())
        entering.remove(intake, by=official(Role.REGISTRAR))
        assert db.session.scalars(select(Application)).all() == []
        assert db.session.scalars(select(StoredFile)).all() == []


def test_two_registrars_lose_nothing_of_each_other_s_typing(app: Flask) -> None:
    with app.test_request_context():
        intake, registrar = entered(ours()), official(Role.REGISTRAR)
        entering.save_part(intake, "participants", {"women": ["10"]}, version=0, by=registrar)
        with pytest.raises(entering.SavedMeanwhile) as fault:
            entering.save_part(intake, "participants", {"women": ["12"]}, version=0, by=registrar)
        assert fault.value.section.answers == {"women": ["10"]}


def test_additions_on_paper_become_a_second_version(app: Flask) -> None:
    with app.test_request_context():
        application = received(ours())
        officer, registrar = official(Role.OFFICER), official(Role.REGISTRAR)
        due = DAY + timedelta(days=14)
        request = request_completion(
            application,
            sections=["participants"],
            questions=["project.starts_on"],
            what="Datum?",
            due_on=due,
            by=officer,
        )
        intake = db.session.scalars(select(entering.Intake)).one()
        with pytest.raises(StepNotPossible):
            entering.save_part(intake, "budget", {"amount": ["1"]}, version=1, by=registrar)
        version = next(s.version for s in application.sections if s.code == "project")
        typed = {"title": ["Annat"], "starts_on": ["2017-05-01"]}
        entering.save_part(intake, "project", typed, version=version, by=registrar)
        submission = entering.receive_additions(intake, received_on=DAY, scan=None, by=registrar)
        assert submission.number == 2
        assert application.status is ApplicationStatus.UNDER_ASSESSMENT
        assert application.starts_on == date(2017, 5, 1)
        assert application.title == GRANT["project"]["title"][0]
        assert request.submission_id == submission.id
        assert request.ended_at is not None


def test_the_sender_s_account_is_made_once(app: Flask) -> None:
    with app.test_request_context():
        sender = entering.Sender("Karin Strand", "karin@exempel.example")
        received(sender=sender)
        received(sender=sender)
        found = select(Account).where(Account.email == "karin@exempel.example")
        assert len(db.session.scalars(found).all()) == 1
        assert SENDER.email == ""
