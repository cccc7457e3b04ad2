"""Registering: the case, its number, and what is filed; also when many do it at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock, files
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.applications.models import Application, ApplicationKind
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.permissions import Role
from fundapp.registry import actions
from fundapp.registry.models import Case, Direction, Document
from fundapp.workflow import ApplicationStatus, NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.applications import PDF, draft, submitted
from tests.factories.people import official
from tests.factories.registry import registered


def test_a_registered_application_has_its_case_with_what_was_sent(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = registered()
        assert application.status is ApplicationStatus.REGISTERED
        case = application.case
        assert case is not None
        assert case.diary_number == "KS 2017:1"
        assert case.subject.endswith(" – Kalix Språkkafé – Språkkafé vid älven")
        first, *rest = case.documents
        assert first.paper is application.submissions[0].paper
        assert {document.file_id for document in rest} == {a.file_id for a in application.attachments}
        assert rest
        for number, document in enumerate(case.documents, 1):
            assert document.number == number
            assert document.direction is Direction.RECEIVED
            assert document.dated == date(2017, 3, 6)
            assert document.counterpart == "Kalix Språkkafé"


def test_what_came_late_in_the_evening_is_dated_that_day_in_kalix_though_registered_later(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        with clock.at(datetime(2017, 3, 8, 23, 30, tzinfo=UTC)):  # half past midnight on the 9th in Kalix
            application = submitted()
        with clock.at(datetime(2017, 3, 13, 9, tzinfo=UTC)):
            actions.register(application, by=official(Role.REGISTRAR))
        assert {document.dated for document in application.case.documents} == {date(2017, 3, 9)}


def test_a_nomination_comes_from_the_one_who_wrote_it(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = registered(kind=ApplicationKind.NOMINATION)
        assert application.applicant_name == "Töre Framtid IF"
        assert [d.counterpart for d in application.case.documents] == [application.created_by.name]


def test_registering_is_in_the_history_with_the_number(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = registered()
        db.session.flush()
        entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.thread == application.public_id)).all()
        facts = {entry.event: entry.facts for entry in entries}
        assert facts["open_case"] == {"diary_number": "KS 2017:1"}
        assert facts["register"] == {"old": "SUBMITTED", "new": "REGISTERED"}


def test_an_application_is_registered_once(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = registered()
        with pytest.raises(StepNotPossible):
            actions.register(application, by=official(Role.REGISTRAR))
        assert len(db.session.scalars(select(Case)).all()) == 1


def test_a_draft_cannot_be_registered(app: Flask) -> None:
    on_day()
    with app.test_request_context(), pytest.raises(StepNotPossible):
        actions.register(draft(), by=official(Role.REGISTRAR))


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.REGISTRAR, Role.APPLICANT)])
def test_only_a_registrar_registers(app: Flask, role: Role) -> None:
    on_day()
    with app.test_request_context(), pytest.raises(NotAllowed):
        actions.register(submitted(), by=official(role))


def test_a_registrar_with_a_conflict_does_not_register(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application, registrar = submitted(), official(Role.REGISTRAR)
        declare_conflict(by=registrar, reason="Min bror är ordförande", application=application)
        with pytest.raises(NotAllowed):
            actions.register(application, by=registrar)


def test_the_new_year_begins_with_number_one(app: Flask) -> None:
    on_day(date(2016, 12, 30))
    with app.test_request_context():
        numbers = [registered(decided_on="2016-12-20").case.diary_number for _ in range(2)]
        assert numbers == ["KS 2016:1", "KS 2016:2"]
        with clock.at(datetime(2017, 1, 2, 9, tzinfo=UTC)):
            assert registered(decided_on="2016-12-20").case.diary_number == "KS 2017:1"


def test_a_document_filed_by_hand_gets_the_next_number(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        registrar = official(Role.REGISTRAR)
        application = registered(registrar=registrar)
        before = len(application.case.documents)
        stored = files.store(files.check("brev.pdf", PDF), by_id=registrar.id)
        document = actions.file_by_hand(
            application,
            direction=Direction.DISPATCHED,
            dated=date(2017, 3, 5),
            counterpart="Föreningen",
            subject="Brev med besked",
            file=stored,
            by=registrar,
        )
        assert (document.number, document.direction, document.dated) == (
            before + 1,
            Direction.DISPATCHED,
            date(2017, 3, 5),
        )


def test_nothing_is_filed_before_there_is_a_case(app: Flask) -> None:
    on_day()
    with app.test_request_context():
        application = submitted()
        with pytest.raises(StepNotPossible):
            actions.file_by_hand(
                application,
                direction=Direction.RECEIVED,
                dated=date(2017, 3, 6),
                counterpart="A",
                subject="B",
                file=None,
                by=official(Role.REGISTRAR),
            )


def at_once(app: Flask, jobs: list[Callable[[], Any]]) -> list[Any]:
    """Do every job in a thread, app context and transaction of its own, all at the same time."""
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        barrier.wait(30)
        with app.app_context():
            try:
                result = job()
                db.session.commit()
            except StepNotPossible as fault:
                db.session.rollback()
                return fault
            return result

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def _register(application_id: int, registrar_id: int) -> str:
    application = db.session.get_one(Application, application_id)
    return actions.register(application, by=db.session.get_one(Account, registrar_id)).diary_number


def test_fifty_registrations_at_once_give_fifty_numbers_without_a_gap(app_on_both: Flask) -> None:
    app = app_on_both
    on_day()
    with app.test_request_context():
        keys = [submitted(kind=ApplicationKind.NOMINATION).id for _ in range(50)]
        registrar = official(Role.REGISTRAR).id
        db.session.commit()
    numbers = at_once(app, [lambda key=key: _register(key, registrar) for key in keys])
    assert set(numbers) == {f"KS 2017:{number}" for number in range(1, 51)}
    with app.app_context():
        assert sorted(db.session.scalars(select(Case.number))) == list(range(1, 51))


def test_two_registrars_at_one_application_give_one_case(app_on_both: Flask) -> None:
    app = app_on_both
    on_day()
    with app.test_request_context():
        key = submitted().id
        registrars = [official(Role.REGISTRAR).id for _ in range(4)]
        db.session.commit()
    results = at_once(app, [lambda by=by: _register(key, by) for by in registrars])
    assert results.count("KS 2017:1") == 1
    assert sum(isinstance(result, StepNotPossible) for result in results) == 3
    with app.test_request_context():
        assert len(db.session.scalars(select(Case)).all()) == 1
        numbers = db.session.scalars(select(Document.number).order_by(Document.number)).all()
        assert numbers == list(range(1, len(numbers) + 1))
        assert registered().case.number == 2


def test_a_registration_that_fails_gives_its_number_back(app_on_both: Flask) -> None:
    app = app_on_both
    on_day()
    with app.test_request_context():
        first, second = submitted().id, submitted().id
        registrar = official(Role.REGISTRAR).id
        db.session.commit()
    with app.app_context():
        assert _register(first, registrar) == "KS 2017:1"
        db.session.rollback()
    with app.app_context():
        assert _register(second, registrar) == "KS 2017:1"
        db.session.commit()


def test_who_file_at_once_in_one_case_get_a_number_each(app_on_both: Flask) -> None:
    app = app_on_both
    on_day()
    with app.test_request_context():
        case = registered().case
        assert case is not None
        key, before = case.id, len(case.documents)
        registrar = official(Role.REGISTRAR).id
        db.session.commit()

    def file() -> int:
        document = actions.file_document(
            db.session.get_one(Case, key),
            direction=Direction.RECEIVED,
            subject="Brev",
            by=db.session.get_one(Account, registrar),
        )
        return document.number

    numbers = at_once(app, [file] * 6)
    assert sorted(numbers) == [before + 1 + n for n in range(6)]
