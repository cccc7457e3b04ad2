"""The register of interests, and names that are found in applications: both keep an official from the cases."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts import interests
from fundapp.accounts.found import NamedPerson
from fundapp.accounts.models import Account, Conflict, Signatory
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.languages import speaking
from fundapp.permissions import Role, has_conflict
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.interests import question_to
from tests.factories.people import ORG_NUMBER, applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.ground.pages import send

DAY = date(2017, 3, 6)


@pytest.fixture
def english(app_on_both: Flask) -> Iterator[None]:
    on_day()
    with app_on_both.test_request_context(), speaking("en"):
        yield


@pytest.fixture
def case(english: None) -> Application:
    return registered(by=applicant("Amina Lindqvist", "amina@forening.example"))


@pytest.fixture
def officer(case: Application) -> Account:
    return official(Role.OFFICER, name="Oskar Nyström", email="oskar@kommun.example")


def sees(person: Account, case: Application) -> bool:
    """Whether the person may see the case: the database's rule and Python's say the same."""
    in_database = db.session.scalar(select(Application.id).where(Application.id == case.id, visible_to(person)))
    assert (in_database is None) == has_conflict(person, case)
    return in_database is not None


def kept(by: Account, **fields: object) -> interests.Interest:
    given = {"name": "Kassan", "org_number": ORG_NUMBER, "role": "kassör", "begins_on": DAY}
    return interests.keep(by=by, **(given | fields))  # type: ignore[arg-type]  # the test says what is kept


def test_an_interest_that_holds_hides_the_organisations_cases(case: Application, officer: Account) -> None:
    assert sees(officer, case)
    kept(officer)
    assert not sees(officer, case)


def test_an_official_named_beside_anothers_number_is_kept_from_no_case_of_theirs(
    case: Application, officer: Account
) -> None:
    """Anybody may write any number and any name: until it is answered it keeps from that entry's cases alone."""
    mallory = applicant("Mallory", "mallory@far.example")
    squatter = organisation(mallory, name="Vad som helst")
    squatter.signatories.append(Signatory(position=9, name=officer.name, contact=officer.email))
    db.session.commit()
    db.session.expire_all()
    assert officer.open_questions == [], "nothing is sent, and there is no case to keep from"
    theirs = registered(by=mallory, organisation=squatter)
    db.session.commit()
    db.session.expire_all()
    assert len(officer.open_questions) == 2
    assert not sees(officer, theirs)
    assert squatter.id in officer.conflicting_organisation_ids
    assert sees(officer, case)


@pytest.mark.parametrize(
    ("begins", "ends", "is_seen"), [(-1, None, False), (0, 0, False), (1, None, True), (-9, -1, True), (-9, 9, False)]
)
def test_it_counts_from_its_first_day_to_its_last(
    case: Application, officer: Account, begins: int, ends: int | None, is_seen: bool
) -> None:
    last = None if ends is None else DAY + timedelta(days=ends)
    kept(officer, begins_on=DAY + timedelta(days=begins), ends_on=last)
    assert sees(officer, case) is is_seen


def test_it_counts_again_and_no_more_as_the_days_pass(case: Application, officer: Account) -> None:
    kept(officer, ends_on=DAY + timedelta(days=3))
    assert not sees(officer, case)
    on_day(DAY + timedelta(days=4))
    assert sees(officer, case)


def test_a_name_without_a_number_is_looked_up_among_applicants(case: Application, officer: Account) -> None:
    known = kept(officer, name=" KALIX  språkkafé ", org_number=None)
    assert (known.organisation_id, known.org_number) == (case.organisation_id, ORG_NUMBER)
    unknown = kept(officer, name="Ingen vet", org_number=None)
    assert not unknown.hides_cases


