"""How far an application has come, with the dates so far, and what happens next: said to the applicant."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select

from fundapp.applications import rules
from fundapp.applications.models import Application
from fundapp.clock import local_day
from fundapp.db import db
from fundapp.history.models import HistoryEntry
from fundapp.languages import Lazy, _, _l, long_day
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.workflow import ApplicationStatus, MeetingStatus

_S = ApplicationStatus
_BOARD: Lazy = _l("The board decides at a meeting, and you get a letter with the decision.")
_NEXT: dict[ApplicationStatus, Lazy] = {
    _S.SUBMITTED: _l(
        "We register it, most often within a few working days. It then gets a number in the municipality's diary."
    ),
    _S.REGISTERED: _l("A case officer reads it and asks you if something is missing."),
    _S.COMPLETION_REQUESTED: _l("If nothing comes, we assess the application as it is."),
    _S.UNDER_ASSESSMENT: _BOARD,
    _S.ASSESSED: _BOARD,
    _S.ON_AGENDA: _BOARD,
}


@dataclass(frozen=True)
class Progress:
    """`line`: the stations with the local day each was reached; `dates`: every status since it was sent, oldest first,
    as its word and its instant; `next`: sentences, none where nothing more happens.
    """

    line: list[rules.Station]
    dates: list[tuple[str, datetime]]
    next: list[str]


def progress(application: Application) -> Progress:
    """Of an application that is not withdrawn or is: all its statuses as the history has them, pending outcomes not."""
    reached = _reached(application)
    return Progress(
        line=_dated(rules.line_of(application.status), [(_S.DRAFT, application.created_at), *reached]),
        dates=[(str(status.label), at) for status, at in reached],
        next=_next(application),
    )


def _reached(application: Application) -> list[tuple[ApplicationStatus, datetime]]:
    rows = db.session.execute(
        select(HistoryEntry.at, HistoryEntry.facts)
        .where(HistoryEntry.thread == application.thread, HistoryEntry.subject == Application.__tablename__)
        .order_by(HistoryEntry.id)
    )
    steps = [(facts.get("new"), at) for at, facts in rows]
    return [(ApplicationStatus[new], at) for new, at in steps if new in _S.__members__ and new != _S.DRAFT.name]


def _dated(line: list[rules.Station], reached: list[tuple[ApplicationStatus, datetime]]) -> list[rules.Station]:
    """Each station that has been reached with the day it was reached last: a case may be sent back and come again."""
    dated = []
    for station, (_label, statuses) in zip(line, rules.STATIONS, strict=True):
        days = [local_day(at) for status, at in reached if status in statuses]
        is_behind = station.state in ("done", "now") and days
        dated.append(replace(station, note=long_day(days[-1])) if is_behind else station)
    return dated


def _next(application: Application) -> list[str]:
    sentence = _NEXT.get(application.status)
    if sentence is None:
        return []
    held_on = _sitting(application) if application.status is _S.ON_AGENDA else None
    told = [_("The board meets on %(day)s.", day=long_day(held_on))] if held_on else []
    return [*told, str(sentence)]


def _sitting(application: Application) -> date | None:
    """The day of the sitting whose agenda the application stands on."""
    return db.session.scalar(
        select(Meeting.held_on)
        .join(MinuteItem, MinuteItem.meeting_id == Meeting.id)
        .join(AgendaCase, AgendaCase.minute_item_id == MinuteItem.id)
        .where(AgendaCase.application_id == application.id, Meeting.status != MeetingStatus.APPROVED)
        .order_by(Meeting.held_on.desc())
        .limit(1)
    )
