"""What somebody told us of the site's accessibility."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from fundapp.db import Base, public_id_column


class Feedback(Base):
    """One message. `email` is empty where no answer is wanted; `page` is the address it is about, as typed."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_at_id", "at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = public_id_column()
    at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(10))
    text: Mapped[str]
    page: Mapped[str] = mapped_column(String(300), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
