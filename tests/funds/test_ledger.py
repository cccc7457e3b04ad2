"""The ledger: conditional movements, totals that equal the rows, and a frame that is never passed; on both engines."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from fundapp.db import db, reading
from fundapp.funds import actions
from fundapp.funds.actions import NotEnoughLeft
from fundapp.funds.models import LedgerEntry, LedgerKind, Round
from fundapp.funds.queries import ledger_faults
from tests.factories import DAY, on_day


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def the_round() -> Round:
    return db.session.scalars(select(Round).where(Round.label == "2016–2018")).one()


def test_a_fresh_round_has_its_frame_as_its_first_row(app: Flask) -> None:
    with app.app_context():
        assert ledger_faults(db.session) == []
        assert the_round().left == 3_000_000


def test_every_movement_keeps_totals_and_rows_alike(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        round_ = the_round()
        grant = {"reference": "KS 2017-03-06 § 1", "decided_on": DAY}
        steps: list[tuple[Callable[[], LedgerEntry], int]] = [
            (lambda: actions.reserve(round_, 45_000, by=None), 2_955_000),
            (lambda: actions.lift_reservation(round_, 45_000, by=None), 3_000_000),
            (lambda: actions.reserve(round_, 60_000, by=None), 2_940_000),
            (lambda: actions.grant(round_, 60_000, by=None, **grant), 2_940_000),
            (lambda: actions.pay(round_, 30_000, reference="Verifikat 1", by=None), 2_940_000),
            (lambda: actions.release(round_, 10_000, reference="Redovisning", by=None), 2_950_000),
            (lambda: actions.change_frame(round_, 3_500_000, by=None, **grant), 3_450_000),
            (lambda: actions.change_frame(round_, 60_000, by=None, **grant), 10_000),
        ]
        for step, left in steps:
            step()
            assert round_.left == left
            assert ledger_faults(db.session) == []
        assert (round_.reserved, round_.granted, round_.released, round_.paid) == (0, 60_000, 10_000, 30_000)


def test_the_last_krona_can_be_reserved_and_no_more(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        round_ = the_round()
        actions.reserve(round_, 2_999_999, by=None)
        with pytest.raises(NotEnoughLeft) as refusal:
            actions.reserve(round_, 2, by=None)
        assert refusal.value.left == 1
        actions.reserve(round_, 1, by=None)
        assert round_.left == 0
        assert ledger_faults(db.session) == []


def test_the_frame_is_not_lowered_below_what_is_bound(app_on_both: Flask) -> None:
    with app_on_both.app_context():
        round_ = the_round()
        actions.reserve(round_, 100_000, by=None)
        with pytest.raises(NotEnoughLeft):
            actions.change_frame(round_, 99_999, reference="KS § 2", decided_on=DAY, by=None)
        assert round_.frame == 3_000_000
        assert ledger_faults(db.session) == []


@pytest.mark.parametrize("total", ["reserved", "granted"])
def test_the_database_itself_refuses_totals_past_the_frame(app_on_both: Flask, total: str) -> None:
    with app_on_both.app_context(), pytest.raises(IntegrityError):
        db.session.execute(update(Round).values({total: Round.frame + 1}))


def test_a_movement_of_nothing_is_refused_by_the_database(app_on_both: Flask) -> None:
    with app_on_both.app_context(), pytest.raises(IntegrityError):
        actions.reserve(the_round(), 0, by=None)


def test_a_total_that_the_rows_do_not_make_is_found(app: Flask) -> None:
    with app.app_context():
        round_ = the_round()
        actions.reserve(round_, 45_000, by=None)
        db.session.execute(update(Round).where(Round.id == round_.id).values(reserved=40_000))
        (fault,) = ledger_faults(db.session)
        assert (fault.round, fault.total, fault.kept, fault.in_ledger) == ("2016–2018", "reserved", 40_000, 45_000)


def test_reservations_at_once_never_pass_the_frame(app_on_both: Flask) -> None:
    app = app_on_both
    amounts = [150_000 + 37_000 * place for place in range(16)]
    assert sum(amounts) > 3_000_000
    start, over = Barrier(len(amounts) + 1), Event()

    def reserve(amount: int) -> int:
        with app.app_context():
            start.wait(30)
            try:
                actions.reserve(the_round(), amount, by=None)
                db.session.commit()
            except NotEnoughLeft:
                db.session.rollback()
                return 0
            return amount

    def watch() -> int:
        """Look at the books until the race is over; how often."""
        looks = 0
        start.wait(30)
        while not over.is_set() or not looks:
            with app.app_context(), reading():
                assert ledger_faults(db.session) == []
                looks += 1
        return looks

    with ThreadPoolExecutor(len(amounts) + 1) as workers:
        watcher = workers.submit(watch)
        kept = sum(workers.map(reserve, amounts))
        over.set()
        assert watcher.result() > 0
    with app.app_context():
        round_ = the_round()
        assert 0 < round_.reserved == kept <= 3_000_000
        assert round_.left < max(amounts)
        assert ledger_faults(db.session) == []
        rows = db.session.scalars(select(LedgerEntry.amount).where(LedgerEntry.kind == LedgerKind.RESERVE)).all()
        assert sum(rows) == kept
