"""The register, decisions under it, and their report to the body as a § of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.db import WrittenOnce, db
from fundapp.delegations import actions, queries
from fundapp.delegations.models import DelegatedDecision, DelegationPoint
from fundapp.languages import speaking
from fundapp.meetings.actions import plan_meeting
from fundapp.meetings.models import ItemKind, Meeting, MinuteItem
from fundapp.permissions import Role
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import on_day
from tests.factories.meetings import board
from tests.factories.people import official
from tests.factories.registry import registered


@pytest.fixture(autouse=True)
def day(app: Flask) -> Any:
    on_day()
    with app.app_context(), speaking("en"):
        yield


def a_point(**other: Any) -> DelegationPoint:
    facts: dict[str, Any] = {
        "number": "4.2",
        "what": "Godkänna redovisning av projekt",
        "delegate": "Utvecklingschef",
        "role": Role.OFFICER,
        "begins_on": date(2017, 1, 1),
    }
    facts["by"] = official(Role.SECRETARY)
    return actions.add_point(board(), **(facts | other))


def decided(point: DelegationPoint | None = None, **other: Any) -> DelegatedDecision:
    facts: dict[str, Any] = {
        "point": point,
        "decided_on": clock.today(),
        "subject": "Redovisning av språkkaféet",
        "decision": "Redovisningen godkänns.",
        "delegate_name": "Oskar Nyström",
        "delegate_title": "Utvecklingschef",
        "by": official(Role.OFFICER),
    }
    return actions.decide(board(), **(facts | other))


def planned(*, secretary: Any, held_on: date | None = None) -> Meeting:
    """A sitting with the paragraphs that come with each one."""
    return plan_meeting(board=board(), held_on=held_on or clock.today(), by=secretary)


def reporting(meeting: Meeting) -> MinuteItem:
    return next(item for item in meeting.items if item.kind is ItemKind.DELEGATIONS)


def test_the_register_is_empty_of_grants_from_the_start(app: Flask) -> None:
    assert [register.holding for register in queries.registers_on(clock.today())] == [[], []]


def test_a_decision_gets_the_next_number_of_its_body_and_year() -> None:
    point = a_point()
    assert [decided(point).designation for _each in range(2)] == ["Del KS 2017:1", "Del KS 2017:2"]


def test_what_was_decided_is_never_changed() -> None:
    decision = decided(a_point())
    decision.decision = "Något annat."
    with pytest.raises(WrittenOnce):
        db.session.flush()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"decided_on": date(2016, 12, 31)}, "does not hold"),
        ({"decided_on": date(2017, 12, 31)}, "an earlier day"),
        ({"by": Role.REGISTRAR}, "lets Utvecklingschef decide"),
        ({"point": None}, "Choose the point"),
        ({"is_urgent": True}, "KL 6:39"),
    ],
)
def test_nobody_decides_beside_the_register(other: dict[str, Any], told: str) -> None:
    point = a_point()
    if isinstance(other.get("by"), Role):
        other = other | {"by": official(other["by"])}
    with pytest.raises(StepNotPossible, match=told):
        decided(**({"point": point} | other))
    assert db.session.scalar(select(func.count()).select_from(DelegatedDecision)) == 0


def test_an_applicant_decides_nothing_and_an_officer_keeps_no_register() -> None:
    with pytest.raises(NotAllowed):
        decided(a_point(), by=official(Role.AUDITOR))
    with pytest.raises(NotAllowed):
        actions.end_point(a_point(number="5"), ends_on=clock.today(), by=official(Role.OFFICER))


def test_the_chairs_urgent_decision_is_recorded_by_the_secretary() -> None:
    decision = decided(is_urgent=True, by=official(Role.SECRETARY), delegate_title="Ordförande")
    assert (decision.point, decision.is_urgent) == (None, True)


def test_one_number_holds_once_a_day() -> None:
    point = a_point()
    with pytest.raises(StepNotPossible, match="End it first"):
        a_point(begins_on=date(2018, 1, 1))
    actions.end_point(point, ends_on=date(2017, 12, 31), by=official(Role.SECRETARY))
    assert a_point(begins_on=date(2018, 1, 1)).ends_on is None


def test_a_point_does_not_end_before_what_was_decided_under_it() -> None:
    point = a_point()
    decided(point)
    with pytest.raises(StepNotPossible, match="after that day"):
        actions.end_point(point, ends_on=clock.today() - timedelta(days=1), by=official(Role.SECRETARY))


def test_what_waits_is_reported_under_its_own_paragraph_and_can_be_taken_back() -> None:
    point, secretary = a_point(), official(Role.SECRETARY)
    case = registered()
    first, second = decided(point, decided_on=date(2017, 2, 1)), decided(point, application=case)
    item = reporting(planned(secretary=secretary))
    assert actions.report(item, by=secretary) == [first, second]
    assert item.text.splitlines() == [
        "Del KS 2017:1, 2017-02-01: Redovisning av språkkaféet (punkt 4.2, Oskar Nyström, Utvecklingschef)",
        f"Del KS 2017:2, 2017-03-06: {case.case.diary_number} (punkt 4.2, Oskar Nyström, Utvecklingschef)",
    ]
    assert "delegation" in item.resolution
    actions.take_back_report(item, by=secretary)
    assert (item.text, item.resolution, first.item) == ("", "", None)


def test_a_sitting_reports_what_was_decided_up_to_its_day_and_not_reported_before() -> None:
    point, secretary = a_point(), official(Role.SECRETARY)
    earlier, later = decided(point, decided_on=date(2017, 2, 1)), decided(point)
    sitting = planned(secretary=secretary, held_on=date(2017, 2, 6))
    assert actions.report(reporting(sitting), by=secretary) == [earlier]
    assert actions.report(reporting(planned(secretary=secretary)), by=secretary) == [later]


def test_another_paragraph_reports_nothing() -> None:
    secretary = official(Role.SECRETARY)
    item = next(each for each in planned(secretary=secretary).items if each.kind is ItemKind.ROLL_CALL)
    with pytest.raises(StepNotPossible, match="of their own"):
        actions.report(item, by=secretary)


def test_nobody_decides_in_a_case_with_a_conflict_of_interest() -> None:
    point, case, officer = a_point(), registered(), official(Role.OFFICER)
    declare_conflict(by=officer, reason="Min bror är kassör.", organisation=case.organisation)
    db.session.refresh(officer)
    with pytest.raises(NotAllowed):
        decided(point, application=case, by=officer)


def test_decisions_at_once_get_numbers_of_their_own(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.app_context():
        point, officer = a_point().id, official(Role.OFFICER).id
        db.session.commit()
    start = Barrier(4)

    def one(_n: int) -> int:
        with app_on_both.app_context():
            start.wait()
            by = db.session.get_one(Account, officer)
            number = decided(db.session.get_one(DelegationPoint, point), by=by).number
            db.session.commit()
            return number

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [1, 2, 3, 4]


def test_nobody_decides_under_a_point_that_was_ended_while_they_read_it(app_on_both: Flask, both_engines: str) -> None:
    on_day()
    with app_on_both.app_context():
        point, officer, secretary = a_point().id, official(Role.OFFICER).id, official(Role.SECRETARY).id
        db.session.commit()
    has_read, has_ended = Barrier(2), Barrier(2)

    def deciding() -> str:
        with app_on_both.app_context(), speaking("en"):
            early = both_engines == "postgresql"  # SQLite lets only one transaction begin
            found = db.session.get_one(DelegationPoint, point) if early else None
            has_read.wait(30)
            has_ended.wait(30)
            found, by = found or db.session.get_one(DelegationPoint, point), db.session.get_one(Account, officer)
            with pytest.raises(StepNotPossible) as fault:
                decided(found, by=by)
            db.session.rollback()
            return str(fault.value.reason)

    def ending() -> None:
        with app_on_both.app_context():
            has_read.wait(30)
            by, found = db.session.get_one(Account, secretary), db.session.get_one(DelegationPoint, point)
            actions.end_point(found, ends_on=clock.today() - timedelta(days=1), by=by)
            db.session.commit()
            has_ended.wait(30)

    with ThreadPoolExecutor(2) as pool:
        told = pool.submit(deciding)
        pool.submit(ending).result(60)
        assert "does not hold" in told.result(60)
    with app_on_both.app_context():
        assert db.session.scalar(select(func.count()).select_from(DelegatedDecision)) == 0


def test_an_official_of_one_body_neither_keeps_another_s_register_nor_decides_under_it() -> None:
    elsewhere = board("FoK")
    with pytest.raises(NotAllowed):
        a_point(by=official(Role.SECRETARY, board=elsewhere))
    point = a_point()
    with pytest.raises(NotAllowed):
        actions.end_point(point, ends_on=clock.today(), by=official(Role.SECRETARY, board=elsewhere))
    with pytest.raises(StepNotPossible):
        decided(point, by=official(Role.OFFICER, board=elsewhere))
    with pytest.raises(StepNotPossible):
        decided(None, is_urgent=True, by=official(Role.SECRETARY, board=elsewhere))
    assert decided(point, by=official(Role.OFFICER, board=board())).number == 1
