"""Reminders of additions: once when the day is near, once when it has passed, in the receiver's language."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.applications.models import Application
from fundapp.assessments import actions
from fundapp.assessments.reminders import remind_of_completions
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.permissions import Role
from tests.factories import DAY, on_day
from tests.factories.assessments import under_assessment
from tests.factories.people import official


def _asked(*, due_on: date, language: str = "sv") -> Application:
    officer = official(Role.OFFICER)
    application = under_assessment(officer=officer, language=language)
    actions.request_completion(
        application, sections=["budget"], what="Skriv vad hyran kostar.", due_on=due_on, by=officer
    )
    db.session.commit()
    return application


def _reminders_on(day: date) -> list[Message]:
    """What the jobs of that day write."""
    on_day(day)
    before = set(db.session.scalars(select(Message.id)))
    remind_of_completions()
    db.session.commit()
    return [m for m in db.session.scalars(select(Message).order_by(Message.id)) if m.id not in before]


@pytest.mark.usefixtures("both_engines")
def test_an_applicant_is_reminded_before_the_day_and_after_it_and_not_again(app: Flask) -> None:
    on_day()
    due_on = DAY + timedelta(days=14)
    with app.test_request_context():
        application = _asked(due_on=due_on)
        addresses = {application.created_by.email, application.organisation.email}
        assert _reminders_on(due_on - timedelta(days=4)) == []
        soon = _reminders_on(due_on - timedelta(days=3))
        assert {message.to for message in soon} == addresses
        assert len(soon) == len(addresses)
        assert "Skriv vad hyran kostar." in soon[0].body
        assert f"/sv/applications/{application.public_id}" in soon[0].body
        assert {message.thread for message in soon} == {application.thread}
        assert _reminders_on(due_on - timedelta(days=2)) == []
        assert _reminders_on(due_on) == []
        late = _reminders_on(due_on + timedelta(days=1))
        assert {message.to for message in late} == addresses
        assert late[0].subject != soon[0].subject
        assert _reminders_on(due_on + timedelta(days=2)) == []
        events = db.session.scalars(select(HistoryEntry.event).where(HistoryEntry.event == "remind_of_completion"))
        assert len(events.all()) == 2


def test_a_reminder_speaks_the_applications_language(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        _asked(due_on=DAY + timedelta(days=14), language="en")
        (first, *_rest) = _reminders_on(DAY + timedelta(days=12))
        assert first.subject == "Send your additions by 20 March 2017"
        assert "/en/applications/" in first.body
        (late, *_rest) = _reminders_on(DAY + timedelta(days=20))
        assert late.subject.startswith("Your additions are late: ")


def test_who_was_given_three_days_gets_no_reminder_before_the_day(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        _asked(due_on=DAY + timedelta(days=3))
        assert _reminders_on(DAY + timedelta(days=1)) == []
        assert len(_reminders_on(DAY + timedelta(days=4))) == 2


def test_nobody_is_reminded_of_what_the_official_went_on_without(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = _asked(due_on=DAY + timedelta(days=14))
        actions.go_on_without(application, by=official(Role.OFFICER))
        db.session.commit()
        assert _reminders_on(DAY + timedelta(days=12)) == []
        assert _reminders_on(DAY + timedelta(days=20)) == []
