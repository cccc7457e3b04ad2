"""What a member may know of: the agendas of the member's own bodies, while the seat holds, once they are out."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import declare_conflict
from fundapp.accounts.models import Account
from fundapp.accounts.queries import visible_to
from fundapp.applications.models import Application
from fundapp.db import db
from fundapp.meetings import actions
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.permissions import Role
from fundapp.seats.models import Position
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import on_agenda, planned
from tests.factories.people import official
from tests.factories.seats import board, seated


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def reach(person: Account) -> list[Application]:
    return list(db.session.scalars(select(Application).where(visible_to(person))))


@pytest.mark.parametrize("position", [Position.CHAIR, Position.MEMBER, Position.SUBSTITUTE])
def test_members_and_substitutes_reach_the_cases_of_their_own_bodies_opened_sittings(
    app: Flask, position: Position
) -> None:
    with app.app_context():
        case = on_agenda().cases[0].application
        assert reach(seated(position=position).account) == [case]
        assert reach(seated(body=board("FoK")).account) == []
        assert reach(official(Role.MEMBER)) == []


@pytest.mark.parametrize(
    ("term", "is_in"),
    [
        ((date(2015, 1, 1), date(2017, 3, 6)), True),
        ((date(2017, 3, 6), date(2018, 12, 31)), True),
        ((date(2015, 1, 1), date(2017, 3, 5)), False),
        ((date(2017, 3, 7), date(2018, 12, 31)), False),
    ],
)
def test_the_reach_lasts_as_long_as_the_seat(app: Flask, term: Any, is_in: bool) -> None:
    with app.app_context():
        on_agenda()
        assert len(reach(seated(term=term).account)) == is_in


def test_a_planned_sitting_is_the_secretarys_until_its_notice_is_published(app: Flask) -> None:
    with app.app_context():
        by, case, member = official(Role.SECRETARY), assessed(), seated().account
        meeting = planned(secretary=by)
        actions.put_on_agenda(meeting, [case], by=by)
        assert reach(member) == []
        assert reach(by) == [case]
        notice = NoticeOfMeeting(
            meeting=meeting, version=1, content={}, published_at=clock.now(), published_by_id=by.id
        )
        db.session.add(notice)
        assert reach(member) == [case]


def test_a_member_with_a_conflict_does_not_reach_the_case(app: Flask) -> None:
    with app.app_context():
        case, member = on_agenda().cases[0].application, seated().account
        assert reach(member) == [case]
        declare_conflict(by=member, reason="Min syster sitter i styrelsen.", organisation=case.organisation)
        db.session.expire(member)
        assert reach(member) == []
