"""Write a message to the other side of a case, and say that one has been read."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.documents import draw_up
from fundapp.history.actions import record
from fundapp.history.models import HistoryEntry
from fundapp.languages import Lazy, current
from fundapp.messages import emails, papers, rules
from fundapp.messages.models import CaseMessage
from fundapp.permissions import Permission, why_not
from fundapp.projects.models import Project
from fundapp.registry.actions import file_document, hold_cases, sender_of
from fundapp.registry.models import Direction
from fundapp.workflow import ENDED, ApplicationStatus, NotAllowed, ProjectStatus, StepNotPossible

_ENDINGS = ("grant", "grant_in_part", "reject", "dismiss", "write_off", "withdraw", "merge")


def why_closed(application: Application) -> Lazy | None:
    """Why nobody can write in the case now, or None."""
    return rules.why_closed(
        is_registered=application.case_id is not None, ended_at=_ended_at(application), now=clock.now()
    )


def _ended_at(application: Application) -> datetime | None:
    """When the case, or the project that came of it, was over; None while it goes on."""
    if application.status not in ENDED:
        return None
    if application.status in (ApplicationStatus.GRANTED, ApplicationStatus.GRANTED_IN_PART):
        stands = Project.status != ProjectStatus.ANNULLED
        project = db.session.scalar(select(Project).where(Project.application_id == application.id, stands))
        if project is not None:
            return project.closed_at
    return db.session.scalar(
        select(func.max(HistoryEntry.at)).where(
            HistoryEntry.thread == application.thread, HistoryEntry.event.in_(_ENDINGS)
        )
    )


def _demand(application: Application, by: Any, *, as_applicant: bool) -> None:
    permission = Permission.WRITE_MESSAGE if as_applicant else Permission.ANSWER_MESSAGE
    reason = why_not(by, permission, application)
    if reason is not None:
        raise NotAllowed(reason)


def write(
    application: Application, text: str, *, by: Any, as_applicant: bool, key: str, seen: str | None = None
) -> CaseMessage:
    """Put a message into the case's diary and tell the other side by mail. What was `seen` last is read thereby.

    `key`: made with the form (`new_public_id`). The same once more (a double click, a retry after a lost answer) gives
    the message that was kept and sends nothing. Errors: NotAllowed, StepNotPossible.
    """
    _demand(application, by, as_applicant=as_applicant)
    reason = why_closed(application)
    case = application.case
    if reason is not None or case is None:
        raise StepNotPossible(reason or "")
    numbers = hold_cases([case])
    kept = db.session.scalar(select(CaseMessage).where(CaseMessage.public_id == key))
    if kept is not None and (kept.application_id, kept.written_by_id) == (application.id, by.id):
        return kept
    message = CaseMessage(
        public_id=key if kept is None else None,
        application=application,
        is_from_applicant=as_applicant,
        written_by_id=by.id,
        written_at=clock.now(),
        language=application.text_language if as_applicant else current().code,
        text=text,
    )
    _file(message, application, numbers, by=by)
    mark_read(application, seen, by=by, as_applicant=as_applicant)
    emails.send_notice(message)
    record(
        application,
        "message_in" if as_applicant else "message_out",
        by=by,
        number=message.document.number,
    )
    return message


def _file(message: CaseMessage, application: Application, numbers: dict[int, int], *, by: Any) -> None:
    """A message is a document of the case, received or dispatched: TF 2:9-10, OSL 2009:400 5:1-2."""
    assert application.case is not None  # noqa: S101  `write` asked
    with db.session.no_autoflush:
        paper = draw_up(
            "messages/documents/message.typ",
            papers.content(message, application, by.name or by.email),
            file_name=f"meddelande-{application.public_id}-{numbers[application.case.id] + 1}.pdf",
            language=message.language,
        )
        message.document = file_document(
            application.case,
            direction=Direction.RECEIVED if message.is_from_applicant else Direction.DISPATCHED,
            subject=papers.subject(is_from_applicant=message.is_from_applicant),
            counterpart=sender_of(application),
            paper=paper,
            by=by,
            last=numbers,
        )
    db.session.add(message)
    db.session.flush()


def mark_read(application: Application, seen: str | None, *, by: Any, as_applicant: bool) -> None:
    """What the other side wrote, up to and with the message `seen`, has been read. Later ones have not been seen."""
    _demand(application, by, as_applicant=as_applicant)
    last = db.session.scalar(
        select(CaseMessage.id).where(CaseMessage.public_id == seen, CaseMessage.application_id == application.id)
    )
    if last is None:
        return
    db.session.execute(
        update(CaseMessage)
        .where(
            CaseMessage.application_id == application.id,
            CaseMessage.id <= last,
            CaseMessage.is_from_applicant.is_(not as_applicant),
            CaseMessage.read_at.is_(None),
        )
        .values(read_at=clock.now(), read_by_id=by.id)
    )