def test_who_took_the_name_first_does_not_keep_the_interest_from_who_has_it(
    case: Application, officer: Account
) -> None:
    """Without a number every organisation of the name is meant, each in a line that can be taken back."""
    organisation(applicant("Mallory", "mallory@far.example"), name="Norrskens IF", org_number="8024001128")
    owner = applicant("Vera", "vera@norrsken.example")
    theirs = registered(by=owner, organisation=organisation(owner, name="Norrskens IF", org_number="8020015999"))
    assert sees(officer, theirs)
    kept(officer, name="norrskens if", org_number=None)
    assert not sees(officer, theirs)
    assert {each.org_number for each in officer.interests} == {"8024001128", "8020015999"}
    interests.take_back(next(each for each in officer.interests if each.org_number == "8020015999"), by=officer)
    assert sees(officer, theirs)


def test_only_ones_own_is_changed_and_what_is_taken_back_stays(case: Application, officer: Account) -> None:
    mine = kept(officer)
    other = official(Role.OFFICER)
    with pytest.raises(NotAllowed):
        interests.take_back(mine, by=other)
    with pytest.raises(NotAllowed):
        interests.keep(name="Min", role="ägare", begins_on=DAY, by=applicant("Bo Ek"))
    with pytest.raises(StepNotPossible, match="before the first"):
        interests.change(mine, role="kassör", begins_on=DAY, ends_on=DAY - timedelta(days=1), note="", by=officer)
    interests.take_back(mine, by=officer)
    assert sees(officer, case)
    assert mine.taken_back_at is not None
    with pytest.raises(StepNotPossible, match="taken back already"):
        interests.change(mine, role="x", begins_on=DAY, ends_on=None, note="", by=officer)


# --- found --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "is_found"),
    [("Per Omar Niemi", True), ("per omar  NIEMI", True), ("Pér Omar Niemi", True), ("Per Niemi", False)],
)
def test_a_signatorys_name_hides_the_case_until_it_is_answered(case: Application, name: str, is_found: bool) -> None:
    assert sees(official(Role.OFFICER, name=name), case) is not is_found


def test_an_address_is_found_too_and_a_new_name_of_the_officials_counts_at_once(
    case: Application, officer: Account
) -> None:
    assert not sees(official(Role.OFFICER, name="Någon Annan", email="per@sprakkafe.example"), case)
    officer.name = "Per Omar Niemi"
    db.session.flush()
    db.session.expire(officer)
    assert not sees(officer, case)


def test_a_signatory_who_comes_later_is_found(case: Application, officer: Account) -> None:
    assert case.organisation is not None
    case.organisation.signatories.append(Signatory(position=2, name="Oskar Nyström"))
    db.session.flush()
    db.session.expire(officer)
    assert not sees(officer, case)


def test_who_is_named_in_a_nomination_is_kept_from_that_case_alone(english: None) -> None:
    nomination = registered(by=applicant("Nils Norén", "nils@hem.example"), kind=ApplicationKind.NOMINATION)
    same, other = official(Role.OFFICER, name="Nils Norén"), official(Role.OFFICER)
    assert not sees(same, nomination)
    assert sees(other, nomination)


def test_no_lets_the_person_see_and_is_asked_once(case: Application) -> None:
    same = official(Role.OFFICER, name="Per Omar Niemi")
    (named,) = same.open_questions
    interests.answer(named, is_me=False, by=same)
    assert sees(same, case)
    with pytest.raises(StepNotPossible, match="answered this already"):
        interests.answer(named, is_me=False, by=same)
    db.session.expire(same)
    later = registered(by=case.created_by, organisation=case.organisation)
    assert sees(same, later)
    assert db.session.scalars(select(Conflict)).all() == []


def test_yes_declares_the_conflict_with_the_organisation(case: Application) -> None:
    same = official(Role.OFFICER, name="Per Omar Niemi", email="per@sprakkafe.example")
    assert len(same.open_questions) == 2  # the name and the address, asked as one
    interests.answer(same.open_questions[0], is_me=True, by=same)
    assert same.open_questions == []
    assert not sees(same, case)
    (conflict,) = db.session.scalars(select(Conflict)).all()
    assert (conflict.account_id, conflict.organisation_id) == (same.id, case.organisation_id)


