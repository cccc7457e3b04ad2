"""A § without a text of its own says so, and the sitting's page says when it begins."""

from datetime import time

from flask import Flask

from fundapp.db import db
from fundapp.meetings.actions import add_item
from fundapp.meetings.models import ItemKind
from fundapp.meetings.protocol import sheet_of
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import recorded
from tests.factories.meetings import on_agenda, opened
from tests.factories.people import official
from tests.ground.apps import SignIn


def test_a_paragraph_with_a_heading_alone_gets_a_plain_sentence_and_others_keep_theirs(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        secretary = official(Role.SECRETARY)
        meeting = opened(secretary=secretary)
        add_item(meeting, "Upprop", by=secretary).kind = ItemKind.ROLL_CALL
        add_item(meeting, "Delegationsbeslut", by=secretary)
        add_item(meeting, "Information", by=secretary).text = "Kommunchefen berättar."
        case = assessed()
        recorded(on_agenda(case, secretary=secretary, meeting=meeting), case, secretary=secretary)
        db.session.flush()
        told = {item["heading"]: item["text"] for item in sheet_of(meeting).content["items"]}
    assert told.pop("Information") == "Kommunchefen berättar."
    roll_call, bare = told.pop("Upprop"), told.pop("Delegationsbeslut")
    assert roll_call
    assert bare not in ("", roll_call)
    assert list(told.values()) == [""], "what was decided in a case needs no such sentence"


def test_the_sittings_heading_says_when_it_begins(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.test_request_context():
        secretary = official(Role.SECRETARY, email="secretary@kommun.example")
        meeting = opened(secretary=secretary)
        meeting.begins_at, meeting.place = time(13, 15), "Sessionssalen"
        db.session.commit()
        path = f"/en/meetings/{meeting.public_id}"
    page = signed_in("secretary@kommun.example").get(path).text
    assert "6 March 2017 13:15, Sessionssalen" in page
