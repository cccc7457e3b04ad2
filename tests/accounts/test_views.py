"""A person's account and organisations, other people's roles, and conflicts of interest, as pages."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.actions import account_by_email
from fundapp.accounts.models import Account, Conflict, Organisation, OrganisationKind
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.web.limits import ORGANISATION
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn
from tests.ground.pages import send

AMINA = "amina@exempel.example"
ADMIN = "admin@kommun.example"
ASSOCIATION = {
    "kind": "ASSOCIATION",
    "name": "Kalix Språkkafé",
    "org_number": "802001-5577",
    "address": "Strandgatan 10",
    "postal_code": "952 31",
    "city": "Kalix",
    "email": "Styrelsen@sprakkafe.example",
    "phone": "0923-123 45",
    "bankgiro": "5050-1055",
    "signatories-0-name": "Amina Lindqvist",
    "signatories-0-contact": "070-123 45 67",
    "signatories-1-name": "Per Omar Niemi",
    "signs_jointly": "y",
}
UNIT = {
    **{key: value for key, value in ASSOCIATION.items() if not key.startswith("sign")},
    "kind": "MUNICIPAL_UNIT",
    "name": "Integrationsenheten",
    "org_number": "",
    "bankgiro": "",
    "administration": "Socialförvaltningen, Integrationsenheten",
    "internal_account": "1234-567",
}


@pytest.fixture
def amina(app: Flask, signed_in: SignIn) -> FlaskClient:
    """The browser of a person without a role."""
    with app.app_context():
        applicant("Amina Lindqvist", AMINA)
        db.session.commit()
    return signed_in(AMINA)


@pytest.fixture
def administrator(app: Flask, signed_in: SignIn) -> FlaskClient:
    with app.app_context():
        official(Role.ADMINISTRATOR, name="Alva Admin", email=ADMIN)
        db.session.commit()
    return signed_in(ADMIN)


def _only_organisation(app: Flask) -> Organisation:
    with app.app_context():
        return db.session.scalars(select(Organisation)).one()


def _errors(page: str) -> dict[str, str]:
    """What stands beside each field, by the field's id."""
    found = BeautifulSoup(page, "html.parser").select("p.error")
    return {str(each["id"]).removesuffix("-error"): each.get_text(" ", strip=True) for each in found}


def _value(page: str, name: str) -> str:
    field = BeautifulSoup(page, "html.parser").select_one(f'[name="{name}"]')
    assert field is not None
    if field.name == "select":
        chosen = field.select_one("option[selected]")
        return str(chosen["value"]) if chosen else ""
    return str(field.get("value", field.get_text()))


# --- account ------------------------------------------------------------------------------------------------------


def test_a_person_corrects_name_phone_and_language(app: Flask, amina: FlaskClient) -> None:
    answer = send(amina, "/sv/account", {"name": " Amina  Berg ", "phone": "070-123 45 68", "language": "en"})
    assert answer.headers["Location"] == "/sv/account"
    with app.app_context():
        kept = account_by_email(AMINA)
        assert kept is not None
        assert (kept.name, kept.phone, kept.language) == ("Amina  Berg", "+46701234568", "en")
        assert db.session.scalar(select(HistoryEntry.event)) == "correct_account"


def test_an_account_that_is_not_accepted_keeps_what_was_typed(app: Flask, amina: FlaskClient) -> None:
    page = send(amina, "/en/account", {"name": " ", "phone": "seven", "language": "tlh"})
    assert page.status_code == 422
    assert _errors(page.text) == {
        "name": "Write your name.",
        "phone": "Write a phone number, for example 070-123 45 67.",
        "language": "Choose a language.",
    }
    assert _value(page.text, "phone") == "seven"
    with app.app_context():
        kept = account_by_email(AMINA)
        assert kept is not None
        assert kept.name == "Amina Lindqvist"


def test_account_page_ends_within_this_site(amina: FlaskClient) -> None:
    fields = {"name": "Amina", "language": "sv"}
    assert send(amina, "/sv/account?next=//evil.example", fields).headers["Location"] == "/sv/account"
    assert send(amina, "/sv/account?next=/sv/organisations", fields).headers["Location"] == "/sv/organisations"


# --- organisations ------------------------------------------------------------------------------------------------


