"""The pages: sorting, dividing with what was typed kept, the association's own page, the papers of the ceremony."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pikepdf
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import clock
from fundapp.assessments.models import Assessment
from fundapp.candidates import asking
from fundapp.candidates.models import Candidate, NomineeAnswer
from fundapp.db import db
from fundapp.documents import compile_pdf
from fundapp.mail import Message
from fundapp.meetings.actions import put_on_agenda
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.applications import PDF
from tests.factories.candidates import MOTIVATION, gathered, nomination, ready
from tests.factories.decisions import approved, recorded
from tests.factories.meetings import opened
from tests.factories.people import official
from tests.ground.apps import SignIn

MOSSEN = {"name": "Mossens Kulturförening", "number": "802400-1128"}


@contextmanager
def made(app: Flask) -> Iterator[None]:
    """What is made within is there for the pages. The tokens against forgery are tested for every page elsewhere."""
    app.config["WTF_CSRF_ENABLED"] = False
    on_day()
    with app.test_request_context():
        yield
        db.session.commit()


def text_of(page: Any) -> str:
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text(" ").split())


def one_candidate() -> Candidate:
    return db.session.scalars(select(Candidate)).one()


def test_an_officer_sorts_confirms_and_divides(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        nomination(), nomination()
    client = signed_in(who)
    page = client.get("/en/candidates")
    assert "2 cases belong to no candidate yet" in text_of(page)
    year = re.search(r"/en/candidates/rounds/(\d+)/gather", page.text)
    assert year is not None
    client.post(year[0])
    with app.app_context():
        key = one_candidate().public_id
    assert "to be confirmed" in text_of(client.get("/en/candidates"))
    client.post(f"/en/candidates/{key}/confirm")
    assert "to be confirmed" not in text_of(client.get("/en/candidates"))
    address = f"/en/candidates/rounds/{year[1]}/division"
    sent = {f"outcome_{key}": "GRANT", f"amount_{key}": "12 000", f"motivation_{key}": MOTIVATION}
    answer = client.post(address, data=sent | {f"version_{key}": "0"}, follow_redirects=True)
    assert "12 000 kr" in text_of(answer).replace("\xa0", " ")


def divided_page(app: Flask, signed_in: SignIn, **sent: str) -> Any:
    with made(app):
        who = official(Role.OFFICER)
        first, second = gathered(nomination(), nomination(**MOSSEN), officer=who)
        keys = {"first": first.public_id, "second": second.public_id}
        year = first.round_id
    typed = {f"{name.rpartition('_')[0]}_{keys[name.rpartition('_')[2]]}": value for name, value in sent.items()}
    answer = signed_in(who).post(f"/en/candidates/rounds/{year}/division", data=typed)
    with app.app_context():
        assert db.session.scalars(select(Assessment)).all() == []  # nothing half done
    assert answer.status_code == 422
    return answer


def test_more_than_is_left_is_told_and_what_was_typed_stays(app: Flask, signed_in: SignIn) -> None:
    page = divided_page(
        app,
        signed_in,
        outcome_first="GRANT",
        amount_first="12 000",
        motivation_first="Öppna träningar.",
        outcome_second="GRANT",
        amount_second="9 000",
        motivation_second="Musik för alla.",
    )
    told = text_of(page).replace("\xa0", " ")
    assert "The sums are together 21 000 kr, and 20 000 kr is left. Lower them by 1 000 kr." in told
    soup = BeautifulSoup(page.text, "html.parser")
    assert [field["value"] for field in soup.select("input[name^=amount]")] == ["9 000", "12 000"]  # by name
    assert "Musik för alla." in page.text
    assert "Too much by" in told


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"outcome_first": "GRANT", "amount_first": "5000"}, "Write the motivation"),
        ({"outcome_first": "GRANT", "motivation_first": "Bra."}, "Write the sum in whole kronor"),
        ({"outcome_first": "GRANT", "amount_first": "5000", "motivation_first": " "}, "Write the motivation"),
        ({"outcome_first": "REJECT", "amount_first": "5000"}, "Only who gets the stipend has a sum"),
        ({"amount_first": "5000"}, "or leave the sum empty"),
        ({"outcome_first": "GRANT", "amount_first": "-3", "motivation_first": "Bra."}, "whole kronor with digits"),
        ({"outcome_first": "WIN"}, "Choose one of the alternatives"),
        ({"outcome_first": "GRANT", "amount_first": "0", "motivation_first": "Bra."}, "above 0"),
    ],
)
def test_a_share_that_cannot_be_is_told_beside_its_field(
    app: Flask, signed_in: SignIn, sent: dict[str, str], told: str
) -> None:
    assert told in text_of(divided_page(app, signed_in, **sent))


def test_what_another_saved_is_told_and_mine_stays(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        (candidate,) = gathered(nomination(), officer=who)
        key, year = candidate.public_id, candidate.round_id
    client = signed_in(who)
    address = f"/en/candidates/rounds/{year}/division"
    sent = {f"outcome_{key}": "GRANT", f"amount_{key}": "5000", f"motivation_{key}": "Först.", f"version_{key}": "0"}
    assert client.post(address, data=sent).status_code == 302
    late = client.post(address, data=sent | {f"motivation_{key}": "Sist."})
    assert late.status_code == 409
    assert "Somebody else saved" in text_of(late)
    assert "Sist." in late.text
    with app.app_context():
        assert db.session.scalars(select(Assessment)).one().reasons == "Först."


def asked(app: Flask) -> str:
    """The address of the association's own page."""
    with made(app):
        who = official(Role.OFFICER)
        (candidate,) = gathered(nomination(), officer=who)
        asking.ask(candidate, by=who)
        message = db.session.scalars(select(Message).where(Message.to == candidate.email)).one()
        return "/sv/nominee/" + message.body.partition("/nominee/")[2].split()[0]


