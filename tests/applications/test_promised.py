"""Attachments that come later: said by when, sent without, added afterwards, filed."""

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from fundapp import files
from fundapp.applications import actions, rules
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry.actions import register
from fundapp.registry.models import Direction
from fundapp.workflow import StepNotPossible
from tests.factories import on_day
from tests.factories.applications import PDF, draft
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.pages import send, token_of

ME, OFFICER = "jag@exempel.example", "officer@kommun.example"


@pytest.fixture(autouse=True)
def the_day(app: Flask) -> None:
    on_day()


def promising(kind: str = "statutes", day: str = "2017-03-20") -> Application:
    """A draft that lacks one attachment, of which it is said when it comes."""
    application = draft(by=applicant(email=ME))
    by = application.created_by
    for attachment in application.attachments:
        if attachment.kind == kind:
            actions.detach(attachment, by=by)
    actions.save_section(application, "attachments", {f"later_{kind}": [day]}, by=by)
    return application


def test_a_file_that_comes_later_stands_in_the_copy_and_does_not_stop_the_sending(app: Flask) -> None:
    with app.app_context():
        application = promising()
        sent = actions.submit(application, by=application.created_by)
        section = next(part for part in sent.content["sections"] if part["code"] == "attachments")
        answer = next(answer for answer in section["answers"] if answer["code"] == "statutes")
        assert any("2017" in part for part in answer["answer_sv"])
        ((kind, day),) = actions.promised(application)
        assert (kind["code"], day) == ("statutes", date(2017, 3, 20))


@pytest.mark.parametrize("day", ["2017-03-05", "2018-01-01", "snart", ""])
def test_a_day_that_has_been_or_is_far_off_is_no_promise(app: Flask, day: str) -> None:
    with app.app_context():
        application = promising(day=day)
        with pytest.raises(rules.NotComplete) as refused:
            actions.submit(application, by=application.created_by)
        assert [state.code for state in refused.value.missing] == ["attachments"]


@pytest.mark.usefixtures("both_engines")
def test_what_was_promised_is_taken_once_and_filed_as_received(app: Flask) -> None:
    with app.app_context():
        draft_ = promising()
        by = draft_.created_by
        actions.submit(draft_, by=by)
        application = draft_
        register(application, by=official(Role.REGISTRAR))
        before = len(application.case.documents)
        with pytest.raises(StepNotPossible):
            actions.attach_later(application, "other", files.check("a.pdf", PDF), by=by)
        actions.attach_later(application, "statutes", files.check("stadgar.pdf", PDF), by=by)
        db.session.expire(application.case)
        (filed,) = application.case.documents[before:]
        assert (filed.direction, filed.file.name) == (Direction.RECEIVED, "stadgar.pdf")
        assert actions.promised(application) == []
        with pytest.raises(StepNotPossible):
            actions.attach_later(application, "statutes", files.check("a.pdf", PDF), by=by)


def test_from_the_form_to_the_file_by_the_pages(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        application = promising(day="")
        public_id = application.public_id
        official(Role.REGISTRAR, email="registrar@kommun.example")
        db.session.commit()
    client, path = signed_in(ME), f"/en/applications/{public_id}"
    page = client.get(f"{path}/sections/attachments").text
    assert "If a file comes later" in page
    wrong = send(client, f"{path}/sections/attachments", {"later_statutes": "2016-01-01", "next": "1"})
    assert wrong.status_code == 422
    assert "at most 60 days ahead" in wrong.text
    assert "2016-01-01" in wrong.text
    right = send(client, f"{path}/sections/attachments", {"later_statutes": "٢٠١٧-٠٣-٢٠", "next": "1"})
    assert right.status_code == 302
    assert "Comes later, by 20 March 2017" in client.get(f"{path}/check").text
    assert send(client, f"{path}/submit").status_code == 302
    for place in (path, f"{path}/receipt", f"{path}/later"):
        assert "You have said that these files come later." in client.get(place).text
    assert "20 mars 2017" in signed_in("registrar@kommun.example").get(f"/sv/cases/{public_id}").text
    assert send(client, f"{path}/later", {"kind": "statutes"}).status_code == 422
    sent = client.post(f"{path}/later", data=with_file(client, "statutes"))
    assert sent.status_code == 302
    assert "You have said" not in client.get(path).text
    with app.app_context():
        kept = db.session.scalars(select(Application)).one()
        assert "statutes" in {attachment.kind for attachment in kept.attachments}


def with_file(client: FlaskClient, kind: str) -> dict[str, Any]:
    return {"csrf_token": token_of(client), "kind": kind, "file": (BytesIO(PDF), "stadgar.pdf")}


def test_the_page_of_attachments_says_what_comes_later_and_not_that_all_is_there(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        public_id = promising().public_id
        db.session.commit()
    page = signed_in(ME).get(f"/en/applications/{public_id}/sections/attachments").text
    assert "Everything that is needed is attached." not in page
    assert "You have said that these files come later." in page
    assert "Last day: 20 March 2017." in page


def test_a_day_that_is_written_is_kept_by_every_way_on_from_the_page(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        application = promising(day="")
        path = f"/en/applications/{application.public_id}/sections/attachments"
        db.session.commit()
    client = signed_in(ME)
    buttons = BeautifulSoup(client.get(path).text, "html.parser").select("main .form-actions button[name]")
    assert [button["name"] for button in buttons] == ["next", "leave"]
    for number, button in enumerate(buttons, 1):
        day = f"2017-03-2{number}"
        assert send(client, path, {"later_statutes": day, str(button["name"]): "1"}).status_code == 302
        assert f'value="{day}"' in client.get(path).text
