"""Whose names the public does not read, and that nobody can blank anything else by what they call themselves."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.models import Membership, Organisation
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.decisions.approving import approve_item
from fundapp.meetings.minutes import LeftOut
from fundapp.permissions import Role
from fundapp.public.masking import MASK
from fundapp.public.people import people_of
from fundapp.workflow import Outcome
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import approved, decided, granted, recorded, signed
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.factories.projects import running
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.ground.pages import send

MALLORY = "mallory@far.example"
FUND = "Kalix kommuns integrationsfond"
REJECTS = "avslår ansökan"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def particulars(name: str, org_number: str, *signatories: str) -> dict[str, Any]:
    rows = {f"signatories-{number}-name": each for number, each in enumerate(signatories)}
    return {
        "kind": "ASSOCIATION", "name": name, "org_number": org_number, "address": "Storgatan 1",
        "postal_code": "95231", "city": "Kalix", "email": MALLORY, "phone": "070-123 45 67", "bankgiro": "5050-1055",
    } | rows  # fmt: skip


def called(*signatories: str, name: str = "Egna IF") -> dict[str, Any]:
    """Mallory's own organisation, whose signatories are called so: `by` and `organisation` of a case."""
    mallory = applicant("Mallory", MALLORY)
    own = organisation(mallory, name=name, org_number="8024001128", email=MALLORY)
    for signatory, told in zip(own.signatories, signatories, strict=False):
        signatory.name = told
    return {"by": mallory, "organisation": own}


def paragraph(client: FlaskClient, number: int) -> str:
    page = client.get(f"/sv/decisions/KS/2017/{number}")
    assert page.status_code == 200
    return page.text


def refused(application: Application, reasons: str = "Nej.") -> int:
    """The number of the approved § under which it was rejected."""
    decision = recorded(on_agenda(application), outcome=Outcome.REJECT, reasons=reasons)
    approved(decision.item.meeting)
    assert decision.item.number is not None
    return decision.item.number


def test_the_name_of_a_signatory_blanks_nothing_of_another_s_case_in_the_public_diary(
    app: Flask, signed_in: SignIn
) -> None:
    with app.test_request_context():
        registered(title="Läxhjälp vid älven")
        mine = called()
        registered(**mine, title="Något eget")
        place = mine["organisation"].public_id
        db.session.commit()
    stranger = app.test_client()
    assert "Läxhjälp vid älven" in stranger.get("/en/diary").text
    names = particulars("Egna IF", "802400-1128", "Kalix Språkkafé", "Läxhjälp vid älven")
    send(signed_in(MALLORY), f"/en/organisations/{place}", names)
    page = stranger.get("/en/diary").text
    assert "Kalix Språkkafé" in page
    assert "Läxhjälp vid älven" in page


