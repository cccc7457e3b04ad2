"""The mail that calls to a sitting, in Swedish: when, where, and a link. It names no case: a mail is read by many."""

from flask import current_app

from fundapp import mail
from fundapp.config import settings
from fundapp.languages import AUTHORITY_LANGUAGE, _d, long_day, speaking
from fundapp.meetings import notices
from fundapp.meetings.minutes import NoticeOfMeeting
from fundapp.seats.models import Seat


def send_notice(notice: NoticeOfMeeting, seat: Seat) -> None:
    """Once for each seat and version."""
    meeting = notice.meeting
    with speaking(AUTHORITY_LANGUAGE) as language:
        # A command may write it too, so the link is built without a request.
        path = current_app.url_map.bind("").build(
            "notices.show", {"language": language.code, "public_id": meeting.public_id}
        )
        names = {"board": meeting.board.name, "day": long_day(meeting.held_on)}
        subject = (
            _d("Notice of meeting: %(board)s %(day)s", **names)
            if notice.version == 1
            else _d("Changed notice of meeting: %(board)s %(day)s", **names)
        )
        mail.write(
            to=seat.account.email,
            language=language.code,
            subject=subject,
            body=current_app.jinja_env.get_template("meetings/emails/notice.txt").render(
                notice=notice, meeting=meeting, seat=seat, link=settings().base_url + path, **names
            ),
            occasion=notices.occasion(notice, seat.public_id),
        )
