"""End a sitting, when all that belongs to it is recorded, and go back to it while its minutes are not approved."""

from typing import Any

from sqlalchemy import and_, select

from fundapp import clock
from fundapp.applications.models import Application
from fundapp.db import db, reread
from fundapp.decisions.models import Decision
from fundapp.languages import _dl
from fundapp.meetings.models import AgendaCase, Meeting, MinuteItem
from fundapp.meetings.presences import room_of
from fundapp.workflow import ApplicationStatus, StepNotPossible, demand_step, take_step


def end_meeting(meeting: Meeting, *, by: Any) -> None:
    """The sitting is over: from now on its minutes can be drawn up, and nothing more is decided or announced there.

    Errors: NotAllowed, StepNotPossible (an outcome, the roll or the checker is missing).
    """
    reread(meeting, with_for_update={"of": Meeting})
    demand_step(meeting, "end", by=by)
    missing = _without_outcome(meeting)
    if missing:
        told = ", ".join(f"§ {number}" for number in missing)
        raise StepNotPossible(_dl("An outcome is missing under %(paragraphs)s.", paragraphs=told))
    if meeting.board.sittings.get("members"):
        if not room_of(meeting).is_called:
            raise StepNotPossible(_dl("Call the roll first: nobody is recorded as present."))
        if meeting.checker_id is None:
            raise StepNotPossible(_dl("Choose first who approves the minutes beside the chair."))
    take_step(meeting, "end", by=by, ended_at=clock.now())
    db.session.flush()


def resume_meeting(meeting: Meeting, *, by: Any) -> None:
    """The sitting goes on, or something was forgotten. Errors: NotAllowed, StepNotPossible."""
    reread(meeting, with_for_update={"of": Meeting})
    take_step(meeting, "resume", by=by, ended_at=None)
    db.session.flush()


def _without_outcome(meeting: Meeting) -> list[int]:
    """The paragraphs where a case waits for its outcome; one that was withdrawn waits for nothing."""
    decided = and_(
        Decision.minute_item_id == AgendaCase.minute_item_id, Decision.application_id == AgendaCase.application_id
    )
    found = (
        select(MinuteItem.number)
        .distinct()
        .join(AgendaCase, AgendaCase.minute_item_id == MinuteItem.id)
        .join(Application, Application.id == AgendaCase.application_id)
        .outerjoin(Decision, decided)
        .where(
            MinuteItem.meeting_id == meeting.id,
            Decision.id.is_(None),
            Application.status != ApplicationStatus.WITHDRAWN,
        )
    )
    return sorted(number or 0 for number in db.session.scalars(found))
