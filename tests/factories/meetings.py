"""Sittings and their agendas, made by the real steps. KS unless a body is given; today unless a day is."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.models import Account
from fundapp.applications.models import Application
from fundapp.boards.models import Board
from fundapp.db import db
from fundapp.meetings import actions, attendance
from fundapp.meetings.models import Meeting, MinuteItem
from fundapp.permissions import Role
from tests.factories.assessments import assessed
from tests.factories.people import official
from tests.factories.seats import full_house


def board(code: str = "KS") -> Board:
    return db.session.scalars(select(Board).where(Board.municipality == "kalix", Board.code == code)).one()


def planned(*, secretary: Account | None = None, held_on: date | None = None, body: Board | None = None) -> Meeting:
    """A sitting with an empty agenda, without the paragraphs that come with each sitting of the body."""
    return actions.plan_meeting(
        board=body or board(),
        held_on=held_on or clock.today(),
        place="Sessionssalen",
        has_standing_items=False,
        by=secretary or official(Role.SECRETARY),
    )


def on_agenda(
    application: Application | Sequence[Application] | None = None,
    *,
    secretary: Account | None = None,
    meeting: Meeting | None = None,
    **choices: Any,
) -> MinuteItem:
    """A case (or several) under one § of an opened sitting of today; `choices` go to `assessed`."""
    by = secretary or official(Role.SECRETARY)
    if application is None:
        application = assessed(**choices)
    cases = [application] if isinstance(application, Application) else list(application)
    meeting = meeting or opened(secretary=by)
    return actions.put_on_agenda(meeting, cases, is_together=True, by=by)[0]


def opened(*, secretary: Account | None = None, held_on: date | None = None, body: Board | None = None) -> Meeting:
    """An opened sitting with an empty agenda, whose roll is called: all members and no substitute."""
    by = secretary or official(Role.SECRETARY)
    meeting = planned(secretary=by, held_on=held_on, body=body)
    actions.open_meeting(meeting, by=by)
    return with_roll(meeting, secretary=by)


def with_roll(meeting: Meeting, *, secretary: Account | None = None) -> Meeting:
    """An opened sitting with all members of the body's full house there, the chair in the chair."""
    members = [seat for seat in full_house(meeting.board) if seat.is_member]
    attendance.call_roll(meeting, members, by=secretary or official(Role.SECRETARY))
    return meeting
