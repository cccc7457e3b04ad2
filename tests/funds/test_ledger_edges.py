"""The ledger to the krona: what each movement writes, and where exactly the frame ends when money was granted and given
back before.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from fundapp import clock
from fundapp.db import db
from fundapp.funds import actions
from fundapp.funds.actions import NotEnoughLeft
from fundapp.funds.models import LedgerEntry, LedgerKind, Round
from fundapp.funds.queries import ledger_faults
from fundapp.history.models import HistoryEntry
from fundapp.languages import money
from fundapp.permissions import Role
from tests.factories import DAY, on_day
from tests.factories.people import official

GRANT: dict[str, Any] = {"reference": "KS 2017-03-06 § 1", "decided_on": DAY}


@pytest.fixture
def round_(app: Flask) -> Iterator[Round]:
    """Of three million 500 000 kronor granted, 200 000 of them given back, and 300 000 held: 2 400 000 are left."""
    on_day()
    with app.app_context():
        found = db.session.scalars(select(Round).where(Round.label == "2016–2018")).one()
        actions.reserve(found, 800_000, by=None)
        actions.grant(found, 500_000, by=None, **GRANT)
        actions.release(found, 200_000, reference="Redovisning", by=None)
        db.session.commit()
        yield found


def test_what_was_granted_and_given_back_counts_when_more_is_held(round_: Round) -> None:
    with pytest.raises(NotEnoughLeft) as refusal:
        actions.reserve(round_, 2_400_001, by=None)
    assert (refusal.value.asked, refusal.value.left) == (2_400_001, 2_400_000)
    assert all(money(sum_) in str(refusal.value.reason) for sum_ in (2_400_001, 2_400_000))
    actions.reserve(round_, 2_400_000, by=None)
    assert round_.left == 0
    assert ledger_faults(db.session) == []


def test_the_frame_ends_at_what_is_held_and_granted_without_what_was_given_back(round_: Round) -> None:
    with pytest.raises(NotEnoughLeft) as refusal:
        actions.change_frame(round_, 599_999, by=None, **GRANT)
    assert (refusal.value.asked, refusal.value.left) == (2_400_001, 2_400_000)
    actions.change_frame(round_, 600_000, by=None, **GRANT)
    assert round_.left == 0
    assert ledger_faults(db.session) == []


def test_a_grant_moves_from_what_is_held_to_what_is_granted(round_: Round) -> None:
    assert (round_.reserved, round_.granted, round_.released) == (300_000, 500_000, 200_000)
    actions.grant(round_, 300_000, by=None, **GRANT)
    assert (round_.reserved, round_.granted, round_.released) == (0, 800_000, 200_000)


def test_each_movement_gives_its_row_with_who_when_and_why(round_: Round) -> None:
    by, begun = official(Role.SECRETARY), clock.now()
    made = [
        actions.reserve(round_, 1_000, by=by),
        actions.lift_reservation(round_, 400, by=by),
        actions.grant(round_, 600, by=by, **GRANT),
        actions.pay(round_, 500, reference="Verifikat 1", by=by),
        actions.release(round_, 100, reference="Redovisning", by=by),
        actions.change_frame(round_, 3_100_000, by=by, **GRANT),
    ]
    assert [(each.kind, each.amount, each.reference, each.decided_on) for each in made] == [
        (LedgerKind.RESERVE, 1_000, "", None),
        (LedgerKind.UNRESERVE, 400, "", None),
        (LedgerKind.GRANT, 600, GRANT["reference"], DAY),
        (LedgerKind.PAY, 500, "Verifikat 1", None),
        (LedgerKind.RELEASE, 100, "Redovisning", None),
        (LedgerKind.FRAME, 100_000, GRANT["reference"], DAY),
    ]
    assert {(each.round_id, each.by_id) for each in made} == {(round_.id, by.id)}
    assert all(begun <= each.at <= clock.now() for each in made)
    kept = db.session.scalars(select(LedgerEntry.id).order_by(LedgerEntry.id.desc()).limit(len(made))).all()
    assert [each.id for each in made] == sorted(kept)


def test_several_grants_are_one_row_each_in_their_order(round_: Round) -> None:
    made = actions.grant_all(round_, [(100_000, "§ 1"), (200_000, "§ 2")], decided_on=DAY, by=None)
    assert [(each.amount, each.reference, each.by_id) for each in made] == [
        (100_000, "§ 1", None),
        (200_000, "§ 2", None),
    ]
    db.session.flush()
    assert (round_.reserved, round_.granted) == (0, 800_000)
    assert ledger_faults(db.session) == []


def test_a_changed_frame_stands_in_the_history_with_its_decision(round_: Round) -> None:
    long = "KS 2017-03-06 § 12, dnr KS 2017/00123, om en utökad ram för åren 2016–2018"
    assert len(long) > 60
    actions.change_frame(round_, 3_100_000, reference=long, decided_on=DAY, by=official(Role.SECRETARY))
    entry = db.session.scalars(select(HistoryEntry).where(HistoryEntry.event == "change_frame")).one()
    assert (entry.facts["frame"], entry.facts["reference"], entry.facts["decided_on"]) == (
        3_100_000,
        long[:60],
        DAY.isoformat(),
    )


def test_the_difference_is_to_the_frame_as_it_is_now(round_: Round) -> None:
    """A page may have read the frame before somebody else changed it."""
    assert round_.frame == 3_000_000
    elsewhere = update(Round).where(Round.id == round_.id).values(frame=2_900_000)
    db.session.execute(elsewhere.execution_options(synchronize_session=False))
    assert actions.change_frame(round_, 3_100_000, by=None, **GRANT).amount == 200_000
