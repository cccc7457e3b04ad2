"""Drafts that are not sent: reminders before the last day, word of the end, and the end."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import files
from fundapp.applications import actions, rules
from fundapp.applications.models import Application, ApplicationKind, Attachment, Section
from fundapp.applications.reminders import end_drafts, remind_of_drafts
from fundapp.db import Base, db
from fundapp.files import StoredFile
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from tests.factories import on_day
from tests.factories.applications import PDF, STIPEND, draft, open_round
from tests.factories.people import applicant
from tests.ground.apps import SignIn

LAST = date(2017, 4, 30)
END = LAST + timedelta(days=90)
ME = "jag@exempel.example"


def written(job: Callable[[], int], day: date) -> list[Message]:
    """What a job writes on a day."""
    on_day(day)
    before = set(db.session.scalars(select(Message.id)))
    job()
    db.session.commit()
    return [m for m in db.session.scalars(select(Message).order_by(Message.id)) if m.id not in before]


def count(table: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.usefixtures("both_engines")
def test_a_draft_is_reminded_of_a_week_and_a_day_before_and_once_each(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        mine = draft(kind=ApplicationKind.AWARD, language="en")
        addresses = {mine.created_by.email, mine.organisation.email}
        assert written(remind_of_drafts, LAST - timedelta(days=8)) == []
        week = written(remind_of_drafts, LAST - timedelta(days=7))
        assert {message.to for message in week} == addresses
        assert week[0].subject == "Send your application by 30 April 2017"
        assert f"/en/applications/{mine.public_id}" in week[0].body
        assert "Fotboll för alla i Töre" in week[0].body
        assert written(remind_of_drafts, LAST - timedelta(days=2)) == []
        assert {message.to for message in written(remind_of_drafts, LAST - timedelta(days=1))} == addresses
        assert written(remind_of_drafts, LAST) == []
        assert written(remind_of_drafts, LAST + timedelta(days=1)) == []
        events = db.session.scalars(select(HistoryEntry.event).where(HistoryEntry.event == "remind_of_draft"))
        assert len(events.all()) == 2


def test_what_is_sent_or_just_begun_is_not_reminded_of(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        sent = draft(kind=ApplicationKind.AWARD)
        actions.submit(sent, by=sent.created_by)
        db.session.commit()
        on_day(LAST - timedelta(days=3))
        draft(kind=ApplicationKind.NOMINATION)
        assert written(remind_of_drafts, LAST - timedelta(days=3)) == []
        assert len(written(remind_of_drafts, LAST - timedelta(days=1))) == 1


@pytest.mark.parametrize(
    ("left", "begun", "due"),
    [(8, 40, None), (7, 40, 7), (3, 40, 7), (1, 40, 1), (0, 40, 1), (-1, 40, None), (5, 6, None), (1, 1, None)],
)
def test_which_reminder_has_come(app: Flask, left: int, begun: int, due: int | None) -> None:
    on_day()
    with app.app_context():
        days = [LAST - timedelta(days=before) for before in (begun, left)]
        assert rules.reminder_due(open_round(STIPEND), created_on=days[0], today=days[1]) == due


@pytest.mark.usefixtures("both_engines")
def test_a_draft_is_told_of_and_then_removed_with_its_files_and_the_history_says_so(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        mine = draft()
        thread, other = mine.public_id, draft(kind=ApplicationKind.AWARD)
        actions.submit(other, by=other.created_by)
        last = rules.kept_until(mine.round)
        assert written(end_drafts, last - timedelta(days=15)) == []
        assert written(end_drafts, last - timedelta(days=14))
        assert written(end_drafts, last) == []
        assert count(Application) == 2
        assert written(end_drafts, last + timedelta(days=1)) == []
        assert db.session.scalars(select(Application)).all() == [other]
        assert (count(Attachment), count(StoredFile)) == (0, 0)
        assert {section.application_id for section in db.session.scalars(select(Section))} == {other.id}
        events = db.session.scalars(select(HistoryEntry.event).where(HistoryEntry.thread == thread)).all()
        assert events[-2:] == ["tell_of_removal", "remove_draft"]


def test_who_was_told_late_keeps_the_draft_longer(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        mine = draft(kind=ApplicationKind.AWARD)
        late = END + timedelta(days=20)
        (said, *_more) = written(end_drafts, late)
        assert rules.kept_until(mine.round, mine.end_told_on) == late + timedelta(days=14)
        assert "2017" in said.body
        written(end_drafts, late + timedelta(days=14))
        assert count(Application) == 1
        written(end_drafts, late + timedelta(days=15))
        assert count(Application) == 0


def test_a_file_that_another_application_uses_too_stays(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        mine, other = draft(with_attachments=False), draft(with_attachments=False)
        shared = actions.attach(mine, "other", files.check("a.pdf", PDF), by=mine.created_by)
        more = Attachment(kind="other", file=shared.file, added_at=shared.added_at, added_by_id=shared.added_by_id)
        other.attachments.append(more)
        db.session.flush()
        mine.end_told_on = LAST
        db.session.commit()
        on_day(rules.kept_until(mine.round) + timedelta(days=1))
        other_id = other.id
        end_drafts()
        db.session.commit()
        assert db.session.scalars(select(Attachment.application_id)).all() == [other_id]
        assert count(StoredFile) == 1


def test_the_drafts_page_says_until_when_it_is_kept(app: Flask, signed_in: SignIn) -> None:
    on_day()
    with app.app_context():
        public_id = draft(by=applicant(email=ME), kind=ApplicationKind.AWARD).public_id
        db.session.commit()
    page = signed_in(ME).get(f"/en/applications/{public_id}").text
    assert "we keep what you have written until 29 July 2017" in page
