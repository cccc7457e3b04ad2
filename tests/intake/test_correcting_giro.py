"""Two officials correct an account that money is paid to: it is asked for, and a call decides, as for any other."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.models import Organisation
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.intake import correcting
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects import giros
from fundapp.workflow import InstalmentStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.intake import entered
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.factories.two_persons import NEW, asked, proposed
from tests.ground.apps import SignIn
from tests.ground.pages import send
from tests.intake.test_views import text_of

WHY, SAID = "Kassören ringde från numret som vi har.", "Ringde kassören på numret från i fjol."
OLD = {"bankgiro": "50501055"}


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    on_day()
    with app.test_request_context("http://localhost/en/"), speaking("en"):
        yield


def case() -> Application:
    person = applicant("Amina", "amina@sprakkafe.example")
    return registered(by=person, organisation=organisation(person))


def theirs(application: Application) -> Organisation:
    assert application.organisation is not None
    return application.organisation


def test_two_officials_change_all_but_the_account_for_which_somebody_must_call(english: None) -> None:
    application, proposer = case(), official(Role.OFFICER)
    wanted = NEW | {"city": "Töre"}
    correction = correcting.propose_particulars(application, wanted, reason=WHY, by=proposer)
    last = db.session.scalar(select(func.max(Message.id)))
    assert correcting.approve(correction, by=official(Role.REGISTRAR))
    assert (theirs(application).city, theirs(application).accounts) == ("Töre", OLD)
    change = db.session.scalars(select(GiroChange)).one()
    assert (change.before, change.after, change.asked_by) == (OLD, NEW, proposer)
    fields = select(HistoryEntry.facts).where(HistoryEntry.event == "correct_field")
    assert [facts["field"] for facts in db.session.scalars(fields)] == ["city"]
    letters = db.session.scalars(select(Message).where(Message.id > last)).all()
    said = [letter.body for letter in letters if "Töre" in letter.body]
    assert said
    assert not any("58056201" in body or "5805-6201" in body for body in said)
    assert {letter.to for letter in letters if "5805-6201" in letter.body} == {
        "styrelsen@sprakkafe.example",
        "amina@sprakkafe.example",
    }


def test_who_proposed_the_numbers_has_not_called(english: None) -> None:
    application, proposer, caller = case(), official(Role.OFFICER), official(Role.OFFICER)
    correction = correcting.propose_particulars(application, NEW, reason=WHY, by=proposer)
    correcting.approve(correction, by=official(Role.REGISTRAR))
    assert correcting.waits_for_call(correction)
    change = db.session.scalars(select(GiroChange)).one()
    with pytest.raises(StepNotPossible, match="You asked for this account"):
        giros.approve_account(change, verified=SAID, by=proposer)
    with pytest.raises(StepNotPossible, match="how you made sure"):
        giros.approve_account(change, verified=" ", by=caller)
    giros.approve_account(change, verified=SAID, by=caller)
    assert theirs(application).accounts == NEW
    assert not correcting.waits_for_call(correction)


def test_a_payment_proposed_to_the_old_account_is_sent_back_when_the_new_is_used(english: None) -> None:
    part = proposed()
    application = part.project.application
    correction = correcting.propose_particulars(application, NEW, reason=WHY, by=official(Role.OFFICER))
    correcting.approve(correction, by=official(Role.REGISTRAR))
    assert (part.status, part.payee) == (InstalmentStatus.PROPOSED, OLD)
    change = db.session.scalars(select(GiroChange)).one()
    giros.approve_account(change, verified=SAID, by=official(Role.SECRETARY))
    assert (part.status, part.payee) == (InstalmentStatus.PLANNED, {})


def test_no_account_is_asked_for_beside_one_that_waits(english: None) -> None:
    application = case()
    waiting = asked(application)
    wanted = {"bankgiro": "9912346", "city": "Töre"}
    correction = correcting.propose_particulars(application, wanted, reason=WHY, by=official(Role.OFFICER))
    registrar = official(Role.REGISTRAR)
    db.session.commit()
    with pytest.raises(StepNotPossible, match="Another account waits"):
        correcting.approve(correction, by=registrar)
    db.session.rollback()
    assert (theirs(application).city, theirs(application).accounts, correction.decided_at) == ("Kalix", OLD, None)
    giros.refuse_account(waiting, remark="Nej.", by=official(Role.OFFICER))
    assert correcting.approve(correction, by=registrar)
    assert theirs(application).accounts == OLD


def test_an_account_that_is_taken_away_is_asked_about_too(english: None) -> None:
    application = case()
    correction = correcting.propose_particulars(application, {"bankgiro": ""}, reason=WHY, by=official(Role.OFFICER))
    correcting.approve(correction, by=official(Role.REGISTRAR))
    change = db.session.scalars(select(GiroChange)).one()
    assert (theirs(application).accounts, change.after) == (OLD, {})


def test_before_anything_is_sent_two_officials_are_enough(english: None) -> None:
    application = entered(organisation(applicant("Amina", "amina@sprakkafe.example"))).application
    correction = correcting.propose_particulars(application, NEW, reason=WHY, by=official(Role.OFFICER))
    assert correcting.approve(correction, by=official(Role.REGISTRAR))
    assert theirs(application).accounts == NEW
    assert db.session.scalar(select(GiroChange.id)) is None


def test_the_clerk_reads_that_the_account_waits_for_an_official(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        official(Role.REGISTRAR, name="Rut", email="rut@kommun.example")
        correction = correcting.propose_particulars(case(), NEW, reason=WHY, by=official(Role.OFFICER))
        here = f"/en/corrections/{correction.public_id}"
        db.session.commit()
    rut = signed_in("rut@kommun.example")
    assert "The account is asked for first" in text_of(rut.get(here))
    there = send(rut, f"{here}/approve", {}).headers["Location"]
    waits = "The account waits until an official who did not propose it has called the organisation"
    assert waits in text_of(rut.get(there))
    page = text_of(rut.get(here))
    assert waits in page
    assert "The account is asked for first" not in page
    with app.test_request_context():
        assert db.session.scalars(select(Organisation)).one().accounts == OLD