def test_a_new_organisation_is_kept_as_it_is_compared_and_leads_on(app: Flask, amina: FlaskClient) -> None:
    answer = send(amina, "/sv/organisations/new?next=/sv/applications/new", ASSOCIATION)
    assert answer.headers["Location"] == "/sv/applications/new"
    with app.app_context():
        kept = db.session.scalars(select(Organisation)).one()
        assert kept.kind is OrganisationKind.ASSOCIATION
        assert (kept.org_number, kept.bankgiro, kept.plusgiro) == ("8020015577", "50501055", "")
        assert (kept.postal_code, kept.phone, kept.email) == ("95231", "+4692312345", "styrelsen@sprakkafe.example")
        assert [(s.name, s.contact) for s in kept.signatories] == [
            ("Amina Lindqvist", "070-123 45 67"),
            ("Per Omar Niemi", ""),
        ]
        assert kept.signs_jointly
        assert [m.account.email for m in kept.memberships] == [AMINA]
    page = amina.get("/en/organisations").text
    assert "Kalix Språkkafé" in page
    assert '<bdi dir="ltr">802001-5577</bdi>' in page


def test_one_person_makes_so_many_organisations_and_then_later(app: Flask, amina: FlaskClient) -> None:
    for _time in range(ORGANISATION.person or 0):
        assert send(amina, "/sv/organisations/new", {}).status_code == 422
    assert send(amina, "/sv/organisations/new", ASSOCIATION).status_code == 429
    with clock.at(clock.now() + ORGANISATION.window):
        assert send(amina, "/sv/organisations/new", ASSOCIATION).status_code == 302


def test_next_after_a_new_organisation_never_leads_outside(amina: FlaskClient) -> None:
    answer = send(amina, "/sv/organisations/new?next=https://evil.example/", ASSOCIATION)
    assert answer.headers["Location"] == "/sv/organisations"


def test_a_municipal_unit_gives_unit_and_internal_account_instead(app: Flask, amina: FlaskClient) -> None:
    assert send(amina, "/sv/organisations/new", UNIT).status_code == 302
    kept = _only_organisation(app)
    assert kept.kind is OrganisationKind.MUNICIPAL_UNIT
    assert (kept.org_number, kept.bankgiro, kept.plusgiro) == (None, "", "")
    assert (kept.administration, kept.internal_account) == ("Socialförvaltningen, Integrationsenheten", "1234-567")


def test_what_a_municipal_unit_is_not_asked_for_is_neither_checked_nor_kept(app: Flask, amina: FlaskClient) -> None:
    wrong = {"org_number": "802001-5578", "bankgiro": "1", "signatories-0-name": "A" * 300, "signs_jointly": "y"}
    assert send(amina, "/sv/organisations/new", {**UNIT, **wrong}).status_code == 302
    with app.app_context():
        kept = db.session.scalars(select(Organisation)).one()
        assert (kept.org_number, kept.bankgiro, kept.signs_jointly) == (None, "", False)
        assert kept.signatories == []


def test_an_empty_organisation_is_told_all_at_once(app: Flask, amina: FlaskClient) -> None:
    page = send(amina, "/en/organisations/new")
    assert page.status_code == 422
    assert _errors(page.text) == {
        "kind": "Choose the kind of organisation.",
        "name": "Write the organisation's name.",
        "address": "Write the postal address.",
        "postal_code": "Write the postal code.",
        "city": "Write the town.",
        "email": "Write the organisation's e-mail address.",
        "phone": "Write a phone number.",
        "org_number": "Write the organisation number.",
        "bankgiro": "Write a bankgiro or a plusgiro that belongs to the organisation.",
        "signatories-0-name": "Write who may sign for the organisation.",
    }
    summary = BeautifulSoup(page.text, "html.parser").select_one(".error-summary")
    assert summary is not None
    assert len(summary.select("a")) == 10
    ids = {str(each["id"]) for each in BeautifulSoup(page.text, "html.parser").select("[id]")}
    assert all(str(link["href"]).removeprefix("#") in ids for link in summary.select("a"))
    with app.app_context():
        assert db.session.scalar(select(func.count(Organisation.id))) == 0


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("org_number", "802001-5578", "Write the organisation number with ten digits"),
        ("org_number", "80200155", "Write the organisation number with ten digits"),
        ("bankgiro", "5050-1056", "Check the number against a bill or your bank"),
        ("plusgiro", "12345", "Check the number against a bill or your bank"),
        ("postal_code", "0123", "Write the postal code with five digits"),
        ("email", "styrelsen", "Write an e-mail address"),
        ("phone", "soon", "Write a phone number"),
        ("website", "javascript:alert(1)", "Write the address of the website"),
        ("website", "our page", "Write the address of the website"),
        ("kind", "ROYAL_HOUSE", "Choose the kind of organisation."),
        ("name", "x" * 201, "Shorten the text to 200 characters; it has 201 now."),
    ],
)
def test_a_wrong_answer_is_told_beside_it_and_everything_typed_is_still_there(
    app: Flask, amina: FlaskClient, name: str, typed: str, told: str
) -> None:
    sent = {**ASSOCIATION, name: typed}
    page = send(amina, "/en/organisations/new?next=/en/applications/new", sent)
    assert page.status_code == 422
    assert list(_errors(page.text)) == [name]
    assert told in _errors(page.text)[name]
    shown = {key: _value(page.text, key) for key in sent if key not in ("signs_jointly", "kind")}
    assert shown == {key: value for key, value in sent.items() if key in shown}
    assert "checked" in str(BeautifulSoup(page.text, "html.parser").select_one('[name="signs_jointly"]'))
    assert 'action="/en/organisations/new?next=/en/applications/new"' in page.text
    with app.app_context():
        assert db.session.scalar(select(func.count(Organisation.id))) == 0


