"""The pages: a paper application from the envelope to its number, a letter to the post, a correction, and conflicts."""

import io
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from pypdfium2 import PdfDocument
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account, Organisation
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.intake import correcting
from fundapp.intake.merging import merge
from fundapp.intake.models import Intake
from fundapp.mail import Message, MessageStatus
from fundapp.permissions import Role
from fundapp.registry.models import Direction
from fundapp.workflow import ApplicationStatus
from tests.factories import on_day
from tests.factories.applications import FUND, PDF, STIPEND, open_round
from tests.factories.intake import entered, received
from tests.factories.people import applicant, official, organisation
from tests.factories.registry import registered
from tests.ground.apps import SignIn
from tests.test_statements import counted

CANARY = "Kanariefågel"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()


def text_of(page: Any) -> str:
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split())


def one_of_each(app: Flask) -> None:
    """A registrar, an officer, and an organisation that is known."""
    with app.test_request_context():
        official(Role.REGISTRAR, name="Rut", email="rut@kommun.example")
        official(Role.OFFICER, name="Olle", email="olle@kommun.example")
        organisation(applicant("Amina", "amina@sprakkafe.example"))
        db.session.commit()


def typed(app: Flask, **changes: Any) -> dict[str, Any]:
    """The first page of a paper application, filled in."""
    with app.app_context():
        offer = f"{open_round(FUND).id}-{ApplicationKind.GRANT.name}"
    given = {
        "offer": offer, "way": "LETTER", "received_on": "2017-03-02", "org_number": "802001-5577",
        "title": "Fiske för alla", "amount": "25 000", "sender_name": "Karin Strand",
        "sender_email": "amina@sprakkafe.example", "text_language": "sv", "language": "sv",
        "file": (io.BytesIO(PDF), "brev.pdf"),
    }  # fmt: skip
    return given | changes