def test_nor_in_the_registrar_s_extract_of_the_diary(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        registrar = official(Role.REGISTRAR)
        registered(title="Läxhjälp vid älven", registrar=registrar)
        registered(**called("Kalix Språkkafé", "Läxhjälp vid älven"), registrar=registrar, title="Något eget")
        db.session.commit()
    outside = signed_in(registrar).get("/en/cases/diary.csv?masked=1").data.decode()
    assert outside.count("Läxhjälp vid älven") >= 1
    assert outside.count("Kalix Språkkafé") >= 2


@pytest.mark.parametrize("name", ["nyanlända", "och", "kr", "beviljar", "nyanlända och", "Nyanlända Och"])
def test_the_name_of_an_account_blanks_nothing_in_approved_minutes(app: Flask, signed_in: SignIn, name: str) -> None:
    with app.test_request_context():
        decision = granted()
        owner, number, reasons = decision.application.created_by.email, decision.item.number, decision.reasons
        db.session.commit()
    assert reasons in paragraph(app.test_client(), number)
    send(signed_in(owner), "/sv/account", {"name": name, "phone": "", "language": "sv"})
    assert reasons in paragraph(app.test_client(), number)


@pytest.mark.parametrize("name", ["Avslår Ansökan", REJECTS, "Kalix Kommuns Integrationsfond", "Egna Vänner i Kalix"])
def test_who_is_called_so_already_when_it_is_decided_blanks_nothing_either(app: Flask, name: str) -> None:
    with app.test_request_context():
        number = refused(assessed(**called(name, name="Egna Vänner i Kalix")))
        db.session.commit()
    page = paragraph(app.test_client(), number)
    assert REJECTS in page
    assert "Egna Vänner i Kalix" in page
    assert FUND in page
    assert MASK not in page


def test_the_subject_s_own_words_and_the_party_stay_in_the_diary(app: Flask) -> None:
    with app.test_request_context():
        registered(**called("Egna Vänner", "Ansökan om anslag", name="Egna Vänner i Kalix"), title="Dans")
        db.session.commit()
    page = app.test_client().get("/sv/diary").text
    assert f"Ansökan om anslag ur {FUND} – Egna Vänner i Kalix – Dans" in page
    assert MASK not in page


def test_a_person_s_name_is_masked_in_the_own_case_alone(app: Flask) -> None:
    """Two cases of one sitting, each under its own §: who is named in both is left out of one."""
    with app.test_request_context():
        secretary = official(Role.SECRETARY)
        mine = on_agenda(assessed(**called("Berit Kanariefågel")), secretary=secretary)
        other = on_agenda(assessed(), secretary=secretary, meeting=mine.meeting)
        for item in (mine, other):
            case = item.cases[0].application
            recorded(item, case, outcome=Outcome.REJECT, reasons="Berit Kanariefågel har talat.", secretary=secretary)
        approved(mine.meeting, secretary=secretary)
        numbers = mine.number, other.number
        db.session.commit()
    own, another = (paragraph(app.test_client(), number) for number in numbers)
    assert f"{MASK} har talat." in own
    assert "Berit Kanariefågel har talat." in another


def test_who_is_renamed_or_leaves_does_not_come_to_stand_in_minutes_that_are_public(app: Flask) -> None:
    names = ("Berit Kanariefågel", "Sune Steglits", "Maj Mes")
    with app.test_request_context():
        case = assessed()
        ours = case.organisation
        assert ours is not None
        case.created_by.name, ours.signatories[0].name = names[:2]
        leaver = Membership(
            account_id=applicant(names[2]).id, organisation_id=ours.id, since=ours.created_at, may_manage=False
        )
        db.session.add(leaver)
        db.session.flush()
        number = refused(case, f"{names[0]}, {names[1]} och {names[2]} har talat.")
        db.session.commit()
        case.created_by.name, ours.signatories[0].name = "Någon Annan", "En Tredje"
        db.session.delete(leaver)
        db.session.commit()
    page = paragraph(app.test_client(), number)
    assert "har talat" in page
    assert [name for name in names if name in page] == []
    assert "Någon Annan" not in page


def test_who_was_left_out_of_a_paragraph_stays_so_in_the_minutes_of_the_whole(app: Flask) -> None:
    with app.test_request_context():
        secretary, case = official(Role.SECRETARY), assessed()
        case.created_by.name = "Berit Kanariefågel"
        reasons = "Berit Kanariefågel har talat."
        decision = recorded(on_agenda(case, secretary=secretary), outcome=Outcome.REJECT, reasons=reasons)
        meeting = decision.item.meeting
        signed(meeting, decision.item, secretary=secretary)
        approve_item(decision.item, by=secretary)
        case.created_by.name = "Någon Annan"
        approved(meeting, secretary=secretary)
        kept = [set(row.people[case.public_id]["names"]) for row in db.session.scalars(select(LeftOut))]
        number = decision.item.number
        db.session.commit()
    assert len(kept) == 2
    assert all("Berit Kanariefågel" in names for names in kept)
    assert "Kanariefågel" not in paragraph(app.test_client(), number)


def test_minutes_that_were_approved_before_names_were_kept_are_masked_by_the_frozen_copies(app: Flask) -> None:
    with app.test_request_context():
        case = assessed()
        number = refused(case, "Amina Lindqvist och Per Omar Niemi har talat.")
        for row in db.session.scalars(select(LeftOut)):
            db.session.expunge(row)
        db.session.execute(LeftOut.__table__.delete())
        ours = case.organisation
        assert ours is not None
        ours.signatories.clear()
        case.created_by.name = "Någon Annan"
        db.session.commit()
    assert f"{MASK} och {MASK} har talat." in paragraph(app.test_client(), number)


def test_a_name_in_small_letters_is_found_in_what_the_applicant_wrote(app: Flask) -> None:
    with app.test_request_context():
        registered(by=applicant("Amina Lindqvist"), title="amina lindqvists dansgrupp")
        db.session.commit()
    page = app.test_client().get("/sv/diary").text
    assert "dansgrupp" in page
    assert "lindqvist" not in page.lower()


def test_no_page_of_a_funded_project_names_a_private_person(app: Flask) -> None:
    name = "Berit Kanariefågel"
    with app.test_request_context():
        owner = applicant(name)
        project = running(by=owner, title=f"{name}s dansgrupp", objectives=("2.3",))
        project.summary = f"{name} leder. Ring 0923-123 45."
        pages = [
            "/sv/",
            "/sv/funded-projects",
            f"/sv/funded-projects/{project.public_id}",
            "/sv/goals/2.3",
            f"/sv/decisions/KS/2017/{project.decision.item.number}",
        ]
        db.session.commit()
    for path in pages:
        page = app.test_client().get(path).text
        assert f"{MASK} dansgrupp" in page, path
        assert "Kanariefågel" not in page, path
    assert "0923" not in app.test_client().get(pages[2]).text.partition("<main")[2].partition("</main")[0]


def test_people_are_those_of_the_frozen_copies_and_of_today_without_who_is_in_office(app_on_both: Flask) -> None:
    with app_on_both.test_request_context():
        application = registered(by=applicant("Amina Lindqvist"))
        ours = db.session.get_one(Organisation, application.organisation_id)
        ours.signatories[1].name = official(Role.OFFICER, name="Olle Ohlsson").name
        application.created_by.name = "Amina Warsame"
        db.session.flush()
        (people,) = people_of({application.id}).values()
        assert people.names == {"Amina Lindqvist", "Amina Warsame", "Per Omar Niemi"}
        assert {"Kalix Språkkafé", FUND, "Kommunstyrelsen"} <= people.kept
        assert people_of(select(Application.id)) == {application.public_id: people}
        assert people_of([]) == {}


def test_a_nominee_s_name_stays_and_its_contact_s_does_not(app: Flask) -> None:
    with app.test_request_context():
        item = decided(kind=ApplicationKind.NOMINATION).item
        (people,) = people_of({item.cases[0].application_id}).values()
        assert "Töre Framtid IF" in people.kept
        assert "Karin Strand" in people.names
