"""Who is kept from one case of an applicant's, at a sitting say, keeps from its account and particulars in all."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict, give_role
from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.models import Account, Organisation, OrganisationKind
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.intake import correcting, queries
from fundapp.languages import speaking
from fundapp.meetings import disqualifying
from fundapp.meetings.proceedings import Disqualification
from fundapp.permissions import Role, is_impartial_to_applicant, is_impartial_to_organisation
from fundapp.projects import giros
from fundapp.workflow import NotAllowed
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.intake import received
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.factories.seats import full_house
from tests.factories.two_persons import asked
from tests.ground.apps import SignIn
from tests.ground.pages import send

SAID = "Ringde kassören."


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    on_day()
    with app.test_request_context("http://localhost/en/"), speaking("en"):
        yield


def disqualified(application: Application) -> tuple[Account, Disqualification]:
    """A member who is an officer too, and takes no part in the case at a sitting."""
    secretary = official(Role.SECRETARY)
    item = on_agenda(application, secretary=secretary)
    seat = [each for each in full_house() if each.is_member][5]
    (row,) = disqualifying.disqualify(item, seat, application=application, by=secretary)
    give_role(seat.account, Role.OFFICER, by=None)
    give_role(seat.account, Role.REGISTRAR, by=None)
    db.session.flush()
    return seat.account, row


def theirs(application: Application) -> Organisation:
    assert application.organisation is not None
    return application.organisation


def open_changes(person: Account) -> list[GiroChange]:
    found = select(GiroChange).join(GiroChange.organisation).where(giros.open_to(person))
    return list(db.session.scalars(found))


def sees(person: Account, application: Application) -> bool:
    found = select(Application.id).where(Application.id == application.id, visible_to(person))
    return db.session.scalar(found) is not None


def test_who_is_disqualified_in_a_case_neither_sees_nor_answers_the_applicant_s_account(english: None) -> None:
    case = assessed(by=applicant("Cia"))
    person, row = disqualified(case)
    change = asked(case)
    assert open_changes(person) == []
    with pytest.raises(NotAllowed):
        giros.approve_account(change, verified=SAID, by=person)
    with pytest.raises(NotAllowed):
        giros.refuse_account(change, remark="Nej.", by=person)
    disqualifying.lift(row, by=official(Role.SECRETARY))
    assert open_changes(person) == [change]
    giros.approve_account(change, verified=SAID, by=person)
    assert change.decided_by is person


def test_the_applicant_s_particulars_are_not_corrected_from_another_of_its_cases(english: None) -> None:
    owner = applicant("Cia")
    organisation(owner)
    case, other = assessed(by=owner), registered(by=owner)
    person, row = disqualified(case)
    proposed = correcting.propose_particulars(other, {"city": "Töre"}, reason=SAID, by=official(Role.OFFICER))
    assert sees(person, other), "the law asks of each case by itself"
    assert queries.corrections(person) == []
    assert db.session.scalar(queries.to_approve(person)) == 0
    with pytest.raises(NotAllowed):
        correcting.approve(proposed, by=person)
    with pytest.raises(NotAllowed):
        correcting.decline(proposed, remark="Nej.", by=person)
    with pytest.raises(NotAllowed):
        correcting.propose_email(other, "ny@sprakkafe.example", reason=SAID, by=person)
    disqualifying.lift(row, by=official(Role.SECRETARY))
    assert queries.corrections(person) == [proposed]
    assert correcting.approve(proposed, by=person)


def test_an_entry_with_the_same_number_is_closed_too_and_a_stranger_is_not(english: None) -> None:
    case = assessed(by=applicant("Cia"))
    person, _row = disqualified(case)
    double = organisation(applicant("Dag"), name="Samma förening")
    stranger = organisation(applicant("Eva"), name="En annan", org_number="8024001128")
    db.session.flush()
    assert not is_impartial_to_organisation(person, double)
    assert is_impartial_to_organisation(person, stranger)
    opened = select(Organisation.id).where(giros.open_to(person))
    assert set(db.session.scalars(opened)) & {theirs(case).id, double.id, stranger.id} == {stranger.id}


def test_a_unit_of_the_municipality_has_no_number_and_is_closed_by_its_key(english: None) -> None:
    owner = applicant("Cia")
    unit = organisation(owner, name="Biblioteket", kind=OrganisationKind.MUNICIPAL_UNIT)
    case = assessed(by=owner, organisation=unit)
    person, _row = disqualified(case)
    assert person.closed_applicant_ids == {unit.id}
    assert not is_impartial_to_organisation(person, unit)


def test_a_nominee_s_account_is_closed_by_number_to_who_keeps_from_the_nomination(english: None) -> None:
    nomination, person = received(), official(Role.OFFICER)
    nominee = organisation(applicant("Dag"), org_number=nomination.org_number or "")
    conflict = declare_conflict(by=person, reason="Min bror.", application=nomination)
    conflict.org_number = None  # as one that is recorded at a sitting
    db.session.flush()
    db.session.expire(person)
    assert person.closed_applicant_numbers == {nominee.org_number}
    assert not is_impartial_to_organisation(person, nominee)
    assert not is_impartial_to_applicant(person, nomination)


def test_the_session_s_one_statement_reads_who_applies_in_a_closed_case(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        case = assessed(by=applicant("Cia"))
        person, row = disqualified(case)
        change = asked(case)
        db.session.commit()
        email, key, name = person.email, change.public_id, theirs(case).name
        disqualification = row.id
    client = signed_in(email)
    path, fields = f"/en/account-changes/{key}", {"has_called": "y", "verified": SAID}
    assert name not in client.get("/en/account-changes").text
    assert client.get(path).status_code == send(client, f"{path}/approve", fields).status_code == 404
    assert "New accounts to approve" not in client.get("/en/desk").text
    with app.test_request_context():
        row = db.session.get_one(Disqualification, disqualification)
        disqualifying.lift(row, by=official(Role.SECRETARY))
        db.session.commit()
    assert name in client.get("/en/account-changes").text
    assert send(client, f"{path}/approve", fields).status_code == 302


def test_the_correction_s_pages_are_closed_too(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        owner = applicant("Cia")
        organisation(owner)
        case, other = assessed(by=owner), registered(by=owner)
        person, _row = disqualified(case)
        proposed = correcting.propose_particulars(other, {"city": "Töre"}, reason=SAID, by=official(Role.OFFICER))
        db.session.commit()
        email, key, here = person.email, proposed.public_id, f"/en/cases/{other.public_id}"
    client = signed_in(email)
    page = client.get(here)
    assert page.status_code == 200
    assert f"{here}/correct" not in page.text
    assert client.get(f"{here}/correct").status_code == 403
    assert send(client, f"{here}/correct/particulars", {"city": "Töre", "reason": SAID}).status_code == 403
    assert client.get(f"/en/corrections/{key}").status_code == 404
    assert send(client, f"/en/corrections/{key}/approve", {}).status_code == 404
