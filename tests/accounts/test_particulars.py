"""An organisation's particulars in two windows: none of them overwrites the other unseen."""

import threading

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts import particulars
from fundapp.accounts.actions import give_role
from fundapp.accounts.forms import OrganisationForm
from fundapp.accounts.models import Account, Membership, Organisation, OrganisationKind
from fundapp.db import db
from fundapp.languages import speaking
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.applications import draft, submitted
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.ground.pages import send

AMINA = "amina@sprakkafe.example"
KIND = OrganisationKind.ASSOCIATION


@pytest.fixture
def place(app: Flask) -> str:
    """The page of Amina's organisation."""
    on_day()
    with app.app_context():
        made = organisation(applicant("Amina", AMINA), name="Kalix Språkkafé")
        db.session.commit()
        return f"/en/organisations/{made.public_id}"


def _opened(client: FlaskClient, place: str) -> dict[str, str]:
    """The form as the page gives it, with a mark of its own."""
    form = BeautifulSoup(client.get(place).text, "html.parser").select_one("main form.form")
    assert form is not None
    found = {str(each["name"]): str(each.get("value", "")) for each in form.select("input[name]:not([type=checkbox])")}
    return found | {"kind": "ASSOCIATION"}


def _kept(app: Flask) -> Organisation:
    with app.app_context():
        found = db.session.scalars(select(Organisation)).one()
        _ = found.signatories
        return found


def test_what_two_windows_changed_is_shown_before_one_replaces_it(app: Flask, signed_in: SignIn, place: str) -> None:
    amina = signed_in(AMINA)
    first, second = _opened(amina, place), _opened(amina, place)
    assert send(amina, place, first | {"address": "Norra vägen 7"}).status_code == 302
    answer = send(amina, place, second | {"phone": "0923-999 99"})
    assert answer.status_code == 409
    soup = BeautifulSoup(answer.text, "html.parser")
    told = soup.select_one(".notice")
    assert told is not None
    assert "Norra vägen 7" in told.get_text()
    phone = soup.select_one("input[name=phone]")
    assert phone is not None
    assert phone["value"] == "0923-999 99"  # what was typed is still there
    assert (_kept(app).address, _kept(app).phone) == ("Norra vägen 7", _kept(app).phone)
    assert "99999" not in _kept(app).phone
    again = soup.select_one("input[name=seen]")
    assert again is not None
    assert send(amina, place, second | {"phone": "0923-999 99", "seen": str(again["value"])}).status_code == 302
    assert _kept(app).phone.endswith("92399999")


def test_a_form_that_says_nothing_has_seen_nothing(app: Flask, signed_in: SignIn, place: str) -> None:
    amina = signed_in(AMINA)
    form = _opened(amina, place) | {"city": "Luleå"}
    del form["seen"]
    assert send(amina, place, form).status_code == 409
    assert _kept(app).city != "Luleå"


def test_one_form_pressed_twice_is_one_change(signed_in: SignIn, place: str) -> None:
    amina = signed_in(AMINA)
    form = _opened(amina, place) | {"city": "Luleå"}
    assert [send(amina, place, form).status_code for _press in range(2)] == [302, 302]


@pytest.mark.parametrize(
    ("name", "value", "reads"),
    [
        ("kind", OrganisationKind.COMPANY, "Company"),
        ("name", "Annat", "Annat"),
        ("website", "www.annat.example", "www.annat.example"),
        ("address", "Annan väg 1", "Annan väg 1"),
        ("postal_code", "95200", "952 00"),
        ("city", "Annan", "Annan"),
        ("email", "annan@forening.example", "annan@forening.example"),
        ("phone", "+4692300000", "+4692300000"),
        ("org_number", "8020015585", "802001-5585"),
        ("bankgiro", "58056201", "5805-6201"),
        ("plusgiro", "41351103", "4135110-3"),
        ("administration", "Annan", "Annan"),
        ("internal_account", "99", "99"),
        ("signs_jointly", True, "Yes"),
        ("signatories", [], "–"),
    ],
)
def test_each_particular_counts_and_is_shown(app: Flask, place: str, name: str, value: object, reads: str) -> None:
    with app.test_request_context(place), speaking("en"):
        ours = db.session.scalars(select(Organisation)).one()
        form, seen = OrganisationForm(formdata=None, obj=ours), particulars.seen_of(ours)
        form.kind.data = ours.kind.name
        assert form.differing(ours) == []
        setattr(ours, name, value)
        assert particulars.seen_of(ours) != seen
        assert form.differing(ours) == [(str(form[name].label.text), reads)]
        db.session.rollback()


