"""Who must sign minutes is reminded on the seventh and the twelfth day and then every other, once each time."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.db import db
from fundapp.mail import Message
from fundapp.meetings import drawing_up, ending, minutes_reminders, presences, signing
from fundapp.permissions import Role
from tests.factories import DAY, on_day
from tests.factories.decisions import approved, recorded, with_checker
from tests.factories.people import official


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def count() -> int:
    return db.session.scalar(select(func.count(Message.id))) or 0


def last_to() -> str:
    return db.session.scalars(select(Message.to).order_by(Message.id.desc())).first() or ""


@pytest.mark.parametrize(("days", "step"), [(6, 0), (7, 7), (11, 7), (12, 12), (13, 12), (14, 14), (15, 14), (16, 16)])
def test_the_days_of_the_reminders(days: int, step: int) -> None:
    assert minutes_reminders.step_of(days) == step


def test_who_has_not_signed_is_reminded_and_nobody_after_approval(app: Flask) -> None:
    with app.app_context():
        by = official(Role.SECRETARY, email="siv@kommun.example")
        meeting = recorded(secretary=by).item.meeting
        with_checker(meeting, secretary=by)
        ending.end_meeting(meeting, by=by)
        on_day(DAY + timedelta(days=7))
        assert (minutes_reminders.remind_of_minutes(), last_to()) == (1, by.email)
        minutes = drawing_up.draw_up_minutes(meeting, by=by)
        chair, checker = signing.to_sign(presences.room_of(meeting), list(meeting.items))
        on_day(DAY + timedelta(days=12))
        signing.sign(minutes, by=chair.seat.account)
        before = count()
        assert minutes_reminders.remind_of_minutes() == 1
        assert (count(), last_to()) == (before + 1, checker.seat.account.email)
        assert minutes_reminders.remind_of_minutes() == 0
        on_day(DAY + timedelta(days=14))
        assert (minutes_reminders.remind_of_minutes(), last_to()) == (1, checker.seat.account.email)
        approved(meeting, secretary=by)
        on_day(DAY + timedelta(days=16))
        assert minutes_reminders.remind_of_minutes() == 0
