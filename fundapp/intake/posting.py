"""Letters for whoever has no e-mail: printed, posted by hand, and filed as dispatched."""

from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock, documents
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.goals.rules import municipality_named
from fundapp.history.actions import record
from fundapp.intake.models import Intake
from fundapp.languages import _d, _dl, long_day, speaking
from fundapp.mail import Message, MessageStatus
from fundapp.permissions import Permission, why_not
from fundapp.registry.actions import file_document, sender_of
from fundapp.registry.models import Direction
from fundapp.workflow import NotAllowed, StepNotPossible

TEMPLATE = "intake/documents/letter.typ"


def address_of(application: Application) -> list[str]:
    """Name and postal address, a line each; what is not known is left out."""
    intake = db.session.scalar(select(Intake).where(Intake.application_id == application.id))
    organisation = application.organisation
    place: Any = intake if intake is not None and intake.address else organisation
    names = [intake.sender if intake is not None else "", organisation.name if organisation is not None else ""]
    if place is None or not place.address:
        return [name for name in names if name]
    town = f"{place.postal_code[:3]} {place.postal_code[3:]} {place.city}".strip()
    return [line for line in (*names, place.address, town) if line]


def content(message: Message, application: Application) -> dict[str, Any]:
    """What the letter shows; our own words in Swedish, the mail's as it was written."""
    with speaking("sv"):
        number = application.case.diary_number if application.case is not None else ""
        meta = [(_d("Date"), long_day(clock.local_day(message.written_at))), (_d("Diary number"), number)]
        return {
            "municipality": municipality_named(application.round.fund.municipality).name,
            "to": address_of(application),
            "heading": message.subject,
            "meta": [pair for pair in meta if pair[1]],
            "body": message.body,
            "enclosed": [paper.paper.file_name for paper in message.enclosures],
            "words": {"enclosed": _d("Enclosed")},
        }


def pdf(message: Message, application: Application) -> bytes:
    """The letter, to print."""
    return documents.compile_pdf(TEMPLATE, content(message, application), message.written_at)


def mark_posted(message: Message, application: Application, *, posted_on: date, by: Any) -> None:
    """Note that it was posted, and file it as dispatched. Errors: NotAllowed, StepNotPossible."""
    reason = why_not(by, Permission.SEND_LETTER_AGAIN, application)
    if reason is not None:
        raise NotAllowed(reason)
    reread(message, with_for_update={"of": Message})
    if message.status is not MessageStatus.BY_POST:
        raise StepNotPossible(_dl("Somebody has posted it already."))
    if posted_on > clock.today():
        raise StepNotPossible(_dl("Write today's date or an earlier one."))
    with db.session.no_autoflush:
        message.status, message.sent_at = MessageStatus.SENT, clock.now()
    record(application, "post_letter", by=by, message=message.public_id, posted_on=posted_on)
    if application.case is not None:
        with speaking("sv"):
            subject = _d("By post: %(subject)s", subject=message.subject)
        file_document(
            application.case,
            direction=Direction.DISPATCHED,
            subject=subject,
            counterpart=sender_of(application),
            dated=posted_on,
            paper=documents.draw_up(TEMPLATE, content(message, application), file_name=f"brev-{message.public_id}.pdf"),
            by=by,
        )
    db.session.flush()
