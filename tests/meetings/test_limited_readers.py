"""A role for one fund or one body opens no other sittings, whatever seat its holder has elsewhere."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from fundapp import clock
from fundapp.accounts.actions import give_role
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.funds.models import Fund
from fundapp.meetings import notices, noticing
from fundapp.meetings.actions import put_on_agenda
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.meetings.models import Meeting
from fundapp.meetings.queries import known_to
from fundapp.permissions import Role
from tests.factories import on_day
from tests.factories.assessments import assessed
from tests.factories.meetings import board, planned
from tests.factories.people import official
from tests.factories.seats import seated
from tests.ground.apps import SignIn

TITLE = "Språkkafé vid älven"


@pytest.fixture(autouse=True)
def day(app: Flask) -> None:
    on_day()


def called() -> NoticeOfMeeting:
    """The notice of a sitting of KS with one case, of the integration fund."""
    by = official(Role.SECRETARY)
    meeting = planned(secretary=by, held_on=clock.today() + timedelta(days=10))
    put_on_agenda(meeting, [assessed(title=TITLE)], by=by)
    return noticing.publish(meeting, after=0, by=by)


def limited(notice: NoticeOfMeeting, **choices: Any) -> Account:
    """An officer of another fund than the sitting's case; `choices` as for `give_role`."""
    case_fund = select(Fund.id).where(Fund.code == "kalix-integration-fund").scalar_subquery()
    other = db.session.scalars(select(Fund.id).where(Fund.id != case_fund, Fund.municipality == "kalix")).first()
    account = official()
    give_role(account, Role.OFFICER, by=None, **({"fund_id": other} | choices))
    db.session.flush()
    assert notice.meeting.board.code == "KS"
    return account


def knows(person: Account, notice: NoticeOfMeeting) -> tuple[bool, bool]:
    """Whether the sitting is in the person's list, and whether its notice is for them."""
    listed = db.session.scalar(select(Meeting.id).where(Meeting.id == notice.meeting_id, known_to(person)))
    return listed is not None, notices.is_called(notice.meeting, person)


def test_an_officer_of_another_fund_with_a_seat_elsewhere_reads_neither_notice_nor_pack(
    app: Flask, signed_in: SignIn
) -> None:
    with app.test_request_context():
        notice = called()
        officer = limited(notice)
        seated(officer, body=board("FoK"))
        assert knows(officer, notice) == (False, False)
        email, key = officer.email, notice.meeting.public_id
        db.session.commit()
    client = signed_in(email)
    for page in ("", "/notice", "/notice/1.pdf"):
        assert client.get(f"/sv/meetings/{key}{page}").status_code == 404
    assert client.get("/sv/meetings").status_code == 200


def test_an_officer_of_the_body_knows_its_sittings_alone_and_of_all_bodies_every_one(app: Flask) -> None:
    with app.app_context():
        notice = called()
        own = limited(notice, fund_id=None, board=board())
        foreign = limited(notice, fund_id=None, board=board("FoK"))
        everywhere = limited(notice, fund_id=None)
        both = limited(notice)
        give_role(both, Role.AUDITOR, by=None)
        found = [knows(person, notice) for person in (own, foreign, everywhere, both)]
        assert found == [(True, True), (False, False), (True, True), (True, True)]


def test_an_official_reads_of_no_case_that_is_closed_to_them_and_a_member_all(app: Flask) -> None:
    with app.app_context():
        notice = called()
        (key,) = (each["id"] for item in notice.content["items"] for each in item["cases"])
        officer, clerk, member = limited(notice), limited(notice, board=board()), limited(notice)
        seated(member)
        everywhere = official(Role.OFFICER)
        hidden = [notices.read(notice, None, each).hidden for each in (officer, clerk, member, everywhere)]
        assert hidden == [{key}, {key}, set(), set()]
        assert TITLE not in str(notices.read(notice, None, clerk).content)
