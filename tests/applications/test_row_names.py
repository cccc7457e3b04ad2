"""Names of fields that no page of ours writes: they are nobody's answers, and break nothing for whoever comes after."""

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import FormField

from fundapp.applications.models import Application
from fundapp.applications.questions import section_form
from fundapp.db import db
from fundapp.web.fields import Form, LineField, RowList
from tests.factories import on_day
from tests.factories.applications import draft
from tests.ground.apps import SignIn
from tests.ground.pages import send

MANY = "9" * 5000
ODD = ["costs-²-kronor", f"costs-{MANY}-kronor", "costs-٣-kronor", "costs--1-kronor", "costs-0-a-0", "costs-"]


class Row(Form):
    what = LineField("what")


class Rows(Form):
    rows = RowList(FormField(Row), min_entries=1, max_entries=5)


@pytest.mark.parametrize("number", ["²", MANY, "٣", "-1", "1000", "x"])
def test_a_row_whose_number_is_none_is_no_row(app: Flask, number: str) -> None:
    with app.test_request_context():
        form = Rows(formdata=MultiDict({f"rows-{number}-what": "odd", "rows-0-what": "one", "rows-3-what": "two"}))
        assert [row.form.what.data for row in form.rows] == ["one", "two"]


def test_what_a_fellow_member_sent_by_hand_breaks_no_page_of_the_draft(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        made = draft()
        key, email = made.public_id, made.created_by.email
        db.session.commit()
    client, path = signed_in(email), f"/sv/applications/{key}"
    posted = dict.fromkeys(ODD, "1") | {"costs-0-kronor": "7000", "version": "0", "page": "w", "step": "1"}
    assert send(client, f"{path}/sections/budget/keep", posted).status_code == 200
    for page in (path, f"{path}/sections/budget", f"{path}/check"):
        assert client.get(page).status_code == 200, page
    with app.app_context():
        kept = db.session.query(Application).filter_by(public_id=key).one()
        answers = next(section.answers for section in kept.sections if section.code == "budget")
        assert not set(ODD) & set(answers)


def test_a_name_that_was_kept_before_breaks_nothing(app: Flask) -> None:
    on_day()
    with app.test_request_context("/sv/"):
        form = section_form(draft(), "budget", {"costs-²-kronor": ["1"], "costs-0-kronor": ["7000"]})
        assert form.answers()