def test_a_plusgiro_alone_is_enough(app: Flask, amina: FlaskClient) -> None:
    assert send(amina, "/sv/organisations/new", {**ASSOCIATION, "bankgiro": "", "plusgiro": "18-2"}).status_code == 302
    assert _only_organisation(app).plusgiro == "182"


def test_a_signatory_with_a_phone_but_no_name_is_asked_for(amina: FlaskClient) -> None:
    page = send(amina, "/en/organisations/new", {**ASSOCIATION, "signatories-1-name": "", "signatories-1-contact": "7"})
    assert page.status_code == 422
    assert _errors(page.text) == {"signatories-1-name": "Write the name of the person you gave a phone or e-mail for."}


def test_the_same_number_may_be_entered_twice_and_gives_no_access(app: Flask, amina: FlaskClient) -> None:
    with app.app_context():
        first = organisation(applicant("Bo Ek", "bo@exempel.example"), name="Språkkaféet, styrelsen").public_id
        db.session.commit()
    assert send(amina, "/sv/organisations/new", ASSOCIATION).status_code == 302
    assert amina.get(f"/sv/organisations/{first}").status_code == 404
    assert send(amina, f"/sv/organisations/{first}", ASSOCIATION).status_code == 404
    assert "Språkkaféet, styrelsen" not in amina.get("/sv/organisations").text


def test_an_organisation_is_corrected_and_can_become_a_municipal_unit(app: Flask, amina: FlaskClient) -> None:
    send(amina, "/sv/organisations/new", ASSOCIATION)
    path = f"/en/organisations/{_only_organisation(app).public_id}"
    page = amina.get(path).text
    assert _value(page, "kind") == "ASSOCIATION"
    assert (_value(page, "org_number"), _value(page, "bankgiro")) == ("802001-5577", "5050-1055")
    assert _value(page, "signatories-1-name") == "Per Omar Niemi"
    renamed = {**ASSOCIATION, "name": "Kalix Språkkafé och trädgård", "seen": _value(page, "seen")}
    assert send(amina, path, renamed).status_code == 302
    assert _only_organisation(app).name == "Kalix Språkkafé och trädgård"
    assert send(amina, path, {**UNIT, "seen": _value(amina.get(path).text, "seen")}).status_code == 302
    assert _only_organisation(app).org_number is None
    with app.app_context():
        events = db.session.scalars(select(HistoryEntry.event).where(HistoryEntry.subject == "organisation")).all()
        assert events == ["add_organisation", "correct_organisation", "correct_organisation"]


def test_a_correction_that_is_not_accepted_changes_nothing(app: Flask, amina: FlaskClient) -> None:
    send(amina, "/sv/organisations/new", ASSOCIATION)
    kept = _only_organisation(app)
    answer = send(amina, f"/sv/organisations/{kept.public_id}", {**ASSOCIATION, "name": "New", "city": ""})
    assert answer.status_code == 422
    assert _only_organisation(app).name == "Kalix Språkkafé"


# --- people and roles ---------------------------------------------------------------------------------------------


def test_only_an_administrator_sees_people(app: Flask, amina: FlaskClient, administrator: FlaskClient) -> None:
    assert administrator.get("/sv/people").status_code == 200
    assert amina.get("/sv/people").status_code == 403
    with app.app_context():
        person = applicant(email=AMINA).public_id
    assert amina.get(f"/sv/people/{person}").status_code == 403
    assert send(amina, f"/sv/people/{person}", {"role": "ADMINISTRATOR"}).status_code == 403


def test_people_are_found_by_part_of_name_or_address(app: Flask, administrator: FlaskClient) -> None:
    with app.app_context():
        applicant("Åsa Öberg", "asa@exempel.example")
        applicant("Percent Sign", "percent@exempel.example")
        db.session.commit()
    for asked, is_found in {"åsa": True, "ÖBERG": True, "SA@exem": True, "%": False, "_": False, "Per": False}.items():
        page = administrator.get("/en/people", query_string={"q": asked})
        assert page.status_code == 200
        assert ("Åsa Öberg" in page.text) is is_found, asked
    assert "Åsa Öberg" not in administrator.get("/en/people").text  # without a search: those who have a role
    assert "Alva Admin" in administrator.get("/en/people").text


