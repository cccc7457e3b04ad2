"""A day that counts as a holiday, or no longer does, beside the calendar that is shipped."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from fundapp.accounts.models import Account
from fundapp.db import Base, public_id_column


class HolidayChange(Base):
    """What a law has changed since the calendar was made. `source` names it; a day has one change at most."""

    __tablename__ = "holiday_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    day: Mapped[date] = mapped_column(unique=True)
    is_holiday: Mapped[bool]
    source: Mapped[str] = mapped_column(String(300))
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("account.id"))

    recorded_by: Mapped[Account] = relationship()

    @property
    def thread(self) -> str:
        return self.public_id
