"""However often a file is named, it is sent along once, and there are never more files than there can be."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications import actions, copying, rules
from fundapp.applications.models import Application, Attachment
from fundapp.db import db
from fundapp.permissions import Role
from fundapp.registry.actions import register
from fundapp.registry.models import Document
from fundapp.workflow import ApplicationStatus, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import FUND, draft, open_round, submitted
from tests.factories.people import applicant, official
from tests.ground.apps import SignIn
from tests.ground.pages import token_of

AMINA = "amina@exempel.example"


def _sent() -> tuple[Application, Account]:
    """Sent in March, and the one who sent it; now it is September."""
    on_day()
    by = applicant("Amina Lindqvist", AMINA)
    made = submitted(by)
    on_day(date(2017, 9, 4))
    return made, by


def _again(attachment: Attachment, number: int, *, by: Account) -> list[Attachment]:
    """So many rows more of one file."""
    application = attachment.application
    rows = [Attachment(kind=attachment.kind, file=attachment.file, added_at=clock.now()) for _row in range(number)]
    for row in rows:
        row.added_by_id = by.id
        application.attachments.append(row)
    db.session.flush()
    return rows


def test_a_file_that_is_named_often_is_attached_once(app: Flask, signed_in: SignIn) -> None:
    with app.app_context():
        made, _by = _sent()
        place = f"/sv/applications/{made.public_id}/copy"
        statutes = next(each.public_id for each in made.attachments if each.kind == "statutes")
        db.session.commit()
        round_id = str(open_round(FUND).id)
    client = signed_in(AMINA)
    sent = {"csrf_token": token_of(client), "round": round_id, "files": [statutes] * 40}
    assert client.post(place, data=sent).status_code == 302
    with app.app_context():
        copied = select(func.count(Attachment.id)).join(Application)
        assert db.session.scalar(copied.where(Application.status == ApplicationStatus.DRAFT)) == 1


def test_the_copying_itself_takes_each_file_once(app: Flask) -> None:
    with app.app_context():
        made, by = _sent()
        statutes = next(each for each in made.attachments if each.kind == "statutes")
        copied = copying.copy(made, open_round(FUND), files=[statutes] * 3, by=by, language="sv")
        assert (copied.files, len(copied.application.attachments)) == (1, 1)


def test_no_more_files_are_copied_than_there_can_be(app: Flask) -> None:
    with app.app_context():
        made, by = _sent()
        statutes = next(each for each in made.attachments if each.kind == "statutes")
        often = [statutes, *_again(statutes, rules.MOST_ATTACHMENTS, by=by)]
        with pytest.raises(StepNotPossible):
            copying.copy(made, open_round(FUND), files=often, by=by, language="sv")
        copied = copying.copy(made, open_round(FUND), files=often[1:], by=by, language="sv")
        assert copied.files == rules.MOST_ATTACHMENTS


def test_a_draft_with_too_many_files_is_not_sent_before_some_are_removed(app: Flask) -> None:
    with app.app_context():
        on_day()
        by = applicant("Amina Lindqvist", AMINA)
        made = draft(by)
        rows = _again(made.attachments[0], rules.MOST_ATTACHMENTS - len(made.attachments) + 1, by=by)
        with pytest.raises(StepNotPossible, match="fler filer"):
            actions.submit(made, by=by)
        actions.detach(rows[0], by=by)
        actions.submit(made, by=by)
        assert made.status is ApplicationStatus.SUBMITTED


def test_a_file_that_lies_twice_with_the_application_is_filed_once(app: Flask) -> None:
    with app.app_context():
        on_day()
        by = applicant("Amina Lindqvist", AMINA)
        made = draft(by)
        _again(made.attachments[0], 2, by=by)
        actions.submit(made, by=by)
        register(made, by=official(Role.REGISTRAR))
        filed = db.session.scalars(select(Document.file_id).where(Document.file_id.is_not(None))).all()
        assert sorted(filed) == sorted({each.file_id for each in made.attachments})
