"""Reminders of comments that were asked for: once when the day is near, once when it has passed."""

from datetime import timedelta

from sqlalchemy import select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.referrals import emails
from fundapp.referrals.models import Referral
from fundapp.workflow import ENDED

SOON = timedelta(days=3)  # assumption: the municipality has published no rule


def remind_of_referrals() -> int:
    """Write what is due today; gives how many bodies were reminded. A second call writes nothing."""
    waiting = db.session.scalars(
        select(Referral)
        .join(Application, Application.id == Referral.application_id)
        .where(
            Referral.ended_at.is_(None),
            Referral.answer_by <= clock.today() + SOON,
            Application.status.not_in(ENDED),
        )
        .order_by(Referral.id)
    ).all()
    return sum(_remind(referral) for referral in waiting)


def _remind(referral: Referral) -> bool:
    is_late = referral.answer_by < clock.today()
    if not is_late and clock.local_day(referral.asked_at) >= referral.answer_by - SOON:
        return False  # it was asked with so short a time that the question itself is the reminder
    if not emails.send_reminder(referral, is_late=is_late):
        return False
    record(referral, "remind_of_referral", by=None, answer_by=referral.answer_by)
    return True
