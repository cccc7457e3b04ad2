"""The last day: what comes in time, what comes late and is kept, and what comes too late."""

from datetime import date, datetime, timedelta

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock, documents
from fundapp.applications import actions, rules
from fundapp.applications.models import Application, ApplicationKind
from fundapp.clock import start_of
from fundapp.db import db
from fundapp.documents import Paper
from fundapp.mail import Message
from fundapp.permissions import Role
from fundapp.workflow import ApplicationStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import STIPEND, draft, open_round
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.pages import send

ME = "jag@exempel.example"
CLOSES = start_of(date(2017, 5, 1))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("instant", "is_late", "may_send"),
    [
        (CLOSES - SECOND, False, True),
        (CLOSES, True, True),
        (CLOSES + timedelta(days=14) - SECOND, True, True),
        (CLOSES + timedelta(days=14), True, False),
    ],
)
def test_the_boundary_is_kept_to_the_second(app: Flask, instant: object, is_late: bool, may_send: bool) -> None:
    on_day()
    with app.app_context():
        round_ = open_round(STIPEND)
        assert rules.is_late_at(round_, instant) is is_late
        assert rules.may_send_at(round_, instant) is may_send


def test_what_came_in_time_and_had_to_wait_is_not_late(app: Flask) -> None:
    on_day()
    with app.app_context():
        round_ = open_round(STIPEND)
        assert rules.received_at(round_, CLOSES - SECOND, CLOSES + SECOND) == CLOSES - SECOND
        assert rules.received_at(round_, CLOSES - 2 * SECOND, CLOSES - SECOND) == CLOSES - SECOND
        assert rules.received_at(round_, CLOSES, CLOSES + SECOND) == CLOSES + SECOND


def test_what_comes_late_is_kept_and_marked(app: Flask) -> None:
    on_day()
    with app.app_context():
        in_time, late = draft(kind=ApplicationKind.AWARD), draft(kind=ApplicationKind.NOMINATION)
        with clock.at(CLOSES - timedelta(seconds=30)):
            actions.submit(in_time, by=in_time.created_by)
        with clock.at(CLOSES):
            actions.submit(late, by=late.created_by)
        assert (in_time.is_late, late.is_late) == (False, True)
        assert late.status is ApplicationStatus.SUBMITTED
        labels = dict(late.last_submission.paper.content["words"]["sv"]["meta"])
        assert any("30 april 2017" in value or "30 April 2017" in value for value in labels.values())
        assert documents.pdf(late.last_submission.paper)


def test_nothing_is_begun_after_the_last_day_and_a_draft_can_not_be_sent_for_ever(app: Flask) -> None:
    on_day()
    with app.app_context():
        mine = draft(kind=ApplicationKind.AWARD)
        round_, by, organisation = mine.round, mine.created_by, mine.organisation
        with clock.at(CLOSES), pytest.raises(StepNotPossible):
            actions.start(round_=round_, kind=ApplicationKind.AWARD, organisation=organisation, by=by, language="sv")
        with clock.at(CLOSES + timedelta(days=14)), pytest.raises(StepNotPossible) as refused:
            actions.submit(mine, by=by)
        assert "2017" in str(refused.value.reason)
        assert mine.status is ApplicationStatus.DRAFT


def test_the_pages_say_that_it_is_late_before_and_after_it_is_sent(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email=ME), kind=ApplicationKind.AWARD).public_id
        official(Role.REGISTRAR, email="registrar@kommun.example")
        db.session.commit()
    client = signed_in(ME)
    path = f"/en/applications/{public_id}"
    words = "The board may then dismiss it"
    for page in (path, f"{path}/check"):
        assert words not in client.get(page).text
    on_day(date(2017, 5, 2))
    client = signed_in(ME)
    for page in (path, f"{path}/check"):
        assert words in client.get(page).text
        assert "up to 14 May 2017" in client.get(page).text
    assert send(client, f"{path}/submit").status_code == 302
    assert "It came in after the last day, 30 April 2017." in client.get(f"{path}/receipt").text
    assert "It came in after the last day." in signed_in("registrar@kommun.example").get(f"/en/cases/{public_id}").text


def _text(paper: Paper) -> str:
    pages = pypdfium2.PdfDocument(documents.pdf(paper))
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())


@pytest.mark.parametrize(("sent_at", "is_late"), [(CLOSES - SECOND, False), (CLOSES, True)])
def test_page_mail_and_copy_of_the_receipt_say_that_it_came_late_and_what_may_come_of_it(
    app: Flask, signed_in: SignIn, sent_at: datetime, is_late: bool
) -> None:
    on_day()
    with app.app_context():
        me = applicant(email=ME)
        me.language = "en"
        mine = draft(by=me, kind=ApplicationKind.AWARD)
        with clock.at(sent_at):
            submission = actions.submit(mine, by=me)
        mail = db.session.scalars(select(Message).where(Message.to == ME)).one().body
        copy, path = _text(submission.paper), f"/en/applications/{mine.public_id}/receipt"
        db.session.commit()
    words = "It came in after the last day, 30 April 2017. The board may dismiss it without looking at it."
    swedish = "Den kom in efter sista dagen, 30 april 2017. Nämnden kan avvisa den utan att pröva den."
    assert (words in signed_in(ME).get(path).text) is is_late
    assert (words in mail, swedish in mail) == (is_late, is_late)
    assert (swedish in copy) is is_late


def test_when_even_late_is_over_the_page_says_so_and_offers_no_button(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email=ME), kind=ApplicationKind.AWARD).public_id
        db.session.commit()
    on_day(date(2017, 5, 15))
    client = signed_in(ME)
    page = client.get(f"/en/applications/{public_id}/check").text
    assert "It can no longer be sent." in page
    assert "/submit" not in page
    assert send(client, f"/en/applications/{public_id}/submit").status_code == 409
    with app.app_context():
        assert db.session.scalars(select(Application)).one().status is ApplicationStatus.DRAFT


def test_it_is_said_before_sending_that_it_becomes_public(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email=ME)).public_id
        db.session.commit()
    page = signed_in(ME).get(f"/en/applications/{public_id}/check").text
    assert "Anybody may ask to read it" in page
    assert page.index("Anybody may ask to read it") < page.index("/submit")
