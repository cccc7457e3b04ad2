"""Say that a day is a holiday, or that it is none; take that back."""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.db import db
from fundapp.history.actions import record
from fundapp.holidays.models import HolidayChange
from fundapp.languages import _dl
from fundapp.permissions import Permission, why_not
from fundapp.workflow import NotAllowed, StepNotPossible


def change(day: date, *, is_holiday: bool, source: str, by: Any) -> HolidayChange:
    """Count the day as a holiday or not, from now on; a notice that stands already keeps its days.

    Errors: NotAllowed; StepNotPossible for a day that has a change already.
    """
    _demand(by)
    if db.session.scalar(select(HolidayChange.id).where(HolidayChange.day == day)) is not None:
        raise StepNotPossible(_dl("The day has a change already. Take that back first."))
    changed = HolidayChange(
        day=day, is_holiday=is_holiday, source=source, recorded_at=clock.now(), recorded_by_id=by.id
    )
    db.session.add(changed)
    db.session.flush()
    record(changed, "change_holiday", by=by, day=day, new=is_holiday, source=source)
    return changed


def take_back(changed: HolidayChange, *, by: Any) -> None:
    """Let the shipped calendar decide of the day again. Errors: NotAllowed."""
    _demand(by)
    record(changed, "take_back_holiday", by=by, day=changed.day, old=changed.is_holiday, source=changed.source)
    db.session.delete(changed)
    db.session.flush()


def _demand(by: Any) -> None:
    reason = why_not(by, Permission.KEEP_SETTINGS)
    if reason is not None:
        raise NotAllowed(reason)
