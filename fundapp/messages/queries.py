"""The thread of a case, and what of it nobody has read."""

from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.messages.models import CaseMessage


def thread_query() -> Select[*tuple[Any, ...]]:
    """The columns of a thread's messages, oldest first; say whose by a condition on CaseMessage.application_id."""
    return (
        select(
            CaseMessage.public_id,
            CaseMessage.is_from_applicant,
            CaseMessage.written_at,
            CaseMessage.language,
            CaseMessage.text,
            CaseMessage.read_at,
            func.coalesce(func.nullif(Account.name, ""), Account.email).label("writer"),
        )
        .join(Account, Account.id == CaseMessage.written_by_id)
        .order_by(CaseMessage.id)
    )


def thread(application: Application) -> list[Row[*tuple[Any, ...]]]:
    """The messages of a case, oldest first."""
    return list(db.session.execute(thread_query().where(CaseMessage.application_id == application.id)))


def has_unread(*, for_applicant: bool) -> ColumnElement[bool]:
    """Whether a case holds a message that the other side wrote and nobody of this side has read."""
    return (
        select(CaseMessage.id)
        .where(
            CaseMessage.application_id == Application.id,
            CaseMessage.is_from_applicant.is_(not for_applicant),
            CaseMessage.read_at.is_(None),
        )
        .correlate(Application)
        .exists()
    )
