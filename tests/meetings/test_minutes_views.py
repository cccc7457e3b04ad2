"""The minutes' pages: drawing up, signing, signed pages, approving, and that a conflict leaves no trace."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp.accounts.actions import declare_conflict
from fundapp.db import db
from fundapp.decisions.models import Decision, Letter
from fundapp.documents import Paper
from fundapp.mail import Enclosure, Message, MessageStatus
from fundapp.meetings import copies, drawing_up, ending, presences, protocol, signing
from fundapp.meetings.minutes import Minutes, MinutesSignature
from fundapp.meetings.models import Meeting
from fundapp.permissions import Role
from fundapp.workflow import MeetingStatus
from tests.factories import DAY, on_day
from tests.factories.applications import PDF
from tests.factories.assessments import assessed
from tests.factories.decisions import approved, recorded, signed, with_checker
from tests.factories.meetings import on_agenda
from tests.factories.people import applicant, official, organisation
from tests.ground.apps import SignIn


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()
    app.config["WTF_CSRF_ENABLED"] = False


def in_app(app: Flask, make: Callable[[], Any]) -> Any:
    """What `make` gives, made and committed inside an app context of its own."""
    with app.app_context():
        made = make()
        db.session.commit()
        return made


def secretary(app: Flask, signed_in: SignIn) -> FlaskClient:
    return signed_in(in_app(app, lambda: official(Role.SECRETARY).email))


def ended() -> Meeting:
    by = official(Role.SECRETARY)
    meeting = recorded(secretary=by).item.meeting
    with_checker(meeting, secretary=by)
    ending.end_meeting(meeting, by=by)
    return meeting


def text_of(content: bytes) -> str:
    pdf = pypdfium2.PdfDocument(content)
    try:
        return " ".join(re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in pdf)
    finally:
        pdf.close()


def test_from_the_ended_sitting_to_final_decisions_by_the_pages(app: Flask, signed_in: SignIn) -> None:
    here = f"/en/meetings/{in_app(app, lambda: ended().public_id)}"
    client = secretary(app, signed_in)
    assert client.get(f"{here}/minutes").status_code == 200
    assert client.post(f"{here}/minutes/approve").status_code == 409
    assert client.post(f"{here}/minutes").status_code == 302

    def to_sign() -> tuple[str, list[str]]:
        minutes = db.session.scalars(select(Minutes)).one()
        wanted = signing.to_sign(presences.room_of(minutes.meeting), list(minutes.meeting.items))
        return minutes.public_id, [each.seat.account.email for each in wanted]

    version, people = in_app(app, to_sign)
    for email in people:
        member = signed_in(email)
        assert "I have read the minutes" in member.get(f"/en/minutes/{version}").text
        assert member.get(f"/en/minutes/{version}/minutes.pdf").mimetype == "application/pdf"
        assert member.post(f"/en/minutes/{version}/sign").status_code == 302
        assert member.post(f"/en/minutes/{version}/sign").status_code == 409
    answer = client.post(f"{here}/minutes/approve", follow_redirects=True)
    assert answer.status_code == 200
    assert "The decisions are final" in answer.text
    with app.app_context():
        assert db.session.scalars(select(Decision)).one().is_final


def test_a_page_signed_on_paper_is_checked_kept_and_shown(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str]:
        minutes = drawing_up.draw_up_minutes(ended(), by=official(Role.SECRETARY))
        return minutes.public_id, signing.to_sign(presences.room_of(minutes.meeting), list(minutes.meeting.items))[
            0
        ].seat.public_id

    version, seat = in_app(app, make)
    here, client = f"/en/minutes/{version}/signatures/{seat}", secretary(app, signed_in)
    for day_, content in (("2017-03-05", PDF), ("2017-03-07", PDF), ("", PDF), ("2017-03-06", b"no pdf")):
        sent = {"signed_on": day_, "file": (BytesIO(content), "sida.pdf")}
        answer = client.post(here, data=sent)
        assert answer.status_code == 422, day_
        assert f'value="{day_}"' in answer.text or not day_
    assert client.post(here, data={"signed_on": "2017-03-06"}).status_code == 422
    assert client.get(f"{here}/page").status_code == 404
    sent = {"signed_on": "2017-03-06", "file": (BytesIO(PDF), "sida.pdf")}
    assert client.post(here, data=sent).status_code == 302
    with client.get(f"{here}/page") as answer:
        assert answer.data == PDF
    sent["file"] = (BytesIO(PDF), "sida.pdf")
    assert client.post(here, data=sent).status_code == 409
    assert client.get(f"/en/minutes/{version}/signatures/nobody").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(MinutesSignature.signed_on)).all() == [DAY]


def test_the_pdf_tells_who_decided_what_and_who_has_signed_and_is_made_to_last(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY, name="Siv Sekreterare")
        decision = recorded(secretary=by)
        meeting = decision.item.meeting
        minutes = signed(meeting, secretary=by)
        db.session.expire(minutes)
        content = copies.pdf(minutes)
        text = text_of(content)
        for needed in (
            decision.case.diary_number,
            "45 000 kr",
            "§ 1",
            "Kommunstyrelsen",
            "Siv Sekreterare",
            *(signature.seat.name for signature in minutes.signatures),
            "2017-03-06",
        ):
            assert needed in text, needed
        assert b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in content
        assert b"<pdfuaid:part>1</pdfuaid:part>" in content


def test_a_signer_with_a_conflict_gets_a_copy_without_the_case(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str]:
        person, by = applicant(), official(Role.SECRETARY)
        organisation(person, name="Hemliga klubben", org_number="8020007725")
        hidden = recorded(application=assessed(by=person, title="Hemliga projektet"), secretary=by)
        meeting = hidden.item.meeting
        other = recorded(on_agenda(meeting=meeting, secretary=by), secretary=by)
        with_checker(meeting, secretary=by)
        checker = meeting.checker
        assert checker is not None
        declare_conflict(by=checker.account, reason="Jag är revisor.", application=hidden.application)
        ending.end_meeting(meeting, by=by)
        minutes = drawing_up.draw_up_minutes(meeting, by=by)
        return minutes.public_id, checker.account.email, other.application.title or ""

    version, email, other = in_app(app, make)
    client = signed_in(email)
    page = client.get(f"/en/minutes/{version}").text
    assert "leaves out the cases" in page
    assert "emliga" not in page
    text = text_of(client.get(f"/en/minutes/{version}/minutes.pdf").data)
    assert "emliga" not in text
    assert other in text
    full = signed_in(in_app(app, lambda: official(Role.OFFICER).email))
    assert "Hemliga projektet" in text_of(full.get(f"/en/minutes/{version}/minutes.pdf").data)


def test_a_late_sitting_says_so_and_is_approved_nevertheless(app: Flask, signed_in: SignIn) -> None:
    here = f"/en/meetings/{in_app(app, lambda: ended().public_id)}"
    on_day(DAY + timedelta(days=15))
    client = secretary(app, signed_in)
    assert "That day has passed" in client.get(f"{here}/minutes").text
    assert client.post(f"{here}/minutes").status_code == 302


def test_one_paragraph_is_approved_at_once_by_the_pages(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str]:
        item = recorded().item
        with_checker(item.meeting)
        return item.meeting.public_id, item.public_id

    meeting, item = in_app(app, make)
    here, client = f"/en/meetings/{meeting}/minutes", secretary(app, signed_in)
    assert client.post(here, data={"item": item}).status_code == 302
    assert client.post(f"{here}/approve", data={"item": item}).status_code == 409

    def sign() -> None:
        minutes = db.session.scalars(select(Minutes)).one()
        for each in signing.to_sign(presences.room_of(minutes.meeting), list(minutes.meeting.items)):
            signing.sign(minutes, by=each.seat.account)

    in_app(app, sign)
    assert client.post(f"{here}/approve", data={"item": item}).status_code == 302
    assert client.post(here, data={"item": "x"}).status_code == 404
    with app.app_context():
        assert db.session.scalars(select(Meeting)).one().status is MeetingStatus.OPENED
        assert db.session.scalars(select(Decision)).one().is_final


def test_letters_are_read_and_released_one_by_one_or_all_at_once(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, list[str]]:
        by = official(Role.SECRETARY)
        first = recorded(secretary=by)
        recorded(on_agenda(meeting=first.item.meeting, secretary=by), secretary=by)
        approved(first.item.meeting, secretary=by)
        return first.item.meeting.public_id, [row.public_id for row in db.session.scalars(select(Letter))]

    meeting, letters = in_app(app, make)
    here, client = f"/en/meetings/{meeting}/letters", secretary(app, signed_in)
    assert "Release all 2 letters" in client.get(here).text
    assert "45\u00a0000" in client.get(f"/en/letters/{letters[0]}").text
    assert client.get(f"/en/letters/{letters[0]}/letter.pdf").mimetype == "application/pdf"
    assert client.post(here, data={"letter": letters[0]}).status_code == 302
    assert client.post(here, data={"letter": "x"}).status_code == 404
    with app.app_context():
        assert [row.released_at is not None for row in db.session.scalars(select(Letter))] == [True, False]
    assert client.post(here).status_code == 302
    assert "Every letter is released" in client.get(here).text
    assert "No letter waited" in client.post(here, follow_redirects=True).text


def test_a_letter_that_did_not_arrive_is_seen_and_sent_again(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str]:
        by = official(Role.SECRETARY)
        meeting = recorded(secretary=by).item.meeting
        approved(meeting, secretary=by)
        letter = db.session.scalars(select(Letter)).one()
        return meeting.public_id, letter.public_id

    meeting, letter = in_app(app, make)
    client = secretary(app, signed_in)
    client.post(f"/en/meetings/{meeting}/letters")
    is_letter = Message.enclosures.any(Enclosure.paper.has(Paper.template == "decisions/documents/letter.typ"))

    def fail() -> None:
        for message in db.session.scalars(select(Message).where(is_letter)):
            message.status, message.fault = MessageStatus.FAILED, "550 5.1.1 No such mailbox here"

    in_app(app, fail)
    assert "550 5.1.1" in client.get(f"/en/meetings/{meeting}/letters").text
    assert client.post(f"/en/letters/{letter}/try-again").status_code == 302
    with app.app_context():
        tried = db.session.scalars(select(Message.status).where(is_letter)).all()
        assert tried == [MessageStatus.WAITING] * 2


def test_a_letter_of_a_case_with_a_conflict_is_neither_seen_nor_released(app: Flask, signed_in: SignIn) -> None:
    def make() -> tuple[str, str, str]:
        by = official(Role.SECRETARY)
        decision = recorded(secretary=by)
        approved(decision.item.meeting, secretary=by)
        other = official(Role.SECRETARY)
        declare_conflict(by=other, reason="Jag är revisor.", application=decision.application)
        letter = db.session.scalars(select(Letter)).one()
        return decision.item.meeting.public_id, other.email, letter.public_id

    meeting, email, letter = in_app(app, make)
    client = signed_in(email)
    assert letter not in client.get(f"/en/meetings/{meeting}/letters").text
    for path in (f"/en/letters/{letter}", f"/en/letters/{letter}/letter.pdf"):
        assert client.get(path).status_code == 404
    assert client.post(f"/en/meetings/{meeting}/letters", data={"letter": letter}).status_code == 404
    client.post(f"/en/meetings/{meeting}/letters")
    with app.app_context():
        assert db.session.scalars(select(Letter)).one().released_at is None


def test_a_sitting_that_was_over_before_it_was_called_to_has_its_real_hours(app: Flask) -> None:
    with app.app_context():
        meeting = ended()
        meeting.begins_at = time(13)
        assert protocol.sheet_of(meeting).content["meta"][2][1].startswith("Sessionssalen, 08:0")
        meeting.begins_at = time(7, 30)
        assert protocol.sheet_of(meeting).content["meta"][2][1].startswith("Sessionssalen, 07:30–08:0")
