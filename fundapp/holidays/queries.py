"""The days of a year that are no weekdays, and what the town has changed."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from fundapp.db import db
from fundapp.decisions.dates import holidays_of
from fundapp.holidays.models import HolidayChange


@dataclass(frozen=True)
class Holiday:
    """A day that is a holiday, or was one before a change; `name` in Swedish, empty where the calendar has none."""

    day: date
    name: str
    is_holiday: bool
    change: HolidayChange | None


def changes() -> dict[date, bool]:
    """Day by day whether it counts as a holiday, where that differs from the shipped calendar."""
    rows = db.session.execute(select(HolidayChange.day, HolidayChange.is_holiday))
    return {row.day: row.is_holiday for row in rows}


def change_of(public_id: str) -> HolidayChange | None:
    return db.session.scalar(select(HolidayChange).where(HolidayChange.public_id == public_id))


def holidays(year: int) -> list[Holiday]:
    """The year's days in their order: those of the shipped calendar, and the changed ones."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    rows = select(HolidayChange).where(HolidayChange.day.between(first, last))
    changed = {row.day: row for row in db.session.scalars(rows.options(joinedload(HolidayChange.recorded_by)))}
    shipped = holidays_of(year)
    return [
        Holiday(day, shipped.get(day, ""), changed[day].is_holiday if day in changed else True, changed.get(day))
        for day in sorted(shipped.keys() | changed.keys())
    ]
