"""Two entries of one number become one: what was sent, and who may read it; no draft, and no account that is paid."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts import giros as asked_giros
from fundapp.accounts.found import NamedPerson
from fundapp.accounts.giro_tables import GiroChange
from fundapp.accounts.models import Account, Membership, Organisation
from fundapp.accounts.queries import own_applications, own_organisations
from fundapp.applications import actions
from fundapp.applications.forms import StartForm
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.intake import correcting, queries
from fundapp.intake.models import Correction, CorrectionKind
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects import giros, paying
from fundapp.projects.models import Project
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import draft, open_round
from tests.factories.assessments import assessed
from tests.factories.decisions import granted
from tests.factories.intake import received
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import payable, running
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.ground.pages import send
from tests.intake.test_views import text_of

WHY, SAID = "Samma nummer.", "Ringde numret i ansökan från i fjol."
GENUINE, FOREIGN = {"bankgiro": "50501055"}, {"bankgiro": "58056201"}
BO, MALLORY = "bo@sprakkafe.example", "mallory@far.example"


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    on_day()
    with app.test_request_context("http://localhost/en/"), speaking("en"):
        yield


def two(*, bankgiro: str = "50501055") -> tuple[Application, Application]:
    """Bo's case and Mallory's, each of an own entry with the same number."""
    bo, mallory = applicant("Bo", BO), applicant("Mallory", MALLORY)
    theirs, double = organisation(bo), organisation(mallory, email=MALLORY)
    double.bankgiro = bankgiro
    return registered(by=bo, organisation=theirs), registered(by=mallory, organisation=double)


def proposed(into: Application, other: Application) -> Correction:
    return correcting.propose_doubles(into, organisation_of(other), reason=WHY, by=official(Role.OFFICER))


def organisation_of(application: Application) -> Organisation:
    assert application.organisation is not None
    return application.organisation


def merged(into: Application, other: Application) -> None:
    assert correcting.approve(proposed(into, other), by=official(Role.REGISTRAR))
    db.session.expire_all()


def reads(person: Account, application: Application) -> bool:
    found = select(Application.id).where(Application.id == application.id, own_applications(person))
    return db.session.scalar(found) is not None


def rights(organisation: Organisation) -> dict[str, bool]:
    """The address of each of its people, and whether they manage the others."""
    found = select(Account.email, Membership.may_manage).join(Membership)
    rows = db.session.execute(found.where(Membership.organisation_id == organisation.id))
    return {row.email: row.may_manage for row in rows}


def test_doubles_become_one_with_people_and_what_was_sent(english: None) -> None:
    into, other = two()
    ours, both = organisation_of(into), organisation_of(other)
    per = applicant("Per", "per@sprakkafe.example")
    for place in (ours, both):
        db.session.add(
            Membership(account_id=per.id, organisation_id=place.id, since=clock.now(), may_manage=place is both)
        )
    db.session.flush()
    db.session.expire(per, ["memberships"])
    own = draft(by=per, organisation=ours)
    for row in per.memberships:  # Per left, and was asked back
        row.since = clock.now() + timedelta(minutes=1)
    assert queries.doubles(ours) == [both]
    merged(into, other)
    assert reads(per, own)
    assert other.organisation is ours
    assert rights(ours) == {BO: True, MALLORY: False, per.email: False}
    assert queries.entries_of(ours.org_number) == [ours]
    mallory = applicant(email=MALLORY)
    assert reads(mallory, into)
    assert reads(into.created_by, other)
    assert own_organisations(mallory) == [ours]
    assert set(StartForm([open_round()], mallory).organisations) == {ours.public_id}


@pytest.mark.parametrize("is_theirs_taken_over", [True, False])
def test_nobody_s_draft_is_opened_to_the_other_entry_s_people(english: None, is_theirs_taken_over: bool) -> None:
    bos, mallorys = two()
    bo, mallory = bos.created_by, mallorys.created_by
    unsent = [draft(by=each.created_by, organisation=organisation_of(each)) for each in (bos, mallorys)]
    merged(*((mallorys, bos) if is_theirs_taken_over else (bos, mallorys)))
    assert [(reads(bo, each), reads(mallory, each)) for each in unsent] == [(True, False), (False, True)]
    with clock.at(clock.now() + timedelta(minutes=1)):
        ours = organisation_of(bos)
        later = draft(by=bo, organisation=ours)
        colleague = applicant("Per", "per@sprakkafe.example")
        db.session.add(Membership(account_id=colleague.id, organisation_id=ours.id, since=clock.now()))
        db.session.flush()
        db.session.expire_all()
        assert (reads(bo, later), reads(mallory, later)) == (True, True)
        assert reads(colleague, unsent[1 if is_theirs_taken_over else 0])


def test_a_draft_of_the_entry_that_went_is_sent_for_the_one_that_remains(english: None) -> None:
    bos, mallorys = two()
    unsent = draft(by=mallorys.created_by, organisation=organisation_of(mallorys))
    unseen = draft(by=mallorys.created_by, organisation=organisation_of(mallorys))
    gone, ours = organisation_of(mallorys), organisation_of(bos)
    merged(bos, mallorys)
    assert unsent.organisation is gone
    asked_giros.set_accounts(gone, FOREIGN, old_email=gone.email, by=mallorys.created_by)
    actions.submit(unsent, by=mallorys.created_by)
    assert (unsent.organisation, organisation_of(unsent).accounts) == (ours, GENUINE)
    assert reads(bos.created_by, unsent)
    db.session.delete(db.session.scalars(select(Membership).where(Membership.organisation_id == ours.id)).all()[-1])
    db.session.flush()
    db.session.expire_all()
    with pytest.raises(NotAllowed):
        actions.submit(unseen, by=mallorys.created_by)


def test_an_official_whom_the_double_names_is_asked_of_what_remains(english: None) -> None:
    bos, mallorys = two()
    named = NamedPerson(text="olle ohlsson", organisation_id=organisation_of(mallorys).id)
    db.session.add(named)
    db.session.flush()
    merged(bos, mallorys)
    ours = select(NamedPerson.text).where(NamedPerson.organisation_id == bos.organisation_id)
    assert sorted(db.session.scalars(ours)).count("olle ohlsson") == 1
    olle = official(Role.OFFICER, name="Olle Ohlsson")
    assert bos.organisation_id in olle.conflicting_organisation_ids


def test_both_contacts_and_all_who_manage_are_told_and_read_who_came(english: None) -> None:
    bos, mallorys = two()
    last = db.session.scalar(select(func.max(Message.id)))
    merged(bos, mallorys)
    letters = db.session.scalars(select(Message).where(Message.id > last)).all()
    assert {letter.to for letter in letters} == {BO, MALLORY, "styrelsen@sprakkafe.example"}
    assert all(f"Mallory ({MALLORY})" in letter.body for letter in letters)


def test_merging_two_entries_does_not_let_another_account_in(english: None) -> None:
    amina = applicant("Amina", "amina@sprakkafe.example")
    project = payable(running(by=amina, organisation=organisation(amina)))
    stranger = applicant("Eve", "eve@annan.example")
    double = organisation(stranger, email="eve@annan.example")
    double.bankgiro = FOREIGN["bankgiro"]  # as giros.set_accounts lets anybody who has sent nothing yet
    theirs = registered(by=stranger, organisation=double)
    asked = proposed(theirs, project.application)
    approver, caller = official(Role.OFFICER), official(Role.OFFICER)
    assert not correcting.approve(asked, by=approver)
    change = db.session.scalars(select(GiroChange)).one()
    assert (change.organisation, change.before, change.after) == (project.application.organisation, GENUINE, FOREIGN)
    assert set(db.session.scalars(select(Message.to).where(Message.body.contains("5805-6201")))) >= {amina.email}
    assert (paying.payee_of(project), theirs.organisation, asked.decided_at) == (GENUINE, double, None)
    with pytest.raises(StepNotPossible, match="waits for approval"):
        correcting.approve(asked, by=approver)
    with pytest.raises(StepNotPossible):
        giros.approve_account(change, verified=SAID, by=approver)
    giros.approve_account(change, verified=SAID, by=caller)
    assert correcting.approve(asked, by=approver)
    assert (project.application.organisation, paying.payee_of(project)) == (double, FOREIGN)


def test_who_says_no_to_the_account_keeps_their_entry(english: None) -> None:
    bos, mallorys = two(bankgiro="58056201")
    asked = proposed(mallorys, bos)
    assert not correcting.approve(asked, by=official(Role.REGISTRAR))
    asked_giros.take_back(db.session.scalars(select(GiroChange)).one(), by=bos.created_by)
    correcting.decline(asked, remark="Inte samma.", by=official(Role.REGISTRAR))
    assert (organisation_of(bos).accounts, organisation_of(bos).merged_into_id) == (GENUINE, None)


def test_entries_that_become_one_hand_over_neither_drafts_nor_whom_is_paid(english: None) -> None:
    owner, mallory = applicant("Bo", BO), applicant("Mallory", MALLORY)
    theirs = organisation(owner)
    granted(assessed(by=owner, organisation=theirs))
    unsent = draft(by=owner, organisation=theirs)
    double = organisation(mallory, email=MALLORY)
    double.bankgiro = "58056201"
    case = registered(by=mallory, organisation=double)
    asked = correcting.propose_doubles(case, theirs, reason=WHY, by=official(Role.OFFICER))
    correcting.approve(asked, by=official(Role.OFFICER))
    db.session.expire_all()
    paid_to = {each.application.organisation.bankgiro for each in db.session.scalars(select(Project))}
    assert (unsent.organisation_id in mallory.organisation_ids, paid_to) == (False, {"50501055"})


def test_what_came_on_paper_is_not_paid_to_the_online_entry_s_account_unasked(english: None) -> None:
    case = registered(by=applicant("Mallory", MALLORY))
    ours = organisation_of(case)
    paper = Organisation(
        kind=ours.kind, name=ours.name, org_number=ours.org_number, address="Byn 1", postal_code="95292",
        city="Siknäs", email="", phone="",
    )  # fmt: skip
    came = received(paper)
    with pytest.raises(StepNotPossible, match="Nobody acts for the entry that would remain"):
        proposed(came, case)
    assert not correcting.approve(proposed(case, came), by=official(Role.REGISTRAR))
    change = db.session.scalars(select(GiroChange)).one()
    assert (change.organisation, change.before, came.organisation) == (paper, {}, paper)


def test_an_account_of_an_entry_that_sent_nothing_does_not_matter_and_none_is_emptied(english: None) -> None:
    bos, _mallorys = two()
    idle = organisation(applicant("Vera", "vera@far.example"))
    idle.bankgiro = "58056201"
    waiting = correcting.propose_doubles(bos, idle, reason=WHY, by=official(Role.OFFICER))
    assert correcting.approve(waiting, by=official(Role.REGISTRAR))
    assert organisation_of(bos).accounts == GENUINE
    organisation_of(bos).bankgiro = ""
    db.session.flush()
    assert not correcting.approve(proposed(bos, _mallorys), by=official(Role.REGISTRAR))
    change = db.session.scalars(select(GiroChange)).one()
    assert (change.organisation, change.before, change.after) == (bos.organisation, {}, GENUINE)


def test_both_officials_read_whose_the_entries_are_and_where_they_are_paid(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        official(Role.OFFICER, name="Olle", email="olle@kommun.example")
        official(Role.REGISTRAR, name="Rut", email="rut@kommun.example")
        bos, mallorys = two(bankgiro="58056201")
        here, other = f"/en/cases/{bos.public_id}/correct", organisation_of(mallorys).public_id
        db.session.commit()
    olle, rut = signed_in("olle@kommun.example"), signed_in("rut@kommun.example")
    page = f"{here}/{CorrectionKind.DOUBLES.value}"
    shown = (BO, MALLORY, "5050-1055", "5805-6201", "styrelsen@sprakkafe.example", "Since 6 March 2017")
    asking = text_of(olle.get(page))
    assert [words for words in (*shown, f"Kalix Språkkafé, Kalix, {MALLORY}") if words not in asking] == []
    there = send(olle, page, {"other": other, "reason": WHY}).headers["Location"]
    answering = text_of(rut.get(there))
    assert [words for words in (*shown, "They are paid to different accounts") if words not in answering] == []
    answer = send(rut, f"{there}/approve", {})
    assert answer.headers["Location"] == there
    assert "The account is asked for." in text_of(rut.get(there))
    assert send(rut, f"{there}/approve", {}).status_code == 422
