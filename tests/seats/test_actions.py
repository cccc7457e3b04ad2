"""Seats are given and ended under the body's rules, and the member's role follows them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp.accounts.models import Account
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import speaking
from fundapp.meetings import attendance, ending
from fundapp.permissions import Role
from fundapp.seats import actions
from fundapp.seats.models import Position, Seat
from fundapp.seats.queries import house_on, seats_on
from fundapp.workflow import NotAllowed, StepNotPossible
from tests.factories import DAY, on_day
from tests.factories.meetings import opened
from tests.factories.people import applicant, official
from tests.factories.seats import board, full_house, seated

TERM = {"begins_on": date(2015, 1, 1), "ends_on": date(2018, 12, 31)}


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


@pytest.fixture
def by(app: Flask) -> Any:
    with app.app_context(), speaking("en"):
        yield official(Role.SECRETARY)


def given(by: Account, position: Position = Position.MEMBER, **choices: Any) -> Seat:
    account = choices.pop("account", None) or applicant("Maj Lantto")
    return actions.give_seat(choices.pop("body", board()), account, position, **(TERM | choices), by=by)


def test_a_seat_is_given_for_its_term_and_makes_a_member(by: Account) -> None:
    seat = given(by, Position.CHAIR, party="Älvlistan")
    assert seats_on(board(), DAY) == [seat]
    assert seats_on(board(), date(2015, 1, 1)) == seats_on(board(), date(2018, 12, 31)) == [seat]
    assert seats_on(board(), date(2014, 12, 31)) == seats_on(board(), date(2019, 1, 1)) == []
    assert seats_on(board("FoK"), DAY) == []
    assert seat.account.roles == {Role.MEMBER}
    events = db.session.scalars(select(HistoryEntry.event).order_by(HistoryEntry.id)).all()
    assert events[-2:] == ["give_seat", "give_role"]


def test_seats_come_in_the_order_of_the_list_members_first(by: Account) -> None:
    substitute, chair = given(by, Position.SUBSTITUTE, rank=1), given(by, Position.CHAIR, rank=7)
    vice = given(by, Position.FIRST_VICE_CHAIR, rank=2)
    last = given(by)
    assert last.rank == 8
    assert seats_on(board(), DAY) == [vice, chair, last, substitute]
    actions.change_seat(chair, party="", rank=1, by=by)
    assert seats_on(board(), DAY) == [chair, vice, last, substitute]


@pytest.mark.parametrize("position", [Position.CHAIR, Position.FIRST_VICE_CHAIR, Position.SECOND_VICE_CHAIR])
def test_there_is_one_chair_and_one_of_each_vice_chair_at_a_time(by: Account, position: Position) -> None:
    first = given(by, position, ends_on=date(2016, 12, 31))
    with pytest.raises(StepNotPossible, match="there is one at a time"):
        given(by, position, begins_on=date(2016, 12, 31))
    given(by, position, begins_on=date(2017, 1, 1))
    given(by, position, body=board("FoK"))
    with pytest.raises(StepNotPossible, match="there is one at a time"):
        actions.end_seat(first, date(2017, 1, 1), by=by)


def test_nobody_sits_twice_in_a_body_at_once_but_may_in_two(by: Account) -> None:
    somebody = applicant("Berit Lund")
    given(by, account=somebody, ends_on=date(2016, 6, 30))
    with pytest.raises(StepNotPossible, match="Berit Lund has a seat in this body from 1 January 2015 to 30 June 2016"):
        given(by, Position.SUBSTITUTE, account=somebody, begins_on=date(2016, 6, 30))
    given(by, Position.SUBSTITUTE, account=somebody, begins_on=date(2016, 7, 1))
    given(by, account=somebody, body=board("FoK"))


def test_a_body_has_its_number_of_places_on_every_day(by: Account) -> None:
    for _n in range(12):
        given(by)
    early = given(by, ends_on=date(2015, 12, 31))
    with pytest.raises(StepNotPossible, match="13 members, and every place is taken"):
        given(by)
    given(by, Position.SUBSTITUTE)
    late = given(by, begins_on=date(2017, 1, 1))
    # A place that is free at both ends is not free in between.
    with pytest.raises(StepNotPossible, match="every place is taken"):
        given(by, begins_on=date(2016, 1, 1))
    given(by, begins_on=date(2016, 1, 1), ends_on=date(2016, 12, 31))
    with pytest.raises(StepNotPossible, match="every place is taken"):
        actions.end_seat(early, date(2016, 1, 1), by=by)
    assert late.begins_on == date(2017, 1, 1)


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"ends_on": date(2014, 12, 31)}, "The last day comes before the first"),
        ({"ends_on": date(2081, 12, 31)}, "within 10 years"),
        ({"body": "SOC"}, "does not sit here"),
    ],
)
def test_a_slip_of_the_pen_is_told(by: Account, choices: dict[str, Any], told: str) -> None:
    if "body" in choices:
        choices = {"body": board(choices["body"])}
    with pytest.raises(StepNotPossible, match=told):
        given(by, **choices)


def test_who_has_no_seat_left_is_a_member_no_longer(by: Account) -> None:
    seat, other = given(by), given(by, body=board("FoK"), account=applicant("Berit Lund", "b@x.example"))
    actions.end_seat(seat, date(2017, 3, 6), by=by)
    assert Role.MEMBER in seat.account.roles
    actions.end_seat(seat, date(2017, 3, 5), by=by)
    assert Role.MEMBER not in seat.account.roles
    third = given(by, account=other.account)
    actions.remove_seat(third, by=by)
    assert Role.MEMBER in other.account.roles
    assert house_on(board(), DAY).ended == [seat]


def test_who_has_minutes_to_approve_stays_a_member_until_then(by: Account) -> None:
    meeting = opened(secretary=by)
    chair, checker, member = (full_house()[n] for n in (0, 4, 5))
    attendance.choose_checker(meeting, checker, by=by)
    ending.end_meeting(meeting, by=by)
    on_day(date(2017, 3, 20))
    for seat in (chair, checker, member):
        actions.end_seat(seat, date(2017, 3, 6), by=by)
    assert [Role.MEMBER in seat.account.roles for seat in (chair, checker, member)] == [True, True, False]


def test_the_nightly_job_takes_the_roles_of_those_whose_term_is_over(by: Account) -> None:
    seat = given(by)
    never_seated = official(Role.MEMBER)
    assert actions.take_ended_roles() == 0
    on_day(date(2018, 12, 31))
    assert actions.take_ended_roles() == 0
    on_day(date(2019, 1, 1))
    assert actions.take_ended_roles() == 1
    assert actions.take_ended_roles() == 0
    assert (Role.MEMBER in seat.account.roles, Role.MEMBER in never_seated.roles) == (False, True)


def test_a_seat_that_was_at_a_sitting_ends_after_it_and_is_never_removed(by: Account) -> None:
    opened(secretary=by)
    used, spare = full_house()[3], full_house()[14]
    with pytest.raises(StepNotPossible, match="was at the sitting on 6 March 2017"):
        actions.end_seat(used, date(2017, 3, 5), by=by)
    with pytest.raises(StepNotPossible, match="has been at a sitting"):
        actions.remove_seat(used, by=by)
    actions.end_seat(used, date(2017, 3, 6), by=by)
    actions.remove_seat(spare, by=by)
    assert spare not in seats_on(board(), DAY)


def test_a_person_is_found_by_address_and_named_where_no_name_is(by: Account) -> None:
    known = applicant("Berit Lund", "berit@x.example")
    assert actions.person("berit@x.example", "Någon Annan", by=by) is known
    assert known.name == "Berit Lund"
    nameless = applicant("", "tom@x.example")
    assert actions.person("tom@x.example", "Tom Ek", by=by).name == "Tom Ek" == nameless.name
    new = actions.person("ny@x.example", "Ny Person", by=by)
    assert (new.name, new.language, new.roles) == ("Ny Person", "sv", frozenset())


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SECRETARY, Role.ADMINISTRATOR)])
def test_only_who_keeps_seats_gives_and_ends_them(app: Flask, role: Role) -> None:
    with app.app_context():
        seat, other = seated(), official(role)
        for attempt in (
            lambda: given(other),
            lambda: actions.change_seat(seat, party="", rank=1, by=other),
            lambda: actions.end_seat(seat, DAY, by=other),
            lambda: actions.remove_seat(seat, by=other),
            lambda: actions.person("x@x.example", "X", by=other),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_two_who_give_the_last_place_at_once_do_not_both_get_it(app_on_both: Flask) -> None:
    app = app_on_both
    with app.app_context():
        on_day()
        by = official(Role.SECRETARY)
        people = [applicant(f"Person {n}").id for n in range(2)]
        db.session.commit()
        secretary, barrier = by.id, Barrier(2)

    def give(account_id: int) -> bool:
        with app.app_context():
            account, by = db.session.get_one(Account, account_id), db.session.get_one(Account, secretary)
            body = db.session.scalars(select(Board).where(Board.code == "KS", Board.municipality == "kalix")).one()
            db.session.rollback()
            barrier.wait()
            try:
                actions.give_seat(body, account, Position.CHAIR, **TERM, by=by)
                db.session.commit()
            except StepNotPossible:
                db.session.rollback()
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(give, people)) == [False, True]
    with app.app_context():
        assert len(seats_on(board(), DAY)) == 1
