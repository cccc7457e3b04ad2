"""An organisation's telephone and e-mail: the old contact hears of a change at once, what stood there is known."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock, mail
from fundapp.accounts import contacts, giros, particulars
from fundapp.accounts.models import Membership, Organisation
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.intake import correcting
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.web.limits import PARTICULARS
from fundapp.workflow import NotAllowed
from tests.factories import on_day
from tests.factories.applications import submitted
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn
from tests.ground.pages import send

OLD, NEW = "styrelsen@sprakkafe.example", "mallory@far.example"
PARTICULARS_OF = {
    "kind": "ASSOCIATION", "name": "Kalix Språkkafé", "org_number": "802001-5577", "address": "Storgatan 1",
    "postal_code": "95231", "city": "Kalix", "email": OLD, "phone": "0923-123 45", "bankgiro": "5050-1055",
    "signatories-0-name": "Amina Lindqvist",
}  # fmt: skip


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def _ours() -> Organisation:
    """With two who manage its people and one who reads."""
    made = organisation(applicant("Amina", "amina@sprakkafe.example", language="en"))
    for address, may_manage in (("ordf@x.example", True), ("les@x.example", False)):
        person = applicant(email=address, language="fi")
        db.session.add(Membership(account=person, organisation=made, since=clock.now(), may_manage=may_manage))
    db.session.flush()
    db.session.expire(made, ["memberships"])
    return made


def _corrected(theirs: Organisation, **fields: str) -> list[Message]:
    """What is written when one of its people sets these fields."""
    last = max(db.session.scalars(select(Message.id)), default=0)
    before = contacts.contact_of(theirs)
    for name, value in fields.items():
        setattr(theirs, name, value)
    contacts.correct_organisation(theirs, before=before, by=theirs.memberships[0].account)
    return list(db.session.scalars(select(Message).where(Message.id > last).order_by(Message.id)))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"email": NEW}, f"{OLD} → {NEW}"),
        ({"phone": "+46700000000"}, "Phone of the organisation: +4692312345 → +46700000000"),
    ],
)
def test_of_another_e_mail_or_telephone_the_old_address_and_every_manager_are_told(
    app: Flask, fields: dict[str, str], told: str
) -> None:
    with app.test_request_context():
        letters = {letter.to: letter for letter in _corrected(_ours(), **fields)}
        assert set(letters) == {OLD, "amina@sprakkafe.example", "ordf@x.example"}
        assert letters["ordf@x.example"].language == "fi"
        assert told in letters["amina@sprakkafe.example"].body
        assert "Amina has changed how we reach Kalix Språkkafé." in letters["amina@sprakkafe.example"].body


def test_of_another_name_or_address_nobody_is_told(app: Flask) -> None:
    with app.test_request_context():
        assert _corrected(_ours(), name="Språkkaféet", city="Töre") == []


def test_an_address_that_only_stands_for_the_post_is_shown_as_none(app: Flask) -> None:
    with app.test_request_context():
        theirs = _ours()
        theirs.email = mail.new_post_address()
        letters = _corrected(theirs, email=OLD)
        assert all(f"– → {OLD}" in letter.body for letter in letters)
        assert "" not in contacts.known(theirs, until=clock.now())["email"]


def test_the_page_tells_and_the_history_keeps_what_stood_there(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        ours = _ours()
        place, seen = ours.public_id, particulars.seen_of(ours)
        db.session.commit()
    fields = PARTICULARS_OF | {"email": NEW, "seen": seen}
    assert send(signed_in("amina@sprakkafe.example"), f"/en/organisations/{place}", fields).status_code == 302
    with app.app_context():
        entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "correct_field")).one()
        assert entry.facts == {"field": "email", "old": OLD, "new": NEW}
        assert OLD in set(db.session.scalars(select(Message.to)))


def test_nobody_from_outside_changes_it(app: Flask) -> None:
    with app.test_request_context():
        theirs = _ours()
        for person in (applicant(), official(Role.OFFICER)):
            with pytest.raises(NotAllowed):
                contacts.correct_organisation(theirs, before=contacts.contact_of(theirs), by=person)


def test_what_stood_there_is_known_since_the_change_before_it(app: Flask) -> None:
    with app.test_request_context():
        theirs, began = _ours(), clock.now()
        _corrected(theirs, phone="+46700000001")
        with clock.at(began + timedelta(days=1)):
            _corrected(theirs, phone="+46700000002")
        with clock.at(began + timedelta(days=2)):
            found = contacts.known(theirs, until=clock.now())["phone"]
    assert list(found) == ["+4692312345", "+46700000001"], "what stands there now counts for nothing"
    assert found["+4692312345"] == theirs.created_at


def test_what_two_officials_replaced_was_known_too_and_the_managers_are_told(app: Flask) -> None:
    with app.test_request_context():
        theirs = _ours()
        case = submitted(by=theirs.memberships[0].account, organisation=theirs)
        _corrected(theirs, phone="+46700000001")
        proposed = correcting.propose_particulars(
            case, {"phone": "+46700000002"}, reason="Ringde.", by=official(Role.OFFICER)
        )
        last = max(db.session.scalars(select(Message.id)))
        correcting.approve(proposed, by=official(Role.REGISTRAR))
        told = set(db.session.scalars(select(Message.to).where(Message.id > last)))
        assert told == {OLD, "amina@sprakkafe.example", "ordf@x.example"}
        with clock.at(clock.now() + timedelta(days=1)):
            assert list(contacts.known(theirs, until=clock.now())["phone"]) == ["+4692312345", "+46700000001"]


def test_the_oldest_addresses_are_told_of_an_account_however_many_came_later(app: Flask) -> None:
    with app.test_request_context():
        theirs = _ours()
        by = theirs.memberships[0].account
        submitted(by=by, organisation=theirs)
        for number in range(2 * contacts.MOST_TOLD):
            with clock.at(clock.now() + timedelta(hours=number + 1)):
                _corrected(theirs, email=f"m{number}@far.example")
        change = giros.set_accounts(theirs, {"bankgiro": "58056201"}, old_email=theirs.email, by=by)
        assert change is not None
        told = giros.receivers(change)
        assert OLD in told
        assert len(told) == contacts.MOST_TOLD + 3  # the address now, and two managers


def test_a_contact_is_changed_so_often_and_then_later(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        place = f"/en/organisations/{_ours().public_id}"
        db.session.commit()
    client = signed_in("amina@sprakkafe.example")
    for _time in range(PARTICULARS.person or 0):
        assert send(client, place, {}).status_code == 422
    assert send(client, place, PARTICULARS_OF).status_code == 429
