"""Another account for an organisation's money: asked for by one, approved by an official who has called."""

import ast
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

import fundapp
from fundapp import clock
from fundapp.accounts import contacts
from fundapp.accounts import giros as asking
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.giro_tables import GiroAnswer, GiroChange
from fundapp.accounts.models import ACCOUNTS, Account, Membership, Organisation
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.intake import correcting
from fundapp.languages import speaking
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.projects import giros, paying
from fundapp.projects.models import Instalment
from fundapp.workflow import InstalmentStatus, NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.people import applicant, official, organisation
from tests.factories.two_persons import NEW, asked, proposed
from tests.ground.apps import SignIn
from tests.ground.pages import send

URL = "http://localhost/en/"
OLD = {"bankgiro": "50501055"}
SAID = "Talade med kassören på 0923-123 45."


def _case() -> Application:
    person = applicant("Amina", "amina@sprakkafe.example", language="en")
    return submitted(by=person, organisation=organisation(person))


def _letters() -> list[Message]:
    return list(db.session.scalars(select(Message).order_by(Message.id)))


def test_before_anything_is_sent_the_number_is_the_organisations_own_affair(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        made = draft()
        theirs = made.organisation
        assert theirs is not None
        assert not asking.is_paid_to(theirs)
        assert asking.set_accounts(theirs, NEW, old_email=theirs.email, by=made.created_by) is None
        assert theirs.accounts == NEW


def test_once_something_is_sent_the_old_number_stays_in_use(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        case = _case()
        change = asked(case)
        assert case.organisation is not None
        assert (case.organisation.accounts, change.before, change.after) == (OLD, OLD, NEW)
        giros.approve_account(change, verified=SAID, by=official(Role.OFFICER))
        assert case.organisation.accounts == NEW
        assert (change.answer, change.verified) == (GiroAnswer.APPROVED, SAID)


def test_the_same_asked_twice_is_one_and_other_numbers_take_its_place(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        case = _case()
        first = asked(case)
        letters = len(_letters())
        assert asked(case) is first
        assert len(_letters()) == letters
        second = asked(case, numbers={"plusgiro": "2865434"})
        assert (first.answer, second.before, second.after) == (GiroAnswer.TAKEN_BACK, OLD, {"plusgiro": "2865434"})
        assert asking.waiting(second.organisation) is second


def test_old_contact_and_every_manager_are_told_in_their_language(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        case = _case()
        theirs, manager, reader = case.organisation, applicant(email="ordf@x.example", language="fi"), applicant()
        assert theirs is not None
        for person, may_manage in ((manager, True), (reader, False)):
            db.session.add(Membership(account=person, organisation=theirs, since=clock.now(), may_manage=may_manage))
        db.session.flush()
        db.session.expire(theirs, ["memberships"])
        before, theirs.email = theirs.email, "ny@kapad.example"  # the contact is changed in the same breath
        last = len(_letters())
        change = asking.set_accounts(theirs, NEW, old_email=before, by=case.created_by)
        assert change is not None
        letters = {letter.to: letter for letter in _letters()[last:]}
        assert set(letters) == {before, "ny@kapad.example", "ordf@x.example", "amina@sprakkafe.example"}
        assert letters["ordf@x.example"].language == "fi"
        for letter in letters.values():
            assert "5050-1055" in letter.body
            assert "5805-6201" in letter.body
        mine = letters["amina@sprakkafe.example"]
        assert "has asked us to pay Kalix Språkkafé to another account" in mine.body
        last = len(_letters())
        theirs.email = "igen@kapad.example"  # and once more, before the answer
        giros.approve_account(change, verified=SAID, by=official(Role.OFFICER))
        told = {letter.to for letter in _letters()[last:]}
        assert told == {before, "igen@kapad.example", "ordf@x.example", "amina@sprakkafe.example"}


def test_whoever_reads_one_mailbox_makes_no_known_telephone_of_their_own_before_they_ask(app: Flask) -> None:
    """They change the contact, send any application, and only then ask: the copy that was sent last is theirs."""
    on_day()
    with app.test_request_context(URL):
        case = _case()
        robbed, theirs = case.created_by, case.organisation
        assert theirs is not None
        phone, old, first = theirs.phone, theirs.email, case.submitted_at
        with clock.at(clock.now() + timedelta(hours=1)):
            theirs.phone, theirs.email = "+46700000000", "mallory@far.example"
            submitted(by=robbed, organisation=theirs)
        with clock.at(clock.now() + timedelta(hours=2)):
            last = len(_letters())
            change = asking.set_accounts(theirs, NEW, old_email=theirs.email, by=robbed)
            assert change is not None
            known = asking.known_before(change)
            assert list(known["phone"]) == [phone, "+46700000000"]
            assert known["phone"][phone] == known["email"][old] == first
            assert next(iter(known["signatories"])) == "Amina Lindqvist: 0701234567"
            assert old in {letter.to for letter in _letters()[last:]}
            last = len(_letters())
            giros.refuse_account(change, remark="De har inte bett om det.", by=official(Role.OFFICER))
            assert old in {letter.to for letter in _letters()[last:]}


def test_a_refusal_changes_nothing_and_says_why(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL), speaking("en"):
        change = asked(_case())
        with pytest.raises(StepNotPossible):
            giros.refuse_account(change, remark=" ", by=official(Role.OFFICER))
        last = len(_letters())
        giros.refuse_account(change, remark="Kassören kände inte till det.", by=official(Role.OFFICER))
        assert (change.answer, change.organisation.accounts) == (GiroAnswer.REFUSED, OLD)
        letters = _letters()[last:]
        assert len(letters) == 2
        assert all("Kassören kände inte till det." in letter.body for letter in letters)
        with pytest.raises(StepNotPossible, match="answered already"):
            giros.approve_account(change, verified=SAID, by=official(Role.OFFICER))


def test_who_asked_never_approves_whatever_becomes_of_them(app: Flask) -> None:
    """An official who was one of them when it was asked for, and who has left since."""
    on_day()
    with app.test_request_context(URL), speaking("en"):
        case, both = _case(), official(Role.OFFICER)
        theirs = case.organisation
        assert theirs is not None
        membership = Membership(account_id=both.id, organisation_id=theirs.id, since=clock.now())
        db.session.add(membership)
        db.session.flush()
        db.session.expire(both, ["memberships"])
        change = asked(case, by=both)
        with pytest.raises(NotAllowed):
            giros.approve_account(change, verified=SAID, by=both)
        db.session.delete(membership)
        db.session.flush()
        db.session.expire(both, ["memberships"])
        with pytest.raises(StepNotPossible, match="You asked for this account"):
            giros.approve_account(change, verified=SAID, by=both)
        key, person = change.id, both.id
        db.session.commit()
        forged = {
            "answer": GiroAnswer.APPROVED,
            "decided_by_id": person,
            "decided_at": clock.now(),
            "verified": "x",
        }
        with pytest.raises(IntegrityError):
            db.session.execute(update(GiroChange).where(GiroChange.id == key).values(**forged))
        db.session.rollback()


@pytest.mark.parametrize("bond", ["member", "declared", "double"])
def test_who_stands_on_both_sides_never_answers(app: Flask, bond: str) -> None:
    on_day()
    with app.test_request_context(URL):
        change, both = asked(_case()), official(Role.OFFICER, Role.SECRETARY)
        theirs = change.organisation
        if bond == "member":
            db.session.add(Membership(account_id=both.id, organisation_id=theirs.id, since=change.asked_at))
        elif bond == "double":  # another entry of the same association, by its number
            organisation(both, org_number=theirs.org_number or "")
        else:
            declare_conflict(by=both, reason="Min syster är kassör.", organisation=theirs)
        db.session.flush()
        db.session.expire(both)
        for answer in ("approve", "refuse"):
            with pytest.raises(NotAllowed):
                _answer(change, answer, by=both)
        assert change.decided_at is None


def _answer(change: GiroChange, answer: str, *, by: Account) -> None:
    if answer == "approve":
        giros.approve_account(change, verified=SAID, by=by)
    else:
        giros.refuse_account(change, remark="Nej.", by=by)


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.MEMBER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_an_officer_or_a_secretary_answers(app: Flask, role: Role) -> None:
    on_day()
    with app.test_request_context(URL):
        change, person = asked(_case()), official(role)
        for answer in ("approve", "refuse"):
            with pytest.raises(NotAllowed):
                _answer(change, answer, by=person)


def test_nobody_from_outside_asks_or_takes_back(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        change = asked(_case())
        for person in (applicant(), official(Role.OFFICER, Role.ADMINISTRATOR)):
            with pytest.raises(NotAllowed):
                asking.take_back(change, by=person)
            with pytest.raises(NotAllowed):
                asking.set_accounts(change.organisation, OLD, old_email="", by=person)


def test_how_it_was_verified_must_be_told(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL), speaking("en"):
        change = asked(_case())
        with pytest.raises(StepNotPossible, match="how you made sure"):
            giros.approve_account(change, verified="  ", by=official(Role.OFFICER))
        assert change.organisation.accounts == OLD


def test_a_proposed_payment_falls_back_when_the_number_changes_under_it(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        part = proposed()
        change = asked(part.project.application)
        giros.approve_account(change, verified=SAID, by=official(Role.OFFICER))
        assert (part.status, part.payee, part.proposed_by) == (InstalmentStatus.PLANNED, {}, None)
        assert "Kontot har ändrats" in part.remark
        with pytest.raises(StepNotPossible):
            paying.approve_payment(part, by=official(Role.SECRETARY))
        officer = official(Role.OFFICER)
        paying.propose_payment(part, paid_on=part.planned_on.replace(month=3, day=6), reference="LEV-2", by=officer)
        assert part.payee == NEW


def test_a_correction_by_two_officials_waits_for_the_change_and_is_asked_for_in_its_turn(app: Flask) -> None:
    """There is no second path: the officials' correction asks too, and a call decides."""
    on_day()
    with app.test_request_context(URL), speaking("en"):
        case = _case()
        change = asked(case)
        other = correcting.propose_particulars(case, {"bankgiro": "9912346"}, reason=SAID, by=official(Role.OFFICER))
        with pytest.raises(StepNotPossible, match="Another account waits"):
            correcting.approve(other, by=official(Role.REGISTRAR))
        giros.refuse_account(change, remark="Nej.", by=official(Role.OFFICER))
        last = len(_letters())
        correcting.approve(other, by=official(Role.REGISTRAR))
        assert "amina@sprakkafe.example" in {letter.to for letter in _letters()[last:]}
        assert change.organisation.accounts == OLD
        second = asking.waiting(change.organisation)
        assert second is not None
        giros.approve_account(second, verified=SAID, by=official(Role.OFFICER))
        assert change.organisation.accounts == {"bankgiro": "9912346"}


def test_numbers_that_changed_in_another_way_stop_the_change(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL), speaking("en"):
        change = asked(_case())
        asking.use(change.organisation, {"bankgiro": "9912346"})
        with pytest.raises(StepNotPossible, match="changed in another way"):
            giros.approve_account(change, verified=SAID, by=official(Role.OFFICER))


def test_the_history_tells_of_it_without_words_that_somebody_typed(app: Flask) -> None:
    on_day()
    with app.test_request_context(URL):
        change = asked(_case())
        giros.approve_account(change, verified=SAID, by=official(Role.OFFICER))
        rows = db.session.scalars(select(HistoryEntry).where(HistoryEntry.subject == "giro_change")).all()
        assert [row.event for row in rows] == ["ask_for_account", "approve_account"]
        assert not any("kassören" in str(row.facts) for row in rows)


def test_no_other_code_sets_the_numbers() -> None:
    """Only what is told here: a new organisation, the organisation's own change, and, of one that is not paid to yet,
    the officials' correction.
    """
    setters, users = set(), set()
    for path in Path(fundapp.__file__).parent.rglob("*.py"):
        name = path.relative_to(Path(fundapp.__file__).parent).as_posix()
        if _stores(path.read_text()):
            setters.add(name)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("use", "giros.use", "asked.use"):
                users.add(name)
    assert setters == set()
    assert users == {"accounts/giros.py", "accounts/views.py", "projects/giros.py"}
    assert _stores("organisation.bankgiro = x") == {"bankgiro"}  # the search finds what it looks for


def _stores(source: str) -> set[str]:
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute))
    return {node.attr for node in found if isinstance(node.ctx, ast.Store)} & set(ACCOUNTS)


def test_an_approval_of_a_payment_and_of_a_new_account_at_once_never_pay_to_a_number_out_of_use(
    app_on_both: Flask, both_engines: str
) -> None:
    on_day()
    with app_on_both.app_context():
        part = proposed()
        key, change = part.id, asked(part.project.application).id
        people = [official(Role.OFFICER).id, official(Role.OFFICER).id]
        db.session.commit()
    barrier = Barrier(2)

    def attempt(work: str) -> str:
        with app_on_both.app_context():
            if both_engines == "postgresql":  # SQLite lets only one transaction begin
                db.session.get_one(Instalment, key)
            barrier.wait()
            try:
                if work == "pay":
                    by = db.session.get_one(Account, people[0])
                    paying.approve_payment(db.session.get_one(Instalment, key), by=by)
                else:
                    by = db.session.get_one(Account, people[1])
                    giros.approve_account(db.session.get_one(GiroChange, change), verified=SAID, by=by)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return "refused"
            return work

    with ThreadPoolExecutor(2) as pool:
        outcomes = set(pool.map(attempt, ["pay", "change"]))
    with app_on_both.app_context():
        part = db.session.get_one(Instalment, key)
        assert "change" in outcomes
        assert part.project.application.organisation.accounts == NEW
        if "pay" in outcomes:  # it was paid before the new number was in use
            assert (part.status, part.payee) == (InstalmentStatus.PAID, OLD)
        else:
            assert (part.status, part.payee) == (InstalmentStatus.PLANNED, {})


# --- on the pages -----------------------------------------------------------------------------------------------------


class Scene:
    def __init__(self, app: Flask, signed_in: SignIn) -> None:
        on_day()
        self.app = app
        with app.test_request_context(URL):
            case = _case()
            officer, conflicted = official(Role.OFFICER), official(Role.OFFICER)
            assert case.organisation is not None
            declare_conflict(by=conflicted, reason="Min syster.", organisation=case.organisation)
            owner, self.key = case.created_by, case.organisation.id
            self.path = f"/en/organisations/{case.organisation.public_id}"
            db.session.commit()
        self.owner, self.officer, self.conflicted = signed_in(owner), signed_in(officer), signed_in(conflicted)

    def fields(self, **changed: str) -> dict[str, str]:
        """The organisation's own form as its page gives it."""
        soup = BeautifulSoup(self.owner.get(self.path).text, "html.parser")
        form = soup.select_one("main form.form")
        assert form is not None
        typed = form.select("input[name]:not([type=checkbox])")
        found = {str(each["name"]): str(each.get("value", "")) for each in typed}
        return found | {"kind": "ASSOCIATION"} | changed

    def numbers(self) -> dict[str, str]:
        with self.app.app_context():
            return db.session.get_one(Organisation, self.key).accounts

    def change(self) -> str:
        with self.app.app_context():
            return f"/en/account-changes/{db.session.scalars(select(GiroChange.public_id)).one()}"


@pytest.fixture
def scene(app: Flask, signed_in: SignIn) -> Scene:
    return Scene(app, signed_in)


def test_the_association_sees_that_it_waits_and_may_take_it_back(scene: Scene) -> None:
    assert "an official calls you" in scene.owner.get(scene.path).text
    answer = send(scene.owner, scene.path, scene.fields(bankgiro="5805-6201", name="Kalix Språkkafé och trädgård"))
    assert answer.status_code == 302
    assert scene.numbers() == OLD
    page = scene.owner.get(scene.path).text
    assert "Kalix Språkkafé och trädgård" in page
    for words in ("A new account waits for an official", "5050-1055", "5805-6201", "Take it back"):
        assert words in page
    assert send(scene.owner, scene.path, scene.fields()).status_code == 302  # with the old number: it still waits
    assert "A new account waits for an official" in scene.owner.get(scene.path).text
    assert send(scene.owner, f"{scene.path}/account-change/take-back").status_code == 302
    assert "A new account waits for an official" not in scene.owner.get(scene.path).text
    assert send(scene.owner, f"{scene.path}/account-change/take-back").status_code == 404


def test_changing_the_kind_is_no_way_around(scene: Scene) -> None:
    """Who has sent something keeps its number, so it does not become a municipal unit, which has none."""
    fields = scene.fields(administration="Fritid", internal_account="66-1") | {"kind": "MUNICIPAL_UNIT"}
    assert send(scene.owner, scene.path, fields).status_code == 422
    assert scene.numbers() == OLD


def test_the_desk_calls_a_number_known_before_and_approves(scene: Scene) -> None:
    send(scene.owner, scene.path, scene.fields(bankgiro="5805-6201", phone="070-999 99 99"))
    assert "New accounts to approve" in scene.officer.get("/en/desk").text
    path = scene.change()
    page = scene.officer.get(path).text
    assert "+4692312345" in page.replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    assert "999" not in page.replace("5805-6201", "")
    for fields in ({}, {"verified": SAID}, {"has_called": "y"}):
        assert send(scene.officer, f"{path}/approve", fields).status_code == 422
    assert scene.numbers() == OLD
    assert send(scene.officer, f"{path}/approve", {"has_called": "y", "verified": SAID}).status_code == 302
    assert scene.numbers() == NEW
    assert SAID in scene.officer.get(path).text
    assert send(scene.officer, f"{path}/refuse", {"remark": "Nej"}).status_code == 409


def test_the_desk_sees_first_what_stood_there_first(scene: Scene) -> None:
    """Also where nothing was sent with it: the contact is changed on one day and sent with an application on the next,
    and then the account.
    """
    with scene.app.test_request_context(URL):
        theirs, began = db.session.get_one(Organisation, scene.key), clock.now()
        by, before = theirs.memberships[0].account, contacts.contact_of(theirs)
        with clock.at(began + timedelta(days=1)):
            theirs.email, theirs.phone = "mallory@far.example", "+46709999999"
            contacts.correct_organisation(theirs, before=before, by=by)
        with clock.at(began + timedelta(days=2)):
            submitted(by=by, organisation=theirs)
        with clock.at(began + timedelta(days=3)):
            asking.set_accounts(theirs, NEW, old_email=theirs.email, by=by)
        db.session.commit()
    page = BeautifulSoup(scene.officer.get(scene.change()).text, "html.parser")
    assert page.main is not None
    shown = [" ".join(each.text.split()) for each in page.main.select("dd p")]
    assert shown[:4] == [
        "+4692312345 (6 March 2017)", "+46709999999 (8 March 2017)",
        "styrelsen@sprakkafe.example (6 March 2017)", "mallory@far.example (8 March 2017)",
    ]  # fmt: skip
    assert "the oldest first" in page.main.text


def test_an_official_with_a_conflict_does_not_learn_of_it(scene: Scene) -> None:
    send(scene.owner, scene.path, scene.fields(bankgiro="5805-6201"))
    path = scene.change()
    assert scene.conflicted.get(path).status_code == 404
    assert send(scene.conflicted, f"{path}/approve", {"has_called": "y", "verified": SAID}).status_code == 404
    assert "Språkkafé" not in scene.conflicted.get("/en/account-changes").text
    assert "Språkkafé" in scene.officer.get("/en/account-changes").text
    assert scene.owner.get(path).status_code == 404
