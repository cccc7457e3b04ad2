"""Drafts that are not sent: a reminder before the last day, word that the draft will be removed, and its removal."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import joinedload

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications import emails, rules
from fundapp.applications.models import Application, Attachment, Section, SectionAside, SectionChange, Signature
from fundapp.db import db, reread
from fundapp.files import StoredFile
from fundapp.funds.models import Round
from fundapp.history.actions import record
from fundapp.registry.models import Document
from fundapp.workflow import ApplicationStatus


def remind_of_drafts() -> int:
    """Write what is due before a last day; gives how many drafts were reminded of. A second call writes nothing."""
    today = clock.today()
    longest = timedelta(days=60)  # no reminder is set so early
    soon = (Round.closes_at > clock.now()) & (Round.closes_at < clock.now() + longest)
    return sum(_remind(draft, today) for draft in _drafts(soon))


def _remind(draft: Application, today: date) -> bool:
    days = rules.reminder_due(draft.round, created_on=clock.local_day(draft.created_at), today=today)
    if days is None or not emails.send_draft_reminder(draft, days=days):
        return False
    record(draft, "remind_of_draft", by=None, days=days)
    return True


def end_drafts() -> int:
    """Tell of drafts that will be removed, and remove those whose time is over; gives how many were removed. Whoever
    was not told in time keeps the draft longer.
    """
    today = clock.today()
    removed = 0
    for draft in _drafts(Round.closes_at < clock.now()):
        if draft.end_told_on is None:
            if today >= rules.kept_until(draft.round) - rules.END_TOLD:
                draft.end_told_on = today
                emails.send_draft_end(draft, kept_until=rules.kept_until(draft.round, today))
                record(draft, "tell_of_removal", by=None)
        elif today > rules.kept_until(draft.round, draft.end_told_on):
            removed += remove(draft)
    return removed


def _drafts(where: ColumnElement[bool]) -> list[Application]:
    found = select(Application).join(Round, Round.id == Application.round_id)
    is_draft = (Application.status == ApplicationStatus.DRAFT) & ~Application.is_entered & ~Application.is_try_out
    found = found.where(is_draft, where).order_by(Application.id)
    return list(db.session.scalars(found.options(joinedload(Application.organisation))))


def remove(draft: Application, *, by: Account | None = None) -> bool:
    """Take the draft away with everything typed and its files; the history keeps that it was there."""
    with db.session.begin_nested():
        reread(draft, with_for_update={"of": Application})
        if draft.status is not ApplicationStatus.DRAFT:
            return False
        record(draft, "remove_draft", by=by)
        files = list(db.session.scalars(select(Attachment.file_id).where(Attachment.application_id == draft.id)))
        sections = select(Section.id).where(Section.application_id == draft.id)
        db.session.execute(delete(SectionChange).where(SectionChange.section_id.in_(sections)))
        db.session.execute(delete(SectionAside).where(SectionAside.section_id.in_(sections)))
        db.session.execute(delete(Section).where(Section.application_id == draft.id))
        db.session.execute(delete(Attachment).where(Attachment.application_id == draft.id))
        db.session.execute(delete(Signature).where(Signature.application_id == draft.id))
        is_used = or_(
            exists().where(Attachment.file_id == StoredFile.id), exists().where(Document.file_id == StoredFile.id)
        )
        db.session.execute(delete(StoredFile).where(StoredFile.id.in_(files), ~is_used))
        db.session.execute(delete(Application).where(Application.id == draft.id))
    db.session.expunge(draft)
    return True
