"""Mails about the minutes, in Swedish, to who must sign them and to the secretaries."""

from collections.abc import Iterable
from typing import Any

from flask import current_app

from fundapp import mail
from fundapp.accounts.models import Account
from fundapp.config import settings
from fundapp.languages import AUTHORITY_LANGUAGE, _d, long_day, speaking
from fundapp.meetings.minutes import Minutes
from fundapp.meetings.models import Meeting
from fundapp.meetings.protocol import ranges


def ask_to_sign(minutes: Minutes, wanted: Iterable[Any]) -> None:
    """To each: read the version and approve it."""
    for each in wanted:
        _write("sign", each.seat.account, minutes.meeting, _path(minutes), paragraphs=ranges(each.paragraphs))


def remind_to_sign(minutes: Minutes, account: Account, *, last_day: Any, occasion: str) -> None:
    _write("remind", account, minutes.meeting, _path(minutes), last_day=last_day, occasion=occasion)


def remind_secretary(meeting: Meeting, account: Account, *, last_day: Any, occasion: str) -> None:
    path = ("meetings.show", {"public_id": meeting.public_id})
    _write("not_approved", account, meeting, path, last_day=last_day, occasion=occasion)


def _path(minutes: Minutes) -> tuple[str, dict[str, str]]:
    return "minutes.show", {"public_id": minutes.public_id}


def _write(
    name: str,
    to: Account,
    meeting: Meeting,
    place: tuple[str, dict[str, str]],
    *,
    occasion: str | None = None,
    last_day: Any = None,
    paragraphs: str = "",
) -> None:
    with speaking(AUTHORITY_LANGUAGE) as language:
        # A job may write it too, so the link is built without a request.
        path = current_app.url_map.bind("").build(place[0], {"language": language.code, **place[1]})
        facts = {"board": meeting.board.name, "day": long_day(meeting.held_on)}
        subject = {
            "sign": _d("Minutes to read and sign: %(board)s %(day)s", **facts),
            "remind": _d("Reminder: the minutes wait for you: %(board)s %(day)s", **facts),
            "not_approved": _d("The minutes are not approved: %(board)s %(day)s", **facts),
        }[name]
        body = current_app.jinja_env.get_template(f"meetings/emails/{name}.txt").render(
            meeting=meeting,
            paragraphs=paragraphs,
            link=settings().base_url + path,
            last_day=long_day(last_day) if last_day is not None else "",
            **facts,
        )
        mail.write(
            to=to.email,
            language=language.code,
            subject=subject,
            body=body,
            occasion=occasion,
        )
