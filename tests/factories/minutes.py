"""Minutes on their way to be approved, and letters, for the test that walks every page."""

from sqlalchemy import select

from fundapp import clock, files
from fundapp.accounts.models import Account
from fundapp.db import db
from fundapp.decisions.models import Letter
from fundapp.meetings import attendance, drawing_up, ending, signing
from fundapp.meetings.actions import add_item
from fundapp.meetings.minutes import Minutes
from fundapp.permissions import Role
from fundapp.seats.models import Seat
from tests.factories.applications import PDF
from tests.factories.meetings import opened
from tests.factories.people import official
from tests.factories.seats import full_house

Places = dict[str, dict[str, object]]


def half_signed(checker: Seat) -> Minutes:
    """The minutes of an ended sitting, signed by the chair on paper and not yet by the checker."""
    by = official(Role.SECRETARY)
    meeting = opened(secretary=by)
    members = [seat for seat in full_house(meeting.board) if seat.is_member]
    attendance.call_roll(meeting, [*members[:-1], checker], by=by)
    add_item(meeting, "Upprop", by=by)
    attendance.choose_checker(meeting, checker, by=by)
    ending.end_meeting(meeting, by=by)
    minutes = drawing_up.draw_up_minutes(meeting, by=by)
    file = files.store(files.check("sida.pdf", PDF), by_id=by.id)
    signing.record_signature(minutes, members[0], signed_on=clock.today(), file=file, by=by)
    return minutes


def places(member: Account) -> Places:
    """Where the pages of minutes and letters are; `member` is the checker."""
    checker = db.session.scalars(select(Seat).where(Seat.account_id == member.id)).one()
    minutes = half_signed(checker)
    letter = db.session.scalars(select(Letter).order_by(Letter.id).limit(1)).one()
    version: dict[str, object] = {"public_id": minutes.public_id}
    chair = minutes.signatures[0].seat
    return {
        **{f"minutes.{name}": {"public_id": minutes.meeting.public_id} for name in ("list", "draw_up", "approve")},
        **{f"minutes.{name}": version for name in ("show", "pdf", "sign")},
        "minutes.record_signature": version | {"seat": checker.public_id},
        "minutes.signed_page": version | {"seat": chair.public_id},
        **{f"letters.{name}": {"public_id": letter.decision.item.meeting.public_id} for name in ("list", "release")},
        **{f"letters.{name}": {"public_id": letter.public_id} for name in ("show", "pdf", "send_again")},
    }
