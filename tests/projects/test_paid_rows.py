"""Up and down over the revision by which two persons pay: no row and no sum is lost, and old payments stay valid."""

from typing import Any

from flask import Flask
from sqlalchemy import text

from fundapp.db import db
from tests.factories import on_day
from tests.factories.projects import pay, payable, running
from tests.factories.two_persons import proposed

BEFORE = "0032"
_ROWS = "SELECT id, status, amount, paid_on, reference, ledger_entry_id FROM instalment ORDER BY id"


def _rows() -> list[tuple[Any, ...]]:
    found = [tuple(row) for row in db.session.execute(text(_ROWS))]
    db.session.commit()
    return found


def test_old_payments_stay_and_a_proposal_is_planned_again_on_the_way_down(app_on_both: Flask) -> None:
    on_day()
    with app_on_both.app_context():
        first = pay(payable(running()).instalments[0]).id
        waiting = proposed().id
        db.session.commit()
        before = _rows()
        alembic = app_on_both.extensions["alembic"]
        alembic.downgrade(BEFORE)
        db.session.commit()
        below = _rows()
        assert [(row[0], row[1]) for row in below if row[0] in (first, waiting)] == [
            (first, "PAID"),
            (waiting, "PLANNED"),
        ]
        assert [row for row in below if row[0] != waiting] == [row for row in before if row[0] != waiting]
        alembic.upgrade()
        db.session.commit()
        assert _rows() == below
        old = db.session.execute(text("SELECT is_of_one_person, approved_by_id FROM instalment WHERE status = 'PAID'"))
        assert [(bool(flag), by) for flag, by in old] == [(True, None)]
