"""The public record: the noticeboard and its feed, sittings, and §, each as soon as it is approved and not before."""

import io
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from typing import Any

import pypdfium2
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.db import db
from fundapp.decisions.approving import approve_minutes
from fundapp.decisions.models import Decision
from fundapp.meetings.masked import mask_words, words_of
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, Outcome
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import approved, granted, recorded, signed
from tests.factories.force import announced
from tests.factories.meetings import on_agenda
from tests.factories.people import official
from tests.ground.apps import SignIn

ATOM = "{http://www.w3.org/2005/Atom}"
CANARY = "Kanariefågel"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def in_app(app: Flask, make: Callable[[], Any]) -> Any:
    with app.app_context():
        made = make()
        db.session.commit()
        return made


def place_of(decision: Decision) -> str:
    meeting = decision.item.meeting
    return f"/sv/meetings/{meeting.board.abbreviation}/{meeting.held_on.isoformat()}"


def minutes_links(client: FlaskClient, path: str) -> list[str]:
    soup = BeautifulSoup(client.get(path).data, "html.parser")
    return [str(each["href"]) for each in soup.select("main a[href$='.pdf']")]


def pdf_text(content: bytes) -> str:
    pages = pypdfium2.PdfDocument(io.BytesIO(content))
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


def test_a_notice_stands_with_its_last_day_and_leads_to_the_minutes(app: Flask) -> None:
    def make() -> tuple[str, str]:
        decision = granted()
        return announced(decision, announced_on=date(2017, 3, 6)).public_id, place_of(decision)

    public_id, place = in_app(app, make)
    client = app.test_client()
    board = client.get("/sv/noticeboard").text
    assert public_id in board
    assert "27 mars 2017" in board
    one = client.get(f"/sv/noticeboard/{public_id}").text
    assert place in one
    assert "27 mars 2017" in one
    assert public_id in client.get("/sv/").text
    assert client.get("/sv/noticeboard/nothing").status_code == 404


def test_the_feed_is_atom_with_links_that_are_whole(app: Flask) -> None:
    public_id = in_app(app, lambda: announced(granted()).public_id)
    answer = app.test_client().get("/en/noticeboard.atom")
    assert answer.mimetype == "application/atom+xml"
    feed = ET.fromstring(answer.data)  # noqa: S314  our own
    assert feed.tag == f"{ATOM}feed"
    assert all(feed.find(f"{ATOM}{name}") is not None for name in ("id", "title", "updated", "author"))
    (entry,) = feed.findall(f"{ATOM}entry")
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.attrib["href"].startswith("http")
    assert link.attrib["href"].endswith(f"/en/noticeboard/{public_id}")
    assert entry.findtext(f"{ATOM}id", "").endswith(f"/sv/noticeboard/{public_id}")


def test_approved_minutes_are_public_with_rejections_too(app: Flask) -> None:
    place, number = in_app(
        app,
        lambda: _placed(
            _approved(recorded(on_agenda(), outcome=Outcome.REJECT, reasons="Fonden stöder inte utrustning."))
        ),
    )
    client = app.test_client()
    assert place in client.get("/sv/meetings").text
    assert f"/decisions/KS/2017/{number}" in client.get(place).text
    assert "Fonden stöder inte utrustning." in client.get(f"/sv/decisions/KS/2017/{number}").text
    (link,) = minutes_links(client, place)
    answer = client.get(link)
    assert answer.mimetype == "application/pdf"
    assert "Fonden stöder inte" in " ".join(pdf_text(answer.data).split())


def _approved(decision: Decision) -> Decision:
    approved(decision.item.meeting)
    return decision


def _placed(decision: Decision) -> tuple[str, int]:
    assert decision.item.number is not None
    return place_of(decision), decision.item.number


def test_nothing_of_a_sitting_is_public_before_its_minutes_are_approved(app: Flask) -> None:
    def make() -> tuple[str, int]:
        decision = recorded(on_agenda(), outcome=Outcome.REJECT, reasons=CANARY)
        signed(decision.item.meeting)
        return _placed(decision)

    place, number = in_app(app, make)
    client = app.test_client()
    for path, status in (
        ("/sv/", 200),
        ("/sv/meetings", 200),
        ("/sv/noticeboard", 200),
        ("/sv/noticeboard.atom", 200),
        (place, 404),
        (f"/sv/decisions/KS/2017/{number}", 404),
    ):
        answer = client.get(path)
        assert answer.status_code == status, path
        assert CANARY not in answer.text
        assert path == place or place not in answer.text.partition("<main")[2]


def test_a_private_persons_name_is_nowhere_in_what_the_public_reads(app: Flask) -> None:
    """Not in a page, and not in the PDF: neither its text nor its bytes."""

    def make() -> tuple[str, int]:
        application = assessed()
        application.created_by.name = "Berit Kanariefågel"
        reasons = f"Berit Kanariefågel har visat det. Hon nås på berit@{CANARY.lower()}.example."
        return _placed(_approved(recorded(on_agenda(application), outcome=Outcome.REJECT, reasons=reasons)))

    place, number = in_app(app, make)
    client = app.test_client()
    (link,) = minutes_links(client, place)
    pdf = client.get(link).data
    assert "har visat det" in " ".join(pdf_text(pdf).split())
    for told in (client.get(place).text, client.get(f"/sv/decisions/KS/2017/{number}").text, pdf_text(pdf)):
        assert CANARY.lower() not in told.lower()
    assert CANARY.encode() not in pdf


def test_an_elected_persons_name_stays(app: Flask) -> None:
    def make() -> tuple[str, str]:
        decision = granted()
        checker = decision.item.meeting.checker
        assert checker is not None
        decision.application.created_by.name = checker.account.name
        return place_of(decision), checker.account.name

    place, name = in_app(app, make)
    client = app.test_client()
    (link,) = minutes_links(client, place)
    assert name in " ".join(pdf_text(client.get(link).data).split())


def test_the_secretary_leaves_out_words_and_sees_how_it_reads(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, int, str]:
        decision = recorded(on_agenda(), outcome=Outcome.REJECT, reasons="Läkaren Kanariefågel intygar det.")
        signed(decision.item.meeting)
        return decision.item.meeting.public_id, *_placed(decision), official(Role.SECRETARY).email

    public_id, _place, number, email = in_app(app, make)
    secretary = signed_in(email)
    page = f"/sv/meetings/{public_id}/public"
    assert CANARY in secretary.get(page).text
    assert secretary.post(page, data={"words": f"{CANARY}\n\n{CANARY}"}).status_code == 302
    soup = BeautifulSoup(secretary.get(page).data, "html.parser")
    assert CANARY not in " ".join(section.get_text() for section in soup.select("main section"))
    assert secretary.post(page, data={"words": "x" * 5001}).status_code == 422

    def approve() -> None:
        meeting = db.session.scalars(select(Meeting)).one()
        assert words_of(meeting) == [CANARY]
        approve_minutes(meeting, by=official(Role.SECRETARY))

    in_app(app, approve)
    told = app.test_client().get(f"/sv/decisions/KS/2017/{number}").text
    assert "intygar det" in told
    assert CANARY not in told


def test_only_the_secretary_masks(app: Flask) -> None:
    with app.app_context(), pytest.raises(NotAllowed):
        mask_words(granted().item.meeting, ["x"], by=official(Role.OFFICER))


def test_a_day_that_is_none_is_not_found(app: Flask) -> None:
    assert app.test_client().get("/sv/meetings/KS/2017-02-30").status_code == 404
