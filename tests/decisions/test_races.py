"""Several clerks at once, each with a session of their own, on both engines."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.decisions.actions import ChangedMeanwhile, record_outcome
from fundapp.decisions.approving import approve_minutes
from fundapp.decisions.models import Decision
from fundapp.funds.actions import NotEnoughLeft, change_frame
from fundapp.funds.models import LedgerEntry, LedgerKind, Round
from fundapp.funds.queries import ledger_faults
from fundapp.mail import Message
from fundapp.meetings.ending import resume_meeting
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Role
from fundapp.projects.models import Project
from fundapp.workflow import Outcome, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.assessments import assessed
from tests.factories.decisions import recorded, signed
from tests.factories.meetings import on_agenda
from tests.factories.people import official

SOUGHT = 45_000
Work = Callable[[Any], str]


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def at_once(app: Flask, work: Work, parts: Sequence[Any]) -> list[str]:
    """What `work` gave for each part, all begun at the same moment; it is committed unless it raised."""
    start = Barrier(len(parts))

    def run(part: Any) -> str:
        with app.app_context():
            start.wait(30)
            try:
                said = work(part)
                assert ledger_faults(db.session) == []
                db.session.commit()
            except StepNotPossible as refusal:
                db.session.rollback()
                assert ledger_faults(db.session) == []
                return type(refusal).__name__
            return said

    with ThreadPoolExecutor(len(parts)) as workers:
        return sorted(workers.map(run, parts))


def agenda_of(count: int, *, frame: int | None = None, sittings: int = 1) -> tuple[int, list[tuple[int, int]]]:
    """A secretary's id, and (paragraph, case) ids of `count` cases on so many sittings; committed."""
    by = official(Role.SECRETARY)
    pairs = []
    for _ in range(sittings):
        cases = [assessed() for _ in range(count // sittings)]
        item = on_agenda(cases, secretary=by)
        pairs += [(item.id, case.id) for case in cases]
    if frame is not None:
        change_frame(cases[0].round, frame, reference="KS § 1", decided_on=DAY, by=by)
    db.session.commit()
    return by.id, pairs


def grant(secretary: int, pair: tuple[int, int], **more: Any) -> Decision:
    item, case = db.session.get_one(MinuteItem, pair[0]), db.session.get_one(Application, pair[1])
    by = db.session.get_one(Account, secretary)
    return record_outcome(item, case, **({"outcome": Outcome.GRANT, "amount": SOUGHT, "by": by} | more))


def sign(secretary: int, item: int) -> int:
    """The sitting is ended and its minutes signed; committed. Gives its id."""
    meeting = db.session.get_one(MinuteItem, item).meeting
    signed(meeting, secretary=db.session.get_one(Account, secretary))
    db.session.commit()
    return meeting.id


def the_round() -> Round:
    round_ = db.session.scalars(select(Round).where(Round.label == "2016–2018")).one()
    db.session.refresh(round_)
    return round_


@pytest.mark.parametrize("sittings", [1, 4])
def test_clerks_granting_at_once_never_pass_the_frame(app_on_both: Flask, sittings: int) -> None:
    app = app_on_both
    with app.app_context():
        secretary, pairs = agenda_of(12, frame=5 * SOUGHT + 100, sittings=sittings)

    def record_grant(pair: tuple[int, int]) -> str:
        grant(secretary, pair)
        return "recorded"

    assert at_once(app, record_grant, pairs) == [NotEnoughLeft.__name__] * 7 + ["recorded"] * 5
    with app.app_context():
        round_ = the_round()
        assert (round_.reserved, round_.left) == (5 * SOUGHT, 100)
        assert db.session.scalar(select(func.count(Decision.id))) == 5
        assert db.session.scalar(select(func.count()).where(LedgerEntry.kind == LedgerKind.RESERVE)) == 5


def test_corrections_at_once_keep_the_books_right(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        secretary, pairs = agenda_of(6, frame=4 * SOUGHT)

    def record_and_correct(pair: tuple[int, int]) -> str:
        grant(secretary, pair, outcome=Outcome.GRANT_IN_PART, amount=10_000)
        db.session.commit()
        grant(secretary, pair, outcome=Outcome.REJECT, amount=None)
        db.session.commit()
        grant(secretary, pair)
        return "granted"

    said = at_once(app, record_and_correct, pairs)
    with app.app_context():
        assert the_round().reserved == said.count("granted") * SOUGHT <= 4 * SOUGHT
        assert said.count("granted") >= 3
        assert ledger_faults(db.session) == []


def test_of_two_secretaries_recording_one_case_one_wins(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        secretary, (pair,) = agenda_of(1)

    def record_it(amount: int | None) -> str:
        outcome = Outcome.REJECT if amount is None else Outcome.GRANT_IN_PART
        grant(secretary, pair, outcome=outcome, amount=amount, version=0)
        return "recorded"

    said = at_once(app, record_it, [10_000, 20_000, None])
    assert said == [ChangedMeanwhile.__name__] * 2 + ["recorded"]
    with app.app_context():
        decision = db.session.scalars(select(Decision)).one()
        assert the_round().reserved == (decision.amount or 0)


def test_minutes_approved_twice_at_once_are_approved_once(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        secretary, pairs = agenda_of(3)
        for pair in pairs:
            grant(secretary, pair)
        meeting = sign(secretary, pairs[0][0])
        before = db.session.scalar(select(func.count(Message.id)))

    def approve(_n: int) -> str:
        found, by = db.session.get_one(Meeting, meeting), db.session.get_one(Account, secretary)
        approve_minutes(found, by=by)
        return "approved"

    assert at_once(app, approve, range(3)) == [StepNotPossible.__name__] * 2 + ["approved"]
    with app.app_context():
        assert db.session.scalar(select(func.count(Project.id))) == 3
        assert db.session.scalar(select(func.count(Message.id))) == before + 6
        assert (the_round().reserved, the_round().granted) == (0, 3 * SOUGHT)


def test_a_sitting_that_is_resumed_is_not_approved_and_one_that_is_approved_not_resumed(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        secretary, (pair,) = agenda_of(1)
        grant(secretary, pair)
        sign(secretary, pair[0])

    def correct_or_approve(is_approval: bool) -> str:
        meeting, by = db.session.get_one(MinuteItem, pair[0]).meeting, db.session.get_one(Account, secretary)
        if is_approval:
            approve_minutes(meeting, by=by)
            return "approved"
        resume_meeting(meeting, by=by)
        grant(secretary, pair, outcome=Outcome.GRANT_IN_PART, amount=30_000)
        return "corrected"

    said = at_once(app, correct_or_approve, [True, False])
    assert said in ([StepNotPossible.__name__, "approved"], [StepNotPossible.__name__, "corrected"])
    with app.app_context():
        sums = (0, SOUGHT) if "approved" in said else (30_000, 0)
        assert (the_round().reserved, the_round().granted) == sums
        assert db.session.scalar(select(func.count(Project.id))) == ("approved" in said)


def test_sittings_approved_at_once_share_one_frame(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        secretary, pairs = agenda_of(8, sittings=4)
        for pair in pairs:
            grant(secretary, pair)
        for item in {item for item, _case in pairs}:
            sign(secretary, item)
        items = sorted({item for item, _case in pairs})

    def approve(item: int) -> str:
        meeting = db.session.get_one(MinuteItem, item).meeting
        approve_minutes(meeting, by=db.session.get_one(Account, secretary))
        return "approved"

    assert at_once(app, approve, items) == ["approved"] * 4
    with app.app_context():
        assert (the_round().reserved, the_round().granted) == (0, 8 * SOUGHT)
        assert db.session.scalar(select(func.count(Project.id))) == 8


def test_two_secretaries_pages_sent_at_once_give_one_409(app_on_both: Flask, signed_in: Any) -> None:
    app = app_on_both
    with app.app_context():
        item = on_agenda()
        path = f"/en/meetings/items/{item.public_id}/cases/{item.cases[0].application.public_id}"
        emails = [official(Role.SECRETARY).email for _ in range(2)]
        db.session.commit()
    clients = [signed_in(email) for email in emails]
    app.config["WTF_CSRF_ENABLED"] = False
    start = Barrier(2)

    def send(client: Any) -> Any:
        start.wait(30)
        return client.post(path, data={"outcome": "reject", "reasons": "Nej.", "version": "0"})

    with ThreadPoolExecutor(2) as workers:
        answers = sorted(workers.map(send, clients), key=lambda answer: int(answer.status_code))
    assert [answer.status_code for answer in answers] == [302, 409]
    assert "Somebody else recorded an outcome" in answers[1].get_data(as_text=True)
    assert "Nej." in answers[1].get_data(as_text=True)
    with app.app_context():
        assert db.session.scalar(select(func.count(Decision.id))) == 1


def test_the_reservation_of_a_refused_grant_is_not_kept(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        decision = recorded(outcome=Outcome.GRANT_IN_PART, amount=20_000)
        change_frame(decision.application.round, 30_000, reference="KS § 1", decided_on=DAY, by=None)
        with pytest.raises(NotEnoughLeft):
            recorded(decision.item)
        db.session.commit()
    with app.app_context():
        assert the_round().reserved == 20_000
        assert ledger_faults(db.session) == []