def test_a_paper_application_from_the_envelope_to_its_number(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    client = signed_in("rut@kommun.example")
    answer = client.post("/en/on-paper/new", data=typed(app))
    assert answer.status_code == 302
    here = answer.headers["Location"]
    page = client.get(here)
    assert "Kalix Språkkafé" in text_of(page)
    assert "is known. What is kept about it stays as it is." in text_of(page)
    saved = client.post(
        f"{here}/parts/participants", data={"_version": "0", "women": "12", "men": "många", "leave": "1"}
    )
    assert saved.headers["Location"] == here
    kept = client.get(f"{here}/parts/participants").text
    assert 'value="12"' in kept
    assert 'value="många"' in kept
    assert client.get(f"{here}/scan").data == PDF
    done = client.post(f"{here}/receive")
    assert client.post(f"{here}/receive").headers["Location"] == done.headers["Location"]
    case = client.get(done.headers["Location"])
    assert "KS 2017:1" in text_of(case)
    assert "By post" in text_of(case)
    with app.app_context():
        application = db.session.scalars(select(Application)).one()
        assert (application.women, application.men) == (12, None)
        assert application.case.documents[0].dated.isoformat() == "2017-03-02"
    assert client.get(here).headers["Location"].endswith(f"/cases/{here.rpartition('/')[2]}")


def test_a_row_more_is_given_and_the_button_goes_on_to_the_next_part(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    client = signed_in("rut@kommun.example")
    here = client.post("/en/on-paper/new", data=typed(app)).headers["Location"]
    more = client.post(
        f"{here}/parts/activities", data={"_version": "0", "activities-0-what": "Fika", "add": "activities"}
    )
    assert more.status_code == 200
    assert 'value="Fika"' in more.text
    rows = len(BeautifulSoup(more.text, "html.parser").select(".form-row"))
    assert rows == 3
    after = client.post(f"{here}/parts/activities", data={"_version": "1", "activities-0-what": "Fika", "next": "1"})
    assert after.headers["Location"] == f"{here}/parts/budget"


def test_what_was_typed_stays_when_something_is_missing(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    client = signed_in("rut@kommun.example")
    new = typed(app, org_number="802400-1128", amount="mycket", received_on="2017-03-20")
    page = client.post("/en/on-paper/new", data=new)
    assert page.status_code == 422
    for words in (
        "The number is new here. Write the organisation's name.",
        "Write whole kronor with digits only",
        "Write today's date or an earlier one.",
        "The number is new here. Choose the kind of organisation.",
    ):
        assert words in text_of(page), words
    assert 'value="mycket"' in page.text
    assert "Fiske för alla" in page.text
    with app.app_context():
        assert db.session.scalars(select(Application)).all() == []
        assert db.session.scalars(select(Intake)).all() == []


def test_a_nomination_by_telephone_needs_neither_number_nor_paper(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    client = signed_in("rut@kommun.example")
    with app.app_context():
        offer = f"{open_round(STIPEND).id}-{ApplicationKind.NOMINATION.name}"
    data = typed(app, offer=offer, way="PHONE", org_number="", amount="", nominee_name="Töre Framtid IF")
    del data["file"]
    here = client.post("/en/on-paper/new", data=data).headers["Location"]
    client.post(f"{here}/receive")
    with app.app_context():
        application = db.session.scalars(select(Application)).one()
        assert (application.applicant_name, application.status) == ("Töre Framtid IF", ApplicationStatus.REGISTERED)
        assert [document.direction for document in application.case.documents] == [Direction.DRAWN_UP]


def test_without_an_amount_it_comes_back_with_the_reason_and_no_number_is_used(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    client = signed_in("rut@kommun.example")
    here = client.post("/en/on-paper/new", data=typed(app)).headers["Location"]
    client.post(f"{here}/parts/budget", data={"_version": "1", "amount": "", "leave": "1"})
    page = client.post(f"{here}/receive")
    assert page.status_code == 422
    assert "Where the paper names none, call the sender and ask." in text_of(page)
    client.post(f"{here}/parts/budget", data={"_version": "2", "amount": "100", "leave": "1"})
    client.post(f"{here}/receive")
    with app.app_context():
        assert db.session.scalars(select(Application)).one().case.number == 1


def test_two_registrars_see_each_other_s_words(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    client = signed_in("rut@kommun.example")
    here = client.post("/en/on-paper/new", data=typed(app)).headers["Location"]
    first = {"_version": "0", "reach": "Genom SFI", "leave": "1"}
    client.post(f"{here}/parts/participants", data=first)
    page = client.post(f"{here}/parts/participants", data=first | {"reach": "Genom skolan"})
    assert page.status_code == 422
    assert "Genom SFI" in page.text
    assert "Genom skolan" in page.text
    version = re.search(r'name="_version" value="(\d+)"', page.text)
    assert version
    again = first | {"reach": "Båda", "_version": version[1]}
    assert client.post(f"{here}/parts/participants", data=again).status_code == 302


def test_a_letter_without_e_mail_is_printed_posted_and_filed(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    with app.test_request_context():
        application = received()
        letter = db.session.scalars(select(Message)).one()
        subject = letter.subject
        key, case = letter.public_id, application.public_id
        db.session.commit()
    client = signed_in("rut@kommun.example")
    assert subject in text_of(client.get("/en/to-post"))
    pdf = client.get(f"/en/to-post/{key}/letter.pdf")
    printed = "".join(page.get_textpage().get_text_range() for page in PdfDocument(pdf.data))
    assert "Karin Strand" in printed
    assert "Storgatan 1" in printed
    assert "952 81 Kalix" in printed
    assert "@post.invalid" not in printed
    assert client.get(f"/en/to-post/{key}/enclosed/1.pdf").mimetype == "application/pdf"
    assert client.get(f"/en/to-post/{key}/enclosed/2.pdf").status_code == 404
    assert client.post(f"/en/to-post/{key}", data={"posted_on": "2017-03-09"}).status_code == 422
    client.post(f"/en/to-post/{key}", data={"posted_on": "2017-03-06"})
    assert "No letter waits for the post." in text_of(client.get("/en/to-post"))
    with app.app_context():
        assert db.session.scalars(select(Message)).one().status is MessageStatus.SENT
        last = db.session.scalars(select(Application).where(Application.public_id == case)).one().case.documents[-1]
        assert (last.direction, last.counterpart) == (Direction.DISPATCHED, "Karin Strand")
    assert "@post.invalid" not in client.get(f"/en/cases/{case}").text


def test_a_correction_from_the_case_page_to_the_second_person(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    with app.test_request_context():
        key = registered(by=applicant("Amina", "amina@sprakkafe.example")).public_id
        db.session.commit()
    officer, registrar = signed_in("olle@kommun.example"), signed_in("rut@kommun.example")
    assert f"/en/cases/{key}/correct" in officer.get(f"/en/cases/{key}").text
    form = {
        "address": "Strandgatan 10", "postal_code": "952 31", "city": "Töre", "email": "styrelsen@sprakkafe.example",
        "phone": "+4692312345", "bankgiro": "5050-1055", "reason": "Ringde.",
    }  # fmt: skip
    assert 'value="-"' not in officer.get(f"/en/cases/{key}/correct/particulars").text
    bad = officer.post(f"/en/cases/{key}/correct/particulars", data=form | {"bankgiro": "5050-1056"})
    assert bad.status_code == 422
    assert "5050-1056" in bad.text
    same = officer.post(f"/en/cases/{key}/correct/particulars", data=form | {"city": "Kalix"})
    assert same.status_code == 422
    assert "Nothing is different from what is kept now." in text_of(same)
    there = officer.post(f"/en/cases/{key}/correct/particulars", data=form).headers["Location"]
    assert "Another person must approve it." in text_of(officer.get(there))
    assert officer.post(f"{there}/approve").status_code == 422
    assert "Waits for a second person" in text_of(registrar.get(f"/en/cases/{key}"))
    assert "Approve and change" in text_of(registrar.get(there))
    assert registrar.post(f"{there}/decline").status_code == 422
    assert registrar.post(f"{there}/approve").status_code == 302
    with app.app_context():
        assert db.session.scalars(select(Organisation)).one().city == "Töre"


def test_a_case_is_merged_and_each_page_leads_to_the_other(app: Flask, signed_in: SignIn) -> None:
    one_of_each(app)
    with app.test_request_context():
        owner = applicant("Amina", "amina@sprakkafe.example")
        one, two = registered(by=owner), registered(by=owner)
        keys = one.public_id, two.public_id
        db.session.commit()
    client = signed_in("rut@kommun.example")
    here = f"/en/cases/{keys[1]}"
    assert client.post(f"{here}/merge", data={"other": keys[0], "reason": ""}).status_code == 422
    assert client.post(f"{here}/merge", data={"other": "nobody", "reason": "Samma."}).status_code == 422
    done = client.post(f"{here}/merge", data={"other": keys[0], "reason": "Samma."})
    assert done.headers["Location"].endswith(keys[0])
    assert f"/cases/{keys[1]}" in client.get(f"/en/cases/{keys[0]}").text
    merged = client.get(here)
    assert f"/cases/{keys[0]}" in merged.text
    assert "Handled together with another application" in text_of(merged)
    own = signed_in("amina@sprakkafe.example").get(f"/en/applications/{keys[1]}")
    assert "It is the same as another application of yours, and is handled there." in text_of(own)


def _pages_of(client: FlaskClient, paths: list[str]) -> str:
    return "".join(client.get(path).text for path in paths)


def test_who_has_a_conflict_sees_nothing_of_it_anywhere(app: Flask, signed_in: SignIn) -> None:
    """Entries, letters, corrections, merged cases: list, page, file and count."""
    with app.test_request_context():
        biased = official(Role.REGISTRAR, Role.OFFICER, name="Bengt", email="bengt@kommun.example")
        official(Role.REGISTRAR, name="Rut", email="rut@kommun.example")
        known = organisation(applicant("Amina", "amina@sprakkafe.example"), name=CANARY)
        begun = entered(known, answers={"project": {"title": [CANARY]}, "budget": {"amount": ["1"]}})
        case = received(known, answers={"project": {"title": [CANARY]}, "budget": {"amount": ["1"]}})
        other = received(known, answers={"project": {"title": [CANARY]}, "budget": {"amount": ["2"]}})
        merge(other, case, reason=CANARY, by=official(Role.REGISTRAR))
        change = correcting.propose_particulars(case, {"city": CANARY}, reason=CANARY, by=official(Role.OFFICER))
        letters = db.session.scalars(select(Message).where(Message.status == MessageStatus.BY_POST)).all()
        key = change.public_id
        lists = [f"/sv/{name}" for name in ("desk", "on-paper", "to-post", "corrections", "cases")]
        entry, of_case = f"/sv/on-paper/{begun.application.public_id}", f"/sv/cases/{case.public_id}"
        pages = [entry, f"{entry}/parts/project", f"{entry}/scan", of_case, f"{of_case}/merge", f"{of_case}/correct"]
        pages += [f"/sv/corrections/{change.public_id}", *(f"/sv/to-post/{each.public_id}" for each in letters)]
        pages += [f"/sv/to-post/{letters[0].public_id}/letter.pdf"]
        db.session.commit()
    impartial = signed_in("rut@kommun.example")
    assert CANARY in _pages_of(impartial, lists)
    assert all(impartial.get(page).status_code == 200 for page in pages)
    with app.test_request_context():
        biased = db.session.merge(biased)
        known = db.session.scalars(select(Organisation)).one()
        declare_conflict(by=biased, reason="Min bror.", organisation=known)
        db.session.commit()
    client = signed_in("bengt@kommun.example")
    assert CANARY not in _pages_of(client, lists)
    assert [client.get(page).status_code for page in pages] == [404] * len(pages)
    assert client.post(f"{entry}/receive").status_code == 404
    assert client.post(f"/sv/corrections/{key}/approve").status_code == 404


def test_a_conflict_in_one_of_two_merged_cases_hides_that_one_s_name(app: Flask, signed_in: SignIn) -> None:
    with app.test_request_context():
        official(Role.REGISTRAR, Role.OFFICER, name="Bengt", email="bengt@kommun.example")
        owner = applicant("Amina", "amina@sprakkafe.example")
        organisation(owner)
        one, two = registered(by=owner), registered(by=owner, title=CANARY)
        merge(two, one, reason="Samma.", by=official(Role.REGISTRAR))
        case, hidden = one.public_id, two.id
        db.session.commit()
    client = signed_in("bengt@kommun.example")
    assert CANARY in client.get(f"/sv/cases/{case}").text
    with app.test_request_context():
        biased = db.session.scalars(select(Account).where(Account.email == "bengt@kommun.example")).one()
        found = db.session.get_one(Application, hidden)
        conflict = declare_conflict(by=biased, reason="Jag skrev den.", application=found)
        conflict.organisation_id, conflict.application_id, conflict.org_number = None, hidden, None
        db.session.commit()
    assert CANARY not in client.get(f"/sv/cases/{case}").text


@pytest.mark.parametrize("path", ["/sv/on-paper", "/sv/to-post", "/sv/corrections"])
def test_a_list_asks_as_much_for_many_as_for_two(app: Flask, signed_in: SignIn, path: str) -> None:
    one_of_each(app)

    def grow(count: int) -> int:
        with app.test_request_context():
            known = db.session.scalars(select(Organisation)).one()
            rut = db.session.scalars(select(Account).where(Account.email == "rut@kommun.example")).one()
            for _ in range(count):
                entered(known, by=rut)
                case = received(known, by=rut)
                correcting.propose_particulars(case, {"city": "Töre"}, reason="Ringde.", by=rut)
            db.session.commit()
        with counted(app) as sent:
            assert client.get(path).status_code == 200
        return len(sent)

    client = signed_in("rut@kommun.example")
    assert grow(2) == grow(4) <= 8
