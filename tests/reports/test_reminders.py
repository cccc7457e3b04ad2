"""Reminders of a report: once 14 days before it is due, once when it is late; never of one that was sent."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from fundapp import mail
from fundapp.db import db
from fundapp.mail import Message
from fundapp.reports.reminders import remind_of_reports
from tests.factories import on_day
from tests.factories.people import applicant
from tests.factories.projects import running
from tests.factories.reports import reported


def _reminders_on(day: date) -> list[Message]:
    """What the jobs of that day write."""
    on_day(day)
    before = set(db.session.scalars(select(Message.id)))
    remind_of_reports()
    db.session.commit()
    return [m for m in db.session.scalars(select(Message).order_by(Message.id)) if m.id not in before]


@pytest.mark.usefixtures("both_engines")
def test_a_project_is_reminded_two_weeks_before_and_when_it_is_late_and_not_again(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        project = running()
        addresses = {project.application.created_by.email, project.application.organisation.email}
        due_on = project.report_due_on
        db.session.commit()
        assert _reminders_on(due_on - timedelta(days=15)) == []
        soon = _reminders_on(due_on - timedelta(days=14))
        assert {message.to for message in soon} == addresses
        assert f"/sv/projects/{project.public_id}" in soon[0].body
        assert _reminders_on(due_on - timedelta(days=13)) == []
        assert _reminders_on(due_on) == []
        late = _reminders_on(due_on + timedelta(days=1))
        assert {message.to for message in late} == addresses
        assert late[0].subject != soon[0].subject
        assert _reminders_on(due_on + timedelta(days=30)) == []


def test_a_project_that_is_already_late_gets_one_reminder_and_not_two(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        project = running()
        db.session.commit()
        assert len(_reminders_on(project.report_due_on + timedelta(days=5))) == 2


def test_who_reads_english_is_reminded_in_english(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        project = running(by=applicant("Amina", "amina@exempel.example", language="en"))
        db.session.commit()
        found = {m.to: m.subject for m in _reminders_on(project.report_due_on + timedelta(days=5))}
        assert found["amina@exempel.example"] == f"Your report is late: {project.application.reference}"


def test_nobody_is_reminded_of_a_report_that_was_sent(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        project = running()
        reported(project)
        db.session.commit()
        assert _reminders_on(project.report_due_on + timedelta(days=5)) == []


@pytest.mark.usefixtures("both_engines")
def test_the_database_itself_refuses_a_second_message_for_one_occasion(app: Flask) -> None:
    with app.app_context():
        for _twice in range(2):
            mail.write(to="a@b.example", language="sv", subject="x", body="y", occasion="report one")
        with pytest.raises(IntegrityError):
            db.session.flush()
        db.session.rollback()
