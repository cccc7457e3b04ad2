"""Rows within a row: the values come back as what they were, on both engines."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.applications.models import Application, ApplicationKind, Submission
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.nested import nested
from fundapp.projects.models import Instalment, Project
from tests.factories import on_day
from tests.factories.projects import running

pytestmark = pytest.mark.usefixtures("both_engines")


def _lists(query: Any) -> list[Any]:
    return list(db.session.execute(select(nested(query))).scalar_one())


def test_days_instants_enums_booleans_and_documents_come_back_as_they_were(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        project = running()
        db.session.flush()
        sent = Application.submitted_at.is_not(None).label("sent")
        columns = (Application.submitted_at, Application.starts_on, Application.kind, sent, Application.officer_id)
        (row,) = _lists(select(*columns))
        assert row.submitted_at == project.application.submitted_at
        assert row.submitted_at.tzinfo is UTC
        assert isinstance(row.submitted_at, datetime)
        assert row.starts_on == project.application.starts_on
        assert isinstance(row.starts_on, date)
        assert row.kind is ApplicationKind.GRANT
        assert row.sent is True
        (content,) = _lists(select(Submission.content))[0]
        assert content == project.application.last_submission.content
        facts = _lists(select(HistoryEntry.facts).order_by(HistoryEntry.id))
        assert [row.facts for row in facts] == list(
            db.session.scalars(select(HistoryEntry.facts).order_by(HistoryEntry.id))
        )


def test_rows_keep_the_order_of_their_query_and_may_look_at_the_row_around_them(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        for _ in range(2):
            running()
        db.session.flush()
        parts = (
            select(Instalment.number).where(Instalment.project_id == Project.id).order_by(Instalment.number.desc())
        ).correlate(Project)
        rows = db.session.execute(select(Project.id, nested(parts).label("parts"))).all()
        assert [[part.number for part in row.parts] for row in rows] == [[2, 1], [2, 1]]


def test_nothing_is_an_empty_list(app: Flask) -> None:
    with app.test_request_context():
        assert _lists(select(Project.id)) == []