def test_a_role_is_given_and_taken_and_each_works_from_the_next_click(
    app: Flask, amina: FlaskClient, administrator: FlaskClient
) -> None:
    with app.app_context():
        person = applicant(email=AMINA).public_id
    assert amina.get("/sv/history").status_code == 403
    assert send(administrator, f"/sv/people/{person}", {"role": "AUDITOR"}).status_code == 302
    assert amina.get("/sv/history").status_code == 200
    with app.app_context():
        given = applicant(email=AMINA).role_rows[0].public_id
    assert send(administrator, f"/sv/roles/{given}/take").status_code == 302
    assert "/sign-in?next=" in amina.get("/sv/history").location  # every session of hers has ended
    with app.app_context():
        entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event.endswith("_role"))).all()
        told = [(e.event, e.who, e.facts["role"]) for e in entries if e.who != "fundapp"]
        assert told == [("give_role", "Alva Admin", "AUDITOR"), ("take_role", "Alva Admin", "AUDITOR")]


def test_a_secretary_or_member_needs_a_board(app: Flask, amina: FlaskClient, administrator: FlaskClient) -> None:
    with app.app_context():
        person = applicant(email=AMINA).public_id
    page = send(administrator, f"/en/people/{person}", {"role": "MEMBER", "board": ""})
    assert page.status_code == 422
    assert _errors(page.text) == {"board": "Choose the board that the secretary or member belongs to."}
    assert _value(page.text, "role") == "MEMBER"
    assert send(administrator, f"/en/people/{person}", {"role": "MEMBER", "board": "KS"}).status_code == 302
    with app.app_context():
        row = applicant(email=AMINA).role_rows[0]
        assert row.board is not None
        assert (row.role, row.board.code) == (Role.MEMBER, "KS")


@pytest.mark.parametrize("role", ["", "KING", "APPLICANT"])
def test_a_role_that_cannot_be_given_is_asked_for_again(
    app: Flask, amina: FlaskClient, administrator: FlaskClient, role: str
) -> None:
    with app.app_context():
        person = applicant(email=AMINA).public_id
    page = send(administrator, f"/en/people/{person}", {"role": role})
    assert page.status_code == 422
    assert _errors(page.text) == {"role": "Choose a role that the person does not have."}


def test_an_administrator_cannot_take_the_own_role(app: Flask, administrator: FlaskClient) -> None:
    with app.app_context():
        own = applicant(email=ADMIN).role_rows[0].public_id
    for address, sent, told in (
        (f"/en/roles/{own}/take", {}, "Another administrator must take this role from you."),
        (f"/en/roles/{own}", {"ends_on": "2199-01-01"}, "Another administrator must change your role."),
    ):
        answer = send(administrator, address, sent)
        assert answer.status_code == 409
        assert told in answer.text
    assert administrator.get("/sv/people").status_code == 200


def test_a_role_that_nobody_has_cannot_be_taken(administrator: FlaskClient) -> None:
    assert send(administrator, "/sv/roles/222222222222/take").status_code == 404


def test_an_administrator_opens_no_case(administrator: FlaskClient) -> None:
    assert administrator.get("/sv/desk").status_code == 403
    assert administrator.get("/sv/cases").status_code == 403


def test_a_stipend_board_of_another_municipality_is_not_offered(
    app: Flask, amina: FlaskClient, administrator: FlaskClient
) -> None:
    with app.app_context():
        db.session.add(
            Board(
                municipality="pitea",
                code="XYZ",
                name="Elsewhere",
                administration=None,
                abbreviation="X",
                name_source="",
            )
        )
        person = applicant(email=AMINA).public_id
        db.session.commit()
    assert send(administrator, f"/sv/people/{person}", {"role": "SECRETARY", "board": "XYZ"}).status_code == 422


def test_conflicts_are_declared_by_officials_alone(amina: FlaskClient, administrator: FlaskClient) -> None:
    assert amina.get("/sv/conflicts").status_code == 403
    assert administrator.get("/sv/conflicts").status_code == 403
    assert send(amina, "/sv/conflicts", {"reason": "x"}).status_code == 403


def test_the_account_page_leads_an_official_to_conflicts(app: Flask, signed_in: SignIn, amina: FlaskClient) -> None:
    with app.app_context():
        official(Role.OFFICER, email="olle@kommun.example")
        db.session.commit()
    assert "/sv/conflicts" in signed_in("olle@kommun.example").get("/sv/account").text
    assert "/sv/conflicts" not in amina.get("/sv/account").text
    with app.app_context():
        assert db.session.scalar(select(func.count(Conflict.id))) == 0
        assert db.session.scalar(select(func.count(Account.id))) == 2
