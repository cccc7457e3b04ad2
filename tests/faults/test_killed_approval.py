"""The process that approves minutes is killed with -9, statement after statement: all is done, or nothing is."""

import multiprocessing
import os
import signal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from fundapp.accounts.models import Account
from fundapp.app import create_app
from fundapp.applications.models import Application
from fundapp.config import Settings
from fundapp.db import db
from fundapp.decisions.approving import approve_minutes
from fundapp.decisions.models import Decision, Letter
from fundapp.documents import Paper
from fundapp.funds.models import LedgerEntry
from fundapp.funds.queries import ledger_faults
from fundapp.history.models import HistoryEntry
from fundapp.mail import Message
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Role
from fundapp.projects.models import Instalment, Project
from fundapp.registry.models import Document
from fundapp.workflow import ApplicationStatus, MeetingStatus, Outcome
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import recorded, signed
from tests.factories.meetings import on_agenda
from tests.factories.people import official

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("both_engines")]
CASES = 4
TABLES = (Project, Instalment, Message, Document, Paper, Letter, LedgerEntry, HistoryEntry)
FOREVER = 10**6


def _approve(settings: Settings, meeting: int, by: int, dies_at: int, told: Any) -> None:
    """In a process of its own: approve, and die before the statement with that number; COMMIT counts as one."""
    on_day()
    app = create_app(settings)
    sent = 0

    def one(*_rest: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", one)
        event.listen(db.engine, "commit", one)
        approve_minutes(db.session.get_one(Meeting, meeting), by=db.session.get_one(Account, by))
        db.session.commit()
    told.put(sent)


def _run(settings: Settings, meeting: int, by: int, dies_at: int) -> tuple[int | None, int]:
    """The process's exit code, and how many statements it sent where it lived."""
    spawned = multiprocessing.get_context("spawn")
    told = spawned.Queue()
    worker = spawned.Process(target=_approve, args=(settings, meeting, by, dies_at, told))
    worker.start()
    worker.join(120)
    return worker.exitcode, told.get(timeout=10) if worker.exitcode == 0 else 0


def _signed_sitting() -> tuple[int, int]:
    by = official(Role.SECRETARY)
    cases = [assessed() for _ in range(CASES)]
    item = on_agenda(cases, secretary=by)
    for place, case in enumerate(cases):
        recorded(item, case, outcome=Outcome.GRANT if place % 2 else Outcome.REJECT, secretary=by)
    signed(item.meeting, secretary=by)
    found = item.meeting_id, by.id
    db.session.commit()
    return found


def _stored(meeting: int) -> dict[str, Any]:
    """Everything that an approval touches."""
    db.session.rollback()
    found: dict[str, Any] = {table.__tablename__: db.session.scalar(select(func.count(table.id))) for table in TABLES}
    found["status"] = db.session.scalar(select(Meeting.status).where(Meeting.id == meeting))
    final = select(func.count(Decision.id)).where(Decision.final_at.is_not(None))
    found["final"] = db.session.scalar(final)
    approved = select(func.count(MinuteItem.id)).where(MinuteItem.approved_on.is_not(None))
    found["items"] = db.session.scalar(approved)
    on_agenda_ = Application.status == ApplicationStatus.ON_AGENDA
    found["waiting"] = db.session.scalar(select(func.count(Application.id)).where(on_agenda_))
    found["faults"] = ledger_faults(db.session)
    db.session.rollback()  # else the database is ours, and the process that approves waits for it
    return found


def test_an_approval_that_is_killed_anywhere_is_done_wholly_or_not_at_all(app: Flask, settings: Settings) -> None:
    with app.app_context():
        on_day()
        first, by = _signed_sitting()
        code, statements = _run(settings, first, by, FOREVER)
        assert (code, _stored(first)["final"]) == (0, CASES)
        second, by = _signed_sitting()
        before = _stored(second)
        for part in (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95):
            code, _sent = _run(settings, second, by, max(2, int(statements * part)))
            assert code == -signal.SIGKILL
            assert _stored(second) == before
        code, _sent = _run(settings, second, by, statements)
        assert (code, _stored(second)) == (-signal.SIGKILL, before), "killed before COMMIT, and something was kept"
        code, _sent = _run(settings, second, by, FOREVER)
        after = _stored(second)
        assert (code, after["status"], after["final"]) == (0, MeetingStatus.APPROVED, 2 * CASES)
        assert (after["waiting"], after["faults"]) == (0, [])