def test_the_association_answers_without_an_account(app: Flask) -> None:
    address, client = asked(app), app.test_client()
    page = client.get(address)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert page.headers["Referrer-Policy"] == "same-origin"
    sent = {"answer": "accepts", "remarks": "Vi är glada.", "org_number": "802001-5577"}
    answer = client.post(address, data=sent | {"statutes": (io.BytesIO(PDF), "stadgar.pdf")}, follow_redirects=True)
    assert answer.status_code == 200
    with app.app_context():
        candidate = one_candidate()
        assert (candidate.answer, candidate.remarks) == (NomineeAnswer.ACCEPTS, "Vi är glada.")
        assert candidate.statutes.name == "stadgar.pdf"
    again = client.post(address, data={"answer": "declines"})
    assert again.status_code == 409
    with app.app_context():
        assert one_candidate().answer is NomineeAnswer.ACCEPTS


@pytest.mark.parametrize(
    "sent",
    [{}, {"answer": "maybe"}, {"answer": "accepts", "org_number": "12"}, {"answer": "accepts", "statutes": b"text"}],
)
def test_an_answer_that_cannot_be_read_changes_nothing(app: Flask, sent: dict[str, Any]) -> None:
    address = asked(app)
    if "statutes" in sent:
        sent = sent | {"statutes": (io.BytesIO(sent["statutes"]), "stadgar.pdf")}
    page = app.test_client().post(address, data=sent | {"remarks": "Det här är kvar."})
    assert page.status_code == 422
    assert BeautifulSoup(page.text, "html.parser").select(".error-summary")
    assert "Det här är kvar." in page.text
    with app.app_context():
        assert one_candidate().answer is None


def test_an_unknown_link_says_so(app: Flask) -> None:
    assert app.test_client().get("/sv/nominee/nothing").status_code == 404


def awarded(app: Flask) -> tuple[Any, str, int]:
    """Who keeps the candidates, the decision of one that was awarded, and the round."""
    with made(app):
        who, secretary = official(Role.OFFICER), official(Role.SECRETARY)
        (candidate,) = gathered(nomination(), nomination("Framtid i Töre"), officer=who)
        ready(candidate, officer=who)
        (item,) = put_on_agenda(opened(secretary=secretary), [candidate.lead], by=secretary)
        decision = recorded(item, candidate.lead, amount=12_000, secretary=secretary, reasons=MOTIVATION)
        approved(item.meeting, secretary=secretary)
        return who, decision.public_id, candidate.round_id


def words_in(pdf: bytes) -> tuple[str, int]:
    """The document's title and its number of pages; its text is read by eye and by pdftotext."""
    with pikepdf.open(io.BytesIO(pdf)) as opened_pdf:
        return str(opened_pdf.docinfo["/Title"]), len(opened_pdf.pages)