_OTHER = {"org_number": "802000-6253"}
_UNIT = {"kind": "MUNICIPAL_UNIT", "administration": "Socialförvaltningen", "internal_account": "1234-567"}


@pytest.mark.parametrize(("typed", "told"), [(_OTHER, "org_number"), (_UNIT, "kind")], ids=["another", "none"])
@pytest.mark.parametrize("why", ["has sent", "was taken over", "another official"])
def test_the_number_by_which_cases_are_closed_is_not_changed_by_one_of_its_people(
    app: Flask, signed_in: SignIn, place: str, why: str, typed: dict[str, str], told: str
) -> None:
    with app.app_context():
        ours = db.session.scalars(select(Organisation)).one()
        if why == "has sent":
            submitted(by=ours.memberships[0].account, organisation=ours)
        elif why == "was taken over":
            ours.merged_into_id = ours.id
        else:
            olga = official(Role.OFFICER)
            db.session.add(Membership(account_id=olga.id, organisation_id=ours.id, since=ours.created_at))
        db.session.commit()
    amina = signed_in(AMINA)
    answer = send(amina, place, _opened(amina, place) | typed | {"city": "Luleå"})
    assert answer.status_code == 422
    assert "The organisation number can no longer be changed here." in answer.text
    soup = BeautifulSoup(answer.text, "html.parser")
    assert [str(each["name"]) for each in soup.select('[aria-invalid="true"]')] == [told]
    assert (_kept(app).org_number, _kept(app).kind, _kept(app).city) == ("8020015577", KIND, "Kalix")
    assert send(amina, place, _opened(amina, place) | {"city": "Luleå"}).status_code == 302, "all else may change"
    assert _kept(app).city == "Luleå"


@pytest.mark.parametrize("typed", [_OTHER, _UNIT], ids=["another", "none"])
def test_until_something_is_sent_a_number_is_put_right(
    app: Flask, signed_in: SignIn, place: str, typed: dict[str, str]
) -> None:
    """By an official too, of what they alone act for: they could as well leave it."""
    with app.app_context():
        draft(by=db.session.scalars(select(Organisation)).one().memberships[0].account)
        give_role(db.session.scalars(select(Account)).one(), Role.MEMBER, by=None)
        db.session.commit()
    amina = signed_in(AMINA)
    assert send(amina, place, _opened(amina, place) | typed).status_code == 302
    assert _kept(app).org_number == (None if "kind" in typed else "8020006253")


def test_a_number_that_a_fellow_member_would_change_keeps_hiding_what_it_hid_and_nothing_else(
    app: Flask, signed_in: SignIn, place: str
) -> None:
    with app.app_context():
        ours = db.session.scalars(select(Organisation)).one()
        olga = official(Role.OFFICER, email="olga@kommun.example")
        reads = {"may_edit": False, "may_submit": False, "may_manage": False}
        db.session.add(Membership(account_id=olga.id, organisation_id=ours.id, since=ours.created_at, **reads))
        vera = applicant("Vera", "vera@norrsken.example")
        theirs = organisation(vera, name="Norrskens IF", org_number="8020006253")
        case = f"/en/cases/{registered(by=vera, organisation=theirs).public_id}"
        db.session.commit()
    olga_reads, amina = signed_in("olga@kommun.example"), signed_in(AMINA)
    assert olga_reads.get(case).status_code == 200
    assert send(amina, place, _opened(amina, place) | _OTHER).status_code == 422
    assert olga_reads.get(case).status_code == 200


@pytest.mark.usefixtures("both_engines")
def test_of_two_at_the_same_moment_one_is_asked_to_look(app: Flask, signed_in: SignIn, place: str) -> None:
    clients = [signed_in(AMINA), signed_in(AMINA)]
    forms = [_opened(each, place) | {"signatories-0-name": f"Person {n}"} for n, each in enumerate(clients)]
    answers: dict[int, int] = {}

    def press(number: int) -> None:
        answers[number] = send(clients[number], place, forms[number]).status_code

    threads = [threading.Thread(target=press, args=(number,)) for number in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers.values()) == [302, 409]
    winner = next(number for number, status in answers.items() if status == 302)
    assert _kept(app).signatories[0].name == f"Person {winner}"