def test_applicants_are_asked_nothing(case: Application) -> None:
    assert case.created_by.open_questions == []
    assert db.session.scalars(select(NamedPerson.text)).all().count("amina lindqvist") == 1


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def day(app: Flask) -> None:
    on_day()


def test_the_page_keeps_an_interest_and_says_what_it_does(app: Flask, day: None, signed_in: SignIn) -> None:
    with app.test_request_context():
        official(Role.MEMBER, email="mia@kommun.example")
        db.session.commit()
    client = signed_in("mia@kommun.example")
    typed = {
        "name": "Byalaget",
        "org_number": "12",
        "role": "ordförande",
        "begins_on": "imorgon",
        "note": "Sedan länge",
    }
    page = send(client, "/en/interests", typed)
    assert page.status_code == 422
    for text in typed.values():
        assert text in page.text
    assert "Write the organisation number with ten digits" in page.text
    good = typed | {"org_number": "802001-9991", "begins_on": "2017-03-01"}
    assert send(client, "/en/interests", good).status_code == 302
    kept_page = client.get("/en/interests").text
    assert "802001-9991" in kept_page
    assert "you do not see their cases" in kept_page


def test_the_secretary_and_the_auditor_read_all_and_nobody_else(app: Flask, day: None, signed_in: SignIn) -> None:
    with app.test_request_context():
        kept(official(Role.OFFICER, name="Oskar Nyström"), note="Sedan 2015.")
        for role in (Role.SECRETARY, Role.AUDITOR, Role.OFFICER, Role.ADMINISTRATOR):
            official(role, email=f"{role.value}@kommun.example")
        db.session.commit()
    found = {role: signed_in(f"{role}@kommun.example").get("/en/interests/all") for role in ("secretary", "auditor")}
    assert all("Sedan 2015." in page.text and "Oskar Nyström" in page.text for page in found.values())
    for who in ("officer", "administrator"):
        assert signed_in(f"{who}@kommun.example").get("/en/interests/all").status_code == 403


def test_the_question_tells_the_organisations_name_and_nothing_of_its_case(
    app: Flask, day: None, signed_in: SignIn
) -> None:
    with app.test_request_context():
        case = registered(by=applicant("Amina Lindqvist", "amina@forening.example"), title="Hemligt projekt")
        official(Role.OFFICER, name="Per Omar Niemi", email="per@kommun.example")
        assert case.case is not None
        assert case.title is not None
        place, title, number = case.public_id, case.title, case.case.diary_number
        db.session.commit()
    client = signed_in("per@kommun.example")
    page = client.get("/en/is-this-you").text
    assert "Kalix Språkkafé" in page
    for told in (title, number, place, "Amina"):
        assert told not in page
    assert client.get(f"/en/cases/{place}").status_code == 404
    with app.app_context():
        named = db.session.scalars(select(NamedPerson.public_id).where(NamedPerson.text == "per omar niemi")).one()
    assert send(client, f"/en/is-this-you/{named}/no").status_code == 302
    assert client.get(f"/en/cases/{place}").status_code == 200
    assert send(client, f"/en/is-this-you/{named}/yes").status_code == 404


def test_nobody_answers_for_another(app: Flask, day: None, signed_in: SignIn) -> None:
    with app.test_request_context():
        named = question_to(official(Role.OFFICER, name="Eva Ek")).public_id
        official(Role.OFFICER, email="annan@kommun.example")
        db.session.commit()
    assert send(signed_in("annan@kommun.example"), f"/en/is-this-you/{named}/no").status_code == 404


def test_a_day_that_passes_needs_no_clock_of_ours(english: None) -> None:
    """An interest reads the local day, so that midnight in Kalix is what counts."""
    organisation(applicant("Bo Ek", "bo@by.example"))
    interest = kept(official(Role.OFFICER), begins_on=clock.today())
    assert interest.holds