def test_the_ceremony_has_its_list_and_a_diploma_for_each(app: Flask, signed_in: SignIn) -> None:
    who, decision, year = awarded(app)
    client = signed_in(who)
    sent = {"held_on": "2017-06-06", "occasion": "Nationaldagen", "place": "Strandängarna"}
    address = f"/en/candidates/rounds/{year}/ceremony"
    assert client.post(address, data={"occasion": "Nationaldagen"}).status_code == 422
    client.post(address, data=sent | {f"guests_{decision}": "Yusuf Berg och tre spelare"})
    assert "Yusuf Berg och tre spelare" in client.get(address).text
    made_list = client.get(f"/en/candidates/rounds/{year}/ceremony.pdf")
    assert made_list.mimetype == "application/pdf"
    assert words_in(made_list.data)[1] == 1
    diploma = client.get(f"/en/candidates/diplomas/{decision}.pdf")
    title, pages = words_in(diploma.data)
    assert ("Töre Framtid IF" in title, pages) == (True, 1)


def seen_on(client: FlaskClient, address: str) -> dict[str, str]:
    held = BeautifulSoup(client.get(address).text, "html.parser").select_one("input[name=seen]")
    assert held is not None
    return {"seen": str(held["value"])}


def test_a_ceremony_that_a_colleague_planned_is_shown_beside_what_was_typed(app: Flask, signed_in: SignIn) -> None:
    who, decision, year = awarded(app)
    client, address = signed_in(who), f"/en/candidates/rounds/{year}/ceremony"
    old = seen_on(client, address)
    theirs = {"held_on": "2017-06-06", "place": "Strandängarna", f"guests_{decision}": "Yusuf Berg"}
    for _press in range(2):
        assert client.post(address, data=theirs | old).status_code == 302
    for change in ({"place": "Folkets hus"}, {f"guests_{decision}": "Sara Ek"}):
        answer = client.post(address, data=theirs | change | old)
        assert answer.status_code == 409
        assert "Somebody else saved meanwhile" in answer.text
        assert all(text in answer.text for text in ("Strandängarna", "Yusuf Berg", *change.values()))
        assert not any(text in client.get(address).text for text in change.values())
    held = BeautifulSoup(answer.text, "html.parser").select_one("input[name=seen]")
    assert held is not None
    again = theirs | {"place": "Folkets hus", "seen": str(held["value"])}
    assert client.post(address, data=again).status_code == 302


def test_particulars_that_a_colleague_corrected_are_shown_beside_what_was_typed(app: Flask, signed_in: SignIn) -> None:
    with made(app):
        who = official(Role.OFFICER)
        (candidate,) = gathered(nomination(), officer=who)
        address = f"/en/candidates/{candidate.public_id}/particulars"
    client = signed_in(who)
    old = seen_on(client, address)
    theirs = {"name": "Töre Framtid IF", "contact": "Sara Ek", "email": "sara@tore.example", "language": "fi"}
    mine = theirs | {"contact": "Per Berg"}
    for _press in range(2):
        assert client.post(address, data=theirs | old).status_code == 302
    answer = client.post(address, data=mine | old)
    assert answer.status_code == 409
    assert "Sara Ek" in answer.text
    assert 'value="Per Berg"' in answer.text
    assert "Per Berg" not in client.get(address).text
    held = BeautifulSoup(answer.text, "html.parser").select_one("input[name=seen]")
    assert held is not None
    assert client.post(address, data=mine | {"seen": str(held["value"])}).status_code == 302


def test_a_diploma_with_a_long_motivation_stays_one_page(app: Flask) -> None:
    content = {
        "municipality": "Kalix kommun",
        "title": "Diplom",
        "fund": "Kalix kommuns integrationsstipendium",
        "year": "2017",
        "to": "tilldelas",
        "name": "Föreningen för samarbete, språk och kultur i Töre, Morjärv och Båtskärsnäs med omnejd",
        "motivation": "Ett ord till. " * 140,
        "given": "Kommunstyrelsen, 22 maj 2017",
        "signature": "Ordförande",
    }
    with app.app_context():
        on_day()
        assert words_in(compile_pdf("candidates/documents/diploma.typ", content, clock.now()))[1] == 1
