"""Anybody can type an organisation number: a paper goes to the entry of who sent it, and to no other of that number."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import mail
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Membership, Organisation, OrganisationKind
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.intake.queries import entries_of, entry_of_sender
from fundapp.mail import Message
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.intake import received
from tests.factories.people import ORG_NUMBER, applicant, official, organisation
from tests.ground.apps import SignIn
from tests.intake.test_views import text_of, typed

MALLORY, KARIN = "mallory@far.example", "karin@fiske.example"
NUMBER = "8024001128"
NEW = "The number is known here, but nobody who may send for it signs in with the address on the paper."


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()


def people(app: Flask) -> None:
    with app.test_request_context():
        official(Role.REGISTRAR, name="Rut", email="rut@kommun.example")
        applicant("Mallory", MALLORY)
        db.session.commit()


def online(**changes: Any) -> dict[str, Any]:
    """What Mallory types as her own: the organisation's e-mail may be anybody's."""
    return {
        "kind": "ASSOCIATION", "name": "Kalix Fiskeklubb", "org_number": "802400-1128", "address": "Storgatan 1",
        "postal_code": "95231", "city": "Kalix", "email": MALLORY, "phone": "070-123 45 67", "bankgiro": "5805-6201",
        "signatories-0-name": "Mallory Fjärran",
    } | changes  # fmt: skip


def paper(app: Flask, **changes: Any) -> dict[str, Any]:
    given = {"org_number": "802400-1128", "org_name": "Kalix Fiskeklubb", "org_kind": "ASSOCIATION"}
    return typed(app, **given | {"sender_email": KARIN} | changes)


@pytest.mark.parametrize("contact", [MALLORY, KARIN])
def test_who_wrote_a_number_first_does_not_get_the_paper_that_its_owner_posts(
    app: Flask, signed_in: SignIn, contact: str
) -> None:
    people(app)
    mallory, rut = signed_in(MALLORY), signed_in("rut@kommun.example")
    assert mallory.post("/en/organisations/new", data=online(email=contact)).status_code == 302
    here = rut.post("/en/on-paper/new", data=paper(app)).headers["Location"]
    rut.post(f"{here}/receive")
    place = f"/en/applications/{here.rpartition('/')[2]}"
    got = [mallory.get(place).status_code, mallory.get(f"{place}/receipt.pdf").status_code]
    with app.app_context():
        mailed = db.session.scalars(select(Message.subject).where(Message.to == MALLORY)).all()
        assert db.session.scalars(select(Application)).one().organisation.accounts == {}
    assert (got, list(mailed)) == ([404, 404], [])


def test_the_registrar_reads_that_a_new_entry_is_made_and_whose_the_other_is(app: Flask, signed_in: SignIn) -> None:
    people(app)
    signed_in(MALLORY).post("/en/organisations/new", data=online())
    rut = signed_in("rut@kommun.example")
    asked = rut.post("/en/on-paper/new", data=paper(app, org_name="", org_kind=""))
    assert asked.status_code == 422
    page = text_of(asked)
    for words in (NEW, "Write the name of the organisation.", "Choose the kind of organisation.", MALLORY, "…6201"):
        assert words in page, words
    assert "The number is new here." not in page
    made = text_of(rut.get(rut.post("/en/on-paper/new", data=paper(app)).headers["Location"]))
    for words in (NEW, f"Mallory {MALLORY}", "…6201", "Nobody: it was made from paper", "this one"):
        assert words in made, words
    assert "is known. What is kept about it" not in made


def test_a_registrar_with_a_conflict_is_shown_nobody_of_the_number(app: Flask, signed_in: SignIn) -> None:
    people(app)
    with app.test_request_context():
        theirs = organisation(applicant("Bo", "bo@fiske.example"), org_number=NUMBER)
        rut = official(Role.REGISTRAR, name="Rut", email="rut@kommun.example")
        declare_conflict(by=rut, reason="Min bror är kassör.", organisation=theirs)
        db.session.commit()
    page = signed_in("rut@kommun.example").post("/en/on-paper/new", data=paper(app, org_name="", org_kind=""))
    assert page.status_code == 422
    assert "bo@fiske.example" not in page.text


def test_who_may_send_for_an_entry_and_signs_in_with_the_address_gets_the_paper(app: Flask, signed_in: SignIn) -> None:
    people(app)
    with app.test_request_context():
        organisation(applicant("Mallory", MALLORY), org_number=NUMBER)
        key = organisation(applicant("Karin", KARIN), org_number=NUMBER).id
        db.session.commit()
    rut = signed_in("rut@kommun.example")
    here = rut.post("/en/on-paper/new", data=paper(app, sender_email="Karin@Fiske.example")).headers["Location"]
    assert "is known. What is kept about it stays as it is." in text_of(rut.get(here))
    with app.app_context():
        assert db.session.scalars(select(Application.organisation_id)).one() == key


@pytest.mark.parametrize(("fact", "value"), [("may_submit", False), ("is_active", False), (None, None)])
def test_an_address_proves_nothing_of_who_may_not_send_or_has_no_account_that_is_open(
    app: Flask, fact: str | None, value: bool | None
) -> None:
    with app.test_request_context():
        ours = organisation(applicant("Karin", KARIN), org_number=NUMBER)
        row = db.session.scalars(select(Membership)).one()
        assert entry_of_sender(entries_of(NUMBER), KARIN) is ours
        if fact is not None:
            setattr(row if fact == "may_submit" else row.account, fact, value)
            db.session.flush()
        assert entry_of_sender(entries_of(NUMBER), KARIN if fact else "") is None


def from_paper(email: str) -> Organisation:
    """As the registrar's form makes it."""
    received(
        new := Organisation(
            kind=OrganisationKind.ASSOCIATION, name="Kalix Fiskeklubb", org_number=NUMBER, address="Byn 1",
            postal_code="95292", city="Siknäs", email=email, phone="",
        )
    )  # fmt: skip
    return new


@pytest.mark.parametrize(("kept", "on_next", "is_taken"), [
    ("", "", True), ("", KARIN, True), (KARIN, KARIN, True), (KARIN, "", False), (MALLORY, KARIN, False),
])  # fmt: skip
def test_an_entry_that_was_made_from_paper_is_taken_again_unless_its_letters_go_elsewhere(
    app: Flask, kept: str, on_next: str, is_taken: bool
) -> None:
    with app.test_request_context():
        made = from_paper(kept)
        assert mail.is_by_post(made.email) is not bool(kept)
        assert entry_of_sender(entries_of(NUMBER), on_next) is (made if is_taken else None)
        assert entry_of_sender(entries_of(ORG_NUMBER), on_next) is None
